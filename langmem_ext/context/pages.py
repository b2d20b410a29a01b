"""Recalled pages: what long-term memory lent to the main context, and its value there. Plain data, pure functions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from langmem_ext.context.shortening import excerpt
from langmem_ext.prompts import LEFT_OUT
from langmem_ext.records import MemoryRecord, render

FADING = 0.7
"""Share of its value that a page keeps from turn to turn: one of three turns ago is worth a third of a new one."""
_LEAST_EXCERPT = 40
"""Characters under which a record is not cut further."""


@dataclass(frozen=True, slots=True)
class Page:
    """One record in the main context.

    Attributes:
        id: Id of the record.
        text: The record rendered for the prompt: delimited, escaped, with date and id.
        time: Event time in UTC, ISO 8601; pages are shown in this order.
        tokens: Tokens of `text`.
        value: What it is worth keeping, 0..1; the lowest leaves first.
        pinned: Does not fade.
        carrier: Id of the tool message that shows it during the turn that searched for it; "" when none does.
        cut: Whether only part of the record is shown, so that another question may need another part.
    """

    id: str
    text: str
    time: str
    tokens: int
    value: float
    pinned: bool = False
    carrier: str = ""
    cut: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the page as JSON, for a graph's state."""
        return {name: getattr(self, name) for name in self.__slots__}

    def uncarried(self) -> "Page":
        """Return the page as shown by no tool message."""
        return replace(self, carrier="") if self.carrier else self

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Page":
        """Rebuild a page from `as_dict`."""
        return cls(**value)


def values(scores: Sequence[float]) -> list[float]:
    """Map the scores of one recall, which are comparable within it only, to 0.5..1."""
    if not scores:
        return []
    low, high = min(scores), max(scores)
    if high <= low:
        return [1.0] * len(scores)
    return [0.5 + 0.5 * (score - low) / (high - low) for score in scores]


def make_page(
    record: MemoryRecord,
    value: float,
    count: Callable[[str], int],
    *,
    limit: int | None = None,
    about: str = "",
    language: str = "en",
    carrier: str = "",
) -> Page:
    """Render a record as a page, and count it with the line break after it.

    Args:
        record: What was recalled.
        value: What it is worth keeping, 0..1.
        count: Counts the tokens of a text.
        limit: Tokens at most; of a longer record its start and the passage about the question are shown.
        about: The question.
        language: Of the note in a record that is cut, "en" or "zh".
        carrier: Id of the tool message that shows it.
    """
    text = render(record)
    tokens = count(text) + 1
    cut = limit is not None and tokens > limit
    if limit is not None and cut:
        kept = len(record.content) * limit // tokens
        text = _shorter(record, kept, lambda shown: count(shown) < limit, about, language)
        tokens = count(text) + 1
    return Page(
        id=record.id,
        text=text,
        time=record.occurred_at.astimezone(UTC).isoformat(),
        tokens=tokens,
        value=value,
        pinned=record.pinned,
        carrier=carrier,
        cut=cut,
    )


def _shorter(record: MemoryRecord, kept: int, fits: Callable[[str], bool], about: str, language: str) -> str:
    """Render about so many characters of a record, or fewer until it fits."""
    note = LEFT_OUT[language].format(count="{count}", id=record.id) if record.kind == "message" else "[…]"
    while True:
        content = excerpt(record.content, kept, about, note)
        text = render(record.model_copy(update={"content": content}))
        if fits(text) or kept < _LEAST_EXCERPT:
            return text
        kept = int(kept * 0.8)


def fade(pages: Iterable[Page]) -> list[Page]:
    """Return the pages as they are worth a turn later, shown by no tool message any more."""
    return [replace(page, value=page.value if page.pinned else page.value * FADING, carrier="") for page in pages]


def best(pages: Sequence[Page], room: int) -> list[Page]:
    """Return the most valuable pages that fit `room` tokens together, in the order of time."""
    chosen: list[Page] = []
    for page in sorted(pages, key=lambda page: -page.value):
        if page.tokens <= room:
            chosen.append(page)
            room -= page.tokens
    return sorted(chosen, key=lambda page: page.time)


def section(pages: Sequence[Page]) -> str:
    """Return the delimited section of a prompt that shows the pages."""
    return "\n".join(["<memories>", *(page.text for page in pages), "</memories>"])
