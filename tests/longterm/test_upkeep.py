"""Merging, fading, daily caps, and records of the user's own types."""

from typing import Any

import pytest
from hypothesis import given, strategies as st
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from pydantic import BaseModel, Field

from langmem_ext import LongTermMemory
from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm import DistillationSettings
from langmem_ext.longterm.upkeep import duplicates
from langmem_ext.testing import ScriptedChatModel
from tests.longterm.conftest import Call, Clock


def test_what_is_known_twice_is_merged(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    call(memory, "remember", "Alice likes green tea", id="a", importance=0.8, sources=["m1"], keywords=["tea"])
    clock.advance(days=1)
    call(memory, "remember", "Alice likes green tea!", id="b", sources=["m2"], keywords=["drinks"])
    call(memory, "remember", "Alice likes black coffee", id="c")
    assert call(memory, "consolidate").merged == ["b"]
    kept = call(memory, "get", "a")
    assert (kept.sources, kept.keywords, kept.importance) == (["m1", "m2"], ["tea", "drinks"], pytest.approx(0.84))
    assert {record.id for record in call(memory, "records")} == {"a", "c"}
    assert call(memory, "get", "b").superseded_by == "a"
    clock.advance(days=1)
    assert call(memory, "consolidate").merged == []


def test_what_is_old_and_unimportant_fades_and_is_brought_back(
    memory: LongTermMemory, call: Call, clock: Clock
) -> None:
    for name, kind, importance in (("trivial", "fact", 0.2), ("vital", "fact", 1.0), ("me", "profile", 0.1)):
        call(memory, "remember", f"a {name} thing about tea", id=name, kind=kind, importance=importance)
    call(memory, "observe", [HumanMessage("tea was said", id="said")], thread_id="t")
    clock.advance(days=500)
    assert call(memory, "consolidate").archived == ["trivial"]
    assert set(call(memory, "recall", "tea").ids()) == {"vital", "me", "said"}
    assert call(memory, "undo", "trivial").live


def test_what_is_used_fades_later(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    call(memory, "remember", "Alice once saw a heron", id="used", importance=0.2)
    call(memory, "remember", "Bob owns a kayak", id="unused", importance=0.2)
    for _ in range(3):
        call(memory, "recall", "heron", limit=1)
    call(memory, "remember", "Carol plays chess", id="new")
    clock.advance(days=500)
    assert call(memory, "consolidate").archived == ["unused"]


@given(st.lists(st.sampled_from(["green tea", "black tea", "red wine", "old green tea", "tea", ""]), max_size=12))
def test_merging_keeps_one_of_each_group_and_loses_none(texts: list[str]) -> None:
    memory = LongTermMemory(InMemoryStore())
    records = memory.remember_many([{"content": f"likes {text}", "id": str(n)} for n, text in enumerate(texts)])
    groups = duplicates(records, 0.9)
    gone = [twin.id for _, twins in groups for twin in twins]
    assert len(gone) == len(set(gone)) == len(texts) - len(set(texts))
    assert not {keeper.id for keeper, _ in groups} & set(gone)


def test_the_days_cap_holds_over_instances_and_extraction_goes_on(store: BaseStore, call: Call, clock: Clock) -> None:
    model = ScriptedChatModel(responses=[{"operations": []}, {"operations": []}])
    settings = DistillationSettings(daily_calls=1)
    for text in ("I like green tea", "I like mountain lakes"):
        memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock, distillation=settings)
        call(memory, "observe", [HumanMessage(text)], thread_id="t")
        assert call(memory, "update").pending == []
    assert len(model.calls) == 1
    assert ["lakes" in record.content for record in call(memory, "records", kinds=["preference"])] == [True]
    assert call(memory, "stats").today.calls == 1
    clock.advance(days=1)
    call(memory, "observe", [HumanMessage("hello again")], thread_id="t")
    call(memory, "update")
    assert len(model.calls) == 2


class Trip(BaseModel):
    """A journey."""

    to: str
    days: int = Field(ge=1)


def trip(**data: Any) -> dict[str, Any]:
    return {
        "operations": [
            {
                "action": "add",
                "message": 1,
                "quote": "Rome for 3 days",
                "content": "Trip to Rome",
                "schema": "Trip",
                "data": data,
            }
        ]
    }


def test_records_of_the_users_own_types_are_checked(store: BaseStore, call: Call, clock: Clock) -> None:
    model = ScriptedChatModel(responses=[trip(to="Rome", days="3"), trip(to="Rome", days=0)])
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock, schemas=[Trip])
    call(memory, "observe", [HumanMessage("I go to Rome for 3 days", id="a")], thread_id="t")
    (record_id,) = call(memory, "update").added
    assert call(memory, "get", record_id).data == {"schema": "Trip", "to": "Rome", "days": 3}
    call(memory, "observe", [HumanMessage("I go to Rome for 3 days again", id="b")], thread_id="t")
    report = call(memory, "update")
    assert report.added == []
    assert "days" in report.rejected[0]
    assert "Trip" in str(model.calls[0].messages)


def test_schemas_must_be_pydantic_models(store: BaseStore) -> None:
    with pytest.raises(InvalidInputError, match="pydantic"):
        LongTermMemory(store, schemas=[dict])  # type: ignore[list-item]
