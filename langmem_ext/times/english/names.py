"""English names of times: dates, weekdays, months, seasons, feasts, quarters, and the years they are of."""

import re
from functools import partial

from langmem_ext.times import civil, readings, relative
from langmem_ext.times.civil import OutOfCalendarError, Period
from langmem_ext.times.english.forms import (
    DAY_NUMBER,
    LAST,
    MONTH_NAME,
    MONTH_WORDS,
    NEXT,
    NOT_COUNTED,
    WEEKDAY_NAME,
    WEEKDAY_SHORT,
    WEEKDAY_WORDS,
    offset_of,
    ordinal_of,
    weekday_of,
)
from langmem_ext.times.english.words import CLEAR_MONTHS, FEASTS, FULL_WEEKDAYS, MONTHS, SEASONS, name_of, words_of
from langmem_ext.times.relative import latest
from langmem_ext.times.scanner import DAY, WEEK, YEAR, B, Scene, rule
from langmem_ext.times.yearly import fixed

_PREPOSITION = re.compile(r"\b(?:on|by|before|after|since|until|till|from|around|to|last|early) $", re.IGNORECASE)
_LONGEST_PREPOSITION = 8


def _day_of_month(scene: Scene, number: int, name: str) -> Period:
    month = MONTHS[name.lower()]
    return latest(lambda year: civil.day(year, month, number), scene.now)


def _day_month(scene: Scene, found: re.Match[str]) -> Period:
    return _day_of_month(scene, ordinal_of(found[1]), found[2])


def _month_day(scene: Scene, found: re.Match[str]) -> Period | None:
    """Read "May 7", but leave "may 7 people come" alone."""
    name, number = found[1], found[2]
    introduced = _PREPOSITION.search(found.string[: found.start()][-_LONGEST_PREPOSITION:]) or found[3]
    modal = name in {"may", "march"} and number.isdigit() and not introduced
    return None if modal else _day_of_month(scene, ordinal_of(number), name)


def _month_days(scene: Scene, found: re.Match[str]) -> Period:
    """Read both "3-5 May" and "May 3-5"."""
    month = MONTHS[found["month"].lower()]
    first, final = ordinal_of(found["first"]), ordinal_of(found["final"])

    def period(year: int) -> Period:
        start, end = civil.day(year, month, first).start, civil.day(year, month, final).end
        if start is None or end is None or start >= end:
            raise OutOfCalendarError
        return Period(start, end, "day")

    return latest(period, scene.now)


def _name(scene: Scene, found: re.Match[str]) -> Period:
    return latest(name_of(found[1]), scene.now)


def _quarter(scene: Scene, found: re.Match[str]) -> Period:
    number = ordinal_of(found[1])
    return latest(lambda year: civil.quarter(year, number), scene.now)


def _half(scene: Scene, found: re.Match[str]) -> Period:
    number = int(found[1])
    return latest(lambda year: civil.half(year, number), scene.now)


def _slashed(scene: Scene, found: re.Match[str]) -> Period:
    first, second = int(found[1]), int(found[2])
    month, number = (second, first) if first > 12 else (first, second)  # noqa: PLR2004 - months in a year
    return latest(lambda year: civil.day(year, month, number), scene.now)


def _weekdays_between(scene: Scene, found: re.Match[str]) -> Period:
    return relative.weekdays(scene.now, weekday_of(found[1]), weekday_of(found[2]))


def _relative_weekday(scene: Scene, found: re.Match[str]) -> Period:
    offset, number = offset_of(found[1]), weekday_of(found[2])
    if offset < 0:
        return relative.last_weekday(scene.now, number)
    return relative.on_weekday(scene.now, number, offset)


def _weekday_of_week(scene: Scene, found: re.Match[str]) -> Period:
    return relative.on_weekday(scene.period(found["week"]).bounds[0], weekday_of(found["name"]), 0)


def _latest_weekday(scene: Scene, found: re.Match[str]) -> Period:
    return relative.latest_weekday(scene.now, weekday_of(found[1]))


def _relative_name(scene: Scene, found: re.Match[str]) -> Period | None:
    yearly = scene.period(found[2]).yearly
    return None if yearly is None else relative.occurrence(yearly, offset_of(found[1]), scene.now)


NAME_RULES = (
    rule(
        MONTH_WORDS,
        rf"\b(?:(?:from|between) )?(?:the )?(?P<first>\d{{1,2}}(?:st|nd|rd|th)?)(?: ?[-–—] ?| to "
        rf"| and | through | until | till )(?:the )?(?P<final>\d{{1,2}}(?:st|nd|rd|th)?)(?: of)? "
        rf"(?P<month>{MONTH_NAME})\b\.?",
        _month_days,
    ),
    rule(
        MONTH_WORDS,
        rf"\b(?:(?:from|between) )?(?P<month>{MONTH_NAME})\.? (?P<first>\d{{1,2}}(?:st|nd|rd|th)?)"
        rf"(?: ?[-–—] ?| to | and | through )(?P<final>\d{{1,2}}(?:st|nd|rd|th)?)\b(?! "
        rf"(?:{MONTH_NAME})\b)",
        _month_days,
    ),
    rule(
        "fourth july 4th",
        r"\b(?:the )?(?:fourth|4th) of july\b",
        partial(readings.feast, fixed(7, 4)),
    ),
    rule(MONTH_WORDS, rf"(?<![\d.:/-])\b({DAY_NUMBER})(?: of)? ({MONTH_NAME})\b\.?", _day_month),
    rule(
        MONTH_WORDS,
        rf"\b({MONTH_NAME})\.? (?:the )?({DAY_NUMBER})\b(?!:\d|[.,]\d|%)(?=(,? ?{YEAR}|[?.!,]|$)?)",
        _month_day,
    ),
    *(
        rule(words_of(source), rf"\b{source}(?!\w)", partial(readings.feast, yearly))
        for source, yearly in FEASTS.items()
    ),
    rule(WEEKDAY_WORDS, rf"\b(?:{WEEKDAY_SHORT})\.?,? (?:the )?({DAY})", readings.itself),
    rule(
        WEEKDAY_WORDS,
        rf"\b(?:(?:from|between) )?({WEEKDAY_NAME}) (?:to|and|through|until|till) ({WEEKDAY_NAME})\b(?!s)",
        _weekdays_between,
    ),
    rule(
        "last this next past previous coming upcoming",
        rf"\b(?:on )?({LAST}|this|{NEXT}) ({WEEKDAY_NAME}|tues?|wed|thu|thurs?|fri)\b{NOT_COUNTED}",
        _relative_weekday,
    ),
    rule(WEEKDAY_WORDS, rf"\b(?P<name>{WEEKDAY_NAME}),? (?:of |in |the )?(?P<week>{WEEK})", _weekday_of_week),
    rule(WEEKDAY_WORDS, rf"(?P<week>{WEEK})(?:'s)?,? (?:on )?(?P<name>{WEEKDAY_NAME})\b", _weekday_of_week),
    rule(" ".join(FULL_WEEKDAYS), rf"\b(?:on )?({WEEKDAY_NAME})\b(?! (?:before|after) ){NOT_COUNTED}", _latest_weekday),
    rule(" ".join(CLEAR_MONTHS), rf"\b({'|'.join(sorted(CLEAR_MONTHS))})\b", _name),
    rule(MONTH_WORDS, rf"\b({MONTH_NAME})\b\.?", _name, bare=True),
    rule(
        SEASONS,
        rf"\b({'|'.join(SEASONS)})\b(?! (?:rolls?|water|onions?|cleaning|olympics?|games"
        rf"|coats?|jackets?|clothes)\b)",
        _name,
        bare=True,
    ),
    rule("h1 h2", r"\bh([12])\b", _half, bare=True),
    rule(
        "0", r"\bfy ?((?:19|20)\d\d)\b", readings.year
    ),  # the calendar year, as the text does not say when a fiscal one begins
    rule("q1 q2 q3 q4", r"\bq([1-4])\b", _quarter, bare=True),
    rule(
        "first second third fourth",
        r"\b(?:the )?(first|second|third|fourth) quarter\b(?! of (?:the (?!year)|an?\b|my\b|his\b"
        r"|her\b))",
        _quarter,
        bare=True,
    ),
    rule("0", r"(?<=\bon )(\d{1,2})/(\d{1,2})(?![\d/])", _slashed),
    rule("@", rf"(?P<name>{B})(?:'s)?,? {{1,2}}(?:of |in |of the year )?(?:the )?(?P<year>{YEAR})", readings.of_year),
    rule("@", rf"(?P<name>{B})(?P<year>{YEAR})", readings.of_year),
    rule("@", rf"(?P<year>{YEAR})(?:'s)? (?:(?:in|at|on|during|over) )?(?:the )?(?P<name>{B})", readings.of_year),
    rule("last this next past previous coming upcoming", rf"\b({LAST}|this|{NEXT}) ({B})", _relative_name),
)
