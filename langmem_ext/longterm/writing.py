"""Write records: check everything, then one batch with the record and its entries in the topic and keyword index.

The two indexes are ordinary items, one per (label, record), so that two writers never rewrite each other's entry and
an entry goes when its record goes: ``(…, "topics", label)`` and ``(…, "keywords", label)``, key = record id.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from langgraph.store.base import Item, Op, PutOp
from pydantic import ValidationError

from langmem_ext import namespaces
from langmem_ext.errors import EmbeddingError, InvalidInputError, StoreCorruptError
from langmem_ext.longterm.core import TEXT_INDEX, Core, get_items, put, scan
from langmem_ext.longterm.redacting import redacted
from langmem_ext.longterm.stored import Stored, Whole, record_in, value_in
from langmem_ext.operations import Operation, batch
from langmem_ext.protocols import SupportsCandidates
from langmem_ext.records import KINDS, Kind, MemoryRecord, clean, clean_json, first_problem, new_id, to_value
from langmem_ext.text import canonical_keyword
from langmem_ext.times import parse_bound
from langmem_ext.tracing import traced

logger = logging.getLogger("langmem_ext")

_MAX_LABEL = 100
_FIELDS = frozenset(
    {
        "content",
        "id",
        "kind",
        "data",
        "topic",
        "keywords",
        "importance",
        "occurred_at",
        "sources",
        "speaker",
        "thread_id",
    }
)
_MINUTE = timedelta(minutes=1)
UNINDEXED = "unindexed"
"""Leaf below the state whose keys name records stored while the embedding function failed; empty as a rule."""


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
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _MAX_LABEL:
        got = f"{len(value)} characters" if isinstance(value, str) else type(value).__name__
        raise InvalidInputError(f"{name} must be a text of 1 to {_MAX_LABEL} characters, got {got}")
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


def _strings(name: str, values: object) -> list[str]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InvalidInputError(f'{name} must be a list of texts such as ["budget"], got {type(values).__name__}')
    return list(dict.fromkeys(check_label(name, value) for value in values))


def build(core: Core, fields: Mapping[str, Any], now: datetime) -> MemoryRecord:
    """Make a record of the arguments of `remember`.

    Raises:
        InvalidInputError: Anything that can't be meant; the message names the argument.
    """
    unknown = set(fields) - _FIELDS
    if unknown:
        raise InvalidInputError(f"unknown keys {sorted(unknown)}; known are {sorted(_FIELDS)}")
    content = fields.get("content")
    if not isinstance(content, str) or not content.strip():
        got = "an empty text" if isinstance(content, str) else type(content).__name__
        raise InvalidInputError(f"content must be a non-empty text, got {got}")
    importance = fields.get("importance", 0.5)
    if isinstance(importance, bool) or not isinstance(importance, int | float) or not 0 <= importance <= 1:
        raise InvalidInputError(f"importance must be a number from 0 to 1, got {importance!r}")
    sources = fields.get("sources") or ()
    if isinstance(sources, str) or not all(isinstance(source, str) and source for source in sources):
        raise InvalidInputError(f"sources must be a list of record ids, got {type(sources).__name__}")
    topic = fields.get("topic")
    record_id = fields.get("id")
    if record_id is not None and (not isinstance(record_id, str) or not record_id):
        raise InvalidInputError(f"id must be a non-empty text or None, got {record_id!r}")
    try:
        record = MemoryRecord(
            id=clean(record_id) if record_id else new_id(),
            kind=check_kind(fields.get("kind", "fact")),
            content=clean(content),
            data=fields.get("data"),
            topic=None if topic is None else check_label("topic", topic),
            keywords=_strings("keywords", fields.get("keywords") or ()),
            importance=float(importance),
            occurred_at=moment(core, fields.get("occurred_at"), now),
            recorded_at=now,
            sources=list(dict.fromkeys(map(clean, sources))),
            speaker=clean_json(fields.get("speaker")),
            thread_id=clean_json(fields.get("thread_id")),
        )
    except ValidationError as error:
        raise InvalidInputError(f"{first_problem(error)}; see MemoryRecord for what it holds") from None
    return redacted(core, record.model_copy(update={"data": clean_json(record.data)}))


def index_entries(core: Core, record: MemoryRecord) -> dict[tuple[tuple[str, ...], str], dict[str, Any]]:
    """Return the topic and keyword index entries of a record, by namespace and key."""
    entries: dict[tuple[tuple[str, ...], str], dict[str, Any]] = {}
    about = {"record": record.id, "kind": record.kind, "topic": record.topic}
    if record.topic:
        leaf = core.leaf(namespaces.TOPICS, namespaces.label(record.topic.casefold()))
        entries[leaf, record.id] = about
    for keyword in record.keywords:
        canonical = canonical_keyword(keyword)
        if canonical:
            leaf = core.leaf(namespaces.KEYWORDS, namespaces.label(canonical))
            entries[leaf, record.id] = about | {"keyword": keyword}
    return entries


def record_put(core: Core, record: MemoryRecord, *, believed_from: datetime | None = None) -> PutOp:
    """Return the put of the record itself."""
    return PutOp(core.records_leaf, record.id, to_value(record, believed_from=believed_from), index=TEXT_INDEX)


def puts(core: Core, record: MemoryRecord, *, believed_from: datetime | None = None) -> list[Op]:
    """Return the puts that store a live record together with its index entries."""
    ops: list[Op] = [record_put(core, record, believed_from=believed_from)]
    ops.extend(put(leaf, key, value) for (leaf, key), value in index_entries(core, record).items())
    return ops


def unindex(core: Core, record: MemoryRecord) -> list[Op]:
    """Return the deletes of a stored record's index entries.

    Raises:
        StoreCorruptError: Its topic or a keyword can't have been indexed.
    """
    try:
        return [put(leaf, key, None) for leaf, key in index_entries(core, record)]
    except InvalidInputError as error:
        raise StoreCorruptError(
            f"records {record.id[:64]!r} is damaged: topic or keywords: {error}; forget() removes it"
        ) from None


class _Used(Stored):
    access_count: Whole = 0


def usage_puts(core: Core) -> Operation[list[Op]]:
    """Return the puts that add the unsaved uses to the stored access statistics."""
    unsaved = core.take_usage()
    leaf = core.leaf(namespaces.USAGE)
    stored = yield from get_items(core, leaf, list(unsaved))
    ops: list[Op] = []
    for (record_id, (count, when)), item in zip(unsaved.items(), stored, strict=True):
        before = value_in(item, _Used).access_count if item else 0
        ops.append(put(leaf, record_id, {"access_count": before + count, "last_accessed_at": when.isoformat()}))
    return ops


def commit(core: Core, ops: Sequence[Op]) -> Operation[None]:
    """Write one batch, with the unsaved uses; when embedding fails, write all of it without vectors and note that.

    The words are worth more than their vectors: `reindex` adds these once the embedding function answers again.
    """
    ops = [*ops, *(yield from usage_puts(core))]
    try:
        for part in _batches(core, ops):
            yield from batch(core.store, part)
    except EmbeddingError as error:
        logger.warning("embedding failed (%s); %d operations stored without vectors", type(error).__name__, len(ops))
        bare: list[Op] = []
        for op in ops:
            if isinstance(op, PutOp) and op.value is not None and op.index is not False:
                bare.append(op._replace(index=False))
                bare.append(put(core.leaf(namespaces.STATE, UNINDEXED), op.key, {"record": op.key}))
            else:
                bare.append(op)
        yield from batch(core.store, bare)


def _batches(core: Core, ops: Sequence[Op]) -> list[list[Op]]:
    """Return one atomic batch for a store of ours; for others, no batch embeds the same text twice.

    LangGraph's InMemoryStore fails on two items with one text in a batch (langgraph#8822).
    """
    if isinstance(core.store, SupportsCandidates):
        return [list(ops)]
    batches: list[list[Op]] = [[]]
    seen: set[str] = set()
    for op in ops:
        text = str(op.value["text"]) if isinstance(op, PutOp) and op.value and op.index is not False else None
        if text in seen:
            batches.append([])
            seen.clear()
        if text is not None:
            seen.add(text)
        batches[-1].append(op)
    return batches


def reindex(core: Core) -> Operation[int]:
    """Embed the records that were stored while the embedding function failed; return how many there were.

    Raises:
        EmbeddingError: It still fails; they stay noted.
    """
    noted = core.leaf(namespaces.STATE, UNINDEXED)
    keys = [item.key for item in (yield from scan(core, noted))]
    items = yield from get_items(core, core.records_leaf, keys)
    ops: list[Op] = [PutOp(item.namespace, item.key, item.value, index=TEXT_INDEX) for item in items if item]
    ops.extend(put(noted, key, None) for key in keys)
    yield from batch(core.store, ops)
    return len(keys)


def _existing(core: Core, records: Sequence[MemoryRecord]) -> Operation[dict[str, Item]]:
    items = yield from get_items(core, core.records_leaf, [record.id for record in records])
    return {item.key: item for item in items if item}


@traced
def remember_many(core: Core, entries: Iterable[Mapping[str, Any]]) -> Operation[list[MemoryRecord]]:
    """Store several memories in one batch with one embedding call.

    Args:
        entries: Mappings with the arguments of `remember` as keys; `content` is required.

    Returns:
        One record per entry, in order. An `id` that is there already with the same content is returned as it is.

    Raises:
        InvalidInputError: An entry can't be meant, or an `id` is taken by another content; nothing was written.
    """
    now = core.now()
    built = [build(core, entry, now) for entry in entries]
    by_id: dict[str, MemoryRecord] = {}
    taken = yield from _existing(core, built)
    for record in built:
        known = record_in(taken[record.id]) if record.id in taken else by_id.get(record.id)
        if known and known.content != record.content:
            raise InvalidInputError(
                f"id {record.id!r} is taken by another content; use revise(id, content) to change it"
            )
        by_id.setdefault(record.id, known or record)
    ops = [op for record in by_id.values() if record.id not in taken for op in puts(core, record)]
    yield from commit(core, ops)
    return [by_id[record.id] for record in built]


def remember(
    core: Core,
    content: str,
    *,
    id: str | None = None,  # noqa: A002 - the public name
    kind: Kind = "fact",
    data: Any = None,
    topic: str | None = None,
    keywords: Sequence[str] = (),
    importance: float = 0.5,
    occurred_at: datetime | date | str | None = None,
    sources: Sequence[str] = (),
    speaker: str | None = None,
    thread_id: str | None = None,
) -> Operation[MemoryRecord]:
    """Store one memory.

    Args:
        content: What to remember.
        id: Its id; None makes one. Remembering the same content under the same id again changes nothing.
        kind: See `langmem_ext.records.Kind`.
        data: Structured form, any JSON.
        topic: Topic label.
        keywords: Keywords for the keyword index; case, plural, width and script variant are folded there.
        importance: 0 to 1.
        occurred_at: When it happened; ISO 8601 or datetime, naive in the memory's zone; None is now.
        sources: Ids of the records it was derived from.
        speaker: Who said it.
        thread_id: Conversation it belongs to.

    Returns:
        The record as stored, durable when this returns.

    Raises:
        InvalidInputError: An argument can't be meant, or the id is taken by another content; nothing was written.
    """
    fields = {
        "content": content,
        "id": id,
        "kind": kind,
        "data": data,
        "topic": topic,
        "keywords": keywords,
        "importance": importance,
        "occurred_at": occurred_at,
        "sources": sources,
        "speaker": speaker,
        "thread_id": thread_id,
    }
    (record,) = yield from remember_many(core, [fields])
    return record
