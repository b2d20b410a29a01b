"""When what is stated happens: the time that a statement names, resolved against the date of its message.

A question means the last "Friday" or "October 5"; a plan or a booking means the next one. Pure functions.
"""

import re
from datetime import datetime, timedelta, tzinfo
from typing import Final

from langmem_ext.times import TimeSpan, spans

_AHEAD: Final = frozenset({"plans", "booked", "appointment", "details", "changed_to", "stays_at", "relation"})
"""Relations whose time lies ahead of the message."""
_PAST: Final = re.compile(r"\b(?:last|ago|yesterday|past|previous|earlier)\b|上|昨|前|去年|刚", re.IGNORECASE)
_WEEKDAY: Final = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|周|星期|礼拜", re.IGNORECASE)
_SPELT: Final = re.compile(
    r"\d{4}|\d\s*[月日号/-]|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE
)
"""A time that is a date already."""
_YEAR: Final = timedelta(days=365)
_WEEK: Final = timedelta(days=7)


def event_span(statement: str, relation: str, said: datetime, zone: tzinfo) -> TimeSpan | None:
    """Return the one time that a statement names.

    Args:
        statement: The words of the message.
        relation: The fact's relation; it tells whether the time lies ahead.
        said: When the message was sent, aware.
        zone: Zone of its days.

    Returns:
        The period named; None where none is, several are, or it is no period ("since 2019").
    """
    found = spans(statement, said, zone)
    if len(found) != 1 or found[0].kind != "in" or found[0].start is None:
        return None
    span = found[0]
    if relation not in _AHEAD or span.end is None or span.end > said or _PAST.search(span.text):
        return span
    return _coming(statement, span, said, zone)


def _coming(statement: str, span: TimeSpan, said: datetime, zone: tzinfo) -> TimeSpan:
    """Return the next occurrence of a name whose last one is over; what moves with the day ("this morning") stays."""
    for later in (_WEEK, _YEAR):
        moved = next(iter(spans(statement, said + later, zone)), span)
        if moved.start is None or span.start is None or moved.start == span.start:
            continue
        yearly = moved.start - span.start > _YEAR / 2
        return moved if (yearly or _WEEKDAY.search(span.text)) and moved.end and moved.end > said else span
    return span


def iso(span: TimeSpan) -> str:
    """Return a span's beginning in ISO 8601, no more exactly than it was named: a year, a month or a day."""
    assert span.start is not None  # noqa: S101 - `event_span` gives none without
    if span.precision == "year":
        return f"{span.start:%Y}"
    return f"{span.start:%Y-%m}" if span.precision == "month" else f"{span.start:%Y-%m-%d}"


def dated(statement: str, span: TimeSpan) -> str:
    """Return a statement with the date after words that would mean another day when read later ("next Tuesday")."""
    if _SPELT.search(span.text) or span.text not in statement:
        return statement
    date = f" ({iso(span)})" if statement.isascii() else f"({iso(span)})"
    return statement.replace(span.text, span.text + date, 1)
