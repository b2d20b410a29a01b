"""Forget: the record and everything that holds its words, with a receipt that counts each.

A record takes with it its earlier versions, index entries, access statistics and its place in the log; records derived
from it alone go too, and digests of several records are written anew from what is left. Where the store can, the bytes
are erased from its files afterwards.
"""

from collections.abc import Iterable, Sequence, Set as AbstractSet
from dataclasses import dataclass, field

from langgraph.store.base import Item, Op, PutOp

from langmem_ext import namespaces
from langmem_ext.longterm.core import Core, exclusively, get_items, get_record, is_shadow, put, scan
from langmem_ext.longterm.extract import summarise
from langmem_ext.longterm.log import check_thread, position_key, thread_length
from langmem_ext.longterm.overview import RECALLS
from langmem_ext.longterm.running import CLEARED, Note, note_put, notes_removal
from langmem_ext.longterm.versions import lineage_items
from langmem_ext.longterm.writing import UNINDEXED, commit, puts, unindex
from langmem_ext.operations import Operation, ask, batch
from langmem_ext.protocols import SupportsPurge
from langmem_ext.records import ForgetReceipt, MemoryRecord, from_value
from langmem_ext.tracing import traced

_DIGESTS = ("summary", "reflection")
_DERIVED = ("fact", "preference", "relation", "event", "profile", *_DIGESTS)


def _removal(core: Core, record: MemoryRecord, items: Iterable[Item]) -> list[Op]:
    """Return the deletes of one record: all its items, index entries, statistics, log place and notes."""
    ops: list[Op] = [put(item.namespace, item.key, None) for item in items]
    ops.extend(unindex(core, record))
    ops.append(put(core.leaf(namespaces.USAGE), record.id, None))
    ops.append(put(core.leaf(namespaces.STATE, UNINDEXED), record.id, None))
    ops.append(put(core.leaf(namespaces.STATE, RECALLS), record.id, None))
    if record.kind == "message" and record.thread_id is not None and record.position is not None:
        leaf = core.leaf(namespaces.LOG, namespaces.label(record.thread_id))
        ops.append(put(leaf, position_key(record.position), None))
    return ops


def _derived(core: Core, gone: AbstractSet[str]) -> Operation[list[MemoryRecord]]:
    """Return the records that name one of these ids as a source."""
    found: list[MemoryRecord] = []
    for kind in _DERIVED:
        items = yield from scan(core, core.records_leaf, {"kind": kind})
        records = [from_value(item.value) for item in items if not is_shadow(item)]
        found.extend(record for record in records if not gone.isdisjoint(record.sources) and record.id not in gone)
    return found


def _rewrite(core: Core, record: MemoryRecord, left: list[MemoryRecord]) -> MemoryRecord:
    """Write a digest anew from the sources that are left, by extraction: no model sees what is to be forgotten."""
    sentences = summarise([source.content for source in left], max_tokens=max(32, core.counter(record.content)))
    kept_words = {keyword for source in left for keyword in source.keywords}
    return record.model_copy(
        update={
            "content": " ".join(sentences),
            "data": None,
            "quote": None,
            "keywords": [keyword for keyword in record.keywords if keyword in kept_words],
            "sources": [source.id for source in left],
        }
    )


def _items(core: Core, records: Sequence[MemoryRecord]) -> Operation[list[Item]]:
    """Return every item of the records' lineages, shadows included; a logged message is never revised."""
    messages = [record.id for record in records if record.kind == "message"]
    found = yield from get_items(core, core.records_leaf, messages)
    items = [item for item in found if item]
    for lineage in {record.lineage for record in records if record.kind != "message"}:
        items += yield from lineage_items(core, lineage)
    return items


@dataclass(slots=True)
class _Doomed:
    """What goes: every item, the records they are, and the digests that must be written anew."""

    items: dict[tuple[tuple[str, ...], str], Item] = field(default_factory=dict)
    records: dict[str, MemoryRecord] = field(default_factory=dict)
    digests: list[MemoryRecord] = field(default_factory=list)

    def add(self, items: Iterable[Item]) -> None:
        for item in items:
            self.items[item.namespace, item.key] = item
            record = from_value(item.value)
            self.records.setdefault(record.id, record)


def _collect(core: Core, first: Sequence[MemoryRecord]) -> Operation[_Doomed]:
    """Follow derivations from records: what goes with them, and the digests that must be written anew."""
    doomed = _Doomed()
    frontier = list(first)
    digests: dict[str, MemoryRecord] = {}
    while frontier:
        doomed.add((yield from _items(core, frontier)))
        derived = yield from _derived(core, doomed.records.keys())
        frontier = []
        for record in derived:
            digests.pop(record.id, None)
            if record.kind in _DIGESTS and not doomed.records.keys() >= set(record.sources):
                digests[record.id] = record
            else:
                frontier.append(record)
    doomed.digests = list(digests.values())
    return doomed


@traced
def forget(core: Core, id: str) -> Operation[ForgetReceipt]:  # noqa: A002
    """Remove a memory and everything that holds its words.

    Args:
        id: Any version of the memory, or the id of a logged message.

    Returns:
        What was removed and rewritten, counted. When it returns, no search finds the words, and where
        `purged` is true no file of the store holds them.

    Raises:
        RecordNotFoundError: No record has this id.
    """
    record = yield from get_record(core, id)

    def body() -> Operation[ForgetReceipt]:
        return (yield from _forget(core, [record]))

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


def _forget(core: Core, first: Sequence[MemoryRecord]) -> Operation[ForgetReceipt]:
    doomed = yield from _collect(core, first)
    ops: list[Op] = []
    entries = 0
    for item in doomed.items.values():
        version = from_value(item.value)
        entries += len(unindex(core, version)) if version.live else 0
        ops.extend(_removal(core, version, [item]))
    threads = {record.thread_id for record in doomed.records.values() if record.thread_id}
    ops.extend(notes_removal(core, sorted(threads)))
    versions = len(doomed.items) - len({record.lineage for record in doomed.records.values()})
    rewritten: list[str] = []
    for digest in doomed.digests:
        sources = yield from get_items(core, core.records_leaf, [s for s in digest.sources if s not in doomed.records])
        left = [from_value(item.value) for item in sources if item]
        ops.extend(unindex(core, digest))
        if left:
            ops.extend(puts(core, _rewrite(core, digest, left)))
            rewritten.append(digest.id)
        else:
            ops.extend(_removal(core, digest, (yield from lineage_items(core, digest.lineage))))
            doomed.records[digest.id] = digest
    yield from commit(core, _last_wins(ops))
    asked = {record.lineage for record in first}
    return ForgetReceipt(
        ids=[record.id for record in first],
        records=len({version.lineage for version in doomed.records.values()}),
        versions=versions,
        index_entries=entries,
        log_messages=sum(version.kind == "message" for version in doomed.records.values()),
        rewritten=rewritten,
        removed=[key for key, version in doomed.records.items() if version.lineage not in asked],
    )


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
