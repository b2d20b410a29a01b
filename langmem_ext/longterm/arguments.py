"""What is passed to the engine, checked before anything is read or written; and a record made of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.redacting import redacted
from langmem_ext.longterm.schemas import MAX_LABEL
from langmem_ext.records import KINDS, Kind, MemoryRecord, clean, clean_json, first_problem, new_id
from langmem_ext.times import parse_bound

_FIELDS = frozenset(
    {
        "content", "id", "kind", "data", "topic", "keywords", "importance", "occurred_at", "sources", "speaker",
        "thread_id",
    }
)  # fmt: skip
_MINUTE = timedelta(minutes=1)


def moment(core: Core, value: datetime | date | str | None, default: datetime) -> datetime:
    """Read an event time: ISO 8601, a date (its first instant) or a datetime, naive ones in the memory's zone."""
    if value is None:
        return default
    read = parse_bound(value, edge="start", zone=core.zone) or default
    offset = read.utcoffset() or timedelta()
    return read.astimezone(UTC) if offset % _MINUTE else read  # ISO 8601 knows no seconds in an offset, history does


def check_label(name: str, value: object) -> str:
    """Return a topic or keyword, stripped.

    Raises:
        InvalidInputError: Not a string of 1 to 100 characters.
    """
    if not isinstance(value, str) or not 0 < len(value.strip()) <= MAX_LABEL:
        got = f"{len(value)} characters" if isinstance(value, str) else type(value).__name__
        raise InvalidInputError(f"{name} must be a text of 1 to {MAX_LABEL} characters, got {got}")
    return clean(value.strip())


def check_whole(name: str, value: object, least: int, most: int) -> int:
    """Return a whole number within bounds.

    Raises:
        InvalidInputError: It is none, or outside of them.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidInputError(f"{name} must be a whole number from {least} to {most}, got {value!r}")
    return value


def check_kind(kind: object) -> Kind:
    """Return the kind.

    Raises:
        InvalidInputError: Unknown kind.
    """
    for known in KINDS:
        if kind == known:
            return known
    raise InvalidInputError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")


def check_kinds(kinds: Sequence[Kind] | Kind | None) -> tuple[Kind, ...]:
    """Return the kinds, one or several; none where none was named, which stands for all.

    Raises:
        InvalidInputError: An unknown kind.
    """
    return tuple(check_kind(kind) for kind in ((kinds,) if isinstance(kinds, str) else kinds or ()))


def check_labels(name: str, values: object) -> list[str]:
    """Return topics or keywords, stripped, each once.

    Raises:
        InvalidInputError: No list of them.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InvalidInputError(f'{name} must be a list of texts such as ["budget"], got {type(values).__name__}')
    return list(dict.fromkeys(check_label(name, value) for value in values))


def build(core: Core, fields: Mapping[str, Any], now: datetime) -> MemoryRecord:
    """Make a record of the arguments of `remember`.

    Raises:
        InvalidInputError: Anything that can't be meant; the message names the argument.
    """
    if unknown := set(fields) - _FIELDS:
        raise InvalidInputError(f"unknown keys {sorted(unknown)}; known are {sorted(_FIELDS)}")
    content = _check_content(fields.get("content"))
    importance = _check_importance(fields.get("importance", 0.5))
    sources = _check_sources(fields.get("sources") or ())
    record_id = _check_id(fields.get("id"))
    topic = fields.get("topic")
    try:
        record = MemoryRecord(
            id=record_id or new_id(),
            kind=check_kind(fields.get("kind", "fact")),
            content=content,
            data=fields.get("data"),
            topic=None if topic is None else check_label("topic", topic),
            keywords=check_labels("keywords", fields.get("keywords") or ()),
            importance=importance,
            occurred_at=moment(core, fields.get("occurred_at"), now),
            recorded_at=now,
            sources=sources,
            speaker=clean_json(fields.get("speaker")),
            thread_id=clean_json(fields.get("thread_id")),
        )
    except ValidationError as error:
        raise InvalidInputError(f"{first_problem(error)}; see MemoryRecord for what it holds") from None
    return redacted(core, record.model_copy(update={"data": clean_json(record.data)}))


def _check_content(content: object) -> str:
    if not isinstance(content, str) or not content.strip():
        got = "an empty text" if isinstance(content, str) else type(content).__name__
        raise InvalidInputError(f"content must be a non-empty text, got {got}")
    return clean(content)


def _check_importance(importance: object) -> float:
    if isinstance(importance, bool) or not isinstance(importance, int | float) or not 0 <= importance <= 1:
        raise InvalidInputError(f"importance must be a number from 0 to 1, got {importance!r}")
    return float(importance)


def _check_sources(sources: Any) -> list[str]:
    if isinstance(sources, str) or not all(isinstance(source, str) and source for source in sources):
        raise InvalidInputError(f"sources must be a list of record ids, got {type(sources).__name__}")
    return list(dict.fromkeys(map(clean, sources)))


def _check_id(record_id: object) -> str | None:
    if record_id is not None and (not isinstance(record_id, str) or not record_id):
        raise InvalidInputError(f"id must be a non-empty text or None, got {record_id!r}")
    return record_id and clean(record_id)
