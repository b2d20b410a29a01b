"""Patterns and readings that the English rules share."""

import re
from collections.abc import Collection

from langmem_ext.times.english.words import FULL_WEEKDAYS, MONTHS, NUMBERS, ORDINALS, WEEKDAYS
from langmem_ext.times.scanner import B


def _any_of(words: Collection[str]) -> str:
    """Any of the words, the longer ones first; a look at the first letter spares most places the whole list."""
    initials = "".join(sorted({word[0] for word in words}))
    return rf"(?=[{initials}])(?:{'|'.join(sorted(words, key=len, reverse=True))})"


UNIT = r"(?:minute|hour|day|weekend|week|fortnight|month|quarter|year|decade)"
NUMBER = rf"(?:\d{{1,3}}|{_any_of(NUMBERS)})"
FEW = r"(?:a few|few|several|some)"
DAY_NUMBER = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{_any_of(ORDINALS)})"
ORDINAL_WORDS = ["0", *(part for word in ORDINALS for part in word.split("-"))]
"""What a text must hold one of to hold an ordinal number."""
MONTH_NAME = _any_of(MONTHS)
WEEKDAY_NAME = _any_of(FULL_WEEKDAYS)
WEEKDAY_SHORT = _any_of(WEEKDAYS)
LAST = r"(?:last|past|previous|this past|this last)"
NEXT = r"(?:next|coming|this coming|upcoming|following)"
MONTH_WORDS = " ".join(MONTHS)
WEEKDAY_WORDS = " ".join(WEEKDAYS)
NOT_COUNTED = rf"(?! (?:of|in) (?:(?:{MONTH_NAME})\b|{B}))"
"""After a weekday: "the first Monday in May" is counted within the month, by a later rule."""


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


def weekday_of(words: str) -> int:
    """The number of a weekday, 0 for Monday."""
    return WEEKDAYS[words.lower().removesuffix("s") if words.lower() not in WEEKDAYS else words.lower()]


def offset_of(words: str) -> int:
    """-1 for "last", 0 for "this", 1 for "next"."""
    words = words.lower()
    if words in {"this", "current", "this current"}:
        return 0
    return 1 if re.fullmatch(NEXT, words) else -1
