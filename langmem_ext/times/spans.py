"""The times that a text names, in Chinese and English: the public door to the scanner."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo

from langmem_ext.errors import InvalidInputError
from langmem_ext.times.bounds import localize
from langmem_ext.times.civil import Kind, Period, Precision
from langmem_ext.times.scanner import Rule, Scene

MAX_SCANNED = 4_000
"""Characters of a text that are read; a question is shorter, and what is longer is not read to its end."""

_WORDS = re.compile(r"[a-z]+\d?|[^\W\da-z_]")
_DIGIT = re.compile(r"\d")
_HAN = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile("[A-Za-z]")
_BLANKS = re.compile(r"[ \t\n\r\xa0\u3000]{1,64}")
_PLAIN = str.maketrans("’‘＇´`", "'''''")


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A time that a text names.

    Attributes:
        start: First moment inside, aware; None where the span is open ("before May").
        end: First moment after it, aware; None where it is open ("since May").
        text: The words that named it, width and Chinese script folded.
        kind: "in" the period named, everything "before" it, or everything "after" it.
        precision: The unit it was named in, such as "day" or "month".
    """

    start: datetime | None
    end: datetime | None
    text: str
    kind: Kind
    precision: Precision

    def to_ts(self) -> tuple[float, float]:
        """Both ends in seconds since the epoch, half open; an open end is infinite."""
        return (
            float("-inf") if self.start is None else self.start.timestamp(),
            float("inf") if self.end is None else self.end.timestamp(),
        )

    def contains(self, moment: datetime) -> bool:
        """Whether an aware moment lies inside."""
        start, end = self.to_ts()
        return start <= moment.timestamp() < end


def spans(query: str, now: datetime, zone: tzinfo) -> list[TimeSpan]:
    """Find the time expressions of a text.

    Args:
        query: Any text; its first 4,000 characters are read.
        now: What "yesterday" and 上周 are relative to; naive is taken in `zone`.
        zone: Zone of the days and hours found.

    Returns:
        The spans in the order of the text; one expression gives one span ("from May to July 2023" is one).
        A name without a year ("in May", "Christmas") is its latest occurrence that has begun.

    Raises:
        InvalidInputError: `query` is no text.

    Safe to call from any thread.
    """
    if not isinstance(query, str):
        raise InvalidInputError(f"query must be text, got {type(query).__name__}")
    text = _fold(query[:MAX_SCANNED])
    features = _features(text)
    scene = Scene(text, _wall_clock(now, zone))
    for rules in _grammar(text):
        scene.read(rules, features)
    return [_span(period, words, zone) for period, words in scene.found()]


def resolve(expression: str, now: datetime, zone: tzinfo) -> TimeSpan | None:
    """Read a text that is a time expression ("last Friday", "2023", 上个月底), as a date that a model wrote down.

    Args:
        expression: The expression alone. What needs a preposition in a sentence ("May", "2022") needs none here.
        now: What it is relative to: for a memory, when its message was said.
        zone: Zone of the days and hours found.

    Returns:
        The first time it names; None where it names none.

    Raises:
        InvalidInputError: `expression` is no text.
    """
    found = spans(expression, now, zone) or spans(f"in {expression}", now, zone)
    return found[0] if found else None


def _grammar(text: str) -> Iterator[Sequence[Rule]]:
    """The rules worth trying on a text; a language is loaded when a text first holds its script."""
    from langmem_ext.times import numeric  # noqa: PLC0415

    yield numeric.RULES
    if _HAN.search(text):
        from langmem_ext.times import chinese  # noqa: PLC0415

        yield chinese.RULES
    if _LATIN.search(text):
        from langmem_ext.times import english  # noqa: PLC0415

        yield english.RULES


def _wall_clock(moment: datetime, zone: tzinfo) -> datetime:
    if moment.utcoffset() is not None:
        with suppress(OverflowError):  # within a day of the calendar's ends the zone makes no difference
            moment = moment.astimezone(zone)
    return moment.replace(tzinfo=None)


def _fold(text: str) -> str:
    """Fold width, quotes, blanks and traditional characters, so that one pattern serves all their forms."""
    text = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).translate(_PLAIN))
    if not _HAN.search(text):
        return text
    from langmem_ext.times.chinese.words import SIMPLIFY  # noqa: PLC0415

    return text.translate(SIMPLIFY)


def _features(text: str) -> set[str]:
    features = set(_WORDS.findall(text.lower()))
    if _DIGIT.search(text):
        features.add("0")
    return features


def _span(period: Period, words: str, zone: tzinfo) -> TimeSpan:
    return TimeSpan(
        None if period.start is None else localize(period.start, zone),
        None if period.end is None else localize(period.end, zone),
        words.strip(" ,."),
        period.kind,
        period.precision,
    )
