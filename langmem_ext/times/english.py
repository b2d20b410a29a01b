"""English time expressions, as rules of the scanner.

What a name without a year means: its latest occurrence that has begun, as memory looks back. "last" is the latest that
is over ("last summer", "last May") or the calendar unit before this one ("last week", "last year"); "N units ago" is
the calendar unit that holds that moment; "the past N units" reach back from today.
"""

import re
from functools import partial

from langmem_ext.times import civil
from langmem_ext.times.civil import OutOfCalendarError, Period
from langmem_ext.times.english_words import (
    CLEAR_MONTHS,
    FEASTS,
    FULL_WEEKDAYS,
    MONTHS,
    NUMBERS,
    ORDINALS,
    PARTS_OF_DAY,
    SEASONS,
    WEEKDAYS,
    name_of,
    words_of,
)
from langmem_ext.times.scanner import DAY, WEEK, YEAR, Rule, Scene, rule

B = "[\ue000-\uf7ff]"
"""Any period, one that is only a time beside something else included."""
UNIT = r"(?:minute|hour|day|weekend|week|fortnight|month|quarter|year|decade)"
NUMBER = rf"(?:\d{{1,3}}|{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
_FEW = r"(?:a few|few|several|some)"
_FEW_RANGE = (5, 2)
_ORDINAL = "|".join(sorted(ORDINALS, key=len, reverse=True))
DAY_NUMBER = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{_ORDINAL})"
ORDINAL_WORDS = ["0", *(part for word in ORDINALS for part in word.split("-"))]
"""What a text must hold one of to hold an ordinal number."""
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(FULL_WEEKDAYS)
_WEEKDAY_SHORT = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_LAST = r"(?:last|past|previous|this past|this last)"
_NEXT = r"(?:next|coming|this coming|upcoming|following)"
_MONTH_WORDS = " ".join(MONTHS)
_WEEKDAY_WORDS = " ".join(WEEKDAYS)
_UNITS = (
    "hour hours day days week weeks weekend weekends fortnight fortnights month months quarter quarters year years "
    "decade decades"
)
_PREPOSITION = re.compile(r"\b(?:on|by|before|after|since|until|till|from|around|to|last|early) $", re.IGNORECASE)
_LONGEST_PREPOSITION = 8
_NOT_COUNTED = rf"(?! (?:of|in) (?:(?:{_MONTH})\b|{B}))"
"""After a weekday: "the first Monday in May" is counted within the month, by a later rule."""
_NO_YEAR_BEFORE = (
    r"(?!\s{1,2}(?:words?|steps?|people|dollars?|years?|miles?|km|meters?|metres?|calories|kcal|times|pieces|"
    r"items|points|pounds|euros?|users|copies|pixels|tokens|lines|square|gb|mb|bc|ways)\b)"
)


def count_of(words: str) -> int:
    """A cardinal number, in digits or words."""
    return int(words) if words.isdigit() else NUMBERS[" ".join(words.lower().split())]


def ordinal_of(words: str) -> int:
    """An ordinal number, in digits or words."""
    digits = re.match(r"\d{1,2}", words)
    return int(digits[0]) if digits else ORDINALS[words.lower()]


def unit_of(words: str) -> str:
    """A unit, in the singular."""
    return words.lower().removesuffix("s")


def _weekday(words: str) -> int:
    return WEEKDAYS[words.lower().removesuffix("s") if words.lower() not in WEEKDAYS else words.lower()]


def _offset(words: str) -> int:
    """-1 for "last", 0 for "this", 1 for "next"."""
    words = words.lower()
    if words in {"this", "current", "this current"}:
        return 0
    return 1 if re.fullmatch(_NEXT, words) else -1


# --- years and units -------------------------------------------------------------------------------------------------


def _relative_unit(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, unit_of(found[2]), _offset(found[1])), unit_of(found[2]))


def _before_last(scene: Scene, found: re.Match[str]) -> Period:
    word = found[1].lower()
    if word in WEEKDAYS:
        return civil.last_weekday(civil.last_weekday(scene.now, WEEKDAYS[word]).bounds[0], WEEKDAYS[word])
    if word in SEASONS or word in MONTHS:
        return name_of(word)(civil.last(name_of(word), scene.now).bounds[0].year - 1)
    return civil.unit_holding(civil.add(scene.now, word, -2), word)


def _after_next(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(civil.add(scene.now, found[1].lower(), 2), found[1].lower())


def _occasions_ago(scene: Scene, found: re.Match[str]) -> Period:
    word = found[2].lower()
    yearly = name_of(word) if word in SEASONS else FEASTS[r"(?:christmas|xmas)(?: day)?"]
    return yearly(civil.last(yearly, scene.now).bounds[0].year + 1 - count_of(found[1]))


def _this_unit(scene: Scene, found: re.Match[str]) -> Period:
    return civil.unit_holding(scene.now, found[1].lower())


def _latest_weekend(scene: Scene, _: re.Match[str]) -> Period:
    return civil.latest_weekend(scene.now)


def _latest_day(scene: Scene, found: re.Match[str]) -> Period:
    this = civil.month(scene.now.year, scene.now.month).bounds[0]
    if int(found[1]) > scene.now.day:
        this = civil.add(this, "month", -1)
    return civil.day(this.year, this.month, int(found[1]))


def _ago(scene: Scene, found: re.Match[str]) -> Period:
    sign = 1 if found["back"].lower().strip() in {"ago", "back"} else -1
    unit = unit_of(found["unit"])
    if found["few"]:
        most, least = _FEW_RANGE if sign > 0 else (-_FEW_RANGE[1], -_FEW_RANGE[0])
        return civil.ago(scene.now, unit, most, least)
    count = sign * count_of(found["count"])
    if (found["half"] or found["more"]) and unit == "year":
        return civil.ago(scene.now, "month", 12 * count + 6 * sign)
    return civil.ago(scene.now, unit, count)


def _half_ago(scene: Scene, found: re.Match[str]) -> Period:
    if found[1].lower() == "year":
        return civil.ago(scene.now, "month", 6)
    return civil.unit_holding(civil.shift(scene.now, minutes=-30), "hour")


def _weekdays_ago(scene: Scene, found: re.Match[str]) -> Period:
    day = civil.last_weekday(scene.now, _weekday(found[2]))
    start = civil.shift(day.bounds[0], days=-7 * (count_of(found[1]) - 1))
    return civil.days(start.date(), 1)


def _in_future(scene: Scene, found: re.Match[str]) -> Period | None:
    """Read "in three weeks" as a time only where the question does not ask how much happened within it."""
    if re.search(
        r"\b(?:did|was|were|had|have|has)(?:n't)?\b|\bhow (?:much|many|often|long)\b", scene.text, re.IGNORECASE
    ):
        return None
    return civil.ago(scene.now, unit_of(found[2]), -count_of(found[1]))


def _rolling(scene: Scene, found: re.Match[str]) -> Period:
    sign = -1 if re.search(r"next|coming", found[1], re.IGNORECASE) else 1
    words = found[2].strip() or "1"
    few = re.fullmatch(_FEW, words, re.IGNORECASE)
    return civil.rolling(scene.now, unit_of(found[3]), sign * (_FEW_RANGE[0] if few else count_of(words)))


def _day_words(offset: int, scene: Scene, _: re.Match[str]) -> Period:
    return civil.days(civil.shift(scene.now, days=offset).date(), 1)


def _other_day(scene: Scene, _: re.Match[str]) -> Period:
    return civil.ago(scene.now, "day", 7, 2)


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
    """Two weeks to either side of this day in that year."""
    years = -1 if found[1].lower() == "last" else 1
    day = civil.unit_holding(civil.add(scene.now, "year", years), "day").bounds[0]
    return Period(civil.shift(day, days=-14), civil.shift(day, days=15), "month")


def _bare_year(_: Scene, found: re.Match[str]) -> Period:
    return civil.calendar_year(int(found[0]))


def _years(_: Scene, found: re.Match[str]) -> Period:
    return civil.between(civil.calendar_year(int(found[1])), civil.calendar_year(int(found[2])))


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
    rf"(?:{_WEEKDAY}|weekday|weekend|{_MONTH}|{'|'.join(SEASONS)}|christmas|easter|halloween|thanksgiving|new year)"
)
MASKS = (
    rule(
        "every each per most many all any other alternate",
        rf"\b(?:every|each|per|most|many|all|any|alternate)(?: other| single)? {_OCCASION}'?s?\b"
        rf"(?: (?:morning|afternoon|evening|night)s?)?",
        None,
    ),
    rule([name + "s" for name in FULL_WEEKDAYS], rf"\b(?:on )?(?:{_WEEKDAY})s\b(?! ago)", None),
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
        rf"\b(?<!half )(?:(?:about|around|roughly|over|almost|nearly) )?(?:(?P<few>{_FEW})|"
        rf"(?P<count>{NUMBER}))(?P<half> and a half)? (?P<unit>{UNIT})s?(?P<more> and a half)? "
        rf"(?P<back>ago|back|from now)\b",
        _ago,
    ),
    rule("ago", r"\bhalf an? (year|hour) ago\b", _half_ago),
    rule("ago", rf"\b({NUMBER}) ({_WEEKDAY})s? ago\b", _weekdays_ago),
    rule("in", rf"\bin (?:about )?({NUMBER}) ({UNIT})s?(?:' time)?\b(?! (?:of|or|at|a)\b)", _in_future),
    rule(
        "last past previous coming next",
        rf"\b(?:(?:in|over|during|within|for|throughout|of|across) )?(?:the |these )?(last|past"
        rf"|previous|next|coming) ({_FEW}|{NUMBER}) ({UNIT})s?\b",
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
    rule("last", rf"\b(?:the )?({_WEEKDAY}) before last\b", _before_last),
    rule("next", r"\b(?:the )?(week|weekend|month|year) after next\b", _after_next),
    rule("ago", rf"\b({NUMBER}) ({'|'.join(SEASONS)}|christmas)(?:es|s) ago\b", _occasions_ago),
    rule(
        "beginning start middle end",
        r"(?:(?<=beginning of )|(?<=start of )|(?<=middle of )|(?<=end of ))the (week|month|quarter|year)\b(?! of\b)",
        _this_unit,
    ),
    rule("weekend", r"\b(?:at|on|over|during) the weekend\b(?! of\b)", _latest_weekend),
    rule(
        "on", r"\bon the (\d{1,2})(?:st|nd|rd|th)\b(?=[?.!,]|$| (?:and|or|did|do|at|we|i|he|she|they)\b)", _latest_day
    ),
    rule("time", r"\b(?:around |about )?this time (last|next) year\b", _time_last_year),
    rule("earlier later", r"\b(earlier|later) this (week|month|year)\b", _so_far),
    rule(
        "last this next past previous coming current following upcoming",
        rf"\b({_LAST}|this|current|next|coming|this coming|upcoming) (week|weekend|month|quarter"
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
    rule("0", r"(?<![\d.,/-])((?:19|20)\d\d) ?[-–—] ?((?:19|20)\d\d)(?![\d-])", _years),
    rule(
        "0",
        r"(?<![\d.,$€£¥#/:-])(?<!room )(?<!windows )(?<!flight )(?:19|20)\d\d(?![\d%:$]|'?s\b|[.,/]\d|-\d{1,2}\b)"
        + _NO_YEAR_BEFORE,
        _bare_year,
        bare=True,
    ),  # noqa: E501
    rule("0", r"\b(?:the )?((?:19|20)\d0)'?s\b", _decade),
    rule("0", r"\bthe '?(\d0)'?s\b", _decade),
    rule(_DECADES, r"\bthe (twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)\b", _decade_word),
)


# --- days, months, seasons, feasts -----------------------------------------------------------------------------------


def _recurring(yearly: civil.Yearly, scene: Scene) -> Period:
    return civil.latest(yearly, scene.now)


def _day_of_month(scene: Scene, number: int, name: str) -> Period:
    month = MONTHS[name.lower()]
    return _recurring(lambda year: civil.day(year, month, number), scene)


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

    return _recurring(period, scene)


def _name(scene: Scene, found: re.Match[str]) -> Period:
    return _recurring(name_of(found[1]), scene)


def _feast(yearly: civil.Yearly, scene: Scene, _: re.Match[str]) -> Period:
    return _recurring(yearly, scene)


def _quarter(scene: Scene, found: re.Match[str]) -> Period:
    number = ordinal_of(found[1])
    return _recurring(lambda year: civil.quarter(year, number), scene)


def _half(scene: Scene, found: re.Match[str]) -> Period:
    number = int(found[1])
    return _recurring(lambda year: civil.half(year, number), scene)


def _fiscal_year(_: Scene, found: re.Match[str]) -> Period:
    """Take a fiscal year for the calendar year, as the text does not say when it begins."""
    return civil.calendar_year(int(found[1]))


def _slashed(scene: Scene, found: re.Match[str]) -> Period:
    first, second = int(found[1]), int(found[2])
    month, number = (second, first) if first > 12 else (first, second)  # noqa: PLR2004 - months in a year
    return _recurring(lambda year: civil.day(year, month, number), scene)


def _weekday_beside_date(scene: Scene, found: re.Match[str]) -> Period:
    return scene.period(found[1])


def _weekdays_between(scene: Scene, found: re.Match[str]) -> Period:
    final = civil.last_weekday(civil.shift(scene.now, days=1), _weekday(found[2])).bounds[1]
    return Period(civil.last_weekday(final, _weekday(found[1])).start, final, "day")


def _relative_weekday(scene: Scene, found: re.Match[str]) -> Period:
    offset, number = _offset(found[1]), _weekday(found[2])
    if offset < 0:
        return civil.last_weekday(scene.now, number)
    return civil.on_weekday(scene.now, number, offset)


def _weekday_of_week(scene: Scene, found: re.Match[str]) -> Period:
    words = found.groupdict()
    return civil.on_weekday(scene.period(words["week"]).bounds[0], _weekday(words["name"]), 0)


def _latest_weekday(scene: Scene, found: re.Match[str]) -> Period:
    return civil.last_weekday(civil.shift(scene.now, days=1), _weekday(found[1]))


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
    offset = _offset(found[1])
    if offset:
        return (civil.last if offset < 0 else civil.following)(yearly, scene.now)
    running = civil.latest(yearly, scene.now)
    return running if running.bounds[1] > scene.now else yearly(scene.now.year)


NAME_RULES = (
    rule(
        _MONTH_WORDS,
        rf"\b(?:(?:from|between) )?(?:the )?(?P<first>\d{{1,2}}(?:st|nd|rd|th)?)(?: ?[-–—] ?| to "
        rf"| and | through | until | till )(?:the )?(?P<final>\d{{1,2}}(?:st|nd|rd|th)?)(?: of)? "
        rf"(?P<month>{_MONTH})\b\.?",
        _month_days,
    ),
    rule(
        _MONTH_WORDS,
        rf"\b(?:(?:from|between) )?(?P<month>{_MONTH})\.? (?P<first>\d{{1,2}}(?:st|nd|rd|th)?)"
        rf"(?: ?[-–—] ?| to | and | through )(?P<final>\d{{1,2}}(?:st|nd|rd|th)?)\b(?! "
        rf"(?:{_MONTH})\b)",
        _month_days,
    ),
    rule(
        "fourth july 4th",
        r"\b(?:independence day|(?:the )?(?:fourth|4th) of july)\b",
        partial(_feast, FEASTS[r"(?:independence day|(?:the )?fourth of july|(?:the )?4th of july)"]),
    ),
    rule(_MONTH_WORDS, rf"(?<![\d.:/-])\b(?:on )?(?:the )?({DAY_NUMBER})(?: of)? ({_MONTH})\b\.?", _day_month),
    rule(
        _MONTH_WORDS,
        rf"\b({_MONTH})\.? (?:the )?({DAY_NUMBER})\b(?!:\d|[.,]\d|%)(?=(,? ?{YEAR}|[?.!,]|$)?)",
        _month_day,
    ),
    *(rule(words_of(source), rf"\b{source}(?!\w)", partial(_feast, yearly)) for source, yearly in FEASTS.items()),
    rule(_WEEKDAY_WORDS, rf"\b(?:{_WEEKDAY_SHORT})\.?,? (?:the )?({DAY})", _weekday_beside_date),
    rule(
        "from between to through",
        rf"\b(?:(?:from|between) )?({_WEEKDAY}) (?:to|and|through|until|till) ({_WEEKDAY})\b(?!s)",
        _weekdays_between,
    ),
    rule(
        "last this next past previous coming upcoming",
        rf"\b(?:on )?({_LAST}|this|{_NEXT}) ({_WEEKDAY}|tues?|wed|thu|thurs?|fri)\b{_NOT_COUNTED}",
        _relative_weekday,
    ),
    rule(_WEEKDAY_WORDS, rf"\b(?P<name>{_WEEKDAY}),? (?:of |in |the )?(?P<week>{WEEK})", _weekday_of_week),
    rule(_WEEKDAY_WORDS, rf"(?P<week>{WEEK})(?:'s)?,? (?:on )?(?P<name>{_WEEKDAY})\b", _weekday_of_week),
    rule(" ".join(FULL_WEEKDAYS), rf"\b(?:on )?({_WEEKDAY})\b(?! (?:before|after) ){_NOT_COUNTED}", _latest_weekday),
    rule(" ".join(CLEAR_MONTHS), rf"\b({'|'.join(sorted(CLEAR_MONTHS))})\b", _name),
    rule(_MONTH_WORDS, rf"\b({_MONTH})\b\.?", _name, bare=True),
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
    rule("last this next past previous coming upcoming", rf"\b({_LAST}|this|{_NEXT}) ({B})", _relative_name),
)

RULES: tuple[Rule, ...] = (*MASKS, *UNIT_RULES, *NAME_RULES)
