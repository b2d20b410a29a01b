"""Looking through a memory without a question: filters, pages, days, counts; the same over every store."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, strategies as st
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from langmem_ext import LongTermMemory
from langmem_ext.errors import InvalidInputError, RecordNotFoundError
from langmem_ext.longterm.browsing import days
from langmem_ext.times import resolve_zone
from tests.longterm.conftest import Call, Clock


@pytest.fixture
def filled(memory: LongTermMemory, clock: Clock) -> LongTermMemory:
    for number in range(10):
        memory.remember(
            f"Fact {number} about {'the Lake' if number % 2 else '湖泊'}",
            id=f"r{number}",
            kind="preference" if number < 3 else "fact",
            topic="Lakes" if number < 5 else "other",
            keywords=["Lakes", "湖泊"] if number % 2 else ["budget"],
            occurred_at=f"2025-09-{30 - number // 2:02d}T{12 - number % 2}:00",
            sources=["m1"] if number in {2, 7} else [],
        )
        clock.advance(hours=1)
    return memory


def ids(page: Any) -> list[str]:
    return [record.id for record in page.records]


def test_the_latest_comes_first_and_pages_fit_together(filled: LongTermMemory, call: Call) -> None:
    everything = call(filled, "browse", limit=100)
    assert ids(everything) == [f"r{number}" for number in range(10)]
    pages = [call(filled, "browse", limit=4, offset=offset) for offset in (0, 4, 8, 12)]
    assert [record for page in pages for record in ids(page)] == ids(everything)
    assert {page.total for page in pages} == {10}
    assert ids(call(filled, "browse", oldest_first=True, limit=3)) == ["r9", "r8", "r7"]
    assert ids(call(filled, "browse", clock="recorded", limit=3)) == ["r9", "r8", "r7"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"kinds": "preference"}, "012"),
        ({"kinds": ["preference", "event"]}, "012"),
        ({"topic": "lakes"}, "01234"),
        ({"keyword": "lake"}, "13579"),
        ({"keyword": "湖泊", "topic": "Lakes"}, "13"),
        ({"keyword": "nothing"}, ""),
        ({"before": "2025-09-28"}, "456789"),
        ({"after": "2025-09-28", "before": "2025-09-29"}, "2345"),
        ({"text": "the lAKE"}, "13579"),
        ({"text": "湖泊", "kinds": "preference"}, "02"),
        ({"source": "m1"}, "27"),
        ({"thread_id": "none"}, ""),
    ],
)
def test_each_filter_keeps_what_it_says(filled: LongTermMemory, filters: dict[str, Any], expected: str) -> None:
    page = filled.browse(**filters)
    assert ids(page) == [f"r{number}" for number in expected]
    assert page.total == len(expected) == sum(page.days.values())


def test_days_are_counted_in_the_order_of_the_page(filled: LongTermMemory, call: Call) -> None:
    newest = call(filled, "browse", limit=1).days
    assert newest == {date(2025, 9, 30 - day): 2 for day in range(5)}
    assert list(newest) == sorted(newest, reverse=True)
    assert list(call(filled, "browse", oldest_first=True, limit=0).days) == sorted(newest)


def test_what_is_no_longer_believed_is_listed_apart(filled: LongTermMemory, call: Call, clock: Clock) -> None:
    filled.revise("r0", "Fact 0 is otherwise")
    clock.advance(hours=1)
    filled.undo("r0")  # leaves the trace of an earlier belief, which is no record
    clock.advance(hours=1)
    filled.retire("r1")
    gone = call(filled, "browse", live=False)
    assert "r0" in ids(call(filled, "browse"))
    assert {record.content for record in gone.records} == {"Fact 0 is otherwise", "Fact 1 about the Lake"}
    assert gone.total == 2
    assert call(filled, "stats", tokens=False).superseded == 2


def test_the_indexes_are_counted(filled: LongTermMemory, call: Call) -> None:
    assert list(call(filled, "topic_counts").items()) == [("lakes", 5), ("other", 5)]
    assert call(filled, "keyword_counts") == {"budget": 5, "lake": 5, "湖泊": 5}
    filled.forget("r0")
    assert call(filled, "topic_counts")["lakes"] == 4


def test_keywords_give_some_of_their_entries(filled: LongTermMemory, call: Call) -> None:
    found = call(filled, "keyword_entries", ["lake", "budget", "nothing"], limit=3)
    assert {word: len(records) for word, records in found.items()} == {"lake": 3, "budget": 3, "nothing": 0}
    assert all("lake" in record.content.casefold() for record in found["lake"])
    assert call(filled, "keyword_entries", []) == {}
    with pytest.raises(InvalidInputError):
        call(filled, "keyword_entries", ["lake"], limit=0)


def test_stats_count_the_same_with_and_without_tokens(filled: LongTermMemory, call: Call) -> None:
    filled.observe([HumanMessage("I like lakes", id="m1")], thread_id="one")
    whole = call(filled, "stats")
    quick = call(filled, "stats", tokens=False)
    assert quick.log_tokens == 0 < whole.log_tokens
    assert quick == whole.model_copy(update={"log_tokens": 0, "distilled_tokens": 0})
    assert quick.records == whole.records == {"preference": 3, "fact": 7, "message": 1}


@pytest.mark.parametrize(
    "arguments",
    [
        {"limit": -1},
        {"limit": 1001},
        {"offset": -1},
        {"kinds": "secret"},
        {"text": ""},
        {"text": "x" * 1001},
        {"text": "a", "source": "b"},
        {"clock": "wall"},
        {"after": "2025-09-30", "before": "2025-09-01"},
        {"after": "soon"},
        {"topic": ""},
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: dict[str, Any]) -> None:
    memory = LongTermMemory(InMemoryStore(), ("memories", "alice"))
    with pytest.raises(InvalidInputError):
        memory.browse(**arguments)


MOMENTS = st.integers(-62_135_596_800, 253_402_300_799)  # 1 January of year 1 to 31 December 9999, UTC
MOMENTS_WITH_A_DAY = (-62_135_500_000, 253_402_200_000)  # where the calendar has a day in every zone


@given(st.lists(MOMENTS, max_size=50), st.sampled_from(["UTC", "+14:00", "-12:00"]))
def test_every_moment_falls_on_its_day(moments: list[int], zone_name: str) -> None:
    zone = resolve_zone(zone_name)
    inside = [at for at in sorted(moments) if MOMENTS_WITH_A_DAY[0] < at < MOMENTS_WITH_A_DAY[1]]
    expected: dict[date, int] = {}
    for moment in inside:
        day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)).astimezone(zone).date()
        expected[day] = expected.get(day, 0) + 1
    counted = days(np.asarray(inside, np.float64), zone)
    assert counted == expected
    assert all(before < after for before, after in pairwise(counted))
    assert sum(days(np.asarray(moments, np.float64), zone).values()) == len(moments)


def test_days_keep_to_a_zone_that_changes_its_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2025, 10, 26, tzinfo=berlin)
    hours = [first.timestamp() + 3600 * hour for hour in range(25)]
    assert days(np.asarray([*hours, hours[-1] + 3600]), berlin) == {date(2025, 10, 26): 25, date(2025, 10, 27): 1}


# Pins


def test_a_pin_stays_through_revisions_and_can_be_taken_off(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    record = memory.remember("Alice is allergic to peanuts", keywords=["peanuts"])
    recorded = memory.browse(clock="recorded").days
    clock.advance(days=1)
    assert call(memory, "pin", record.id).pinned
    assert memory.get(record.id) == record.model_copy(update={"pinned": True})
    assert memory.browse(clock="recorded").days == recorded  # it is believed since then, pinned or not
    assert memory.keywords() == {"peanut": [record.id]}
    revised = memory.revise(record.id, "Alice is allergic to all nuts")
    assert revised.pinned
    assert not call(memory, "pin", record.id, pinned=False).pinned
    memory.retire(record.id)
    with pytest.raises(InvalidInputError):
        call(memory, "pin", record.id)


# Conversations, spending, recalls of past turns


def test_conversations_say_how_far_they_are_distilled(memory: LongTermMemory, call: Call) -> None:
    memory.observe([HumanMessage("I live in Berlin", id="a1"), AIMessage("Noted.", id="a2")], thread_id="one")
    memory.update()
    memory.observe([HumanMessage("I moved to Rome", id="b1")], thread_id="two")
    found = {conversation.thread_id: conversation for conversation in call(memory, "conversations")}
    assert (found["one"].messages, found["one"].pending, found["one"].consolidated) == (2, 0, 0)
    assert (found["two"].messages, found["two"].pending) == (1, 1)
    memory.consolidate()
    assert {one.consolidated for one in call(memory, "conversations")} == {1, 2}


def test_spending_is_told_by_day(store: BaseStore, clock: Clock, call: Call) -> None:
    from langmem_ext.offline import ExtractiveChatModel

    memory = LongTermMemory(store, ("memories", "alice"), clock=clock, model=ExtractiveChatModel())
    for day in range(2):
        memory.observe([HumanMessage(f"I have {day + 2} cats", id=f"m{day}")], thread_id="one")
        memory.update()
        clock.advance(days=3)
    spent = call(memory, "spending", days=30)
    assert list(spent) == [date(2026, 9, 30), date(2026, 10, 3)]
    assert all(day.calls == 1 and day.tokens > 0 for day in spent.values())
    assert list(call(memory, "spending", days=4)) == [date(2026, 10, 3)]
    with pytest.raises(InvalidInputError):
        call(memory, "spending", days=0)


def test_how_a_turn_recalled_is_kept_until_its_message_is_forgotten(memory: LongTermMemory, call: Call) -> None:
    lake = memory.remember("Alice likes mountain lakes")
    tea = memory.remember("Alice likes tea with milk")
    memory.observe([HumanMessage("What does Alice like?", id="m1")], thread_id="one")
    found = memory.recall("What does Alice like?", exclude=["m1"])
    call(memory, "note_recalls", "m1", [found])
    (kept,) = call(memory, "recalls_of", "m1")
    assert kept.trace == found.trace
    assert kept.scores == found.scores
    assert list(kept.ids()) == list(found.ids())
    memory.forget(tea.id)
    (kept,) = call(memory, "recalls_of", "m1")
    assert list(kept.ids()) == [lake.id]
    memory.forget("m1")
    with pytest.raises(RecordNotFoundError):
        call(memory, "recalls_of", "m1")
    assert memory.store.search((*memory.namespace, "state", "recalls")) == []


def test_a_turn_whose_recall_was_not_kept_has_none(memory: LongTermMemory, call: Call) -> None:
    memory.observe([HumanMessage("Hello", id="m1")], thread_id="one")
    assert call(memory, "recalls_of", "m1") == []
    with pytest.raises(RecordNotFoundError):
        call(memory, "note_recalls", "m2", [])


def test_a_recall_that_only_looks_counts_as_no_use(memory: LongTermMemory, call: Call) -> None:
    record = memory.remember("Alice likes mountain lakes")
    assert call(memory, "recall", "lakes", count=False).records
    memory.remember("Something else is written")
    assert memory.get(record.id).access_count == 0  # type: ignore[union-attr]
    call(memory, "recall", "lakes")
    memory.remember("And something more")
    assert memory.get(record.id).access_count == 1  # type: ignore[union-attr]
