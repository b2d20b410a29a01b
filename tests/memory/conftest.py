"""Memories in this process and in stores, driven blocking and awaited."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from langmem_ext import open_store
from langmem_ext.offline import HashingEmbeddings
from langmem_ext.testing import ScriptedChatModel
from tests.longterm.conftest import Call, call  # noqa: F401 - the fixture


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[BaseStore]:
    embeddings = HashingEmbeddings(dims=128)
    with open_store(str(tmp_path / "memory.db"), index={"dims": 128, "embed": embeddings}) as store:
        yield store


@pytest.fixture(params=["faiss", "in_memory"])
def store(request: pytest.FixtureRequest) -> BaseStore:
    if request.param == "in_memory":
        return InMemoryStore()
    opened: BaseStore = request.getfixturevalue("durable")
    return opened


def digest(messages: list[BaseMessage]) -> str:
    """Summarise as no model would: by what the prompt gives to be summarised, whatever else the prompt says."""
    asked = str(messages[-1].content).rpartition("END OF EXAMPLE")[2]
    lines = [line for line in asked.splitlines() if re.match(r"\(|They met|[\w助手]+: ", line)]
    return f"({len(lines)} lines: {hash(tuple(lines))})"


def summariser(calls: int = 200) -> ScriptedChatModel:
    return ScriptedChatModel(responses=[digest] * calls)


def say(invoke: Call, memory: Any, *turns: str, name: str = "input") -> None:
    for turn in turns:
        invoke(memory, "save_context", {name: turn}, {"output": f"you said {turn}"})
