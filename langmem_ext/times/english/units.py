"""English times that count from now: years, weeks and days, so many ago, so many past."""

import re
from functools import partial

from langmem_ext.times import civil, readings, relative
from langmem_ext.times.civil import Period
from langmem_ext.times.english.forms import (
    FEW,
    LAST,
    MONTH_NAME,
    NUMBER,
    UNIT,
    WEEKDAY_NAME,
    count_of,
    offset_of,
    unit_of,
    weekday_of,
)
from langmem_ext.times.english.words import FULL_WEEKDAYS, MONTHS, PARTS_OF_DAY, SEASONS, WEEKDAYS, name_of
from langmem_ext.times.relative import A_FEW
from langmem_ext.times.scanner import Scene, rule
from langmem_ext.times.yearly import fixed

_NO_YEAR_BEFORE = (
    r"(?!\s{1,2}(?:words?|steps?|people|dollars?|years?|miles?|km|meters?|metres?|calories|kcal|times|pieces|"
    r"items|points|pounds|euros?|users|copies|pixels|tokens|lines|square|gb|mb|bc|ways)\b)"
)


def _relative_unit(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, unit_of(found[2]), offset_of(found[1])), unit_of(found[2]))


def _before_last(scene: Scene, found: re.Match[str]) -> Period:
    word = found[1].lower()
    if word in WEEKDAYS:
        return relative.last_weekday(relative.last_weekday(scene.now, WEEKDAYS[word]).bounds[0], WEEKDAYS[word])
    if word in SEASONS or word in MONTHS:
        return name_of(word)(relative.last(name_of(word), scene.now).bounds[0].year - 1)
    return civil.unit_holding(civil.add(scene.now, word, -2), word)


def _after_next(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, found[1].lower(), 2), found[1].lower())


def _occasions_ago(scene: Scene, found: re.Match[str]) -> Period:
    word = found[2].lower()
    yearly = name_of(word) if word in SEASONS else fixed(12, 25)
    return yearly(relative.last(yearly, scene.now).bounds[0].year + 1 - count_of(found[1]))


def _this_unit(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(scene.now, found[1].lower())


def _latest_day(scene: Scene, found: re.Match[str]) -> Period:
    this = civil.month(scene.now.year, scene.now.month).bounds[0]
    if int(found[1]) > scene.now.day:
        this = civil.add(this, "month", -1)
    return civil.day(this.year, this.month, int(found[1]))


def _ago(scene: Scene, found: re.Match[str]) -> Period:
    sign = 1 if found["back"].lower().strip() in {"ago", "back"} else -1
    unit = unit_of(found["unit"])
    if found["few"]:
        most, least = A_FEW if sign > 0 else (-A_FEW[1], -A_FEW[0])
        return relative.ago(scene.now, unit, most, least)
    count = sign * count_of(found["count"])
    if (found["half"] or found["more"]) and unit == "year":
        return relative.ago(scene.now, "month", 12 * count + 6 * sign)
    return relative.ago(scene.now, unit, count)


def _half_ago(scene: Scene, found: re.Match[str]) -> Period:
    if found[1].lower() == "year":
        return relative.ago(scene.now, "month", 6)
    return civil.unit_holding(civil.shift(scene.now, minutes=-30), "hour")


def _weekdays_ago(scene: Scene, found: re.Match[str]) -> Period:
    day = relative.last_weekday(scene.now, weekday_of(found[2]))
    start = civil.shift(day.bounds[0], days=-7 * (count_of(found[1]) - 1))
    return civil.days(start.date(), 1)


def _in_future(scene: Scene, found: re.Match[str]) -> Period | None:
    """Read "in three weeks" as a time only where the question does not ask how much happened within it."""
    if re.search(
        r"\b(?:did|was|were|had|have|has)(?:n't)?\b|\bhow (?:much|many|often|long)\b", scene.text, re.IGNORECASE
    ):
        return None
    return relative.ago(scene.now, unit_of(found[2]), -count_of(found[1]))


def _rolling(scene: Scene, found: re.Match[str]) -> Period:
    sign = -1 if re.search(r"next|coming", found[1], re.IGNORECASE) else 1
    words = found[2].strip() or "1"
    few = re.fullmatch(FEW, words, re.IGNORECASE)
    return relative.rolling(scene.now, unit_of(found[3]), sign * (A_FEW[0] if few else count_of(words)))


def _day_words(offset: int, scene: Scene, _: re.Match[str]) -> Period:
    return civil.days(civil.shift(scene.now, days=offset).date(), 1)


def _other_day(scene: Scene, _: re.Match[str]) -> Period:
    return relative.ago(scene.now, "day", 7, 2)


def _night(offset: int, name: str, scene: Scene, found: re.Match[str]) -> Period:
    return civil.hours(_day_words(offset, scene, found), *PARTS_OF_DAY[name])


def _this_part(scene: Scene, found: re.Match[str]) -> Period:
    return _night(0, found[1].lower(), scene, found)


def _so_far(scene: Scene, found: re.Match[str]) -> Period:
    unit = civil.unit_holding(scene.now, found[2].lower())
    today = civil.days(scene.now.date(), 1)
    ends = (unit.start, today.end) if found[1].lower() == "earlier" else (today.start, unit.end)
    return Period(*ends, precision=unit.precision)


def _time_last_year(scene: Scene, found: re.Match[str]) -> Period:
    return relative.around_this_day(scene.now, -1 if found[1].lower() == "last" else 1)


def _decade(_: Scene, found: re.Match[str]) -> Period:
    digits = int(found[1])
    if digits < 100:  # noqa: PLR2004 - "the 90s"; "the 20s" are this century's
        digits += 2000 if digits < 30 else 1900  # noqa: PLR2004 - as above
    return civil.decade(digits)


_DECADES = {"twenties": 2020, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960, "seventies": 1970,
            "eighties": 1980, "nineties": 1990}  # fmt: skip


def _decade_word(_: Scene, found: re.Match[str]) -> Period:
    return civil.decade(_DECADES[found[1].lower()])


_OCCASION = (
    rf"(?:{WEEKDAY_NAME}|weekday|weekend|{MONTH_NAME}|{'|'.join(SEASONS)}"
    r"|christmas|easter|halloween|thanksgiving|new year)"
)
MASKS = (
    rule(
        "every each per most many all any other alternate",
        rf"\b(?:every|each|per|most|many|all|any|alternate)(?: other| single)? {_OCCASION}'?s?\b"
        rf"(?: (?:morning|afternoon|evening|night)s?)?",
        None,
    ),
    rule([name + "s" for name in FULL_WEEKDAYS], rf"\b(?:on )?(?:{WEEKDAY_NAME})s\b(?! ago)", None),
    rule("addams ruby man tgi", r"\b(?:wednesday addams|ruby tuesday|man friday|tgi friday'?s?)\b", None),
    rule(
        "christmas easter halloween thanksgiving valentine valentines",
        r"\b(?:christmas|easter|halloween|thanksgiving|valentine'?s?) "
        r"(?:trees?|carols?|eggs?|bunny|island|cactus|cards?|songs?|costumes?|turkey"
        r"|markets?|movies?|story|jumpers?|sweaters?)\b",
        None,
    ),
)
UNIT_RULES = (
    rule(
        "ago back now",
        rf"\b(?<!half )(?:(?:about|around|roughly|over|almost|nearly) )?(?:(?P<few>{FEW})|"
        rf"(?P<count>{NUMBER}))(?P<half> and a half)? (?P<unit>{UNIT})s?(?P<more> and a half)? "
        rf"(?P<back>ago|back|from now)\b",
        _ago,
    ),
    rule("ago", r"\bhalf an? (year|hour) ago\b", _half_ago),
    rule("ago", rf"\b({NUMBER}) ({WEEKDAY_NAME})s? ago\b", _weekdays_ago),
    rule("in", rf"\bin (?:about )?({NUMBER}) ({UNIT})s?(?:' time)?\b(?! (?:of|or|at|a)\b)", _in_future),
    rule(
        "last past previous coming next",
        rf"\b(?:(?:in|over|during|within|for|throughout|of|across) )?(?:the |these )?(last|past"
        rf"|previous|next|coming) ({FEW}|{NUMBER}) ({UNIT})s?\b",
        _rolling,
    ),
    rule(
        "last past coming next",
        rf"\b(?:in|over|during|within|for|throughout|across) the (last|past|coming|next)( )"
        rf"({UNIT})\b(?! of)",
        _rolling,
    ),
    rule(
        "last",
        r"\b(?:the )?(week|weekend|month|year|quarter|summer|winter|spring|autumn"
        r"|fall) before last\b",
        _before_last,
    ),
    rule("last", rf"\b(?:the )?({WEEKDAY_NAME}) before last\b", _before_last),
    rule("next", r"\b(?:the )?(week|weekend|month|year) after next\b", _after_next),
    rule("ago", rf"\b({NUMBER}) ({'|'.join(SEASONS)}|christmas)(?:es|s) ago\b", _occasions_ago),
    rule(
        "beginning start middle end",
        r"(?:(?<=beginning of )|(?<=start of )|(?<=middle of )|(?<=end of ))the (week|month|quarter|year)\b(?! of\b)",
        _this_unit,
    ),
    rule("weekend", r"\b(?:at|on|over|during) the weekend\b(?! of\b)", readings.latest_weekend),
    rule(
        "on", r"\bon the (\d{1,2})(?:st|nd|rd|th)\b(?=[?.!,]|$| (?:and|or|did|do|at|we|i|he|she|they)\b)", _latest_day
    ),
    rule("time", r"\b(?:around |about )?this time (last|next) year\b", _time_last_year),
    rule("earlier later", r"\b(earlier|later) this (week|month|year)\b", _so_far),
    rule(
        "last this next past previous coming current following upcoming",
        rf"\b({LAST}|this|current|next|coming|this coming|upcoming) (week|weekend|month|quarter"
        rf"|year|decade)\b(?! of\b)",
        _relative_unit,
    ),
    rule("yesterday", r"\b(?:the )?day before yesterday\b", partial(_day_words, -2)),
    rule("tomorrow", r"\b(?:the )?day after tomorrow\b", partial(_day_words, 2)),
    rule("yesterday", r"\byesterday\b", partial(_day_words, -1)),
    rule("today", r"\btoday\b(?!'s (?:world|society))", partial(_day_words, 0)),
    rule("tomorrow", r"\btomorrow\b", partial(_day_words, 1)),
    rule("day", r"\bthe other day\b", _other_day),
    rule("tonight", r"\btonight\b", partial(_night, 0, "night")),
    rule("last", r"\blast night\b(?! of\b)", partial(_night, -1, "night")),
    rule("this", r"\bthis (morning|afternoon|evening)\b", _this_part),
    rule("0", r"(?<![\d.,/-])((?:19|20)\d\d) ?[-–—] ?((?:19|20)\d\d)(?![\d-])", readings.years),
    rule(
        "0",
        r"(?<![\d.,$€£¥#/:-])(?<!room )(?<!windows )(?<!flight )((?:19|20)\d\d)(?![\d%:$]|'?s\b|[.,/]\d|-\d{1,2}\b)"
        + _NO_YEAR_BEFORE,
        readings.year,
        bare=True,
    ),
    rule("0", r"\b(?:the )?((?:19|20)\d0)'?s\b", _decade),
    rule("0", r"\bthe '?(\d0)'?s\b", _decade),
    rule(_DECADES, r"\bthe (twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)\b", _decade_word),
)
