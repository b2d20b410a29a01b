"""Reads the tables of expressions; shared by the tests and the benchmark."""

from dataclasses import dataclass
from datetime import UTC, datetime

from langmem_ext.times import parse_bound

NOW = datetime(2025, 10, 15, 14, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Expression:
    """A line of a table: the text, and the half-open span it means."""

    text: str
    start: datetime | None
    end: datetime | None


def _moment(text: str, edge: str) -> datetime | None:
    if text == "-":
        return None
    if "T" in text:  # an hour's end is excluded, unlike that of a period
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    return parse_bound(text, edge="start" if edge == "start" else "end", zone=UTC)


def expressions(table: str) -> list[Expression]:
    """The lines of a table."""
    found = []
    for line in table.strip().splitlines():
        text, _, span = line.rpartition(" | ")
        first, final = span.split()
        found.append(Expression(text, _moment(first, "start"), _moment(final, "end")))
    return found


def sentences(table: str) -> list[str]:
    """The lines of a table of sentences."""
    return table.strip().splitlines()
