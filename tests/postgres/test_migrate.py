"""`langmem-ext migrate`: a whole store into another and back, with times, vectors and versions, embedding nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore, PutOp

from langmem_ext import LongTermMemory, open_store
from langmem_ext.cli.main import run
from langmem_ext.store import FaissStore
from langmem_ext.store.moving import move
from langmem_ext.store.postgres import PostgresMemoryStore
from tests.store.helpers import ALICE, Counting, index

pytestmark = pytest.mark.network_loopback

AWKWARD: dict[str, Any] = {"text": "茶🍵", "f": 1e16, "one": 1.0, "deep": {"b": [1, 2.5, None, {"é": "ü"}], "a": True}}


def fill(store: BaseStore) -> None:
    """A memory with versions and an index, and items of every kind."""
    memory = LongTermMemory(store, ("memories", "alice"))
    memory.observe([HumanMessage(f"I hike to lake {n}", id=f"m{n}") for n in range(30)], thread_id="t")
    first = memory.remember("Alice likes coffee", topic="drinks", keywords=["coffee"])
    memory.revise(first.id, "Alice likes tea")
    store.batch([PutOp(ALICE, str(n), {"text": f"tea {n}", "n": n}) for n in range(1200)])
    store.put(("other", "用户"), "it's", AWKWARD)
    store.put(ALICE, "unindexed", {"text": "tea"}, index=False)
    store.put(ALICE, "fleeting", {"text": "coffee"}, ttl=60)


def everything(store: BaseStore) -> list[Any]:
    found = []
    for namespace in store.list_namespaces(limit=1000):
        found += [item for item in store.search(namespace, limit=5000) if item.namespace == namespace]
    return sorted((item.namespace, item.key, item.value, item.created_at, item.updated_at) for item in found)


def recalled(store: BaseStore) -> list[str]:
    memory = LongTermMemory(store, ("memories", "alice"))
    return [record.content for record in memory.recall("what does Alice like to drink?").records]


def test_there_and_back_keeps_everything(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, last = str(tmp_path / "first.db"), str(tmp_path / "last.db")
    with open_store(first, index=index()) as store:
        fill(store)
        before, answers = everything(store), recalled(store)
        near = [(item.key, item.score) for item in store.search(ALICE, query="tea 7", limit=3)]
    assert run(["migrate", first, database]) == 0
    assert "everything agrees" in capsys.readouterr().out
    assert run(["migrate", database, last, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"]
    assert told["items"] == told["written"] == len(before)
    embedding = Counting()
    for url in (database, last):
        with open_store(url, index=index(embedding)) as store:
            assert everything(store) == before
            assert [item.key for item in store.search_lexical(ALICE, "tea 1199", limit=1)] == ["1199"]
            assert recalled(store) == answers
            embedding.asked.clear()
            found = store.search(ALICE, query="tea 7", limit=3)
            assert [item.key for item in found] == [key for key, _ in near]
            assert [item.score for item in found] == pytest.approx([score for _, score in near], abs=1e-5)
            store.put(ALICE, "7", {"text": "tea 7", "n": 7, "touched": True})
            assert embedding.asked == ["tea 7"]  # the query alone: the vector of the text came along
    with FaissStore.from_conn_string(last, index=index()) as store:
        assert store.check().ok


class InterruptedMoveError(Exception):
    pass


def test_an_interrupted_move_goes_on_where_it_was(database: str, tmp_path: Path) -> None:
    with (
        open_store(str(tmp_path / "m.db"), index=index()) as source,
        open_store(database, index=index()) as target,
    ):
        fill(source)
        done = 0

        def stop_halfway(count: int) -> None:
            nonlocal done
            done += count
            if done > 700:
                raise InterruptedMoveError

        with pytest.raises(InterruptedMoveError):
            move(source, target, stop_halfway)
        moved = move(source, target, lambda count: None)
        assert moved.ok
        assert 0 < moved.written <= moved.items - 700
        assert move(source, target, lambda count: None).written == 0
        assert everything(target) == everything(source)


def test_what_was_changed_in_the_target_is_found_and_repaired(database: str, tmp_path: Path) -> None:
    with (
        open_store(str(tmp_path / "m.db"), index=index()) as source,
        open_store(database, index=index()) as target,
    ):
        fill(source)
        move(source, target, lambda count: None)
        assert target.search_lexical(ALICE, "wine") == []
        target.put(ALICE, "3", {"text": "wine"})
        assert target.search_lexical(ALICE, "wine")
        target.put(ALICE, "mine", {"text": "stays"})
        moved = move(source, target, lambda count: None)
        assert (moved.ok, moved.written) == (True, 1)
        assert target.search_lexical(ALICE, "wine") == []
        assert target.get(ALICE, "mine") is not None


def test_a_difference_that_stays_is_told_with_an_exit_code(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "m.db")
    with open_store(path, index=index()) as store:
        store.batch([PutOp(ALICE, str(n), {"n": n}) for n in range(10)])
    monkeypatch.setattr(PostgresMemoryStore, "write_stored", lambda self, items: None)
    assert run(["migrate", path, database]) == 1
    assert "10 items are missing" in capsys.readouterr().out


def test_what_postgres_cannot_hold_is_said_before_its_page_is_written(database: str, tmp_path: Path) -> None:
    path = str(tmp_path / "m.db")
    with open_store(path) as store:
        store.put(ALICE, "nul", {"text": "a\0b"})
    assert run(["migrate", path, database]) == 2
    with open_store(database) as store:
        assert store.list_namespaces() == []


def test_a_source_that_is_not_there_is_no_new_file(tmp_path: Path) -> None:
    assert run(["migrate", str(tmp_path / "none.db"), ":memory:"]) == 2
    assert not (tmp_path / "none.db").exists()
