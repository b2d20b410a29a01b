"""Bad output of a model: one repair attempt, then what holds is kept; where nothing holds the range stays pending."""

from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore

from langmem_ext import LongTermMemory
from langmem_ext.longterm import DistillationSettings
from langmem_ext.testing import ScriptedChatModel
from tests.longterm.conftest import Call, Clock

TEA = {"action": "add", "message": 1, "quote": "I like tea", "content": "Alice likes tea"}
DRAFT = {"topic": "tea", "content": "Alice likes tea", "entries": [{"entry": 1, "keywords": ["tea"]}]}
INSIGHT = {"content": "Alice likes tea a lot", "entries": [1, 2]}

UPDATES: list[Any] = [
    "this is not JSON",
    {"operations": "none"},
    {"operations": [TEA | {"importance": 7}]},
    {"operations": [TEA | {"kind": "message"}]},
    {"operations": [TEA] * 400},
    {"operations": [TEA | {"message": 9}]},
    {"operations": [TEA | {"action": "revise", "target": 7}]},
    {"operations": [TEA | {"action": "retire"}]},
    {"operations": [TEA | {"occurred_at": "0000-01-01"}]},
    {"operations": [TEA | {"occurred_at": "when pigs fly"}]},
]
DIGESTS: list[Any] = [
    "this is not JSON",
    {"summaries": {"topic": 1}},
    {"summaries": [DRAFT | {"importance": 7}]},
    {"summaries": [DRAFT | {"topic": ""}]},
    {"summaries": [DRAFT] * 400},
    {"summaries": [DRAFT | {"entries": [{"entry": 99}]}]},
]
REFLECTIONS: list[Any] = [
    "this is not JSON",
    {"insights": [INSIGHT | {"importance": 7}]},
    {"insights": [INSIGHT] * 400},
    {"insights": [INSIGHT | {"about": "the weather"}]},
]


def scripted(store: BaseStore, clock: Clock, *responses: Any) -> tuple[LongTermMemory, ScriptedChatModel]:
    model = ScriptedChatModel(responses=list(responses))
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock)
    memory.observe([HumanMessage("I like tea", id="m1")], thread_id="t")
    return memory, model


@pytest.mark.parametrize("output", UPDATES)
def test_an_update_is_repaired_once_then_its_range_stays_pending(
    store: BaseStore, call: Call, clock: Clock, output: Any
) -> None:
    memory, model = scripted(store, clock, output, output, {"operations": [TEA]})
    report = call(memory, "update")
    assert (report.pending, len(report.warnings), report.added, report.model_calls) == ([("t", 0, 1)], 1, [], 2)
    assert "could not be used" in str(model.calls[1].messages[-1].content)
    assert memory.records(kinds=["fact", "preference"]) == []
    assert len(call(memory, "update").added) == 1
    assert memory.stats().pending == 0


@pytest.mark.parametrize("output", UPDATES)
def test_an_update_that_is_repaired_is_applied(store: BaseStore, call: Call, clock: Clock, output: Any) -> None:
    memory, _ = scripted(store, clock, output, {"operations": [TEA]})
    report = call(memory, "update")
    assert (len(report.added), report.pending, report.warnings) == (1, [], [])


def test_of_an_update_that_is_still_half_wrong_what_holds_is_applied_once(
    store: BaseStore, call: Call, clock: Clock
) -> None:
    half = {"operations": [TEA | {"target": 7, "action": "retire"}, TEA]}
    memory, _ = scripted(store, clock, half, half)
    report = call(memory, "update")
    assert (len(report.added), len(report.rejected), report.pending) == (1, 1, [])
    assert call(memory, "update").ranges == []


def test_a_repair_that_fails_costs_nothing_of_what_holds(store: BaseStore, call: Call, clock: Clock) -> None:
    half = {"operations": [TEA | {"message": 9}, TEA]}
    memory, model = scripted(store, clock, half, ConnectionError("down"))
    assert len(call(memory, "update").added) == 1
    assert len(model.calls) == 2


@pytest.mark.parametrize("output", DIGESTS)
def test_a_digest_is_repaired_once_then_its_window_stays_pending(
    store: BaseStore, call: Call, clock: Clock, output: Any
) -> None:
    memory, _ = scripted(store, clock, output, output, {"summaries": [DRAFT]})
    report = call(memory, "consolidate")
    assert (report.pending, len(report.warnings), report.summaries, report.model_calls) == (1, 1, [], 2)
    assert memory.keywords() == {}
    assert len(call(memory, "consolidate").summaries) == 1


@pytest.mark.parametrize("output", DIGESTS)
def test_a_roll_up_that_stays_malformed_stays_pending(store: BaseStore, call: Call, clock: Clock, output: Any) -> None:
    bad = output["summaries"] if isinstance(output, dict) else output
    single = bad[0] if isinstance(bad, list) and len(bad) == 1 and "entries" not in bad[0] else "this is not JSON"
    answers = [{"summaries": [DRAFT]}] * 3 + [single, single, {"topic": "tea", "content": "Alice likes tea"}]
    model = ScriptedChatModel(responses=answers)
    settings = DistillationSettings(window_messages=1)
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock, distillation=settings)
    for number in range(3):
        memory.observe([HumanMessage("I like tea", id=f"m{number}")], thread_id="t", occurred_at=clock.moment)
        clock.advance(hours=2)
    clock.advance(days=9)
    report = call(memory, "consolidate")
    assert (len(report.summaries), report.rolled_up, len(report.warnings)) == (3, [], 1)
    assert len(call(memory, "consolidate").rolled_up) == 1


@pytest.mark.parametrize("output", REFLECTIONS)
def test_a_reflection_is_repaired_once_then_it_stays_due(
    store: BaseStore, call: Call, clock: Clock, output: Any
) -> None:
    memory, _ = scripted(store, clock, output, output, {"insights": [INSIGHT]})
    memory.remember_many([{"content": f"Alice drank tea number {n}"} for n in range(3)])
    report = call(memory, "reflect")
    assert (report.reflections, len(report.warnings), report.model_calls) == ([], 1, 2)
    assert len(call(memory, "reflect").reflections) == 1


def test_numbers_reach_no_record_of_another_tenant(store: BaseStore, call: Call, clock: Clock) -> None:
    other = LongTermMemory(store, ("memories", "bob"), clock=clock)
    other.remember("Bob likes tea", id="b", kind="preference")
    reach = {"operations": [TEA | {"action": "revise", "target": 1, "content": "Bob hates tea"}]}
    memory, _ = scripted(store, clock, reach, reach)
    assert call(memory, "update").pending == [("t", 0, 1)]
    assert [record.content for record in other.records()] == ["Bob likes tea"]
