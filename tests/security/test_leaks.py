"""Stored text stays out of logs and error messages, and files are their owner's alone."""

import logging
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.embeddings import Embeddings
from langgraph.store.base import BaseStore

from langmem_ext import (
    LongTermMemory,
    MemoryMiddleware,
    create_manage_memory_tool,
    create_memory_agent,
    create_search_memory_tool,
    open_store,
)
from langmem_ext.errors import EmbeddingError, LangMemExtError, StoreCorruptError
from langmem_ext.loop import drain
from langmem_ext.testing import ScriptedChatModel

MARK = "zanzibar-4711"
"""Stands in everything that is said and stored; no log line or error message may hold it."""


class Failing(Embeddings):
    """Embeddings that fail whenever they are told to, and quote the text in their error, as providers do."""

    failing = False

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.failing:
            raise RuntimeError(f"could not embed {texts}")
        return [[1.0, float(len(text)), 2.0, 3.0] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def malformed(*_messages: Any) -> str:
    return f'{{"operations": "{MARK}"}}'


def attempt(action: Callable[[], Any], raised: list[BaseException]) -> None:
    """Run an action; keep what it raises, with what led to it."""
    try:
        action()
    except Exception as error:  # noqa: BLE001 - whatever comes out is what the test looks at
        raised.append(error)


def session(path: Path, raised: list[BaseException]) -> None:
    """Use everything, with failures at every step."""
    embeddings = Failing()
    broken = RuntimeError(f"the provider repeats the prompt: {MARK}")
    with open_store(str(path), index={"dims": 4, "embed": embeddings, "fields": ["text"]}) as store:
        model = ScriptedChatModel(responses=[broken, malformed, malformed, *[broken] * 40])
        memory = LongTermMemory(store, ("memories", "alice"), model=model)
        memory.observe([("user", f"I moved to {MARK}"), ("assistant", f"{MARK} is nice")], thread_id="t")
        for failing in (False, True):
            embeddings.failing = failing
            kept = memory.remember(f"lives in {MARK}", topic=MARK, keywords=[MARK], data={"city": MARK})
            for action in everything(memory, kept.id):
                attempt(action, raised)
            for make in (create_search_memory_tool, create_manage_memory_tool):
                tool = make(("memories", "alice"), store=store)
                attempt(partial(tool.invoke, {"query": MARK}), raised)
            attempt(lambda: agent_turn(store, broken), raised)
            attempt(lambda: loop_turn(store, broken), raised)
        embeddings.failing = False
        damage(store, memory)
        for action in (memory.records, memory.stats, lambda: memory.recall(MARK), memory.profile):
            attempt(action, raised)


def everything(memory: LongTermMemory, kept: str) -> list[Callable[[], Any]]:
    return [
        memory.update,
        memory.update,
        memory.consolidate,
        memory.reflect,
        lambda: memory.recall(f"where is {MARK}?"),
        lambda: memory.recall(f"where is {MARK}?", before="2025-01-01", after="2026-01-01"),
        lambda: memory.remember(f"other {MARK}", id=kept),
        lambda: memory.remember(MARK, importance=7),
        lambda: memory.remember(MARK, data={"x": object()}),
        lambda: memory.remember("x", topic=MARK * 100),
        lambda: memory.remember("x", keywords=f"{MARK} as one text"),
        lambda: memory.revise("no-such-id", MARK),
        lambda: memory.revise(memory.log("t")[0].id, MARK),
        lambda: memory.observe([("user", "")], thread_id="t"),
        lambda: memory.observe([{"role": "wizard", "content": MARK}], thread_id="t"),
        lambda: memory.undo(kept),
        lambda: memory.retire(memory.log("t")[0].id),
        lambda: memory.forget("no-such-id"),
    ]


def agent_turn(store: BaseStore, broken: Exception) -> None:
    model = ScriptedChatModel(responses=[f"{MARK} it is", *[broken] * 20])
    middleware = MemoryMiddleware(("memories", "alice"), model=model)
    agent: Any = create_agent(ScriptedChatModel(responses=["fine"]), middleware=[middleware], store=store)
    agent.invoke({"messages": [("user", f"remember {MARK}")]})


def loop_turn(store: BaseStore, broken: Exception) -> None:
    model = ScriptedChatModel(responses=[f"{MARK} it is", *[broken] * 20])
    agent = create_memory_agent(model, store=store, update="background")
    agent.invoke({"messages": [("user", f"remember {MARK}")]}, context={"user_id": "alice"})
    drain(agent)


def damage(store: BaseStore, memory: LongTermMemory) -> None:
    """Put something into the records that is none, as another program might."""
    value = {"id": "odd", "kind": "profile", "content": [MARK], "believed_until": 253_402_300_800.0, "lineage": "odd"}
    store.put(memory.records_leaf, "odd", value, index=False)


def told(error: BaseException | None) -> list[str]:
    """What an error and those that led to it say, as far as they are ours or the standard library's."""
    messages = []
    while error is not None:
        if isinstance(error, LangMemExtError | ValueError | TypeError | LookupError | sqlite3.Error):
            messages.append(f"{type(error).__name__}: {error}")
        error = error.__cause__
    return messages


def test_neither_logs_nor_errors_hold_what_was_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    raised: list[BaseException] = []
    with caplog.at_level(logging.INFO, logger="langmem_ext"):
        session(tmp_path / "memory.db", raised)
    logged = [record for record in caplog.records if record.name.split(".")[0] == "langmem_ext"]
    assert len(logged) >= 6, "the failures are logged"
    assert not [record.getMessage() for record in logged if MARK in record.getMessage() + str(record.exc_text)]
    assert len(raised) >= 20, "the mistakes are told"
    assert any(isinstance(error, StoreCorruptError) for error in raised)
    assert not [message for error in raised for message in told(error) if MARK in message]


def test_an_embedding_that_fails_is_named_by_its_kind_alone(tmp_path: Path) -> None:
    embeddings = Failing()
    embeddings.failing = True
    with (
        open_store(str(tmp_path / "memory.db"), index={"dims": 4, "embed": embeddings}) as store,
        pytest.raises(EmbeddingError) as caught,
    ):
        store.put(("x",), "k", {"text": MARK})
    assert MARK not in str(caught.value)


def test_every_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    """Database, log, index and locks while it is open, its backup and an export."""
    program = f"""
import os, pathlib, stat
os.umask(0)
from langmem_ext import LongTermMemory, open_store
from langmem_ext.cli import run
folder = pathlib.Path({str(tmp_path)!r})
with open_store(str(folder / "memory.db")) as store:
    LongTermMemory(store).remember("x")
    store.backup(str(folder / "copy.db"))
    run(["export", "--store", str(folder / "memory.db"), "-o", str(folder / "out.jsonl")])
    for path in sorted(folder.rglob("*")):
        print(path.name, oct(stat.S_IMODE(path.stat().st_mode)))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    modes = dict(line.split() for line in result.stdout.splitlines() if " 0o" in line)
    assert {"memory.db", "memory.db-wal", "memory.db-shm", "copy.db", "out.jsonl"} <= modes.keys()
    assert {mode for mode in modes.values() if int(mode, 8) & 0o077} == set()


def test_the_users_own_folder_is_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from langmem_ext.cli import run

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("LANGMEM_EXT_STORE", raising=False)
    assert run(["remember", "tea"]) == 0
    assert stat.S_IMODE((tmp_path / ".langmem-ext").stat().st_mode) == 0o700
    capsys.readouterr()
