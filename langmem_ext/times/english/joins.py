"""How English joins times to larger expressions: parts, neighbours, ranges, directions."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Literal

from langmem_ext.times import civil, readings, relative
from langmem_ext.times.civil import Period
from langmem_ext.times.english.forms import (
    DAY_NUMBER,
    NUMBER,
    ORDINAL_WORDS,
    UNIT,
    WEEKDAY_NAME,
    count_of,
    ordinal_of,
    unit_of,
)
from langmem_ext.times.english.words import PARTS_OF_DAY, WEEKDAYS
from langmem_ext.times.relative import A_FEW
from langmem_ext.times.scanner import BARE, DAY, MONTH, B, Rule, Scene, rule

_PART_OF_DAY = "|".join(PARTS_OF_DAY)
_CLOCK = r"(?P<hour>\d{1,2})(?::[0-5]\d)? ?(?P<half>am|pm|a\.m\.|p\.m\.|o'clock|(?<=:\d\d))"
_PARTS: dict[str, Literal["early", "mid", "late"]] = {
    "early": "early", "beginning": "early", "start": "early", "mid": "mid", "middle": "mid", "late": "late",
    "end": "late",
}  # fmt: skip
_OF_FEW = dict.fromkeys(PARTS_OF_DAY, "day") | dict.fromkeys(WEEKDAYS, "week")
"""What "a few" of these reach over."""
_NOON = 12


def _part(scene: Scene, found: re.Match[str]) -> Period | None:
    period, word = scene.period(found[2]), found[1].lower()
    if period.precision in {"hour", "day"} and period.bounds[1] == civil.add(period.bounds[0], "day", 1):
        return None
    return relative.part(period, _PARTS[word], edge=word in {"beginning", "start", "end"})


def _half(scene: Scene, found: re.Match[str]) -> Period:
    start, end = scene.period(found[2]).bounds
    if scene.period(found[2]).precision == "year":
        return civil.half(start.year, 1 if found[1].lower() == "first" else 2)
    middle = civil.midnight((start + (end - start) / 2).date())
    return Period(start, middle, "week") if found[1].lower() == "first" else Period(middle, end, "week")


def _nth(scene: Scene, found: re.Match[str]) -> Period:
    """Read "the second weekend of ◇", "the last Friday in ◇", "the first quarter of ◇"."""
    word, number = found[2].lower(), -1 if found[1].lower() == "last" else ordinal_of(found[1])
    return relative.nth(scene.period(found[3]), WEEKDAYS.get(word, word), number)


def _week_of(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(scene.period(found[2]).bounds[0], found[1].lower())


def _beside(scene: Scene, found: re.Match[str]) -> Period:
    """Read "the week before ◇" (the seven days that end where it begins), "three days after ◇"."""
    start, end = scene.period(found["anchor"]).bounds
    sign = -1 if found["side"].lower() in {"before", "prior to", "preceding"} else 1
    anchor = start if sign < 0 else end
    word = unit_of(found["unit"])
    if found["few"]:
        few = relative.beside(anchor, _OF_FEW.get(word, word), sign * A_FEW[0], 0)
        return replace(few, precision="day")
    count = count_of(found["count"]) if found["count"] else 1
    if word in WEEKDAYS or word == "weekend":
        return _weekday_beside(anchor, word, sign * count)
    if word in PARTS_OF_DAY:
        day = civil.days(civil.shift(anchor, days=-1 if sign < 0 else 0).date(), 1)
        return civil.hours(day, *PARTS_OF_DAY[word])
    return relative.beside(anchor, word, sign * count, sign * (count - 1))


def _weekday_beside(anchor: datetime, word: str, count: int) -> Period:
    number, length = (WEEKDAYS["saturday"], 2) if word == "weekend" else (WEEKDAYS[word], 1)
    if count < 0:  # wholly before: a weekend has ended where the anchor begins
        first = relative.last_weekday(civil.shift(anchor, days=1 - length), number).bounds[0]
        first = civil.shift(first, days=7 * (count + 1))
    else:
        first = civil.shift(relative.last_weekday(anchor, number).bounds[0], days=7 * count)
    return civil.days(first.date(), length)


def _part_of_day(scene: Scene, found: re.Match[str]) -> Period | None:
    day = scene.period(found["day"])
    return None if day.kind != "in" else civil.hours(day, *PARTS_OF_DAY[found["part"].lower()])


def _clock(scene: Scene, found: re.Match[str]) -> Period | None:
    hour, half = int(found["hour"]), found["half"].lower()
    if half[:1] in {"a", "p"}:
        hour = hour % _NOON + (_NOON if half[0] == "p" else 0)
    return civil.hours(scene.period(found["day"]), hour, 1) if hour < 2 * _NOON else None


def _numbered_day(scene: Scene, found: re.Match[str]) -> Period:
    return relative.nth_day(scene.period(found[2]), ordinal_of(found[1]))


def _months_joined(scene: Scene, found: re.Match[str]) -> Period | None:
    """Read "in June and July" as one stretch."""
    both = scene.period(found[1]).precision == scene.period(found[2]).precision == "month"
    return readings.between(scene, found) if both else None


def _within(scene: Scene, found: re.Match[str]) -> Period | None:
    """Take a year or an ambiguous name as a time, as a preposition says so; "in the summer" is any summer."""
    period = scene.period(found[2])
    generic = (
        period.precision == "season" and period.yearly and found[1].lower() not in {"during", "over", "throughout"}
    )
    return None if generic else period


def _both(scene: Scene, found: re.Match[str]) -> Period | None:
    """Join "after ◇ and before ◇" to the time between."""
    one, other = scene.period(found[1]), scene.period(found[2])
    first, final = (one, other) if one.kind == "after" else (other, one)
    if first.kind != "after" or final.kind != "before" or first.start is None or final.end is None:
        return None
    return Period(first.start, final.end, first.precision) if first.start < final.end else None


JOINS: tuple[Rule, ...] = (
    rule(ORDINAL_WORDS, rf"\b({DAY_NUMBER}) of ({MONTH})", _numbered_day),
    rule(
        "early late mid middle beginning start end",
        rf"\b(?:the )?(early|late|mid|middle|beginning|start|end)(?: of| in)?[ -](?:the )?({B})",
        _part,
    ),
    rule("first second", rf"\b(?:the )?(first|second) half of ({B})", _half),
    rule(
        ["last", *ORDINAL_WORDS],
        rf"\b(last|{DAY_NUMBER}) (week|weekend|day|month|quarter|{WEEKDAY_NAME}) (?:of|in) ({B})",
        _nth,
    ),
    rule("week weekend", rf"\b(?:the )?(week|weekend) of ({B})", _week_of),
    rule(
        "before after prior following preceding",
        rf"\b(?:(?P<few>a few|few|several|some) |(?P<count>{NUMBER}) |the )"
        rf"(?P<unit>{UNIT}|{WEEKDAY_NAME}|{_PART_OF_DAY})"
        rf"(?(few)s?|(?(count)s?))\b (?P<side>before|after|prior to|following|preceding) (?:the )?(?P<anchor>{B})",
        _beside,
    ),
    rule(PARTS_OF_DAY, rf"\b(?:the )?(?P<part>{_PART_OF_DAY}) of (?:the )?(?P<day>{DAY})", _part_of_day),
    rule(PARTS_OF_DAY, rf"(?P<day>{DAY})(?:'s)?,? (?:in the |at )?(?P<part>{_PART_OF_DAY})\b", _part_of_day),
    rule("0", rf"(?P<day>{DAY}),? (?:at |around )?{_CLOCK}", _clock),
    rule("0", rf"\b(?:at |around )?{_CLOCK} (?:on )?(?P<day>{DAY})", _clock),
    rule("between", rf"\bbetween (?:the )?({B}) and (?:the )?({B})", readings.between),
    rule("from", rf"\bfrom (?:the )?({B}) (?:to|until|till|through|thru) (?:the )?({B})", readings.between),
    rule("@", rf"({B})(?: (?:to|through|thru|until) | ?[-–—] ?)({B})", readings.between),
    rule("and or", rf"\b(?:in |during )?({B}) (?:and|or) ({B})", _months_joined),
    rule("now present", rf"\b(?:from )?({B}) (?:to|until|till) (?:now|the present)\b", readings.since),
    rule(
        "until till up by later of",
        rf"\b(?:up until|until|till|up to|no later than|by|as of) (?:the )?({B})",
        readings.until,
    ),
    rule("before prior earlier ahead", rf"\b(?:before|prior to|earlier than|ahead of) (?:the )?({B})", readings.before),
    rule("since", rf"\b(?:ever )?since (?:the )?({B})", readings.since),
    rule("on onward onwards forward", rf"\bfrom ({B}) (?:on|onwards?|forward)\b", readings.since),
    rule("starting beginning", rf"\b(?:starting|beginning)(?: in| on| from)? ({B})", readings.since),
    rule("after later following", rf"\b(?:after|later than|following) (?:the )?({B})", readings.after),
    rule("@", rf"({B})(?:,| and| but|, and|, but) ({B})", _both),
    rule(
        "in during of for around throughout over within back about at on from",
        r"\b(in|during|of|for|around|throughout|over|within|about|at|on|from) "
        rf"(?:the (?:year |month of |summer of )?)?({BARE})",
        _within,
    ),
)
