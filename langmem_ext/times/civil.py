"""Periods of the civil calendar: days, weeks, months, seasons, as half-open stretches of wall-clock time.

Everything here is naive: a question's "last Friday" is a stretch of somebody's wall calendar, and gets its zone only
when it leaves this package. Weeks start on Monday (ISO 8601); seasons are the meteorological ones of the northern half
of the world, and a winter belongs to the year it begins in.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
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


def days(first: date, count: int) -> Period:
    """`count` days from the first one on."""
    return Period(midnight(first), shift(midnight(first), days=count), "day")


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


def hours(day_period: Period, first: int, count: int) -> Period:
    """Hours of a day, from the first on; they may run into the next day."""
    start = shift(day_period.bounds[0], hours=first)
    return Period(start, shift(start, hours=count), "hour")
