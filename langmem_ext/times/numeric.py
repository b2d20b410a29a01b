"""Dates written in digits, the same in every language."""

import re

from langmem_ext.times.civil import Period, days, hours, make_date, month
from langmem_ext.times.scanner import Rule, Scene, rule

_DECEMBER = 12


def _year_first(_: Scene, found: re.Match[str]) -> Period:
    date = days(make_date(int(found[1]), int(found[2]), int(found[3])), 1)
    if found[4] is None or int(found[4]) > 23:  # noqa: PLR2004 - hours of a day
        return date
    return hours(date, int(found[4]), 1)


def _year_last(_: Scene, found: re.Match[str]) -> Period:
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    day_first = found[2] == "." or first > _DECEMBER
    return days(make_date(year, second, first) if day_first else make_date(year, first, second), 1)


def _year_month(_: Scene, found: re.Match[str]) -> Period:
    return month(int(found[1]), int(found[2]))


RULES: tuple[Rule, ...] = (
    rule(
        "0",
        r"(?<![\d.])((?:19|20)\d\d)[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])"
        r"(?:[T ]{1,2}([0-2]\d):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\d/]|[-.]\d)",
        _year_first,
    ),
    rule("0", r"(?<![\d./-])(\d{1,2})([/.-])(\d{1,2})\2((?:19|20)\d\d)(?![\d/]|[-.]\d)", _year_last),
    rule("0", r"(?<![\d/.-])((?:19|20)\d\d)[-/](0[1-9]|1[0-2])(?![\d/]|[-.]\d)", _year_month),
)
"""Year first ("2023-05-07", "2023/5/7"); year last, month first with slashes unless it can't be ("5/7/2023" is 7 May,
"25/7/2023" is 25 July), day first with points; a month ("2023-05")."""
