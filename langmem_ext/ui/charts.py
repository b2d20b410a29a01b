"""Counts by day as the bars of a small chart: days, months or years, whichever are few enough. Pure functions."""

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MOST_DAYS: Final = 62
MOST_MONTHS: Final = 72
MOST_BARS: Final = 120
HEIGHT: Final = 48.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One period of a chart.

    Attributes:
        name: The period as ISO 8601 has it: a day, a month, a year; it is also what filters by it.
        count: How many fall into it.
        height: Of the bar, 0 to `HEIGHT`.
        place: Which bar it is, from 0.
    """

    name: str
    count: int
    height: float
    place: int


def bars(days: Mapping[date, int]) -> list[Bar]:
    """Return the bars of a chart, in the order of time, periods without any included."""
    if not days:
        return []
    first, last = min(days), max(days)
    length = _length(first, last)
    counts: dict[str, int] = {}
    for day, count in days.items():
        name = day.isoformat()[:length]
        counts[name] = counts.get(name, 0) + count
    names = list(_periods(first, last, length))
    if len(names) > MOST_BARS:  # a memory of centuries: only the periods that have something
        names = sorted(counts)[-MOST_BARS:]
    most = max(counts.values())
    return [
        Bar(name, counts.get(name, 0), round(HEIGHT * counts.get(name, 0) / most, 2), place)
        for place, name in enumerate(names)
    ]


def _length(first: date, last: date) -> int:
    """Return how much of an ISO date names a period: all of it, the month, or the year."""
    if (last - first).days < MOST_DAYS:
        return 10
    return 7 if 12 * (last.year - first.year) < MOST_MONTHS else 4


def _periods(first: date, last: date, length: int) -> Iterator[str]:
    day = first
    while day <= last:
        name = day.isoformat()[:length]
        yield name
        end = _end(day, length)
        if end >= date.max:
            return
        day = end + timedelta(days=1)


def _end(day: date, length: int) -> date:
    if length == len("2025-09-30"):
        return day
    if length == len("2025-09"):
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return date(day.year, 12, 31)
