"""What of a memory is damaged is named, and can be removed by that name; the rest goes on."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore, Item, PutOp
from langgraph.store.memory import InMemoryStore

from langmem_ext import FaissStore, LongTermMemory
from langmem_ext.errors import RecordNotFoundError, StoreCorruptError
from tests.longterm.faults.history import NOW, distil, hear, memory_over

ALICE = ("memories", "alice")
RECORDS = (*ALICE, "records")


@pytest.fixture(params=["plain", "faiss"])
def store(request: pytest.FixtureRequest) -> Iterator[BaseStore]:
    if request.param == "plain":
        yield InMemoryStore()
        return
    with FaissStore.from_conn_string(":memory:") as opened:
        yield opened


@cache
def written() -> list[Item]:
    """What a memory of some days holds."""
    store = InMemoryStore()
    memory = memory_over(store)
    hear(memory, 3, "t")
    distil(memory)
    return list(store.search(ALICE, limit=10_000))


@pytest.fixture
def memory(store: BaseStore) -> LongTermMemory:
    store.batch([PutOp(item.namespace, item.key, item.value) for item in written()])
    return memory_over(store)


def change(store: BaseStore, leaf: tuple[str, ...], key: str, **fields: Any) -> None:
    """Put fields of an item to something else; None takes one away."""
    item = store.get((*ALICE, *leaf), key)
    assert item is not None
    value = {name: entry for name, entry in (item.value | fields).items() if entry is not None}
    store.put(item.namespace, key, value)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"id": 7},
        {"id": "another"},
        {"kind": "secret"},
        {"content": ["secret"]},
        {"occurred_at": "secret"},
        {"recorded_at": None},
        {"position": -1},
        {"thread_id": {"secret": 1}},
        {"keywords": "secret"},
        {"secret": "secret"},
    ],
)
def test_a_damaged_message_is_named_and_forgotten_by_that_name(
    memory: LongTermMemory, store: BaseStore, fields: dict[str, Any]
) -> None:
    before = [record.id for record in memory.log("t")]
    change(store, ("records",), "t.1.2", **fields)
    with pytest.raises(StoreCorruptError, match=r"^records 't\.1\.2' is damaged: .*; forget\(\) removes it$") as caught:
        memory.log("t")
    assert "secret" not in str(caught.value).replace("secret: Extra", "")
    receipt = memory.forget("t.1.2")
    assert receipt.ids == ["t.1.2"]
    assert [record.id for record in memory.log("t")] == [one for one in before if one != "t.1.2"]
    named = [ids for entries in (memory.topics(), memory.keywords()) for ids in entries.values()]
    assert not any("t.1.2" in ids for ids in named)
    assert not any("t.1.2" in record.sources for record in memory.records(limit=1000))
    with pytest.raises(RecordNotFoundError):
        memory.forget("t.1.2")


def test_several_damaged_records_are_forgotten_one_by_one(memory: LongTermMemory, store: BaseStore) -> None:
    summaries = [record.id for record in memory.records(kinds="summary")][:2]
    for key in summaries:
        change(store, ("records",), key, sources="none", believed_from="long ago")
    with pytest.raises(StoreCorruptError, match=r"is damaged: .*sources"):
        memory.forget("t.0.0")  # what may rest on it can't be read
    for key in summaries:
        memory.forget(key)
    assert memory.forget("t.0.0").ids == ["t.0.0"]
    assert not {*summaries, "t.0.0"} & {record.id for record in memory.records(limit=1000)}


def test_a_damaged_version_goes_with_the_whole_memory(memory: LongTermMemory, store: BaseStore) -> None:
    memory.remember("Alice keeps bees", id="bees")
    newer = memory.revise("bees", "Alice keeps hens")
    change(store, ("records",), newer.id, importance="very")
    with pytest.raises(StoreCorruptError, match="importance"):
        memory.history("bees")
    memory.forget(newer.id)
    assert memory.get("bees") is None


def test_a_damaged_trace_of_an_undone_belief_is_forgotten_by_its_key(memory: LongTermMemory, store: BaseStore) -> None:
    memory.remember("Alice keeps bees", id="bees")
    memory.revise("bees", "Alice keeps hens")
    memory.undo("bees")
    with pytest.raises(RecordNotFoundError):
        memory.forget("bees@1")  # it is no record of its own
    change(store, ("records",), "bees@1", content=3)
    memory.forget("bees@1")
    assert store.get(RECORDS, "bees@1") is None
    assert (memory.forget("bees").records, memory.get("bees")) == (1, None)


def test_access_statistics_that_are_none_go_with_their_record(memory: LongTermMemory, store: BaseStore) -> None:
    memory.remember("Alice keeps bees", id="bees")
    store.put((*ALICE, "usage"), "bees", {"access_count": "often", "content": "another"})
    with pytest.raises(StoreCorruptError, match=r"^usage 'bees' is damaged: .*access_count"):
        memory.get("bees")
    memory.forget("bees")
    assert store.get((*ALICE, "usage"), "bees") is None


@pytest.mark.parametrize("fields", [{"length": -1}, {"length": None}, {"last": "yesterday"}, {"session": 1e300}])
def test_a_conversation_that_does_not_know_where_it_stands_is_forgotten_and_begins_anew(
    memory: LongTermMemory, store: BaseStore, fields: dict[str, Any]
) -> None:
    change(store, ("threads",), "t", **fields)
    with pytest.raises(StoreCorruptError, match=r"^threads 't' is damaged: .*; forget_thread\(\) removes it"):
        memory.observe([HumanMessage("Hello there", id="new")], thread_id="t")
    memory.forget_thread("t")
    memory.observe([HumanMessage("I like mountain lakes", id="new")], thread_id="t")
    assert [(record.id, record.position) for record in memory.log("t")] == [("new", 0)]
    assert memory.update().ranges == [("t", 0, 1)]


@pytest.mark.parametrize(
    ("key", "fields", "operation"),
    [
        ("distilled:t", {"position": "far"}, "update"),
        ("consolidated:t", {"position": None}, "consolidate"),
        ("reflected", {"until": "soon"}, "reflect"),
        ("reflected", {"until": "2026-09-01T09:00:00"}, "reflect"),
        ("upkeep", {"day": 20}, "consolidate"),
        ("rolled:switzerland_hiking", {"parts": {"all": {"id": 7}}}, "consolidate"),
    ],
)
def test_state_that_no_distillation_wrote_is_named(
    memory: LongTermMemory, store: BaseStore, key: str, fields: dict[str, Any], operation: str
) -> None:
    hear(memory, 4, "t")
    change(store, ("state",), key, **fields)
    with pytest.raises(StoreCorruptError, match=rf"^state '{key}' is damaged: {next(iter(fields))}.*delete\(\)"):
        getattr(memory, operation)()
    store.delete((*ALICE, "state"), key)
    getattr(memory, operation)()


def test_a_damaged_entry_of_a_log_is_named_by_its_place(memory: LongTermMemory, store: BaseStore) -> None:
    change(store, ("log", "t"), "000000000003", record=["t.0.1a"])
    with pytest.raises(StoreCorruptError, match=r"^log/t '000000000003' is damaged: record: should be a text"):
        memory.messages("t")


def test_a_message_whose_parts_are_none_is_named(memory: LongTermMemory, store: BaseStore) -> None:
    change(store, ("records",), "t.0.0", data={"role": "tool", "message": {"type": "no such"}})
    with pytest.raises(StoreCorruptError, match=r"records 't\.0\.0' is damaged: data"):
        memory.messages("t")
    assert memory.log("t")


def test_a_memory_with_damaged_items_is_forgotten_whole_and_no_other_with_it(
    memory: LongTermMemory, store: BaseStore
) -> None:
    other = LongTermMemory(store, ("memories", "bob"), clock=lambda: NOW)
    other.remember("Bob keeps bees", id="bees")
    for item in store.search(ALICE, limit=1000):
        store.put(item.namespace, item.key, {"id": None, "kind": [], "superseded_at": {}})
    memory.forget_all()
    assert not store.search(ALICE)
    assert [record.content for record in other.records()] == ["Bob keeps bees"]


def test_a_receipt_counts_what_an_undone_belief_left_once(memory: LongTermMemory) -> None:
    memory.forget_all()
    memory.remember("Alice keeps bees", id="bees")
    memory.revise("bees", "Alice keeps hens")
    memory.undo("bees")
    receipt = memory.forget_all()
    assert (receipt.records, receipt.versions) == (1, 2)
