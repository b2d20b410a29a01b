"""Feasts of the Chinese lunar calendar and solar terms, on their days of the Gregorian calendar.

The astronomy is the library lunar_python's (MIT, no dependencies, 19 ms to import); it is imported when the first such
feast is met.
"""

from datetime import date
from functools import lru_cache

from langmem_ext.times.civil import OutOfCalendarError, Period, Yearly, days, make_date, midnight, shift

_LUNAR_DAYS = {
    "春节": (1, 1, 7),
    "元宵": (1, 15, 1),
    "端午": (5, 5, 1),
    "七夕": (7, 7, 1),
    "中元": (7, 15, 1),
    "中秋": (8, 15, 1),
    "重阳": (9, 9, 1),
    "腊八": (12, 8, 1),
}
"""Lunar month, day, and how many days it lasts."""
_TERMS = frozenset({"清明", "冬至", "立春", "立夏", "立秋", "立冬", "夏至"})
"""Solar terms that are feasts."""
_FIRST, _LAST = 1900, 2100


@lru_cache(maxsize=512)
def solar_day(year: int, month: int, number: int) -> date:
    """The Gregorian date of a day of the lunar year that begins in `year`; a 13th month begins the next year.

    Raises:
        OutOfCalendarError: No such lunar day, or a year before 1900 or after 2100.
    """
    if not _FIRST <= year <= _LAST:
        raise OutOfCalendarError
    from lunar_python import Lunar  # type: ignore[import-untyped]  # noqa: PLC0415 - only who asks for a feast pays

    try:
        solar = Lunar.fromYmd(year, month, number).getSolar()
    except Exception as error:  # it raises plain Exception for a day that the lunar month lacks
        raise OutOfCalendarError from error
    return make_date(solar.getYear(), solar.getMonth(), solar.getDay())


@lru_cache(maxsize=512)
def _term(year: int, name: str) -> date:
    from lunar_python import Solar  # noqa: PLC0415 - as above

    found = Solar.fromYmd(year, 6, 15).getLunar().getJieQiTable()[name]
    return make_date(found.getYear(), found.getMonth(), found.getDay())


def lunar_day(month: int, number: int) -> Yearly:
    """A day of the lunar calendar, by the year it begins in."""
    return lambda year: days(solar_day(year, month, number), 1)


def festival(name: str, year: int) -> Period:
    """The days of a feast, by the Gregorian year in which people count it.

    The Spring Festival is its first seven days, New Year's Eve the day before them (in the same Gregorian year).

    Raises:
        OutOfCalendarError: A year before 1900 or after 2100.
    """
    if not _FIRST <= year <= _LAST:
        raise OutOfCalendarError
    if name in _TERMS:
        return days(_term(year, name), 1)
    if name == "除夕":
        return days(shift(midnight(solar_day(year, 1, 1)), days=-1).date(), 1)
    if name == "小年":  # the 23rd of the month before the Spring Festival
        return days(solar_day(year - 1, 12, 23), 1)
    month, number, count = _LUNAR_DAYS[name]
    if name == "腊八":  # falls in January of the year people mean as often as not; they count the winter it ends
        return days(solar_day(year - 1, month, number), count)
    return days(solar_day(year, month, number), count)
