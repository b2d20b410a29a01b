"""Periods by where they stand: to now ("last summer"), and to each other ("the week before", "from May to July").

Naive wall-clock time, as in `civil`.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

from langmem_ext.times.civil import (
    PRECISIONS,
    OutOfCalendarError,
    Period,
    Yearly,
    add,
    days,
    shift,
    shift_months,
    unit_holding,
    week,
    weekend,
)

A_FEW: Final = (5, 2)
"""Units that "a few" are, at most and at least."""
_SATURDAY: Final = 5
_MONTHS: Final = {"year": 12, "decade": 120}


def ago(now: datetime, unit: str, most: int, least: int | None = None) -> Period:
    """The calendar unit that holds the moment `most` units before now; down to that of `least`, for "a few ago".

    Counts below zero lie ahead of now.
    """
    first = unit_holding(add(now, unit, -most), unit)
    if least is None:
        return first
    return Period(first.start, unit_holding(add(now, unit, -least), unit).end, first.precision)


def rolling(now: datetime, unit: str, count: int) -> Period:
    """The last `count` units up to the end of today ("the past ten days"); a negative count looks ahead from today."""
    precision = unit if unit in PRECISIONS else "week"
    if unit in {"minute", "hour"}:
        first, last = sorted((now, add(now, unit, -count)))
        return Period(first, last, "hour")
    today = days(now.date(), 1)
    edge = unit_holding(add(now, unit, -count), "day")
    found = (edge.start, today.end) if count > 0 else (today.start, edge.end)
    return Period(*found, precision=precision)


def latest_weekend(now: datetime) -> Period:
    """The latest weekend that has begun."""
    this = weekend(now)
    return this if this.bounds[0] <= now else weekend(shift(now, days=-7))


def on_weekday(now: datetime, number: int, weeks: int) -> Period:
    """Weekday 0 (Monday) to 6 of the week so many weeks from this one."""
    monday, _ = week(now).bounds
    return days(shift(monday, days=number + 7 * weeks).date(), 1)


def last_weekday(moment: datetime, number: int) -> Period:
    """The latest such weekday on a day before that of the moment."""
    back = (moment.weekday() - number - 1) % 7 + 1
    return days(shift(moment, days=-back).date(), 1)


def latest_weekday(now: datetime, number: int) -> Period:
    """The latest such weekday that has begun."""
    return last_weekday(shift(now, days=1), number)


def weekdays(now: datetime, first: int, final: int) -> Period:
    """From one weekday to the next such other one, the latest of these that has begun."""
    end = latest_weekday(now, final).bounds[1]
    return Period(last_weekday(end, first).start, end, "day")


def around_this_day(now: datetime, years: int) -> Period:
    """Two weeks to either side of this day, so many years from now."""
    day = unit_holding(add(now, "year", years), "day").bounds[0]
    return Period(shift(day, days=-14), shift(day, days=15), "month")


def latest(yearly: Yearly, now: datetime) -> Period:
    """The latest occurrence that has begun by now, remembering that its year was not named."""
    for year in (now.year, now.year - 1, now.year - 2, now.year - 3, now.year - 4):  # 29 February can be 4 years back
        found = _try(yearly, year)
        if found is not None and found.bounds[0] <= now:
            return replace(found, yearly=yearly)
    raise OutOfCalendarError


def last(yearly: Yearly, now: datetime) -> Period:
    """The latest occurrence that is over by now."""
    for year in (now.year, now.year - 1, now.year - 2):
        found = _try(yearly, year)
        if found is not None and found.bounds[1] <= now:
            return found
    raise OutOfCalendarError


def following(yearly: Yearly, now: datetime) -> Period:
    """The first occurrence that begins after now."""
    for year in (now.year, now.year + 1):
        found = _try(yearly, year)
        if found is not None and found.bounds[0] > now:
            return found
    raise OutOfCalendarError


def occurrence(yearly: Yearly, offset: int, now: datetime) -> Period:
    """What "last" (-1), "this" (0) and "next" (1) make of what happens once a year; "this" is that of this year."""
    if offset:
        return (last if offset < 0 else following)(yearly, now)
    running = latest(yearly, now)
    return running if running.bounds[1] > now else yearly(now.year)


def _try(yearly: Yearly, year: int) -> Period | None:
    try:
        return yearly(year)
    except OutOfCalendarError:
        return None


def part(period: Period, name: Literal["early", "mid", "late"], *, edge: bool = False) -> Period:
    """The early, middle or late third of a period.

    Args:
        period: A closed period.
        name: Which third. The thirds of a month end with its 10th and 20th; those of a year are four months long; those
            of a decade end with its fourth and sixth year.
        edge: For "the beginning of" and "the end of": in a year only the first and the last quarter.

    Raises:
        OutOfCalendarError: It is too short to have such a part.
    """
    start, end = period.bounds
    length = (end.year - start.year) * 12 + end.month - start.month
    if period.precision in {"year", "decade", "quarter", "season"}:
        size = 48 if length == _MONTHS["decade"] else -(-length // 3)
        if edge and length == _MONTHS["year"] and name != "mid":
            size = 3
        first, final = shift_months(start, size), shift_months(end, -size)
    elif period.precision == "month" and length:
        first, final = shift(start, days=10), shift(start, days=20)
    else:
        size = max(1, -(-(end - start).days // 3))
        first, final = shift(start, days=size), shift(end, days=-size)
    found = {"early": (start, first), "mid": (first, final), "late": (final, end)}[name]
    if found[0] >= found[1]:
        raise OutOfCalendarError
    yearly = period.yearly
    again: Yearly | None = None if yearly is None else lambda year: part(yearly(year), name, edge=edge)
    return Period(*found, precision=period.precision, yearly=again)


def nth_day(period: Period, number: int) -> Period:
    """A day of a closed period, counted from 1.

    Raises:
        OutOfCalendarError: It has not so many.
    """
    start, end = period.bounds
    day = shift(start, days=number - 1)
    if day >= end:
        raise OutOfCalendarError
    return days(day.date(), 1)


def nth(period: Period, what: str | int, number: int) -> Period:
    """The nth unit, weekday (0 is Monday) or "weekend" of a closed period; -1 is the last.

    Raises:
        OutOfCalendarError: It does not begin within the period.
    """
    start, end = period.bounds
    from_end = number < 0
    if isinstance(what, int) or what == "weekend":
        weekday, length = (what, 1) if isinstance(what, int) else (_SATURDAY, 2)
        counted = last_weekday(end if from_end else start, weekday).bounds[0]
        found = days(shift(counted, days=0 if from_end else 7 * number).date(), length)
    else:
        found = beside(end, what, -1, 0) if from_end else beside(start, what, number, number - 1)
    if not start <= found.bounds[0] < end:
        raise OutOfCalendarError
    return found


def beside(moment: datetime, unit: str, far: int, near: int) -> Period:
    """From `near` to `far` units away from a moment; numbers below zero lie before it."""
    start, end = sorted((add(moment, unit, far), add(moment, unit, near)))
    return Period(start, end, unit_holding(moment, unit).precision)


def before(period: Period, *, inclusive: bool = False) -> Period:
    """Everything before a period; inclusive ("until"): the period, too."""
    start, end = period.bounds
    return Period(None, end if inclusive else start, period.precision, "before")


def after(period: Period, *, inclusive: bool = False) -> Period:
    """Everything after a period; inclusive ("since"): the period, too."""
    start, end = period.bounds
    return Period(start if inclusive else end, None, period.precision, "after")


def between(first: Period, final: Period) -> Period:
    """From the start of one period to the end of another; a year that only one of them names holds for both.

    Raises:
        OutOfCalendarError: The second ends before the first begins.
    """
    if (first.yearly and first.bounds[0] > final.bounds[0]) or (
        first.yearly and not final.yearly and final.precision != "year"
    ):
        first = _nearest(first.yearly, final.bounds[0], (0, -1))
    elif final.yearly and not first.yearly:
        final = _nearest(final.yearly, first.bounds[0], (0, 1))
    if final.bounds[1] <= first.bounds[0]:
        raise OutOfCalendarError
    coarser = max(first.precision, final.precision, key=PRECISIONS.index)
    return Period(first.start, final.end, coarser)


def _nearest(yearly: Yearly, moment: datetime, offsets: tuple[int, int]) -> Period:
    for offset in offsets:
        found = yearly(moment.year + offset)
        if (found.bounds[0] <= moment) if offsets[1] < 0 else (found.bounds[0] >= moment):
            return found
    raise OutOfCalendarError
