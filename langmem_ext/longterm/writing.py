"""Write records: one batch with the record and its entries in the topic and keyword index.

The two indexes are ordinary items, one per (label, record), so that two writers never rewrite each other's entry and
an entry goes when its record goes: ``(…, "topics", label)`` and ``(…, "keywords", label)``, key = record id.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from langgraph.store.base import Item, Op, PutOp

from langmem_ext import namespaces
from langmem_ext.errors import EmbeddingError, InvalidInputError, StoreCorruptError
from langmem_ext.keywords import canonical_keyword
from langmem_ext.longterm.arguments import build
from langmem_ext.longterm.core import TEXT_INDEX, Core, get_items, put, scan
from langmem_ext.longterm.stored import Stored, Whole, record_in, value_in
from langmem_ext.operations import Operation, batch
from langmem_ext.protocols import SupportsCandidates
from langmem_ext.records import Kind, MemoryRecord, to_value
from langmem_ext.tracing import traced

logger = logging.getLogger("langmem_ext")

UNINDEXED = "unindexed"
"""Leaf below the state whose keys name records stored while the embedding function failed; empty as a rule."""


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
