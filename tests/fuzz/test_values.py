"""Items of a memory whose values are valid JSON, but none that it wrote: it says so, and harms nothing else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore, Item, PutOp
from langgraph.store.memory import InMemoryStore

from langmem_ext import FaissStore, LongTermMemory
from langmem_ext.errors import LangMemExtError, StoreCorruptError
from tests.longterm.faults.history import NOW, distil, hear, memory_over

ALICE = ("memories", "alice")
BOB = ("memories", "bob", "records")
SECRET = "the words of somebody else"
plain = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 99), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8), st.lists(st.integers(0, 3), max_size=2), st.dictionaries(st.text(max_size=3), st.none()),
    st.sampled_from([
        SECRET, {SECRET: SECRET}, [SECRET], "2026-09-01T09:00:00Z", "0001-01-01T00:00:00+14:00", "nan", "t.0.0", "bees",
        "message", "summary", 1e308, -1e308, 2**70, -(2**70), 10**400, "x" * 300,
    ]),
)  # fmt: skip


@cache
def items() -> list[Item]:
    """What a memory of some days holds, other versions and every sort of state included."""
    store = InMemoryStore()
    memory = memory_over(store)
    hear(memory, 3, "t")
    memory.remember("Alice keeps bees", id="bees", topic="bees", keywords=["bees"])
    memory.revise("bees", "Alice keeps bees and hens")
    memory.undo("bees")
    memory.revise("bees", "Alice keeps hens")
    memory.note_recalls("t.0.0", [memory.recall("lakes")])
    distil(memory)
    store.put((*ALICE, "state"), "spent:2026-11-20", {"calls": 1, "input_tokens": 2, "output_tokens": 3})
    return list(store.search(ALICE, limit=100_000))


@cache
def sorts() -> list[Item]:
    """One item of each sort: of each leaf, kind, state key, and belief."""
    found: dict[tuple[Any, ...], Item] = {}
    for item in items():
        state = item.key.partition(":")[0] if item.namespace[2] == "state" else ""
        value = item.value
        kind = value.get("kind"), bool(value.get("superseded_at")), "shadow" in value
        found.setdefault((item.namespace[2], item.namespace[3:] if state else (), state, *kind), item)
    return list(found.values())


@contextmanager
def opened(name: str) -> Iterator[BaseStore]:
    if name == "plain":
        yield InMemoryStore()
        return
    with FaissStore.from_conn_string(":memory:") as store:
        yield store


def damage(store: BaseStore, chosen: Item, field: str | None, value: Any) -> None:
    """Fill a store, and put one item's field, or its whole value, to something else; None takes the field away."""
    store.batch([PutOp(item.namespace, item.key, item.value) for item in items()])
    kept = {key: entry for key, entry in chosen.value.items() if key != field}
    if field is None:
        kept = {"other": value}
    elif value is not None:
        kept[field] = value
    store.put(chosen.namespace, chosen.key, kept)
    store.put(BOB, "x", {"id": "x"})


def readings(memory: LongTermMemory) -> list[Callable[[], Any]]:
    return [
        lambda: memory.get("t.0.0"),
        lambda: memory.records(limit=1000),
        lambda: memory.recall("Which mountain lakes does Alice like?"),
        lambda: memory.recall("lakes", before="2026-09-05", topic="switzerland_hiking"),
        lambda: memory.recall("bees", as_of=NOW - timedelta(days=1), thread_id="t"),
        lambda: memory.browse(kinds="message", after="2026-09-01", text="lake"),
        lambda: memory.browse(live=False, source="t.0.0", clock="recorded"),
        lambda: memory.history("bees"),
        lambda: memory.log("t"),
        lambda: memory.messages("t"),
        memory.threads,
        memory.conversations,
        memory.topics,
        memory.keywords,
        memory.topic_counts,
        memory.keyword_counts,
        lambda: memory.keyword_entries(["bee", "lake"]),
        memory.spending,
        memory.stats,
        lambda: memory.stats(tokens=False),
        memory.profile,
        lambda: memory.recalls_of("t.0.0"),
    ]


def writings(memory: LongTermMemory) -> list[Callable[[], Any]]:
    said = [HumanMessage("I have moved to Bern for the mountain lakes", id="new"), HumanMessage("Hi", id="t.0.0")]
    return [
        lambda: memory.observe(said, thread_id="t"),
        lambda: memory.remember("Alice keeps bees", id="bees"),
        lambda: memory.pin("t.0.0"),
        lambda: memory.revise("bees", "Alice keeps bees only"),
        lambda: memory.undo("bees"),
        lambda: memory.retire("bees"),
        memory.update,
        memory.consolidate,
        memory.reflect,
        lambda: memory.forget("t.0.0"),
        lambda: memory.forget("bees", log=True),
        lambda: memory.forget_thread("t"),
    ]


def told(operation: Callable[[], Any]) -> str:
    """Return what an operation says of damage."""
    try:
        operation()
    except LangMemExtError as error:
        return str(error) if isinstance(error, StoreCorruptError) else ""
    return ""


@pytest.mark.parametrize("name", ["plain", "faiss"])
@given(place=st.integers(0, 10**6), field=st.one_of(st.none(), st.integers(0, 10**6)), value=plain)
@settings(max_examples=75, deadline=None)
def test_a_value_that_a_memory_did_not_write_is_told_and_harms_no_other(
    name: str, place: int, field: int | None, value: Any
) -> None:
    chosen = sorts()[place % len(sorts())]
    fields = sorted(chosen.value)
    with opened(name) as store:
        damage(store, chosen, None if field is None else fields[field % len(fields)], value)
        memory = memory_over(store)
        memory.clock = lambda: datetime(2026, 11, 20, tzinfo=UTC)
        for operation in [*readings(memory), *writings(memory)]:
            assert SECRET not in told(operation)
        memory.forget_all()
        assert not store.search(ALICE, limit=10)
        assert [(item.key, item.value) for item in store.search(BOB)] == [("x", {"id": "x"})]
