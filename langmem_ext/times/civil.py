"""Periods of the civil calendar: days, weeks, months, seasons, as half-open stretches of wall-clock time.

Everything here is naive: a question's "last Friday" is a stretch of somebody's wall calendar, and gets its zone only
when it leaves this package. Weeks start on Monday (ISO 8601); seasons are the meteorological ones of the northern half
of the world, and a winter belongs to the year it begins in.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import Literal, TypeAlias

Precision: TypeAlias = Literal["hour", "day", "week", "month", "quarter", "season", "year", "decade"]
Kind: TypeAlias = Literal["in", "before", "after"]

PRECISIONS: tuple[Precision, ...] = ("hour", "day", "week", "month", "quarter", "season", "year", "decade")
"""From fine to coarse."""


class OutOfCalendarError(Exception):
    """A date that does not exist, or lies outside the years 1 to 9999; whoever reads text takes it for no date."""


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open stretch of naive wall-clock time.

    Attributes:
        start: First moment inside; None is open.
        end: First moment after it; None is open.
        precision: The unit it was named in.
        kind: "in" it, everything "before" it, or everything "after" it.
        yearly: Gives the same period of another year, where the year was not named ("May", "Christmas").
    """

    start: datetime | None
    end: datetime | None
    precision: Precision
    kind: Kind = "in"
    yearly: "Yearly | None" = None

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """Both ends of a closed period.

        Raises:
            OutOfCalendarError: It is open.
        """
        if self.start is None or self.end is None:
            raise OutOfCalendarError
        return self.start, self.end


Yearly: TypeAlias = Callable[[int], Period]
"""What happens once a year: gives its period in a year."""


def midnight(day: date) -> datetime:
    """The start of a day."""
    return datetime.combine(day, time())


def make_date(year: int, month: int, day: int) -> date:
    """A date.

    Raises:
        OutOfCalendarError: There is no such day.
    """
    try:
        return date(year, month, day)
    except ValueError as error:
        raise OutOfCalendarError from error


def shift(moment: datetime, **units: float) -> datetime:
    """Add a `timedelta` of these units.

    Raises:
        OutOfCalendarError: The result is in no year from 1 to 9999.
    """
    try:
        return moment + timedelta(**units)
    except OverflowError as error:
        raise OutOfCalendarError from error


def shift_months(moment: datetime, months: int) -> datetime:
    """Add calendar months; a day that the target month lacks becomes its last.

    Raises:
        OutOfCalendarError: The result is in no year from 1 to 9999.
    """
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= MAXYEAR:
        raise OutOfCalendarError
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def add(moment: datetime, unit: str, count: int) -> datetime:
    """Move by so many hours, days, weeks, months, quarters, years or decades."""
    if unit in _MONTHS_IN:
        return shift_months(moment, count * _MONTHS_IN[unit])
    return shift(moment, hours=count * _HOURS_IN[unit])


_MONTHS_IN = {"month": 1, "quarter": 3, "season": 3, "year": 12, "decade": 120}
_HOURS_IN = {"minute": 1 / 60, "hour": 1, "day": 24, "week": 24 * 7, "fortnight": 24 * 14, "weekend": 24 * 7}


def days(first: date, count: int, precision: Precision = "day") -> Period:
    """`count` days from the first one on."""
    return Period(midnight(first), shift(midnight(first), days=count), precision)


def day(year: int, month: int, number: int) -> Period:
    """One day of the calendar."""
    return days(make_date(year, month, number), 1)


def week(moment: datetime) -> Period:
    """The week, Monday to Sunday, that holds a moment."""
    monday = shift(midnight(moment.date()), days=-moment.weekday())
    return Period(monday, shift(monday, days=7), "week")


def weekend(moment: datetime) -> Period:
    """Saturday and Sunday of the week that holds a moment."""
    monday, end = week(moment).bounds
    return Period(shift(monday, days=5), end, "day")


def months(year: int, first: int, count: int, precision: Precision) -> Period:
    """`count` months from the first one on; the first may run past December."""
    year, first = year + (first - 1) // 12, (first - 1) % 12 + 1
    start = midnight(make_date(year, first, 1))
    return Period(start, shift_months(start, count), precision)


def month(year: int, number: int) -> Period:
    """A calendar month."""
    if not 1 <= number <= 12:  # noqa: PLR2004 - months in a year
        raise OutOfCalendarError
    return months(year, number, 1, "month")


def quarter(year: int, number: int) -> Period:
    """A quarter, 1 to 4, of the calendar year."""
    return months(year, 3 * number - 2, 3, "quarter")


def half(year: int, number: int) -> Period:
    """A half, 1 or 2, of the calendar year."""
    return months(year, 6 * number - 5, 6, "quarter")


def season(year: int, number: int) -> Period:
    """A meteorological season: 0 spring (March to May), 1 summer, 2 autumn, 3 winter (December to February)."""
    return months(year, 3 * number + 3, 3, "season")


def calendar_year(year: int) -> Period:
    """A calendar year."""
    return months(year, 1, 12, "year")


def decade(first: int) -> Period:
    """The ten years from `first` on."""
    return Period(calendar_year(first).start, calendar_year(first + 9).end, "decade")


def unit_holding(moment: datetime, unit: str) -> Period:  # noqa: PLR0911 - one return per unit
    """The calendar unit (hour, day, week, weekend, month, quarter, year or decade) that holds a moment."""
    if unit in {"minute", "hour"}:
        start = moment.replace(minute=0, second=0, microsecond=0)
        return Period(start, shift(start, hours=1), "hour")
    if unit in {"week", "fortnight"}:
        return week(moment)
    if unit == "weekend":
        return weekend(moment)
    if unit == "month":
        return month(moment.year, moment.month)
    if unit in {"quarter", "season"}:
        return quarter(moment.year, (moment.month + 2) // 3)
    if unit == "year":
        return calendar_year(moment.year)
    if unit == "decade":
        return decade(moment.year // 10 * 10)
    return days(moment.date(), 1)


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
    """
    start, end = period.bounds
    if period.precision in {"year", "decade", "quarter", "season"}:
        length = (end.year - start.year) * 12 + end.month - start.month
        size = 48 if period.precision == "decade" else -(-length // 3)
        if edge and period.precision == "year" and name != "mid":
            size = 3
        first, final = shift_months(start, size), shift_months(end, -size)
    elif period.precision == "month":
        first, final = shift(start, days=10), shift(start, days=20)
    else:
        size = max(1, -(-(end - start).days // 3))
        first, final = shift(start, days=size), shift(end, days=-size)
    found = {"early": (start, first), "mid": (first, final), "late": (final, end)}[name]
    yearly = period.yearly
    again: Yearly | None = None if yearly is None else lambda year: part(yearly(year), name, edge=edge)
    return Period(*found, precision=period.precision, yearly=again)


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


def hours(day_period: Period, first: int, count: int) -> Period:
    """Hours of a day, from the first on; they may run into the next day."""
    start = shift(day_period.bounds[0], hours=first)
    return Period(start, shift(start, hours=count), "hour")


def span_before(anchor: datetime, unit: str, count: int = 1) -> Period:
    """The `count` units that end where the anchor begins ("the week before 9 June")."""
    return Period(add(anchor, unit, -count), anchor, "day" if unit in {"day", "weekend"} else "week")


def easter(year: int) -> date:
    """Easter Sunday, Gregorian; the anonymous algorithm as Meeus gives it (Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    ell = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * ell) // 451
    number, rest = divmod(h + ell - 7 * m + 114, 31)
    return make_date(year, number, rest + 1)


def nth_weekday(year: int, number: int, weekday: int, nth: int) -> Period:
    """The nth such weekday of a month; -1 is the last."""
    if nth < 0:
        final = month(year, number).bounds[1]
        return last_weekday(final, weekday)
    first = make_date(year, number, 1)
    return days(first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1)), 1)
