"""Forget: the record and everything that holds its words, with a receipt that counts each.

A record takes with it its earlier versions, index entries, access statistics and its place in the log; what rests on it
goes too, and digests are written anew from what is left (`cascade`). Where the store can, the bytes are erased from its
files afterwards.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from langgraph.store.base import Item, Op, PutOp

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError, StoreCorruptError
from langmem_ext.longterm.cascade import Cascade, Rewriter, relabelled
from langmem_ext.longterm.core import Core, check_id, get_items, is_shadow, not_found, put, scan
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.log import check_thread, position_key, thread_length
from langmem_ext.longterm.overview import RECALLS
from langmem_ext.longterm.progress import CONSOLIDATED, DISTILLED
from langmem_ext.longterm.rollup import DIRTY, ROLLED, mark_dirty
from langmem_ext.longterm.running import CLEARED, Note, note_put, note_removal, notes_removal
from langmem_ext.longterm.stored import record_in, remains
from langmem_ext.longterm.versions import believed_since
from langmem_ext.longterm.writing import UNINDEXED, commit, puts, record_put, unindex
from langmem_ext.operations import Operation, ask, batch
from langmem_ext.protocols import SupportsPurge
from langmem_ext.records import DIGESTS, STATEMENTS, ForgetReceipt, MemoryRecord
from langmem_ext.tracing import traced


@traced
def forget(core: Core, id: str, *, log: bool = False) -> Operation[ForgetReceipt]:  # noqa: A002
    """Remove a memory and everything that holds its words.

    Args:
        id: Any version of the memory, or the id of a logged message. A record that is damaged is removed as well.
        log: Whether the logged messages that it was learnt from are to go as well, with all that rests on them. Without
            it a memory that was learnt is forgotten, and what was said stays in the log and in its summaries.

    Returns:
        What was removed and rewritten, counted. When it returns, no search finds the words, and where
        `purged` is true no file of the store holds them.

    Raises:
        RecordNotFoundError: No record has this id.
        StoreCorruptError: Another record is damaged, so that nobody can tell whether it rests on this one; forget that
            one first.
    """
    item = yield from _asked(core, id)

    def body() -> Operation[ForgetReceipt]:
        return (yield from _forget(core, [item], log=log))

    receipt = yield from exclusively(core, "versions", body)
    return receipt.model_copy(update={"purged": (yield from purge(core))})


def forget_thread(core: Core, thread_id: str) -> Operation[ForgetReceipt]:
    """Remove a conversation: its messages, what it alone was the source of, and what else belongs to it.

    Args:
        thread_id: The conversation; one that is not there is forgotten already. Its log goes on where it ended.

    Returns:
        What was removed and rewritten, counted; see `forget`.
    """
    thread_id = check_thread(thread_id)

    def body() -> Operation[ForgetReceipt]:
        items = yield from scan(core, core.records_leaf, {"thread_id": thread_id})
        receipt = yield from _forget(core, [item for item in items if not is_shadow(item)])
        yield from batch(core.store, (yield from _ended(core, thread_id)))
        return receipt

    receipt = yield from exclusively(core, f"log:{thread_id}", lambda: exclusively(core, "versions", body))
    return receipt.model_copy(update={"purged": (yield from purge(core))})


def _asked(core: Core, record_id: str) -> Operation[Item]:
    """Return the item of a record, damaged or not.

    Raises:
        InvalidInputError: `record_id` is not a non-empty string.
        RecordNotFoundError: There is none.
    """
    (item,) = yield from get_items(core, core.records_leaf, [check_id(record_id)])
    if item is None or (is_shadow(item) and _intact(core, item)):
        raise not_found(core, record_id)
    return item


def _ended(core: Core, thread_id: str) -> Operation[list[Op]]:
    """Return what says that a conversation begins anew where it ended; at 0 where nothing says where that is."""
    try:
        length = yield from thread_length(core, thread_id)
    except StoreCorruptError:
        entries = yield from scan(core, core.leaf(namespaces.LOG, namespaces.label(thread_id)))
        state = core.leaf(namespaces.STATE)
        return [
            put(core.leaf(namespaces.THREADS), thread_id, None),
            *(put(entry.namespace, entry.key, None) for entry in entries),
            *(put(state, stage + thread_id, None) for stage in (DISTILLED, CONSOLIDATED)),
            note_removal(core, CLEARED, thread_id),
        ]
    return [note_put(core, CLEARED, thread_id, Note(position=length))] if length else []


def _forget(core: Core, asked: Sequence[Item], *, log: bool = False) -> Operation[ForgetReceipt]:
    """Forget records, and what rests on them.

    A damaged one that is asked for goes with all that names it; what else is damaged is then left alone, so that it can
    be asked for next. An intact one is forgotten only where everything that may rest on it can be read.
    """
    whole = {item.key: _intact(core, item) for item in asked}
    damaged = [item.key for item in asked if whole[item.key] is None]
    first = [whole[item.key] or remains(item) for item in asked]
    read = partial(_intact, core) if damaged else record_in
    cascade, items = yield from _cascade(core, first, damaged, read, log=log)
    rewriter = yield from _rewriter(core, cascade, read)
    ops: list[Op] = []
    rewritten: list[str] = []
    for key in list(cascade.changed):
        new, old = rewriter.written(key), record_in(items[key])
        if new is None:
            del cascade.changed[key]
            cascade.gone[key] = old
            continue
        cascade.changed[key] = new
        ops.extend(unindex(core, old))
        ops.extend(_stored(core, items[key], new))
        if new.kind in DIGESTS:
            rewritten.append(key)
    touched = cascade.gone.keys() | cascade.changed.keys()
    shadows = [item for item in items.values() if is_shadow(item) and str(item.value.get("id")) in touched]
    for gone in cascade.gone.values():
        ops.extend(_removal(core, gone))
    ops.extend(put(item.namespace, item.key, None) for item in shadows)
    threads = {gone.thread_id for gone in cascade.gone.values() if gone.thread_id}
    ops.extend(notes_removal(core, sorted(threads)))
    topics = yield from _relabel(core, cascade, read)
    for key in damaged:
        topics.extend((yield from _strays(core, key)))
    core.drop_usage(cascade.gone)
    yield from commit(core, _last_wins([*ops, *topics]))
    lines = {record.lineage for record in first}
    lineages = {gone.lineage for gone in cascade.gone.values()}
    return ForgetReceipt(
        ids=[record.id for record in first],
        records=len(lineages),
        versions=len(cascade.gone) + len(shadows) - len(lineages),
        index_entries=sum(len(unindex(core, gone)) for gone in cascade.gone.values() if gone.live),
        log_messages=sum(gone.kind == "message" for gone in cascade.gone.values()),
        rewritten=rewritten,
        removed=[key for key, gone in cascade.gone.items() if gone.lineage not in lines],
    )


def _stored(core: Core, item: Item, record: MemoryRecord) -> list[Op]:
    """Return the puts of a changed record; only what is believed has index entries."""
    since = believed_since(item)
    return puts(core, record, believed_from=since) if record.live else [record_put(core, record, believed_from=since)]


def _intact(core: Core, item: Item) -> MemoryRecord | None:
    """Return the record that an item holds; None where anything of it is damaged."""
    try:
        record = record_in(item)
        believed_since(item)
        _removal(core, record)
    except (StoreCorruptError, InvalidInputError):
        return None
    return record


def _strays(core: Core, record_id: str) -> Operation[list[Op]]:
    """Return the deletes of everything that names a record which no longer says what names it."""
    entries: list[Item] = []
    for leaf in (namespaces.TOPICS, namespaces.KEYWORDS):
        entries += [entry for entry in (yield from scan(core, core.leaf(leaf))) if entry.key == record_id]
    entries += yield from scan(core, core.leaf(namespaces.LOG), {"record": record_id})
    return [put(entry.namespace, entry.key, None) for entry in entries]


_Reader = Callable[[Item], MemoryRecord | None]
"""Reads a record; refuses a damaged one, or returns None for it."""


def _cascade(
    core: Core, first: Sequence[MemoryRecord], damaged: Sequence[str], read: _Reader, *, log: bool
) -> Operation[tuple[Cascade, dict[str, Item]]]:
    """Return what goes and changes, and every item of what was derived from anything, by key."""
    items: dict[str, Item] = {}
    for kind in (*STATEMENTS, *DIGESTS):
        items |= {item.key: item for item in (yield from scan(core, core.records_leaf, {"kind": kind}))}
    lineages = {record.lineage for record in first}
    versions = [found for item in items.values() if not is_shadow(item) and (found := read(item))]
    doomed = [record for record in first if record.kind == "message" or record.id in damaged]
    doomed += [version for version in versions if version.lineage in lineages]
    if log:
        sources = yield from get_items(core, core.records_leaf, [s for version in doomed for s in version.sources])
        said = [found for item in sources if item and (found := read(item))]
        doomed += [message for message in said if message.kind == "message"]
    cascade = Cascade({record.id: record for record in doomed})
    cascade.spread(versions)
    return cascade, items


def _rewriter(core: Core, cascade: Cascade, read: _Reader) -> Operation[Rewriter]:
    wanted = dict.fromkeys(source for record in cascade.changed.values() for source in record.sources)
    found = yield from get_items(core, core.records_leaf, list(wanted))
    return Rewriter(cascade, {source.id: source for item in found if item and (source := read(item))}, core.counter)


def _removal(core: Core, record: MemoryRecord) -> list[Op]:
    """Return the deletes of one record: itself, its index entries, statistics, log place and notes."""
    ops: list[Op] = [put(core.records_leaf, record.id, None)]
    ops.extend(unindex(core, record))
    ops.append(put(core.leaf(namespaces.USAGE), record.id, None))
    ops.append(put(core.leaf(namespaces.STATE, UNINDEXED), record.id, None))
    ops.append(put(core.leaf(namespaces.STATE, RECALLS), record.id, None))
    if record.kind == "message" and record.thread_id is not None and record.position is not None:
        leaf = core.leaf(namespaces.LOG, namespaces.label(record.thread_id))
        ops.append(put(leaf, position_key(record.position), None))
    return ops


def _relabel(core: Core, cascade: Cascade, read: _Reader) -> Operation[list[Op]]:
    """Return what clears topics away that nothing is left of, and renames those that only the forgotten words named."""
    ops: list[Op] = []
    gone = list(cascade.gone.values())
    for topic in dict.fromkeys(record.topic for record in gone if record.topic):
        entries = yield from scan(core, core.leaf(namespaces.TOPICS, namespaces.label(topic.casefold())))
        keys = [entry.key for entry in entries if entry.key not in cascade.gone]
        found = [item for item in (yield from get_items(core, core.records_leaf, keys)) if item]
        items = [item for item in found if read(item)]
        left = [cascade.changed.get(item.key) or record_in(item) for item in items]
        label = relabelled(topic, gone, [record for record in left if record.kind not in DIGESTS])
        if left and label == topic:
            continue
        ops.append(put(core.leaf(namespaces.STATE, DIRTY), topic, None))
        ops.append(put(core.leaf(namespaces.STATE), ROLLED + topic, None))
        ops.extend(_renamed(core, items, left, label))
    return ops


def _renamed(core: Core, items: Sequence[Item], left: Sequence[MemoryRecord], label: str) -> Iterable[Op]:
    if left:
        yield mark_dirty(core, label)
    for item, record in zip(items, left, strict=True):
        yield from unindex(core, record_in(item))
        data = (
            record.data | {"topic": label} if isinstance(record.data, dict) and "topic" in record.data else record.data
        )
        yield from _stored(core, item, record.model_copy(update={"topic": label, "data": data}))


def _last_wins(ops: list[Op]) -> list[Op]:
    """Keep one operation per item, the last; stores need not agree on what two in one batch mean."""
    last: dict[tuple[tuple[str, ...], str], Op] = {(op.namespace, op.key): op for op in ops if isinstance(op, PutOp)}
    return list(last.values())


@traced
def forget_all(core: Core) -> Operation[ForgetReceipt]:
    """Remove everything in this memory's namespace: records, logs, indexes, statistics and state."""
    core.take_usage()
    counts: dict[str, int] = {}
    ids: list[str] = []
    messages = versions = 0
    for leaf in sorted(namespaces.LEAVES):
        items = yield from scan(core, core.leaf(leaf))
        counts[leaf] = len(items)
        if leaf == namespaces.RECORDS:
            versions = sum(is_shadow(item) or bool(item.value.get("superseded_at")) for item in items)
            messages = sum(item.value.get("kind") == "message" for item in items)
            ids = [item.key for item in items if not is_shadow(item)]
        yield from batch(core.store, [put(item.namespace, item.key, None) for item in items])
    return ForgetReceipt(
        ids=ids,
        records=counts[namespaces.RECORDS] - versions,
        versions=versions,
        index_entries=counts[namespaces.TOPICS] + counts[namespaces.KEYWORDS],
        log_messages=messages,
        purged=(yield from purge(core)),
    )


def purge(core: Core) -> Operation[bool]:
    """Erase deleted bytes from the store's files where the store can; return whether it could."""
    store = core.store
    if not isinstance(store, SupportsPurge):
        return False
    yield from ask(store.purge)
    return True
