"""English names of times: dates, weekdays, months, seasons, feasts, quarters, and the years they are of."""

import re
from functools import partial

from langmem_ext.times import civil
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
    recurring,
    weekday_of,
)
from langmem_ext.times.english.words import CLEAR_MONTHS, FEASTS, FULL_WEEKDAYS, MONTHS, SEASONS, name_of, words_of
from langmem_ext.times.scanner import DAY, WEEK, YEAR, B, Scene, rule

_PREPOSITION = re.compile(r"\b(?:on|by|before|after|since|until|till|from|around|to|last|early) $", re.IGNORECASE)
_LONGEST_PREPOSITION = 8


def _day_of_month(scene: Scene, number: int, name: str) -> Period:
    month = MONTHS[name.lower()]
    return recurring(lambda year: civil.day(year, month, number), scene)


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
    words = found.groupdict()
    month = MONTHS[(words["month"]).lower()]
    first, final = ordinal_of(words["first"]), ordinal_of(words["final"])

    def period(year: int) -> Period:
        start, end = civil.day(year, month, first).start, civil.day(year, month, final).end
        if start is None or end is None or start >= end:
            raise OutOfCalendarError
        return Period(start, end, "day")

    return recurring(period, scene)


def _name(scene: Scene, found: re.Match[str]) -> Period:
    return recurring(name_of(found[1]), scene)


def _feast(yearly: civil.Yearly, scene: Scene, _: re.Match[str]) -> Period:
    return recurring(yearly, scene)


def _quarter(scene: Scene, found: re.Match[str]) -> Period:
    number = ordinal_of(found[1])
    return recurring(lambda year: civil.quarter(year, number), scene)


def _half(scene: Scene, found: re.Match[str]) -> Period:
    number = int(found[1])
    return recurring(lambda year: civil.half(year, number), scene)


def _fiscal_year(_: Scene, found: re.Match[str]) -> Period:
    """Take a fiscal year for the calendar year, as the text does not say when it begins."""
    return civil.calendar_year(int(found[1]))


def _slashed(scene: Scene, found: re.Match[str]) -> Period:
    first, second = int(found[1]), int(found[2])
    month, number = (second, first) if first > 12 else (first, second)  # noqa: PLR2004 - months in a year
    return recurring(lambda year: civil.day(year, month, number), scene)


def _weekday_beside_date(scene: Scene, found: re.Match[str]) -> Period:
    return scene.period(found[1])


def _weekdays_between(scene: Scene, found: re.Match[str]) -> Period:
    final = civil.last_weekday(civil.shift(scene.now, days=1), weekday_of(found[2])).bounds[1]
    return Period(civil.last_weekday(final, weekday_of(found[1])).start, final, "day")


def _relative_weekday(scene: Scene, found: re.Match[str]) -> Period:
    offset, number = offset_of(found[1]), weekday_of(found[2])
    if offset < 0:
        return civil.last_weekday(scene.now, number)
    return civil.on_weekday(scene.now, number, offset)


def _weekday_of_week(scene: Scene, found: re.Match[str]) -> Period:
    words = found.groupdict()
    return civil.on_weekday(scene.period(words["week"]).bounds[0], weekday_of(words["name"]), 0)


def _latest_weekday(scene: Scene, found: re.Match[str]) -> Period:
    return civil.last_weekday(civil.shift(scene.now, days=1), weekday_of(found[1]))


def _in_year(scene: Scene, found: re.Match[str]) -> Period | None:
    words = found.groupdict()
    yearly = scene.period(words["name"]).yearly
    if yearly is None:
        return None
    return yearly(scene.period(words["year"]).bounds[0].year)


def _relative_name(scene: Scene, found: re.Match[str]) -> Period | None:
    yearly = scene.period(found[2]).yearly
    if yearly is None:
        return None
    offset = offset_of(found[1])
    if offset:
        return (civil.last if offset < 0 else civil.following)(yearly, scene.now)
    running = civil.latest(yearly, scene.now)
    return running if running.bounds[1] > scene.now else yearly(scene.now.year)


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
        r"\b(?:independence day|(?:the )?(?:fourth|4th) of july)\b",
        partial(_feast, FEASTS[r"(?:independence day|(?:the )?fourth of july|(?:the )?4th of july)"]),
    ),
    rule(MONTH_WORDS, rf"(?<![\d.:/-])\b({DAY_NUMBER})(?: of)? ({MONTH_NAME})\b\.?", _day_month),
    rule(
        MONTH_WORDS,
        rf"\b({MONTH_NAME})\.? (?:the )?({DAY_NUMBER})\b(?!:\d|[.,]\d|%)(?=(,? ?{YEAR}|[?.!,]|$)?)",
        _month_day,
    ),
    *(rule(words_of(source), rf"\b{source}(?!\w)", partial(_feast, yearly)) for source, yearly in FEASTS.items()),
    rule(WEEKDAY_WORDS, rf"\b(?:{WEEKDAY_SHORT})\.?,? (?:the )?({DAY})", _weekday_beside_date),
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
    rule("0", r"\bfy ?((?:19|20)\d\d)\b", _fiscal_year),
    rule("q1 q2 q3 q4", r"\bq([1-4])\b", _quarter, bare=True),
    rule(
        "first second third fourth",
        r"\b(?:the )?(first|second|third|fourth) quarter\b(?! of (?:the (?!year)|an?\b|my\b|his\b"
        r"|her\b))",
        _quarter,
        bare=True,
    ),
    rule("0", r"(?<=\bon )(\d{1,2})/(\d{1,2})(?![\d/])", _slashed),
    rule("@", rf"(?P<name>{B})(?:'s)?,? {{1,2}}(?:of |in |of the year )?(?:the )?(?P<year>{YEAR})", _in_year),
    rule("@", rf"(?P<name>{B})(?P<year>{YEAR})", _in_year),
    rule("@", rf"(?P<year>{YEAR})(?:'s)? (?:(?:in|at|on|during|over) )?(?:the )?(?P<name>{B})", _in_year),
    rule("last this next past previous coming upcoming", rf"\b({LAST}|this|{NEXT}) ({B})", _relative_name),
)
