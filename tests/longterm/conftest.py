"""Memories over each kind of store, driven blocking and awaited: every test of the engine runs on all of them."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from langmem_ext import LongTermMemory, open_store
from langmem_ext.offline import HashingEmbeddings

Call = Callable[..., Any]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **step: float) -> datetime:
        self.moment += timedelta(**step)
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 9, 30, 9, 0, tzinfo=UTC))


POSTGRES = pytest.param("postgres", marks=[pytest.mark.network_loopback, pytest.mark.slow])


@pytest.fixture(params=["faiss", "in_memory", "in_memory_without_vectors", POSTGRES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseStore]:
    embeddings = HashingEmbeddings(dims=128)
    index: Any = {"dims": 128, "embed": embeddings, "fields": ["text"]}
    if request.param == "faiss":
        with open_store(str(tmp_path / "memory.db"), index=index) as opened:
            yield opened
    elif request.param == "postgres":
        with open_store(request.getfixturevalue("database"), index=index) as opened:
            yield opened
    elif request.param == "in_memory":
        yield InMemoryStore(index=index)
    else:
        yield InMemoryStore()


@pytest.fixture
def memory(store: BaseStore, clock: Clock) -> LongTermMemory:
    return LongTermMemory(store, ("memories", "alice"), clock=clock)


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """Call an operation by name, as a blocking method or on an event loop."""

    def blocking(memory: LongTermMemory, name: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(memory, name)(*args, **kwargs)

    def awaited(memory: LongTermMemory, name: str, *args: Any, **kwargs: Any) -> Any:
        async def main() -> Any:
            return await getattr(memory, "a" + name)(*args, **kwargs)

        return asyncio.run(main())

    return blocking if request.param == "sync" else awaited
