"""The English words for times: numbers, months, weekdays, seasons, feasts, parts of the day."""

import re
from functools import partial

from langmem_ext.times import civil
from langmem_ext.times.civil import Yearly
from langmem_ext.times.lunar import festival
from langmem_ext.times.yearly import after_thanksgiving, around_easter, fixed, nth_of_month

_SMALL = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]  # fmt: skip
NUMBERS = {word: number for number, word in enumerate(_SMALL)} | {
    "a": 1, "an": 1, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100,
    "a couple": 2, "a couple of": 2, "couple of": 2, "couple": 2, "a hundred": 100, "a dozen": 12,
}  # fmt: skip
_ORDINALS = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
]  # fmt: skip
ORDINALS = {word: number for number, word in enumerate(_ORDINALS, 1)} | {
    "twenty-first": 21, "twenty-second": 22, "twenty-third": 23, "twenty-fourth": 24, "twenty-fifth": 25,
    "twenty-sixth": 26, "twenty-seventh": 27, "twenty-eighth": 28, "twenty-ninth": 29, "thirtieth": 30,
    "thirty-first": 31,
}  # fmt: skip
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
CLEAR_MONTHS = frozenset("january february july september october november december".split())  # noqa: SIM905
"""Months whose names mean nothing else; "May", "March", "April" need something beside them that makes them a time."""
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        ("monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thur thurs", "friday fri", "saturday sat",
         "sunday sun")
    )
    for name in names.split()
}  # fmt: skip
FULL_WEEKDAYS = tuple(name for name in WEEKDAYS if name.endswith("day"))
SEASONS = {"spring": 0, "springtime": 0, "summer": 1, "summertime": 1, "autumn": 2, "fall": 2, "winter": 3}
PARTS_OF_DAY = {"morning": (5, 7), "noon": (11, 2), "afternoon": (12, 6), "evening": (17, 7), "night": (18, 12)}
"""First hour and number of hours."""


FEASTS: dict[str, Yearly] = {
    r"christmas eve": fixed(12, 24),
    r"(?:christmas|xmas)(?: holidays?| break| season| vacation|time)": fixed(12, 25, 14, before=5),
    r"(?:christmas|xmas)(?: day)?": fixed(12, 25),
    r"boxing day": fixed(12, 26),
    r"new year'?s eve": fixed(12, 31),
    r"new year(?:'?s)?(?: day)?(?! resolutions?| wish(?:es)?)": fixed(1, 1),
    r"valentine'?s(?: day)?": fixed(2, 14),
    r"st\.? patrick'?s day": fixed(3, 17),
    r"april fools?'?s?(?: day)?": fixed(4, 1),
    r"earth day": fixed(4, 22),
    r"(?:international )?women'?s day": fixed(3, 8),
    r"juneteenth": fixed(6, 19),
    r"independence day": fixed(7, 4),
    r"halloween": fixed(10, 31),
    r"veterans'? day": fixed(11, 11),
    r"singles'? day": fixed(11, 11),
    r"black friday": after_thanksgiving(1),
    r"cyber monday": after_thanksgiving(4),
    r"thanksgiving(?: day)?": after_thanksgiving(0),
    r"labor day": nth_of_month(9, 0, 1),
    r"memorial day": nth_of_month(5, 0, -1),
    r"martin luther king(?: jr\.?)? day": nth_of_month(1, 0, 3),
    r"presidents'? day": nth_of_month(2, 0, 3),
    r"columbus day": nth_of_month(10, 0, 2),
    r"mother'?s'? day": nth_of_month(5, 6, 2),
    r"father'?s'? day": nth_of_month(6, 6, 3),
    r"good friday": around_easter(-2),
    r"easter monday": around_easter(1),
    r"easter(?: sunday)?": around_easter(0),
    r"(?:chinese|lunar) new year'?s eve": partial(festival, "除夕"),
    r"(?:chinese new year|lunar new year|spring festival)": partial(festival, "春节"),
    r"lantern festival": partial(festival, "元宵"),
    r"(?:dragon boat festival|tuen ng)": partial(festival, "端午"),
    r"qixi(?: festival)?": partial(festival, "七夕"),
    r"(?:mid-?autumn|moon)(?: festival)": partial(festival, "中秋"),
    r"(?:qingming|tomb[- ]sweeping)(?: festival| day)": partial(festival, "清明"),
    r"(?:chinese )?national day(?: holiday| golden week)": fixed(10, 1, 7),
}
"""Feasts by expression, the longer ones first where one is the beginning of another."""
_COMMON = frozenset([
    "day", "days", "the", "of", "s", "eve", "new", "year", "festival", "holiday", "holidays", "time", "break",
    "season", "vacation", "week", "jr",
])  # fmt: skip


def words_of(source: str) -> set[str]:
    """The words of an expression of which a text must hold one; common ones only where there is no other."""
    words = set(re.findall("[a-z]+", source))
    rare = words - _COMMON or words - {"s"}
    return rare | {f"{word}s" for word in rare}


def name_of(word: str) -> Yearly:
    """The yearly period of a month or season."""
    word = word.lower()
    if word in MONTHS:
        number = MONTHS[word]
        return lambda year: civil.month(year, number)
    number = SEASONS[word]
    return lambda year: civil.season(year, number)
