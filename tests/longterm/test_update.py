"""Event-driven update: what new messages change, by whom it was said, and what a model may not do."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.store.base import BaseStore

from langmem_ext import LongTermMemory
from langmem_ext.longterm.update import UpdateReport
from langmem_ext.metering import Meter
from langmem_ext.testing import ScriptedChatModel
from tests.longterm.conftest import Call, Clock


def operations(*wanted: dict[str, Any]) -> dict[str, Any]:
    return {"operations": list(wanted)}


def add(content: str, quote: str, message: int = 1, **more: Any) -> dict[str, Any]:
    return {"action": "add", "message": message, "quote": quote, "content": content, **more}


def scripted(store: BaseStore, clock: Clock, *responses: Any) -> tuple[LongTermMemory, ScriptedChatModel]:
    model = ScriptedChatModel(responses=list(responses))
    return LongTermMemory(store, ("memories", "alice"), model=model, clock=clock), model


def say(memory: LongTermMemory, *texts: str, thread_id: str = "t") -> None:
    start = len(memory.log(thread_id, limit=1000))
    memory.observe(
        [HumanMessage(text, id=f"{thread_id}{start + n}") for n, text in enumerate(texts)], thread_id=thread_id
    )


def facts(memory: LongTermMemory) -> list[str]:
    return sorted(r.content for r in memory.records(kinds=["fact", "preference", "relation", "event", "profile"]))


def test_a_stated_preference_becomes_a_typed_record_with_its_quote(store: BaseStore, call: Call, clock: Clock) -> None:
    answer = operations(
        add(
            "Alice likes coffee", "I like coffee", kind="preference", data={"user": "Alice", "likes": "coffee"},
            topic="drinks", keywords=["coffee", "咖啡"], importance=0.7, occurred_at="2026-09-29",
        )
    )  # fmt: skip
    memory, model = scripted(store, clock, answer)
    say(memory, "Well, I like coffee.")
    report = call(memory, "update")
    assert (len(report.added), report.model_calls, report.ranges) == (1, 1, [("t", 0, 1)])
    assert report.tokens > 0
    record = memory.get(report.added[0])
    assert record is not None
    assert (record.kind, record.content, record.data) == (
        "preference",
        "Alice likes coffee",
        {"user": "Alice", "likes": "coffee"},
    )
    assert (record.quote, record.sources, record.topic, record.keywords) == (
        "I like coffee",
        ["t0"],
        "drinks",
        ["coffee", "咖啡"],
    )
    assert record.occurred_at == datetime(2026, 9, 29, tzinfo=UTC)
    assert "Well, I like coffee." in str(model.calls[0].messages)


def test_nothing_to_remember_is_a_good_answer_and_is_not_asked_again(
    store: BaseStore, call: Call, clock: Clock
) -> None:
    memory, model = scripted(store, clock, operations())
    say(memory, "Good morning!")
    assert call(memory, "update").ranges == [("t", 0, 1)]
    assert call(memory, "update") == UpdateReport()
    assert len(model.calls) == 1


def test_a_contradiction_supersedes_and_can_be_undone(store: BaseStore, call: Call, clock: Clock) -> None:
    revise = operations(
        {
            "action": "revise",
            "target": 1,
            "message": 1,
            "quote": "I moved to Berlin",
            "content": "Alice lives in Berlin",
        }
    )
    memory, _ = scripted(store, clock, operations(add("Alice lives in Paris", "I live in Paris")), revise)
    say(memory, "I live in Paris")
    call(memory, "update")
    clock.advance(days=1)
    say(memory, "I moved to Berlin")
    report = call(memory, "update")
    assert facts(memory) == ["Alice lives in Berlin"]
    assert [version.content for version in memory.history(report.revised[0])] == [
        "Alice lives in Paris",
        "Alice lives in Berlin",
    ]
    clock.advance(days=1)
    call(memory, "undo", report.revised[0])
    assert facts(memory) == ["Alice lives in Paris"]


def test_repetition_reinforces_and_retirement_retires(store: BaseStore, call: Call, clock: Clock) -> None:
    memory, _ = scripted(
        store, clock,
        operations(add("Alice likes coffee", "I like coffee")),
        operations({"action": "reinforce", "target": 1, "message": 1, "quote": "I like coffee"}),
        operations({"action": "retire", "target": 1, "message": 1, "quote": "no more coffee"}),
    )  # fmt: skip
    for text in ("I like coffee", "I like coffee, really", "no more coffee for me"):
        say(memory, text)
        report = call(memory, "update")
        clock.advance(hours=1)
    (record,) = memory.history(report.retired[0])
    assert record.importance == pytest.approx(0.6)
    assert record.sources == ["t0", "t1"]
    assert facts(memory) == []


@pytest.mark.parametrize(
    ("operation", "complaint"),
    [
        (add("Alice is rich", "I am rich"), "quote does not occur"),
        (add("x", "I like tea", message=9), "no new message has the number 9"),
        (
            {"action": "revise", "target": 7, "message": 1, "quote": "I like tea", "content": "x"},
            "no known memory has the number 7",
        ),
        ({"action": "retire", "message": 1, "quote": "I like tea"}, "no known memory has the number None"),
        (add("x", "I like tea", occurred_at="0000-00-00"), "ISO 8601"),
        (add("x", "I like tea", occurred_at="when pigs fly"), "ISO 8601"),
        (add("x", "I like tea", topic="   "), "topic"),
    ],
)
def test_an_operation_that_does_not_hold_is_rejected_and_reported_alone(
    store: BaseStore, clock: Clock, operation: dict[str, Any], complaint: str
) -> None:
    memory, _ = scripted(store, clock, operations(operation, add("Alice likes tea", "ｉ LIKE   tea")))
    say(memory, "I like tea")
    report = memory.update()
    assert facts(memory) == ["Alice likes tea"]
    assert len(report.rejected) == 1
    assert complaint in report.rejected[0]


def test_recalled_text_is_not_learnt_again(store: BaseStore, clock: Clock) -> None:
    memory, _ = scripted(store, clock, operations(add("Alice likes coffee", "Alice likes coffee")))
    say(memory, 'You told me: <memory id="x" kind="fact" date="2026-01-01">Alice likes coffee</memory>. Is that so?')
    assert len(memory.update().rejected) == 1
    assert facts(memory) == []


def test_what_the_assistant_said_is_marked_as_such(store: BaseStore, clock: Clock) -> None:
    memory, _ = scripted(store, clock, operations(add("The hotel was booked", "I have booked the hotel", message=2)))
    memory.observe([HumanMessage("please book", id="a"), AIMessage("I have booked the hotel", id="b")], thread_id="t")
    (record_id,) = memory.update().added
    record = memory.get(record_id)
    assert record is not None
    assert (record.speaker, record.sources) == ("assistant", ["b"])


@pytest.mark.parametrize(
    "output",
    [
        "this is not JSON",
        {"operations": "none"},
        {"operations": [add("x", "I like tea", importance=7)]},
        {"operations": [{"action": "explode", "message": 1, "quote": "I like tea"}]},
        {"operations": [add(f"x{n}", "I like tea") for n in range(400)]},
    ],
)
def test_malformed_output_is_repaired_once_then_the_range_stays_pending(
    store: BaseStore, call: Call, clock: Clock, output: Any
) -> None:
    good = operations(add("Alice likes tea", "I like tea"))
    memory, model = scripted(store, clock, output, output, good)
    say(memory, "I like tea")
    report = call(memory, "update")
    assert report.pending == [("t", 0, 1)]
    assert report.warnings
    assert facts(memory) == []
    assert len(model.calls) == 2
    assert call(memory, "update").pending == []
    assert facts(memory) == ["Alice likes tea"]


def test_one_repair_is_enough_where_it_helps(store: BaseStore, call: Call, clock: Clock) -> None:
    memory, model = scripted(store, clock, "oops", operations(add("Alice likes tea", "I like tea")))
    say(memory, "I like tea")
    assert call(memory, "update").model_calls == 2
    assert facts(memory) == ["Alice likes tea"]
    assert "could not be used" in str(model.calls[1].messages[-1].content)


def test_a_failing_model_loses_no_message_and_the_range_is_distilled_later(
    store: BaseStore, call: Call, clock: Clock
) -> None:
    memory, _ = scripted(store, clock, ConnectionError("down"), operations(add("Alice likes tea", "I like tea")))
    say(memory, "I like tea")
    report = call(memory, "update")
    assert report.pending == [("t", 0, 1)]
    assert "I like tea" not in " ".join(report.warnings)
    say(memory, "and cake")
    assert call(memory, "update").ranges == [("t", 0, 2)]
    assert facts(memory) == ["Alice likes tea"]


def test_at_the_cap_extraction_stores_what_it_can(store: BaseStore, call: Call, clock: Clock) -> None:
    memory, model = scripted(store, clock)
    say(memory, "I like mountain lakes.")
    report = call(memory, "update", meter=Meter(max_calls=0))
    assert facts(memory) == ["I like mountain lakes"] or len(facts(memory)) == 1
    assert (report.model_calls, len(model.calls), report.pending) == (0, 0, [])


def test_another_tenants_record_cannot_be_reached_by_number(store: BaseStore, clock: Clock) -> None:
    other = LongTermMemory(store, ("memories", "bob"), clock=clock)
    other.remember("Bob likes tea", id="b", kind="preference")
    memory, _ = scripted(store, clock, operations({"action": "retire", "target": 1, "message": 1, "quote": "tea"}))
    say(memory, "I like tea")
    assert memory.update().rejected
    untouched = other.get("b")
    assert untouched is not None
    assert untouched.live


def test_two_workers_distil_each_range_once(store: BaseStore, clock: Clock) -> None:
    import threading

    texts = [f"I like thing number {n}" for n in range(60)]
    first = LongTermMemory(store, ("memories", "alice"), clock=clock)
    second = LongTermMemory(store, ("memories", "alice"), clock=clock)
    say(first, *texts)
    reports: list[UpdateReport] = []
    workers = [threading.Thread(target=lambda m=m: reports.append(m.update())) for m in (first, second)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ranges = sorted(span for report in reports for span in report.ranges)
    assert [start for _, start, _ in ranges] == [0, 20, 40]


@pytest.mark.parametrize(
    ("said", "later", "expected"),
    [
        ("My budget is 2000 euros.", "My budget is now 3000 euros.", "3000"),
        ("我的预算是两万元。", "我的预算改成三万元。", "三万"),
        ("I live in Paris.", "I moved to Berlin, I live in Berlin now.", "Berlin"),
    ],
)
def test_without_a_model_a_changed_statement_replaces_the_old_one(
    memory: LongTermMemory, clock: Clock, said: str, later: str, expected: str
) -> None:
    say(memory, said)
    memory.update()
    assert len(facts(memory)) == 1
    clock.advance(days=1)
    say(memory, later)
    report = memory.update()
    assert len(report.revised) == 1
    assert [expected in content for content in facts(memory)] == [True]


@pytest.mark.parametrize(
    ("said", "date", "content"),
    [
        ("我下周二要去上海出差", "2026-10-06", "我下周二(2026-10-06)要去上海出差"),
        ("已订好 10月5日机票", "2026-10-05", "已订好 10月5日机票"),
        ("我上个月去了京都", "2026-08", "我上个月(2026-08)去了京都"),
        ("我三月要去京都", "2027-03", "我三月(2027-03)要去京都"),
        ("I'm flying to Shanghai next Tuesday", "2026-10-06", "I'm flying to Shanghai next Tuesday (2026-10-06)"),
        ("I have a dentist appointment on Monday", "2026-10-05", "I have a dentist appointment on Monday (2026-10-05)"),
        ("I've booked the flight for October 5", "2026-10-05", "I've booked the flight for October 5"),
        ("I went to Kyoto last month", "2026-08", "I went to Kyoto last month (2026-08)"),
    ],
)
def test_without_a_model_dates_are_resolved_against_the_messages_own(
    memory: LongTermMemory, said: str, date: str, content: str
) -> None:
    say(memory, said)
    memory.update()
    (event,) = memory.records(kinds=["event"])
    assert event.content == content
    assert event.quote == said
    assert isinstance(event.data, dict)
    assert event.data["date"] == date
    assert event.occurred_at.date().isoformat().startswith(date)
    assert memory.recall(said, after=date, before=date, kinds=["event"]).records


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("我对花生过敏。", "我对猫毛过敏。"), ["花生", "猫毛"]),
        (("I'm allergic to peanuts.", "I'm allergic to cat hair."), ["peanuts", "cat hair"]),
    ],
)
def test_the_profile_keeps_every_allergy_and_the_last_residence(
    memory: LongTermMemory, clock: Clock, said: tuple[str, ...], expected: list[str]
) -> None:
    for text in (*said, "I live in Paris.", "I moved to Berlin."):
        say(memory, text)
        memory.update()
        clock.advance(days=1)
    assert memory.profile()["allergic_to"] == expected
    assert memory.profile()["lives_in"] == "Berlin"


@pytest.mark.parametrize(
    "chatter", ["Good morning!", "What is the weather like?", "早上好", "今天天气怎么样?", "好的,谢谢"]
)
def test_without_a_model_chatter_is_no_memory(memory: LongTermMemory, chatter: str) -> None:
    say(memory, chatter)
    memory.update()
    assert facts(memory) == []


def test_update_reports_are_json(store: BaseStore, clock: Clock) -> None:
    memory, _ = scripted(store, clock, operations())
    say(memory, "hello")
    assert json.loads(memory.update().model_dump_json())["ranges"] == [["t", 0, 1]]
