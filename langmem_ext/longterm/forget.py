"""Forget: the record and everything that holds its words, with a receipt that counts each.

A record takes with it its earlier versions, index entries, access statistics and its place in the log; records derived
from it alone go too, and digests of several records are written anew from what is left. Where the store can, the bytes
are erased from its files afterwards.
"""

from collections.abc import Iterable, Set as AbstractSet

from langgraph.store.base import Item, Op, PutOp

from langmem_ext import namespaces
from langmem_ext.longterm.core import Core, exclusively, get_items, get_record, is_shadow, put, scan
from langmem_ext.longterm.extract import summarise
from langmem_ext.longterm.log import position_key
from langmem_ext.longterm.overview import RECALLS
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


def _collect(core: Core, first: MemoryRecord) -> Operation[tuple[dict[str, MemoryRecord], list[MemoryRecord]]]:
    """Follow derivations from a record: what goes with it, and the digests that must be written anew."""
    doomed: dict[str, MemoryRecord] = {}
    frontier = [first]
    digests: dict[str, MemoryRecord] = {}
    while frontier:
        for record in frontier:
            for item in (yield from lineage_items(core, record.lineage)):
                version = from_value(item.value)
                doomed.setdefault(version.id, version)
        derived = yield from _derived(core, doomed.keys())
        frontier = []
        for record in derived:
            digests.pop(record.id, None)
            if record.kind in _DIGESTS and not doomed.keys() >= set(record.sources):
                digests[record.id] = record
            else:
                frontier.append(record)
    return doomed, list(digests.values())


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
        return (yield from _forget(core, record))

    receipt = yield from exclusively(core, "versions", body)
    return receipt.model_copy(update={"purged": (yield from purge(core))})


def _forget(core: Core, record: MemoryRecord) -> Operation[ForgetReceipt]:
    doomed, digests = yield from _collect(core, record)
    ops: list[Op] = []
    versions = entries = 0
    for lineage in {version.lineage for version in doomed.values()}:
        items = yield from lineage_items(core, lineage)
        versions += len(items) - 1
        for item in items:
            version = from_value(item.value)
            entries += len(unindex(core, version)) if version.live else 0
            ops.extend(_removal(core, version, [item]))
    rewritten: list[str] = []
    for digest in digests:
        sources = yield from get_items(core, core.records_leaf, [s for s in digest.sources if s not in doomed])
        left = [from_value(item.value) for item in sources if item]
        ops.extend(unindex(core, digest))
        if left:
            ops.extend(puts(core, _rewrite(core, digest, left)))
            rewritten.append(digest.id)
        else:
            ops.extend(_removal(core, digest, (yield from lineage_items(core, digest.lineage))))
            doomed[digest.id] = digest
    yield from commit(core, _last_wins(ops))
    return ForgetReceipt(
        ids=[record.id],
        records=len({version.lineage for version in doomed.values()}),
        versions=versions,
        index_entries=entries,
        log_messages=sum(version.kind == "message" for version in doomed.values()),
        rewritten=rewritten,
        removed=[key for key, version in doomed.items() if version.lineage != record.lineage],
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
