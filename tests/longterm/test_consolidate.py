"""Consolidation: sessions become summary records with an index, weeks and topics are rolled up, nothing twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.store.base import BaseStore

from langmem_ext import LongTermMemory
from langmem_ext.longterm import DistillationSettings
from langmem_ext.metering import Meter
from langmem_ext.testing import ScriptedChatModel
from tests.longterm.conftest import Call, Clock

SIX = {
    "zh": [
        "去瑞士徒步,看少女峰,喜欢高山湖泊",
        "预算 2 万人民币",
        "希望住有景观的民宿",
        "担心高原反应",
        "喜欢摄影",
        "已订好 10月5日机票",
    ],
    "en": [
        "We go hiking in Switzerland near the Jungfrau, I love mountain lakes",
        "The budget is 2,500 euros",
        "I want a guesthouse with a view",
        "I am worried about altitude sickness",
        "I love photography",
        "The flight on 5 October is booked",
    ],
}
NAMES = [["lakes"], ["budget"], ["accommodation"], ["health"], ["photography"], ["flight"]]
QUESTION = {
    "zh": "我瑞士旅行的预算和住宿安排是怎样的?",
    "en": "What are the budget and the accommodation for my trip to Switzerland?",
}


def hear(memory: LongTermMemory, texts: list[str], *, replies: bool = True) -> None:
    for number, text in enumerate(texts):
        said: list[Any] = [HumanMessage(text, id=f"m{number}")]
        if replies:
            said.append(AIMessage("Noted." if text.isascii() else "好的。", id=f"a{number}"))
        memory.observe(said, thread_id="trip")


def swiss_draft(content: str, entries: list[list[str]]) -> dict[str, Any]:
    return {
        "summaries": [
            {
                "topic": "switzerland_hiking",
                "content": content,
                "keywords": ["user", "travel", "switzerland_hiking", "budget", "accommodation", "health", "flight"],
                "importance": 0.95,
                "entries": [{"entry": n, "keywords": words} for n, words in enumerate(entries, 1)],
            }
        ]
    }


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("with_model", [True, False])
def test_six_messages_become_one_summary_and_the_next_days_question_loads_three_of_seven(
    store: BaseStore, call: Call, clock: Clock, language: str, with_model: bool
) -> None:
    draft = swiss_draft("; ".join(SIX[language]), NAMES)
    model = ScriptedChatModel(responses=[draft]) if with_model else None
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock)
    hear(memory, SIX[language])
    report = call(memory, "consolidate")
    (summary,) = memory.records(kinds="summary")
    assert report.summaries == [summary.id]
    assert summary.topic == "switzerland_hiking"
    assert isinstance(summary.data, dict)
    assert set(summary.data) == {"type", "topic", "timestamp", "keywords", "importance"}
    assert (summary.data["type"], summary.data["timestamp"]) == ("summary", "2026-09-30")
    index = memory.keywords()
    assert set(index["budget"]) >= {summary.id, "m1"} if with_model else "m1" in index["budget"]
    if with_model:
        assert {"user", "travel", "switzerland hiking", "budget", "accommodation", "health", "flight"} <= set(index)
    clock.advance(days=1)
    recalled = call(memory, "recall", QUESTION[language])
    assert set(recalled.ids()) == {summary.id, "m1", "m2"}


def test_a_second_run_changes_nothing_and_calls_no_model(store: BaseStore, call: Call, clock: Clock) -> None:
    model = ScriptedChatModel(responses=[swiss_draft("all", NAMES)])
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock)
    hear(memory, SIX["en"])
    call(memory, "consolidate")
    before = sorted(memory.records(limit=1000), key=lambda record: record.id)
    report = call(memory, "consolidate")
    assert (report.summaries, report.rolled_up, report.messages, report.model_calls) == ([], [], 0, 0)
    assert sorted(memory.records(limit=1000), key=lambda record: record.id) == before
    assert len(model.calls) == 1


def test_an_open_session_waits_until_it_is_over(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    hear(memory, SIX["en"])
    assert call(memory, "consolidate", due_only=True).pending == 12
    clock.advance(minutes=31)
    report = call(memory, "consolidate", due_only=True)
    assert (report.pending, len(report.summaries)) == (0, 1)


def test_sessions_are_cut_at_long_silences(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    for day in range(3):
        memory.observe([HumanMessage(f"I visited museum number {day} in Paris", id=f"d{day}")], thread_id="t")
        clock.advance(days=1)
    assert len(call(memory, "consolidate").summaries) == 3


def test_chatter_makes_no_summary(memory: LongTermMemory, call: Call) -> None:
    hear(memory, ["Hello!", "Thanks", "你好"])
    report = call(memory, "consolidate")
    assert (report.summaries, report.messages, report.pending) == ([], 6, 0)


def test_a_failing_model_leaves_the_window_pending(store: BaseStore, call: Call, clock: Clock) -> None:
    model = ScriptedChatModel(responses=[TimeoutError("slow"), "not json", "nor this", swiss_draft("all", NAMES)])
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock)
    hear(memory, SIX["en"])
    for _ in range(2):
        report = call(memory, "consolidate")
        assert (report.pending, report.summaries, len(report.warnings)) == (12, [], 1)
    assert len(call(memory, "consolidate").summaries) == 1


def test_at_the_cap_extraction_goes_on(store: BaseStore, call: Call, clock: Clock) -> None:
    memory = LongTermMemory(store, ("memories", "alice"), model=ScriptedChatModel(responses=[]), clock=clock)
    hear(memory, SIX["zh"])
    report = call(memory, "consolidate", meter=Meter(max_calls=0))
    assert (len(report.summaries), report.model_calls, report.pending) == (1, 0, 0)


def test_progress_is_told_and_may_stop(store: BaseStore, call: Call, clock: Clock) -> None:
    settings = DistillationSettings(window_messages=4)
    memory = LongTermMemory(store, ("memories", "alice"), clock=clock, distillation=settings)
    hear(memory, SIX["en"])
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> bool:
        told.append((done, total))
        return len(told) < 2

    report = call(memory, "consolidate", progress=progress)
    assert told == [(4, 12), (8, 12)]
    assert report.pending == 4
    assert call(memory, "consolidate").messages == 4


def test_weeks_and_topics_are_rolled_up_with_bounded_reading(store: BaseStore, call: Call, clock: Clock) -> None:
    settings = DistillationSettings(fan_in=4)
    memory = LongTermMemory(store, ("memories", "alice"), clock=clock, distillation=settings)
    for day in range(28):
        text = f"I went hiking in Switzerland and walked {day + 3} kilometres"
        memory.observe([HumanMessage(text, id=f"d{day}")], thread_id="t", occurred_at=clock.moment)
        clock.advance(days=1)
    clock.advance(days=14)
    report = call(memory, "consolidate")
    assert len(report.summaries) == 28
    assert report.rolled_up
    rolled = [memory.get(record_id) for record_id in report.rolled_up]
    assert all(record and record.topic == "switzerland_hiking" for record in rolled)
    assert all(record and len(record.content) < 2000 for record in rolled)
    again = call(memory, "consolidate")
    assert (again.summaries, again.rolled_up) == ([], [])
    memory.pin(report.rolled_up[-1])
    memory.observe(
        [HumanMessage("I went hiking in Switzerland once more", id="late")], thread_id="t", occurred_at=clock.moment
    )
    clock.advance(days=14)
    (renewed,) = call(memory, "consolidate").rolled_up
    record = memory.get(renewed)
    assert record
    assert record.pinned
    live = [record for record in memory.records(kinds="summary", limit=1000) if record.thread_id is None]
    assert len({record.id for record in live}) == len(live)


def test_every_statement_is_covered_by_exactly_one_session_summary(store: BaseStore, clock: Clock) -> None:
    memory = LongTermMemory(
        store, ("memories", "alice"), clock=clock, distillation=DistillationSettings(window_messages=7)
    )
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(50):
        memory.observe(
            [HumanMessage(f"I saw bird number {number} in the park", id=f"m{number}")],
            thread_id="t",
            occurred_at=moment,
        )
        moment += timedelta(minutes=45 if number % 6 == 5 else 2)
    memory.consolidate()
    covered = [
        source
        for record in memory.records(kinds="summary", limit=1000)
        if record.thread_id
        for source in record.sources
    ]
    assert sorted(covered) == sorted(f"m{number}" for number in range(50))


def test_forgetting_a_message_rewrites_its_summary_without_it(memory: LongTermMemory, call: Call) -> None:
    hear(memory, SIX["en"])
    call(memory, "consolidate")
    receipt = call(memory, "forget", "m1")
    (summary,) = memory.records(kinds="summary")
    assert receipt.rewritten == [summary.id]
    assert "2,500" not in summary.content
    assert "budget" not in memory.keywords()
