"""Change of belief, reversibly: revise, retire, undo, history.

A revision is a new record that supersedes the old one; both share a `lineage` (the id of the first version). Nothing
is overwritten. The store keeps, next to each record, the time in which it was believed; when `undo` restores a record,
its earlier time of being believed stays behind as a *shadow* under the key ``id@n``, so that `as_of` sees the past as
it was, the mistake included.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from langgraph.store.base import Item, Op, PutOp

from langmem_ext.errors import InvalidInputError, RecordNotFoundError
from langmem_ext.longterm.arguments import build
from langmem_ext.longterm.core import TEXT_INDEX, Core, get_items, get_record, is_shadow, scan
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.stored import moment_in, number_in, record_in
from langmem_ext.longterm.writing import commit, puts, record_put, unindex
from langmem_ext.operations import Operation
from langmem_ext.records import MemoryRecord
from langmem_ext.tracing import traced

SHADOW = "@"
"""Separates a record's id from the number of a shadow in the shadow's key."""


def lineage_items(core: Core, lineage: str) -> Operation[list[Item]]:
    """Return every item of one lineage, shadows included, oldest belief first."""
    items = yield from scan(core, core.records_leaf, {"lineage": lineage})
    return sorted(items, key=lambda item: number_in(item, "believed_from"))


def history(core: Core, id: str) -> Operation[list[MemoryRecord]]:  # noqa: A002
    """Return all versions of a memory, oldest first, whichever version's id is given.

    Raises:
        RecordNotFoundError: No record has this id.
    """
    record = yield from get_record(core, id)
    items = yield from lineage_items(core, record.lineage)
    versions = [record_in(item) for item in items if not is_shadow(item)]
    return sorted(versions, key=lambda version: (version.recorded_at, version.supersedes is not None))


def head(core: Core, record: MemoryRecord) -> Operation[MemoryRecord]:
    """Return the newest version that a record leads to."""
    seen = {record.id}
    while record.superseded_by and record.superseded_by not in seen:
        (item,) = yield from get_items(core, core.records_leaf, [record.superseded_by])
        if item is None:
            return record
        record = record_in(item)
        seen.add(record.id)
    return record


def _revision(core: Core, old: MemoryRecord, content: str, changes: dict[str, Any]) -> MemoryRecord:
    now = core.now()
    fields: dict[str, Any] = {
        "content": content,
        "kind": old.kind,
        "data": old.data,
        "topic": old.topic,
        "keywords": old.keywords,
        "importance": old.importance,
        "sources": old.sources,
        "speaker": old.speaker,
        "thread_id": old.thread_id,
    } | {name: value for name, value in changes.items() if value is not None}
    return succeeding(build(core, fields, now), old)


def succeeding(record: MemoryRecord, old: MemoryRecord) -> MemoryRecord:
    """Return a record as the next version of an old one."""
    return record.model_copy(update={"supersedes": old.id, "lineage": old.lineage, "pinned": old.pinned})


def supersede(core: Core, item: Item, new: MemoryRecord | None, *, by: str | None = None) -> list[Op]:
    """Return the operations that end the belief in a stored record and, where given, store its successor.

    `by` names what took its place where that is not the successor itself.
    """
    old = record_in(item)
    when = new.recorded_at if new else core.now()
    successor = by or (new.id if new else None)
    ended = old.model_copy(update={"superseded_at": when, "superseded_by": successor})
    ops = [*unindex(core, old), record_put(core, ended, believed_from=believed_since(item))]
    return [*ops, *puts(core, new)] if new else ops


def _current(core: Core, record_id: str) -> Operation[Item]:
    record = yield from head(core, (yield from get_record(core, record_id)))
    (item,) = yield from get_items(core, core.records_leaf, [record.id])
    if item is None:
        raise RecordNotFoundError(f"record {record.id!r} was forgotten while it was being changed")
    return item


@traced
def revise(
    core: Core,
    id: str,  # noqa: A002
    content: str,
    *,
    data: Any = None,
    topic: str | None = None,
    keywords: Sequence[str] | None = None,
    importance: float | None = None,
    occurred_at: datetime | date | str | None = None,
    sources: Sequence[str] | None = None,
    kind: str | None = None,
) -> Operation[MemoryRecord]:
    """Replace what a memory says by a new version; the old one stays, superseded.

    Args:
        id: Any version of the memory; the newest one is revised.
        content: The new content.
        data: New structured form; None keeps the old one, as for the arguments below.
        topic: New topic.
        keywords: New keywords.
        importance: New importance.
        occurred_at: When the new state began; None is now.
        sources: Evidence of the new version.
        kind: New kind.

    Returns:
        The new version, with an id of its own.

    Raises:
        RecordNotFoundError: No record has this id.
        InvalidInputError: The record is a logged message (the log is not rewritten), is retired, or an argument
            can't be meant.
    """
    changes = {
        "data": data,
        "topic": topic,
        "keywords": keywords,
        "importance": importance,
        "occurred_at": occurred_at,
        "sources": sources,
        "kind": kind,
    }

    def body() -> Operation[MemoryRecord]:
        item = yield from _current(core, id)
        old = record_in(item)
        _check_changeable(old)
        if not old.live:
            raise InvalidInputError(f"record {old.id!r} is retired; undo({old.id!r}) brings it back first")
        new = _revision(core, old, content, changes)
        yield from commit(core, supersede(core, item, new))
        return new

    return (yield from exclusively(core, "versions", body))


def _check_changeable(record: MemoryRecord) -> None:
    if record.kind == "message":
        raise InvalidInputError(
            f"record {record.id!r} is a message of the log, which is not rewritten; forget() removes it"
        )


@traced
def retire(core: Core, id: str) -> Operation[MemoryRecord]:  # noqa: A002
    """Stop believing a memory, without a successor; it stays in the history and `undo` brings it back.

    Raises:
        RecordNotFoundError: No record has this id.
        InvalidInputError: It is a logged message.
    """

    def body() -> Operation[MemoryRecord]:
        item = yield from _current(core, id)
        record = record_in(item)
        _check_changeable(record)
        if record.live:
            yield from commit(core, supersede(core, item, None))
        return (yield from get_record(core, record.id))

    return (yield from exclusively(core, "versions", body))


def _restore(core: Core, item: Item, now: datetime) -> Operation[list[Op]]:
    """Believe a superseded record again from now on, and leave its earlier time of belief as a shadow."""
    record = record_in(item)
    siblings = yield from lineage_items(core, record.lineage)
    number = 1 + sum(1 for other in siblings if is_shadow(other))
    shadow = item.value | {"shadow": True}
    restored = record.model_copy(update={"superseded_at": None, "superseded_by": None})
    return [
        PutOp(core.records_leaf, f"{record.id}{SHADOW}{number}", shadow, index=TEXT_INDEX),
        *puts(core, restored, believed_from=now),
    ]


@traced
def undo(core: Core, id: str) -> Operation[MemoryRecord]:  # noqa: A002
    """Take the last revision or retirement of a memory back.

    Args:
        id: Any version of the memory.

    Returns:
        The record that is believed again, under its own id.

    Raises:
        RecordNotFoundError: No record has this id.
        InvalidInputError: There is nothing to take back.
    """

    def body() -> Operation[MemoryRecord]:
        item = yield from _current(core, id)
        latest = record_in(item)
        now = core.now()
        ops: list[Op] = []
        target = item
        if latest.live:
            if latest.supersedes is None:
                raise InvalidInputError(f"record {latest.id!r} has neither been revised nor retired: nothing to undo")
            (previous,) = yield from get_items(core, core.records_leaf, [latest.supersedes])
            if previous is None:
                raise InvalidInputError(f"the version before {latest.id!r} was forgotten: nothing to go back to")
            target = previous
            ops = supersede(core, item, None, by=target.key)
        ops.extend((yield from _restore(core, target, now)))
        yield from commit(core, ops)
        return (yield from get_record(core, target.key))

    return (yield from exclusively(core, "versions", body))


def pin(core: Core, id: str, *, pinned: bool = True) -> Operation[MemoryRecord]:  # noqa: A002
    """Keep a memory out of decay and let its page stay in the context, or, with ``pinned=False``, no longer.

    Args:
        id: Any version of the memory; the newest one is pinned. A logged message can be pinned as well.
        pinned: Whether it is to be pinned.

    Raises:
        RecordNotFoundError: No record has this id.
        InvalidInputError: It is retired.
    """

    def body() -> Operation[MemoryRecord]:
        item = yield from _current(core, id)
        record = record_in(item)
        if not record.live:
            raise InvalidInputError(f"record {record.id!r} is retired; undo({record.id!r}) brings it back first")
        if record.pinned != pinned:
            changed = record.model_copy(update={"pinned": pinned})
            yield from commit(core, [record_put(core, changed, believed_from=believed_since(item))])
        return (yield from get_record(core, record.id))

    return (yield from exclusively(core, "versions", body))


def believed_since(item: Item) -> datetime:
    """When the present belief in an item began."""
    return moment_in(item, "believed_from")
