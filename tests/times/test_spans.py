"""The times that a text names, in English and Chinese alike."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from langmem_ext.errors import InvalidInputError
from langmem_ext.times import MAX_SCANNED, resolve, spans
from tests.times import chinese, english
from tests.times.tables import NOW, Expression, expressions, sentences

TABLE = [*expressions(english.EXPRESSIONS), *expressions(chinese.EXPRESSIONS)]
TIMELESS = [*sentences(english.TIMELESS), *sentences(chinese.TIMELESS)]
SHANGHAI = ZoneInfo("Asia/Shanghai")
JOINTS = ["to", "between", "and", "before", "of", "a few", "mornings", "Friday", "前", "到", "从", "后", "的"]
fragments = st.lists(st.sampled_from([*(line.text for line in TABLE), *JOINTS]), max_size=8)


@pytest.mark.parametrize("line", TABLE, ids=lambda line: line.text)
def test_an_expression_gives_its_span(line: Expression) -> None:
    found = spans(line.text, NOW, UTC)
    assert [(span.start, span.end) for span in found] == [(line.start, line.end)]


@pytest.mark.parametrize("sentence", TIMELESS)
def test_a_sentence_without_a_time_gives_none(sentence: str) -> None:
    assert spans(sentence, NOW, UTC) == []


def test_the_tables_are_large_enough_to_measure_by() -> None:
    assert min(len(expressions(table)) for table in (english.EXPRESSIONS, chinese.EXPRESSIONS)) >= 120
    assert min(len(sentences(table)) for table in (english.TIMELESS, chinese.TIMELESS)) >= 40


def test_a_span_says_what_kind_it_is_and_what_named_it() -> None:
    inside, before, after = spans("In May 2023, until 9 June 2023, and since last summer.", NOW, UTC)
    assert (inside.kind, before.kind, after.kind) == ("in", "before", "after")
    assert (inside.precision, before.precision, after.precision) == ("month", "day", "season")
    assert inside.text == "May 2023"
    assert after.text == "since last summer"
    assert before.to_ts() == (float("-inf"), datetime(2023, 6, 10, tzinfo=UTC).timestamp())
    assert after.contains(NOW)
    assert not before.contains(NOW)


def test_one_question_may_name_several_times() -> None:
    found = spans("去年十月和上周我分别去了哪里？", NOW, UTC)
    assert [span.text for span in found] == ["去年十月", "上周"]


def test_both_languages_may_meet_in_one_question() -> None:
    assert [span.text for span in spans("上周的 meeting 和 last month 的计划", NOW, UTC)] == ["上周", "last month"]


def test_days_are_those_of_the_zone() -> None:
    late = datetime(2025, 10, 15, 20, tzinfo=UTC)  # the 16th already in Shanghai
    (today,) = spans("今天", late, SHANGHAI)
    assert today.start == datetime(2025, 10, 16, tzinfo=SHANGHAI)
    (yesterday,) = spans("yesterday", late, SHANGHAI)
    assert yesterday.end == today.start


def test_a_naive_now_is_taken_in_the_zone() -> None:
    naive = datetime(2025, 10, 15, 9)  # noqa: DTZ001 - naive on purpose
    (today,) = spans("today", naive, SHANGHAI)
    assert today.start == datetime(2025, 10, 15, tzinfo=SHANGHAI)


def test_a_day_on_which_clocks_change_has_its_own_length() -> None:
    zone = ZoneInfo("America/New_York")
    (day,) = spans("on 3 November 2024", NOW, zone)
    start, end = day.to_ts()
    assert end - start == 25 * 3600


@pytest.mark.parametrize(
    ("now", "text", "first", "past"),
    [
        ("2026-01-15", "this winter", "2025-12-01", "2026-03-01"),
        ("2026-01-15", "last winter", "2024-12-01", "2025-03-01"),
        ("2026-01-15", "last month", "2025-12-01", "2026-01-01"),
        ("2026-01-15", "in May", "2025-05-01", "2025-06-01"),
        ("2026-05-15", "in May", "2026-05-01", "2026-06-01"),
        ("2024-03-31", "a month ago", "2024-02-01", "2024-03-01"),
        ("2025-10-19", "last Sunday", "2025-10-12", "2025-10-13"),
        ("2025-10-19", "this weekend", "2025-10-18", "2025-10-20"),
        ("2025-10-15", "a few days before 9 June 2023", "2023-06-04", "2023-06-09"),
        ("2025-10-15", "a few mornings before 9 June 2023", "2023-06-04", "2023-06-09"),
        ("2025-10-15", "several Friday before 9 June 2023", "2023-05-05", "2023-06-09"),
        ("2026-01-15", "国庆前一天", "2025-09-30", "2025-10-01"),
        ("2026-01-15", "上个月底", "2025-12-21", "2026-01-01"),
        ("2026-01-15", "今年春节", "2026-02-17", "2026-02-24"),
        ("2026-01-15", "下个春节", "2026-02-17", "2026-02-24"),
        ("2026-01-15", "周日", "2026-01-11", "2026-01-12"),
        ("2026-01-01", "跨年夜", "2025-12-31", "2026-01-01"),
    ],
)
def test_relative_times_follow_now(now: str, text: str, first: str, past: str) -> None:
    found = spans(text, datetime.fromisoformat(now).replace(hour=12, tzinfo=UTC), UTC)
    day = [datetime.fromisoformat(value).replace(tzinfo=UTC) for value in (first, past)]
    assert [[span.start, span.end] for span in found] == [day]


@pytest.mark.parametrize(
    ("expression", "first", "past"),
    [
        ("last Friday", "2025-10-10", "2025-10-11"),
        ("May", "2025-05-01", "2025-06-01"),
        ("2022", "2022-01-01", "2023-01-01"),
        ("2023-05-07", "2023-05-07", "2023-05-08"),
        ("三周前", "2025-09-22", "2025-09-29"),
    ],
)
def test_an_expression_alone_needs_no_preposition(expression: str, first: str, past: str) -> None:
    found = resolve(expression, NOW, UTC)
    assert found is not None
    assert (found.start, found.end) == tuple(datetime.fromisoformat(v).replace(tzinfo=UTC) for v in (first, past))


def test_what_is_no_expression_resolves_to_none() -> None:
    assert resolve("my sister", NOW, UTC) is None
    assert resolve("", NOW, UTC) is None


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="text"):
        spans(None, NOW, UTC)  # type: ignore[arg-type]


@given(st.text(max_size=300) | fragments.map(" ".join) | fragments.map("".join))
@settings(max_examples=50)
def test_any_text_gives_spans_that_are_in_order(text: str) -> None:
    for span in spans(text, NOW, SHANGHAI):
        start, end = span.to_ts()
        assert start < end
        assert span.kind in {"in", "before", "after"}
        assert span.text


@given(st.integers(0, 9999), st.sampled_from(["days", "weeks", "months", "years", "decades"]))
@settings(max_examples=25)
def test_counts_beyond_the_calendar_are_no_times(count: int, unit: str) -> None:
    for text in (f"{count} {unit} ago", f"in {count} {unit}", f"the past {count} {unit}", f"{count}年前"):
        assert len(spans(text, NOW, UTC)) <= 1


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("line", TABLE[::9], ids=lambda line: line.text)
def test_the_ends_of_the_calendar_raise_nothing(line: Expression, year: int) -> None:
    for day in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, tzinfo=UTC)):
        for zone in (SHANGHAI, ZoneInfo("America/New_York")):
            for span in spans(line.text, day, zone):
                assert span.start is None or span.end is None or span.start < span.end


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert spans("x" * MAX_SCANNED + " last week", NOW, UTC) == []
    assert len(spans("last week " + "x" * 100_000, NOW, UTC)) == 1


@pytest.mark.parametrize(
    "piece", ["in the last ", "前天", "3-", "2023-", "two weeks before ", "一", "May ", "1 to ", "\ue000", "从"]
)
def test_a_hundred_thousand_characters_of_anything_are_read_to_an_end(piece: str) -> None:
    found = spans(piece * (100_000 // len(piece)), NOW, UTC)
    assert sum(len(span.text) for span in found) <= MAX_SCANNED


def test_characters_used_inside_do_not_leak_in() -> None:
    assert spans("before \ue000 and since \ue200 and 前\ue281前", NOW, UTC) == []


def test_an_hour_ago_survives_the_change_of_clocks() -> None:
    zone = ZoneInfo("America/New_York")
    now = datetime(2024, 11, 3, 8, 30, tzinfo=UTC)  # 03:30 after the clocks went back at 02:00
    (span,) = spans("yesterday", now, zone)
    assert span.end is not None
    assert now - span.end < timedelta(hours=5)


@pytest.mark.parametrize(
    ("text", "first", "past"),
    [
        ("月底底", "2026-02-21", "2026-03-01"),  # the end of the month has no end of its own
        ("月初底", "2026-02-07", "2026-02-11"),
    ],
)
def test_a_part_of_a_part_lies_inside_of_it(text: str, first: str, past: str) -> None:
    (span,) = spans(text, datetime(2026, 2, 28, 12, tzinfo=UTC), UTC)
    assert span.start == datetime.fromisoformat(first).replace(tzinfo=UTC)
    assert span.end == datetime.fromisoformat(past).replace(tzinfo=UTC)
