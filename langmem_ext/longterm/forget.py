"""Forget: the record and everything that holds its words, with a receipt that counts each.

A record takes with it its earlier versions, index entries, access statistics and its place in the log; what rests on it
goes too, and digests are written anew from what is left (`cascade`). Where the store can, the bytes are erased from its
files afterwards.
"""

from collections.abc import Iterable, Sequence

from langgraph.store.base import Item, Op, PutOp

from langmem_ext import namespaces
from langmem_ext.longterm.cascade import DIGESTS, Cascade, Rewriter, relabelled
from langmem_ext.longterm.core import Core, exclusively, get_items, get_record, is_shadow, put, scan
from langmem_ext.longterm.log import check_thread, position_key, thread_length
from langmem_ext.longterm.overview import RECALLS
from langmem_ext.longterm.rollup import DIRTY, ROLLED, mark_dirty
from langmem_ext.longterm.running import CLEARED, Note, note_put, notes_removal
from langmem_ext.longterm.versions import believed_since
from langmem_ext.longterm.writing import UNINDEXED, commit, puts, record_put, unindex
from langmem_ext.operations import Operation, ask, batch
from langmem_ext.protocols import SupportsPurge
from langmem_ext.records import ForgetReceipt, Kind, MemoryRecord, from_value
from langmem_ext.tracing import traced

_DERIVED: tuple[Kind, ...] = ("fact", "preference", "relation", "event", "profile", "summary", "reflection")


@traced
def forget(core: Core, id: str, *, log: bool = False) -> Operation[ForgetReceipt]:  # noqa: A002
    """Remove a memory and everything that holds its words.

    Args:
        id: Any version of the memory, or the id of a logged message.
        log: Whether the logged messages that it was learnt from are to go as well, with all that rests on them. Without
            it a memory that was learnt is forgotten, and what was said stays in the log and in its summaries.

    Returns:
        What was removed and rewritten, counted. When it returns, no search finds the words, and where
        `purged` is true no file of the store holds them.

    Raises:
        RecordNotFoundError: No record has this id.
    """
    record = yield from get_record(core, id)

    def body() -> Operation[ForgetReceipt]:
        return (yield from _forget(core, [record], log=log))

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
        length = yield from thread_length(core, thread_id)
        receipt = yield from _forget(core, [from_value(item.value) for item in items if not is_shadow(item)])
        if length:
            yield from batch(core.store, [note_put(core, CLEARED, thread_id, Note(position=length))])
        return receipt

    receipt = yield from exclusively(core, f"log:{thread_id}", lambda: exclusively(core, "versions", body))
    return receipt.model_copy(update={"purged": (yield from purge(core))})


def _forget(core: Core, first: Sequence[MemoryRecord], *, log: bool = False) -> Operation[ForgetReceipt]:
    cascade, items = yield from _cascade(core, first, log=log)
    rewriter = yield from _rewriter(core, cascade)
    ops: list[Op] = []
    rewritten: list[str] = []
    for key in list(cascade.changed):
        new, old = rewriter.written(key), from_value(items[key].value)
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
    shadows = [item for item in items.values() if is_shadow(item) and item.value["id"] in touched]
    for gone in cascade.gone.values():
        ops.extend(_removal(core, gone))
    ops.extend(put(item.namespace, item.key, None) for item in shadows)
    threads = {gone.thread_id for gone in cascade.gone.values() if gone.thread_id}
    ops.extend(notes_removal(core, sorted(threads)))
    topics = yield from _relabel(core, cascade)
    core.drop_usage(cascade.gone)
    yield from commit(core, _last_wins([*ops, *topics]))
    asked = {record.lineage for record in first}
    lineages = {gone.lineage for gone in cascade.gone.values()}
    return ForgetReceipt(
        ids=[record.id for record in first],
        records=len(lineages),
        versions=len(cascade.gone) + len(shadows) - len(lineages),
        index_entries=sum(len(unindex(core, gone)) for gone in cascade.gone.values() if gone.live),
        log_messages=sum(gone.kind == "message" for gone in cascade.gone.values()),
        rewritten=rewritten,
        removed=[key for key, gone in cascade.gone.items() if gone.lineage not in asked],
    )


def _stored(core: Core, item: Item, record: MemoryRecord) -> list[Op]:
    """Return the puts of a changed record; only what is believed has index entries."""
    since = believed_since(item)
    return puts(core, record, believed_from=since) if record.live else [record_put(core, record, believed_from=since)]


def _cascade(core: Core, first: Sequence[MemoryRecord], *, log: bool) -> Operation[tuple[Cascade, dict[str, Item]]]:
    """Return what goes and changes, and every item of what was derived from anything, by key."""
    items: dict[str, Item] = {}
    for kind in _DERIVED:
        items |= {item.key: item for item in (yield from scan(core, core.records_leaf, {"kind": kind}))}
    lineages = {record.lineage for record in first}
    versions = [from_value(item.value) for item in items.values() if not is_shadow(item)]
    doomed = [record for record in first if record.kind == "message"]
    doomed += [version for version in versions if version.lineage in lineages]
    if log:
        sources = yield from get_items(core, core.records_leaf, [s for version in doomed for s in version.sources])
        said = [from_value(item.value) for item in sources if item]
        doomed += [message for message in said if message.kind == "message"]
    cascade = Cascade({record.id: record for record in doomed})
    cascade.spread(versions)
    return cascade, items


def _rewriter(core: Core, cascade: Cascade) -> Operation[Rewriter]:
    wanted = dict.fromkeys(source for record in cascade.changed.values() for source in record.sources)
    found = yield from get_items(core, core.records_leaf, list(wanted))
    return Rewriter(cascade, {item.key: from_value(item.value) for item in found if item}, core.counter)


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


def _relabel(core: Core, cascade: Cascade) -> Operation[list[Op]]:
    """Return what clears topics away that nothing is left of, and renames those that only the forgotten words named."""
    ops: list[Op] = []
    gone = list(cascade.gone.values())
    for topic in dict.fromkeys(record.topic for record in gone if record.topic):
        entries = yield from scan(core, core.leaf(namespaces.TOPICS, namespaces.label(topic.casefold())))
        keys = [entry.key for entry in entries if entry.key not in cascade.gone]
        items = [item for item in (yield from get_items(core, core.records_leaf, keys)) if item]
        left = [cascade.changed.get(item.key) or from_value(item.value) for item in items]
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
        yield from unindex(core, from_value(item.value))
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
            versions = sum(map(is_shadow, items)) + sum(bool(item.value.get("superseded_at")) for item in items)
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
