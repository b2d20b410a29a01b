"""Redaction, at the one moment when it is sure to hold: where a record is made, before anything of it is stored.

Messages, memories, their new versions, summaries and reflections all pass through here. Ids and thread names do not:
they are how an application finds its records again, so it must not put into them what is not to be stored.
"""

from collections.abc import Callable
from typing import Any, Final

from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.schemas import MAX_LABEL, SummaryDraft
from langmem_ext.longterm.topics import GENERAL
from langmem_ext.records import MemoryRecord

NOTHING_LEFT: Final = "[REDACTED]"
"""Content of a record of which redaction left nothing; a message must keep its place in the log."""


def redacted(core: Core, record: MemoryRecord) -> MemoryRecord:
    """Return a record as the memory's `redact` leaves it: content, data, topic, keywords, quote and speaker.

    Raises:
        InvalidInputError: `redact` returned something else than text.
        Exception: Whatever `redact` raises; nothing is stored then.
    """
    if core.redact is None:
        return record
    apply = checked(core.redact)
    content = apply(record.content)
    keywords = [apply(keyword).strip() for keyword in record.keywords]
    changes: dict[str, Any] = {
        "content": content if content.strip() else NOTHING_LEFT,
        "data": _redacted_json(record.data, apply),
        "topic": (apply(record.topic).strip() or None) if record.topic else None,
        "keywords": list(dict.fromkeys(keyword for keyword in keywords if keyword)),
        "quote": apply(record.quote) if record.quote else record.quote,
        "speaker": apply(record.speaker) if record.speaker else record.speaker,
    }
    return record.model_copy(update=changes)


def redacted_json(core: Core, value: Any) -> Any:
    """Return any JSON as the memory's `redact` leaves the texts in it; the names of fields stay."""
    return value if core.redact is None else _redacted_json(value, checked(core.redact))


def redacted_draft(core: Core, draft: SummaryDraft) -> SummaryDraft:
    """Return what a model wrote as a summary as the memory's `redact` leaves it: its topic and keywords become keys."""
    if core.redact is None:
        return draft
    apply = checked(core.redact)
    entries = [line.model_copy(update={"keywords": [apply(word) for word in line.keywords]}) for line in draft.entries]
    changes: dict[str, Any] = {
        "topic": apply(draft.topic).strip()[:MAX_LABEL] or GENERAL,
        "content": apply(draft.content) or NOTHING_LEFT,
        "keywords": [apply(word) for word in draft.keywords],
        "entries": entries,
    }
    return draft.model_copy(update=changes)


def checked(redact: Callable[[str], str]) -> Callable[[str], str]:
    """Return the hook with a check of what it returns."""

    def apply(text: str) -> str:
        result: object = redact(text)
        if not isinstance(result, str):
            raise InvalidInputError(f"redact must return the redacted text, got {type(result).__name__}")
        return result

    return apply


def _redacted_json(value: Any, apply: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return apply(value)
    if isinstance(value, dict):
        return {name: _redacted_json(entry, apply) for name, entry in value.items()}
    if isinstance(value, list):
        return [_redacted_json(entry, apply) for entry in value]
    return value
