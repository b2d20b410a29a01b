"""A question as the lexical index reads it. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache

from langmem_ext.concepts import concept_mentions
from langmem_ext.stopwords import CONVERSATIONAL, FUNCTION_CHARACTERS, FUNCTION_WORDS
from langmem_ext.text import normalise, stems, words_and_runs

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_AMBIGUOUS = "may|march|mar"
_NAMES = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = r"(?P<{}>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_DATE_FORMS = (
    re.compile(rf"\b(?P<month>{_NAMES})\.?\s+(?:the\s+)?{_DAY.format('day')}\b(?!\d)"),
    re.compile(rf"\b{_DAY.format('day')}\s+(?:of\s+)?(?P<month>{_NAMES})\b"),
    re.compile(
        rf"\b(?:in|of|since|until|till|by|during|from|early|late|mid|last|this|next|every)[\s-]+(?P<month>{_NAMES})\b"
    ),
    re.compile(rf"\b(?!(?:{_AMBIGUOUS})\b)(?P<month>{_NAMES})\b"),
    re.compile(rf"\b(?P<month>{_NAMES})\.?,?\s+(?=(?:19|20)\d\d\b)"),
    re.compile(
        r"\b(?P<year>(?:19|20)\d\d)[-/.](?P<number>1[0-2]|0?[1-9])(?:[-/.](?P<day>3[01]|[12]\d|0?[1-9]))?(?!\d)"
    ),
    re.compile(
        r"(?P<number>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月(?:份|(?P<day>[0-9]{1,2}|[一二三四五六七八九十]{1,3})[日号])?"
    ),
)
_YEAR = re.compile(r"(?<![\d.])(?P<year>(?:19|20)\d\d)(?![\d%])")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")}

_CONVERSATIONAL_WEIGHT = 0.25
"""What "think" or "thanks" counts in a question, against 1: measured best of 0, 0.15, 0.25, 0.3, 0.5 and 1."""

DateToken = tuple[int, int, int]
"""Year, month and day that a date names; 0 where it leaves one open: (2023, 0, 0), (0, 5, 0), (0, 5, 7)."""


@dataclass(frozen=True, slots=True)
class QueryAnalysis:
    """What a question asks for.

    Attributes:
        stems: Stems of its content words, with the weight of each: how often it occurs, conversational words counting
            for a quarter.
        words: The content words themselves, likewise.
        runs: Its runs of unspaced script.
        spoken: Every word of it, folded, function words included; names are looked up here.
        folded: The normalised question.
        dates: The dates that it names.
        concepts: The concepts of everyday conversation that it speaks of, each once.
        subjects: How many distinct stems it has that are not conversational.
        unspaced: How many distinct characters of unspaced script it has, function characters apart.
    """

    stems: dict[str, float]
    words: dict[str, float]
    runs: tuple[str, ...]
    spoken: frozenset[str]
    folded: str
    dates: frozenset[DateToken]
    concepts: tuple[str, ...]
    subjects: int
    unspaced: int

    @property
    def weight(self) -> float:
        """How much it says: distinct content stems plus half of the distinct unspaced characters."""
        return self.subjects + self.unspaced / 2


def chinese_number(text: str) -> int:
    """Read a number from 1 to 99 in digits or Chinese numerals; 0 where it is none."""
    if text.isascii():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _DIGITS.get(text, 0)
    return 10 * (_DIGITS.get(tens, 0) or 1) + _DIGITS.get(ones, 0)


def named_dates(folded: str) -> frozenset[DateToken]:
    """Return the years, months and days of months that a normalised text names."""
    found: set[DateToken] = {(int(match["year"]), 0, 0) for match in _YEAR.finditer(folded)}
    for form in _DATE_FORMS:
        for match in form.finditer(folded):
            groups = match.groupdict()
            month = _MONTHS.get(groups.get("month") or "", 0) or chinese_number(groups.get("number") or "0")
            day = chinese_number(groups.get("day") or "0")
            found.add((0, month, 0))
            if 0 < day <= 31:  # noqa: PLR2004 - days of a month
                found.add((0, month, day))
    return frozenset(found)


@lru_cache(maxsize=64)
def analyse_query(query: str) -> QueryAnalysis:
    """Analyse a question: function words dropped, conversational words ("think", "thanks") weakened."""
    folded = normalise(query)
    spoken, runs = words_and_runs(folded)
    words: dict[str, float] = {}
    for word in spoken:
        if word not in FUNCTION_WORDS:
            words[word] = words.get(word, 0.0) + (_CONVERSATIONAL_WEIGHT if word in CONVERSATIONAL else 1.0)
    weighted: dict[str, float] = {}
    subjects: set[str] = set()
    for (word, weight), stem in zip(words.items(), stems(words), strict=True):
        weighted[stem] = weighted.get(stem, 0.0) + weight
        if word not in CONVERSATIONAL:
            subjects.add(stem)
    return QueryAnalysis(
        stems=weighted,
        words=words,
        runs=tuple(runs),
        spoken=frozenset(word.removesuffix("'s") for word in spoken),
        folded=folded,
        dates=named_dates(folded),
        concepts=tuple(dict.fromkeys(concept_mentions(stems(spoken), runs))),
        subjects=len(subjects),
        unspaced=len({char for run in runs for char in run} - FUNCTION_CHARACTERS),
    )
