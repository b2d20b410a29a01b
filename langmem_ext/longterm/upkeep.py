"""Upkeep of what was distilled: what is said twice is merged, what has faded is archived. Nothing is deleted.

Both run at most once a day per memory, over distilled records only: the log stays as it was said, and pinned records,
profile and summaries do not fade.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import exp2, log2

from langgraph.store.base import Item, Op
from pydantic import BaseModel, Field

from langmem_ext import namespaces
from langmem_ext.longterm.core import Core, get_items, is_shadow, put, scan
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.stored import record_in, text_in
from langmem_ext.longterm.versions import believed_since, supersede
from langmem_ext.longterm.writing import commit, puts
from langmem_ext.operations import Operation
from langmem_ext.records import FOREVER, STATEMENTS, Kind, MemoryRecord
from langmem_ext.text import features

KEPT_UP = "upkeep"
"""State key of the day of the last upkeep."""
_FADING: tuple[Kind, ...] = ("fact", "preference", "relation", "event")
_DAY = 86_400.0


class Upkeep(BaseModel):
    """What an upkeep did: ids of the records that were merged into others, and of those that were archived."""

    merged: list[str] = Field(default_factory=list)
    archived: list[str] = Field(default_factory=list)


def upkeep_due(core: Core) -> Operation[bool]:
    """Whether this memory was not kept up today."""
    (last,) = yield from get_items(core, core.leaf(namespaces.STATE), [KEPT_UP])
    return last is None or text_in(last, "day") != core.today().isoformat()


def keep_up(core: Core) -> Operation[Upkeep]:
    """Merge near-duplicates and archive what has faded, where that was not done today."""
    return (yield from exclusively(core, "versions", lambda: _keep_up(core)))


def _keep_up(core: Core) -> Operation[Upkeep]:
    if not (yield from upkeep_due(core)):
        return Upkeep()
    upkeep = Upkeep()
    ops: list[Op] = []
    for kind in STATEMENTS:
        found = yield from scan(core, core.records_leaf, {"kind": kind, "believed_until": FOREVER})
        items = {item.key: item for item in found if not is_shadow(item)}
        usage = yield from get_items(core, core.leaf(namespaces.USAGE), list(items))
        used = {item.key: item for item in usage if item}
        records = {key: record_in(item, used.get(key)) for key, item in items.items()}
        for keeper, twins in duplicates(list(records.values()), core.settings.duplicate_overlap):
            ops.extend(_merge(core, items, keeper, twins))
            upkeep.merged.extend(twin.id for twin in twins)
        for key, record in records.items():
            if kind in _FADING and key not in upkeep.merged and faded(core, record, core.now()):
                ops.extend(supersede(core, items[key], None))
                upkeep.archived.append(key)
    yield from commit(core, [*ops, put(core.leaf(namespaces.STATE), KEPT_UP, {"day": core.today().isoformat()})])
    return upkeep


def duplicates(records: Sequence[MemoryRecord], overlap: float) -> list[tuple[MemoryRecord, list[MemoryRecord]]]:
    """Group records of one speaker that say the same; the most important of each group is kept, of equals the oldest.

    Candidates are found by their rarest words, so that the work grows with the records and not with their pairs.
    """
    says = {record.id: features(record.content) for record in records}
    counts: dict[str, int] = {}
    for words in says.values():
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    ordered = sorted(records, key=lambda record: (-record.importance, record.recorded_at, record.id))
    by_word: dict[str, list[MemoryRecord]] = {}
    groups: dict[str, list[MemoryRecord]] = {}
    for record in ordered:
        words = says[record.id]
        rarest = sorted(words, key=lambda word: (counts[word], word))
        prefix = rarest[: len(words) - int(overlap * len(words)) + 1]
        near = {other.id: other for word in prefix for other in by_word.get(word, ())}
        keeper = next((other for other in near.values() if _same(record, other, says, overlap)), None)
        if keeper is not None:
            groups[keeper.id].append(record)
            continue
        groups[record.id] = []
        for word in prefix:
            by_word.setdefault(word, []).append(record)
    return [(record, groups[record.id]) for record in ordered if groups.get(record.id)]


def _same(record: MemoryRecord, other: MemoryRecord, says: dict[str, frozenset[str]], overlap: float) -> bool:
    words, others = says[record.id], says[other.id]
    return record.speaker == other.speaker and len(words & others) >= overlap * len(words | others) > 0


def _merge(core: Core, items: Mapping[str, Item], keeper: MemoryRecord, twins: Sequence[MemoryRecord]) -> list[Op]:
    """Return the operations that let one record stand for several: their evidence and keywords become its own."""
    importance = keeper.importance
    for _ in twins:
        importance += (1 - importance) * core.distillation.reinforcement
    together = [keeper, *twins]
    merged = keeper.model_copy(
        update={
            "importance": importance,
            "sources": list(dict.fromkeys(source for record in together for source in record.sources)),
            "keywords": list(dict.fromkeys(word for record in together for word in record.keywords)),
        }
    )
    ops = [op for twin in twins for op in supersede(core, items[twin.id], None, by=keeper.id)]
    return [*ops, *puts(core, merged, believed_from=believed_since(items[keeper.id]))]


def strength(core: Core, record: MemoryRecord, now: datetime) -> float:
    """Return how much is left of a record's importance: halved per half-life since it happened or was last used."""
    last = max(record.recorded_at, record.last_accessed_at or record.recorded_at)
    age = max(0.0, (now - last).total_seconds()) / _DAY
    half_life = core.distillation.half_life_days * (1 + log2(1 + record.access_count))
    return record.importance * exp2(-age / half_life)


def faded(core: Core, record: MemoryRecord, now: datetime) -> bool:
    """Whether a record is to be archived."""
    return not record.pinned and strength(core, record, now) < core.distillation.archive_below
