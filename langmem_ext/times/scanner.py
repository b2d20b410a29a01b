"""Reading by rewriting: time expressions become single characters, until nothing more can be joined.

A language is a list of rules. A rule's pattern is replaced, where it makes sense, by one private-use character that
stands for the period it names; later rules see that character, so "the week before 9 June 2023" is first "the week
before ◇" and then "◇". What is left at the end are the periods of the text. A rule is tried only where one of the words
it needs occurs, so that a question without a time costs next to nothing.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from langmem_ext.times.civil import OutOfCalendarError, Period

MAX_PERIODS = 128
"""Periods that one text may name, those that were joined to others included; the rest of the text is left as it is."""
_BARE = 0xE000
_BLOCKS = {"year": 0xE080, "month": 0xE100, "week": 0xE180, "day": 0xE200}
_OTHER = 0xE280
"""First characters of the blocks of `MAX_PERIODS` each; small, as compiling a large class of characters is slow."""

BARE = "[\ue000-\ue07f]"
"""A name that is a time only beside something else: a year that stands alone, "May", "spring"."""
YEAR = "[\ue000-\ue0ff]"
"""A year, or a bare name, which may be one."""
MONTH = "[\ue100-\ue17f]"
WEEK = "[\ue180-\ue1ff]"
DAY = "[\ue200-\ue27f]"
B = "[\ue000-\ue2ff]"
"""Any period, bare ones included."""
_PRIVATE = re.compile(B)
_PERIOD = re.compile("[\ue080-\ue2ff]")
Build: TypeAlias = Callable[["Scene", re.Match[str]], Period | None]


@dataclass(frozen=True, eq=False)
class Rule:
    """One way to name a time.

    Attributes:
        needs: Words or characters of which the text must hold one; "0" stands for a digit, "@" for a period that an
            earlier rule found.
        source: The regular expression, every repetition bounded, so that a scan takes linear time.
        build: Gives the period, or None where the words mean no time after all. A rule without one blanks the words, so
            that no later rule sees a time in them ("every Friday").
        bare: What is found is a time only beside something else (a year that stands alone).
    """

    needs: frozenset[str]
    source: str
    build: Build | None
    bare: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled expression, made when the rule is first tried."""
        return re.compile(self.source, re.IGNORECASE)


def rule(needs: str | Iterable[str], source: str, build: Build | None, *, bare: bool = False) -> Rule:
    """Make a rule; `needs` as words in one text, separated by blanks."""
    return Rule(frozenset(needs.split() if isinstance(needs, str) else needs), source, build, bare)


@dataclass(slots=True)
class Scene:
    """One text while it is being read.

    Attributes:
        text: What is left of it, periods as single characters.
        now: What relative times are relative to, naive.
    """

    text: str
    now: datetime
    _periods: dict[str, Period] = field(default_factory=dict)
    _words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take private-use characters out of the text, as they stand for periods here."""
        self.text = _PRIVATE.sub(" ", self.text)

    def period(self, character: str) -> Period:
        """What a character stands for."""
        return self._periods[character]

    def read(self, rules: Sequence[Rule], features: set[str]) -> None:
        """Apply rules in order, each to the whole text; `features` grows as periods are found."""
        for one in rules:
            if not features.isdisjoint(one.needs):
                self.text = one.pattern.sub(lambda match, one=one: self._replace(one, match), self.text)  # type: ignore[misc]
                if self._periods:
                    features.add("@")

    def found(self) -> list[tuple[Period, str]]:
        """The periods that are left, in the order of the text, each with the words that named it."""
        return [(self._periods[mark], self._spell(mark)) for mark in _PERIOD.findall(self.text)]

    def _replace(self, one: Rule, match: re.Match[str]) -> str:
        if one.build is None:
            return " "
        if len(self._periods) >= MAX_PERIODS:
            return match[0]
        try:
            period = one.build(self, match)
        except OutOfCalendarError:
            period = None
        if period is None:
            return match[0]
        block = _BARE if one.bare else _BLOCKS.get(period.precision, _OTHER)
        mark = chr(block + len(self._periods))
        self._periods[mark] = period
        self._words[mark] = match[0]
        return mark

    def _spell(self, text: str) -> str:
        return _PRIVATE.sub(lambda mark: self._spell(self._words[mark[0]]), text)
