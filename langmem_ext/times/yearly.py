"""What happens once a year, as the days that it has in any year."""

from datetime import date

from langmem_ext.times import civil, relative
from langmem_ext.times.civil import Yearly, day, days, make_date, midnight, shift


def fixed(month: int, number: int, count: int = 1, *, before: int = 0) -> Yearly:
    """So many days from a date on, or from some days before it."""
    return lambda year: days(shift(day(year, month, number).bounds[0], days=-before).date(), count)


def nth_of_month(month: int, weekday: int, nth: int) -> Yearly:
    """The nth weekday of a month, such as the second Sunday in May."""
    return lambda year: relative.nth(civil.month(year, month), weekday, nth)


def after_thanksgiving(offset: int) -> Yearly:
    """The day so many days after the fourth Thursday in November."""
    thursday = nth_of_month(11, 3, 4)
    return lambda year: days(shift(thursday(year).bounds[0], days=offset).date(), 1)


def around_easter(offset: int) -> Yearly:
    """The day so many days after Easter Sunday, or before it."""
    return lambda year: days(shift(midnight(easter(year)), days=offset).date(), 1)


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
