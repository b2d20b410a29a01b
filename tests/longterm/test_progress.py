"""What is pending, and what is due: an open session waits without being read, a full window does not wait."""

from collections.abc import Iterable
from typing import Any

import pytest
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import Runnable, RunnableLambda
from langgraph.store.base import BaseStore, Op, Result

from langmem_ext import FaissStore, LongTermMemory
from langmem_ext.longterm import DistillationSettings
from langmem_ext.testing import ScriptedChatModel
from tests.longterm.conftest import Call, Clock


class CountingStore(FaissStore):
    """A store that counts its batches."""

    batches = 0

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        self.batches += 1
        return super().batch(ops)


def talk(memory: LongTermMemory, clock: Clock, count: int, start: int = 0, *, minutes: int = 2) -> None:
    for number in range(start, start + count):
        memory.observe([HumanMessage(f"I saw heron number {number}", id=f"m{number}")], thread_id="t")
        clock.advance(minutes=minutes)


def test_an_open_session_waits_without_being_read(clock: Clock) -> None:
    with CountingStore.from_conn_string(":memory:") as store:
        memory = LongTermMemory(store, ("memories", "alice"), clock=clock)
        memory.consolidate()
        talk(memory, clock, 60)
        store.batches = 0
        report = memory.consolidate(thread_id="t", due_only=True)
        assert (report.messages, report.pending) == (0, 60)
        assert store.batches == 2


def test_a_turn_with_a_model_is_distilled_in_a_dozen_batches_and_one_write(clock: Clock) -> None:
    with CountingStore.from_conn_string(":memory:") as store:
        model = ScriptedChatModel(responses=[{"operations": []}] * 2)
        memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock)
        memory.remember_many([{"content": f"Alice likes bird number {n}", "kind": "preference"} for n in range(30)])
        for number in range(2):
            memory.observe([HumanMessage("I saw a heron", id=f"m{number}"), AIMessage("Oh!")], thread_id="t")
            store.batches = 0
            memory.update(thread_id="t")
        assert store.batches <= 12
        assert memory.stats().today.calls == 2


def test_a_session_that_fills_a_window_is_digested_before_it_ends(store: BaseStore, call: Call, clock: Clock) -> None:
    settings = DistillationSettings(window_messages=10)
    memory = LongTermMemory(store, ("memories", "alice"), clock=clock, distillation=settings)
    talk(memory, clock, 10)
    assert call(memory, "consolidate", due_only=True).messages == 0
    talk(memory, clock, 1, start=10)
    report = call(memory, "consolidate", due_only=True)
    assert (report.messages, report.pending) == (10, 1)


def test_a_session_with_a_windows_tokens_is_digested_before_it_ends(store: BaseStore, call: Call, clock: Clock) -> None:
    settings = DistillationSettings(window_tokens=100)
    memory = LongTermMemory(store, ("memories", "alice"), clock=clock, distillation=settings)
    talk(memory, clock, 30)
    report = call(memory, "consolidate", due_only=True)
    assert report.messages > 0
    assert report.pending > 0
    assert report.messages + report.pending == 30
    again = call(memory, "consolidate", due_only=True)
    assert (again.messages, again.pending) == (0, report.pending)


def test_a_closed_session_is_digested_while_a_new_one_is_open(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    talk(memory, clock, 4)
    clock.advance(hours=1)
    talk(memory, clock, 2, start=4)
    report = call(memory, "consolidate", due_only=True)
    assert (report.messages, report.pending, len(report.summaries)) == (4, 2, 1)


def test_topics_left_by_a_run_that_died_are_rolled_up_by_the_next_one_that_is_due(
    store: BaseStore, call: Call, clock: Clock
) -> None:
    def answer(messages: list[Any]) -> dict[str, Any]:
        if "<topics>" in str(messages[-1].content):
            return {"summaries": [{"topic": "birds", "content": "Alice saw a heron"}]}
        raise ConnectionError

    model = ScriptedChatModel(responses=[answer] * 20)
    settings = DistillationSettings(window_messages=1)
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock, distillation=settings)
    talk(memory, clock, 4, minutes=120)
    clock.advance(days=8)
    report = call(memory, "consolidate", due_only=True)
    assert report.rolled_up == []
    assert "roll-up" in report.warnings[0]
    healthy = LongTermMemory(store, ("memories", "alice"), clock=clock)
    assert call(healthy, "consolidate", due_only=True).rolled_up == []
    clock.advance(days=1)
    assert len(call(healthy, "consolidate", due_only=True).rolled_up) == 1


@pytest.mark.parametrize("wrong", [7, "", None])
def test_a_thread_that_cannot_be_meant_is_refused(memory: LongTermMemory, wrong: Any) -> None:
    if wrong is None:
        assert memory.update(thread_id=None).ranges == []
        return
    for work in (memory.update, memory.consolidate):
        with pytest.raises(ValueError, match=r"thread_id|label"):
            work(thread_id=wrong)


class UnusualModel(ScriptedChatModel):
    """A model whose structured output is no sequence of a model and a parser."""

    def with_structured_output(
        self, schema: Any, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        bound = super().with_structured_output(schema, include_raw=include_raw, **kwargs)
        return RunnableLambda(bound.invoke)


def test_a_model_whose_structured_output_cannot_be_taken_apart_serves_as_well(
    store: BaseStore, call: Call, clock: Clock
) -> None:
    operation = {"action": "add", "message": 1, "quote": "heron", "content": "Alice saw a heron"}
    model = UnusualModel(responses=["no JSON", {"operations": [operation]}])
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock)
    talk(memory, clock, 1)
    report = call(memory, "update")
    assert (len(report.added), report.model_calls) == (1, 2)
    assert report.tokens > 0
