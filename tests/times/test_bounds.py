"""Time bounds: whole days and periods, zones and the hours their clocks skip, errors that say what to pass."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from langmem_ext.errors import InvalidInputError
from langmem_ext.times import Edge, check_order, parse_bound, resolve_zone, to_ts

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = [UTC, SHANGHAI, *map(ZoneInfo, ("America/New_York", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe"))]
zones = st.sampled_from(ZONES)
days = st.dates(min_value=date(1930, 1, 2), max_value=date(2100, 12, 30))


def bound(value: Any, edge: Edge, zone: tzinfo = UTC) -> datetime:
    found = parse_bound(value, edge=edge, zone=zone)
    assert found is not None
    return found


def test_a_bare_date_is_the_whole_day() -> None:
    assert bound("2025-09-30", "start") == datetime(2025, 9, 30, tzinfo=UTC)
    assert bound("2025-09-30", "end") == datetime(2025, 10, 1, tzinfo=UTC)
    assert bound(date(2025, 9, 30), "end") == datetime(2025, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "past"),
    [
        ("2025-09", (2025, 9, 1), (2025, 10, 1)),
        ("2025-12", (2025, 12, 1), (2026, 1, 1)),
        ("2025", (2025, 1, 1), (2026, 1, 1)),
        ("2025-W40", (2025, 9, 29), (2025, 10, 6)),
        ("2025-W40-2", (2025, 9, 30), (2025, 10, 1)),
        ("20250930", (2025, 9, 30), (2025, 10, 1)),
        (" 2024-02-29 ", (2024, 2, 29), (2024, 3, 1)),
    ],
)
def test_months_years_and_weeks_are_whole_periods(
    text: str, first: tuple[int, int, int], past: tuple[int, int, int]
) -> None:
    assert bound(text, "start") == datetime(*first, 0, tzinfo=UTC)
    assert bound(text, "end") == datetime(*past, 0, tzinfo=UTC)


def test_an_instant_is_included_by_both_edges() -> None:
    instant = datetime(2025, 9, 30, 14, tzinfo=UTC)
    assert bound("2025-09-30T14:00Z", "start") == instant
    assert instant < bound("2025-09-30T14:00Z", "end") <= instant + timedelta(microseconds=1)


def test_naive_times_are_in_the_zone_and_aware_ones_keep_theirs() -> None:
    assert bound("2025-09-30T14:00", "start", SHANGHAI) == datetime(2025, 9, 30, 6, tzinfo=UTC)
    kept = bound("2025-09-30T14:00-05:00", "start", SHANGHAI)
    assert kept.utcoffset() == timedelta(hours=-5)
    assert kept == datetime(2025, 9, 30, 19, tzinfo=UTC)


def test_none_is_an_open_bound() -> None:
    assert parse_bound(None, edge="start", zone=UTC) is None
    check_order(None, datetime.now(UTC))


def test_the_skipped_midnight_begins_the_day_where_the_clocks_jump() -> None:
    beirut = ZoneInfo("Asia/Beirut")  # on 26 March 2017 midnight was skipped
    assert bound("2017-03-26", "start", beirut).astimezone(UTC) == datetime(2017, 3, 25, 22, tzinfo=UTC)
    assert bound("2017-03-26", "start", beirut).hour == 1


def test_the_day_of_repeated_hours_has_all_its_hours() -> None:
    zone = ZoneInfo("America/New_York")
    length = bound("2024-11-03", "end", zone).timestamp() - bound("2024-11-03", "start", zone).timestamp()
    assert length == 25 * 3600


@given(day=days, zone=zones)
@settings(max_examples=50)
def test_consecutive_days_meet_in_every_zone(day: date, zone: tzinfo) -> None:
    end = bound(day.isoformat(), "end", zone)
    assert end.timestamp() == bound(day + timedelta(days=1), "start", zone).timestamp()
    assert bound(day, "start", zone).timestamp() < end.timestamp()
    assert 23 * 3600 - 1800 <= end.timestamp() - bound(day, "start", zone).timestamp() <= 25 * 3600


@given(day=days, hour=st.integers(0, 23), zone=zones)
@settings(max_examples=50)
def test_every_hour_of_a_day_lies_within_its_bounds(day: date, hour: int, zone: tzinfo) -> None:
    moment = bound(datetime(day.year, day.month, day.day, hour), "start", zone)  # noqa: DTZ001 - naive on purpose
    assert bound(day, "start", zone).timestamp() <= moment.timestamp() < bound(day, "end", zone).timestamp()


@given(moment=st.datetimes(timezones=zones | st.none()), zone=zones)
@settings(max_examples=50)
def test_any_datetime_round_trips(moment: datetime, zone: tzinfo) -> None:
    aware = bound(moment, "start", zone)
    assert aware.tzinfo is not None
    again = bound(aware.isoformat(), "start", zone)
    assert again.timestamp() == pytest.approx(aware.timestamp(), abs=1e-6)
    assert bound(moment, "end", zone).timestamp() >= aware.timestamp()


@given(first=days, second=days, zone=zones)
@settings(max_examples=50)
def test_bounds_are_in_order_exactly_when_the_days_are(first: Any, second: date, zone: tzinfo) -> None:
    start, end = bound(first, "start", zone), bound(second, "end", zone)
    if first <= second:
        check_order(start, end)
    else:
        with pytest.raises(InvalidInputError, match="earlier than after"):
            check_order(start, end)


@given(st.text(max_size=30) | st.from_regex(r"[0-9TZW:+-]{1,25}", fullmatch=True))
@settings(max_examples=50)
def test_arbitrary_text_is_read_or_refused(text: str) -> None:
    for edge in ("start", "end"):
        try:
            assert bound(text, edge).tzinfo is not None
        except InvalidInputError as error:
            assert "ISO 8601" in str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("value", ["", "soon", "2025-13", "2025-02-30", "0000", "30.09.2025", 20250930, 1.5])
def test_what_is_no_time_is_refused_with_what_to_pass(value: Any) -> None:
    with pytest.raises(InvalidInputError, match="ISO 8601") as caught:
        parse_bound(value, edge="end", zone=UTC)
    assert isinstance(caught.value, ValueError)


def test_a_long_text_is_not_repeated_in_the_error() -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_bound("x" * 100_000, edge="start", zone=UTC)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["0001", "9999", "9999-12-31", "0001-01-01", "9999-12-31T23:59:59.999999-12:00"])
@pytest.mark.parametrize("zone", [SHANGHAI, ZoneInfo("America/New_York")])
def test_the_ends_of_the_calendar_are_clamped(text: str, zone: tzinfo) -> None:
    start, end = bound(text, "start", zone), bound(text, "end", zone)
    assert start.timestamp() <= end.timestamp()


def test_zones_by_name_offset_or_object() -> None:
    assert resolve_zone("Asia/Shanghai") == SHANGHAI
    assert resolve_zone(SHANGHAI) is SHANGHAI
    assert resolve_zone("+08:00") == timezone(timedelta(hours=8))
    assert datetime(2025, 1, 1, tzinfo=resolve_zone("UTC")).utcoffset() == timedelta()


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "America", "中国", "x" * 5000, 8, None])
def test_an_unknown_zone_is_refused_with_what_to_pass(name: Any) -> None:
    with pytest.raises(InvalidInputError, match="Asia/Shanghai") as caught:
        resolve_zone(name)
    assert len(str(caught.value)) < 300


def test_seconds_since_the_epoch_need_an_aware_time() -> None:
    assert to_ts(datetime(1970, 1, 2, tzinfo=UTC)) == 86_400
    with pytest.raises(InvalidInputError, match="aware"):
        to_ts(datetime(1970, 1, 2))  # noqa: DTZ001 - naive on purpose
