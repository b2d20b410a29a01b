"""One user's memory behind a server, and the SDK's own client connected to it in this process."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from langgraph.store.base import BaseStore
from mcp import Client

from langmem_ext import LongTermMemory, open_store
from langmem_ext.mcp_server import create_mcp_server
from langmem_ext.offline import HashingEmbeddings
from tests.longterm.conftest import Clock


@pytest.fixture
def store() -> Iterator[BaseStore]:
    embeddings = HashingEmbeddings()
    with open_store(":memory:", index={"dims": embeddings.dims, "embed": embeddings}) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2025, 9, 20, 12, tzinfo=UTC))


@pytest.fixture
def memory(store: BaseStore, clock: Clock) -> LongTermMemory:
    return LongTermMemory(store, ("memories", "alice"), clock=clock)


@pytest.fixture
async def client(memory: LongTermMemory) -> AsyncIterator[Client]:
    """Hold a connection in one task, as the SDK wants it: a fixture begins and ends in tasks of its own."""
    connected: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def hold() -> None:
        async with Client(create_mcp_server(memory)) as opened:
            connected.set_result(opened)
            await done.wait()

    holding = asyncio.create_task(hold())
    yield await connected
    done.set()
    await holding
