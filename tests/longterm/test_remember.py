"""Remembering and reading back, without a question."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from langmem_ext import LongTermMemory, MemoryRecord, open_store
from langmem_ext.errors import InvalidInputError, RecordNotFoundError
from langmem_ext.offline import HashingEmbeddings
from tests.longterm.conftest import Call, Clock


def test_remembered_record_is_read_back_as_it_was_returned(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    record = call(
        memory,
        "remember",
        "Alice drinks coffee",
        kind="preference",
        data={"user": "Alice", "likes": "coffee", "nested": {"since": [2020, None, True]}},
        topic="drinks",
        keywords=["coffee", "咖啡"],
        importance=0.7,
        occurred_at="2025-09-20",
        sources=["m1"],
        speaker="Alice",
        thread_id="t1",
    )
    assert call(memory, "get", record.id) == record
    assert record.recorded_at == clock.moment
    assert record.occurred_at == datetime(2025, 9, 20, tzinfo=UTC)
    assert MemoryRecord.model_validate_json(record.model_dump_json()) == record


def test_many_are_remembered_in_order_and_listed_newest_first(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    first = call(memory, "remember_many", [{"content": "one", "id": "a"}, {"content": "two", "id": "b"}])
    clock.advance(seconds=1)
    call(memory, "remember", "three", id="c", kind="event")
    assert [record.id for record in first] == ["a", "b"]
    listed = call(memory, "records")
    assert listed[0].id == "c"
    assert {record.id for record in listed} == {"a", "b", "c"}
    assert [record.id for record in call(memory, "records", kinds=["event"])] == ["c"]
    assert len(call(memory, "records", limit=2)) == 2
    assert len(call(memory, "records", limit=2, offset=2)) == 1


class CountingEmbeddings(HashingEmbeddings):
    """Notes how many texts each call embeds."""

    def __init__(self) -> None:
        super().__init__(dims=64)
        self.sizes: list[int] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.sizes.append(len(texts))
        return super().embed_documents(texts)


@pytest.mark.parametrize("opened", ["faiss", "in_memory"])
def test_many_are_embedded_in_one_call(tmp_path: Path, opened: str) -> None:
    embeddings = CountingEmbeddings()
    index: Any = {"dims": 64, "embed": embeddings, "fields": ["text"]}
    rows = [{"content": f"note {number}", "keywords": ["note"]} for number in range(20)]
    if opened == "faiss":
        with open_store(str(tmp_path / "memory.db"), index=index) as store:
            LongTermMemory(store).remember_many(rows)
    else:
        LongTermMemory(InMemoryStore(index=index)).remember_many(rows)
    assert embeddings.sizes == [20]


def test_same_content_under_the_same_id_is_stored_once(memory: LongTermMemory, call: Call) -> None:
    first = call(memory, "remember", "tea", id="x")
    assert call(memory, "remember", "tea", id="x") == first
    assert len(call(memory, "records")) == 1


def test_an_id_is_not_overwritten_by_other_content(memory: LongTermMemory, call: Call) -> None:
    call(memory, "remember", "tea", id="x")
    with pytest.raises(InvalidInputError, match="use revise"):
        call(memory, "remember", "coffee", id="x")
    assert call(memory, "get", "x").content == "tea"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"content": ""}, "non-empty text"),
        ({"content": "   "}, "non-empty text"),
        ({"content": "x", "importance": 7}, "from 0 to 1, got 7"),
        ({"content": "x", "importance": float("nan")}, "from 0 to 1"),
        ({"content": "x", "kind": "opinion"}, "unknown kind 'opinion'"),
        ({"content": "x", "occurred_at": "next blue moon"}, "ISO 8601"),
        ({"content": "x", "keywords": "budget"}, "list of texts"),
        ({"content": "x", "keywords": [""]}, "1 to 100 characters"),
        ({"content": "x", "id": ""}, "id must be"),
        ({"content": "x", "data": {"when": object()}}, "data"),
        ({"content": "x", "sources": "m1"}, "list of record ids"),
        ({"content": "x", "colour": "red"}, "unknown keys"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(
    memory: LongTermMemory, arguments: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        memory.remember_many([{"content": "fine"}, arguments])
    assert memory.records() == []


def test_error_messages_hold_no_user_text(memory: LongTermMemory) -> None:
    with pytest.raises(InvalidInputError) as caught:
        memory.remember("the secret word is xyzzy", data={"when": object()})
    assert "xyzzy" not in str(caught.value)


def test_lone_surrogate_is_stored_as_replacement_character(memory: LongTermMemory, call: Call) -> None:
    record = call(memory, "remember", "broken \ud800 emoji \ud83d\ude00")
    assert call(memory, "get", record.id).content == "broken \ufffd emoji 😀"


def test_unknown_id_gives_none_and_changes_raise(memory: LongTermMemory, call: Call) -> None:
    assert call(memory, "get", "nobody") is None
    for name in ("retire", "undo", "history", "forget"):
        with pytest.raises(RecordNotFoundError, match="nobody"):
            call(memory, name, "nobody")


@pytest.mark.parametrize(
    "namespace", [(), ("memories", ""), ("memories", "a.b"), ("langgraph", "a"), ("memories", "records"), "memories"]
)
def test_illegal_namespace_is_refused(store: BaseStore, namespace: Any) -> None:
    with pytest.raises(InvalidInputError):
        LongTermMemory(store, namespace)


def test_anything_but_a_store_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="BaseStore"):
        LongTermMemory({})  # type: ignore[arg-type]


def test_tenants_do_not_see_each_other(store: BaseStore, call: Call) -> None:
    users = [("memories", "al"), ("memories", "alice"), ("memories", "alice", "work"), ("other", "alice")]
    memories = {user: LongTermMemory(store, user) for user in users}
    for user, memory in memories.items():
        call(memory, "remember", f"the password of {'/'.join(user)}", id="same", keywords=["password"], topic="secrets")
        call(memory, "observe", [{"role": "user", "content": f"I am {'/'.join(user)}", "id": "m"}], thread_id="t")
    for user, memory in memories.items():
        owner = "/".join(user)
        found = call(memory, "recall", "password", limit=50).records
        assert {record.content for record in found} <= {f"the password of {owner}", f"I am {owner}"}
        assert len(call(memory, "records")) == 2
        assert call(memory, "topics") == {"secrets": ["same"]}
    call(memories["memories", "alice"], "forget_all")
    assert call(memories["memories", "alice"], "records") == []
    assert len(call(memories["memories", "alice", "work"], "records")) == 2
    assert len(call(memories["memories", "al"], "records")) == 2


@given(
    content=st.text(min_size=1).filter(str.strip),
    speaker=st.none() | st.text(max_size=20),
    data=st.none() | st.dictionaries(st.text(), st.integers()),
)
def test_any_text_round_trips(content: str, speaker: str | None, data: Any) -> None:
    memory = LongTermMemory(InMemoryStore())
    record = memory.remember(content, speaker=speaker, data=data)
    assert memory.get(record.id) == record
