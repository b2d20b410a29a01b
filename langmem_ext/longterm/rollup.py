"""Summaries of summaries: the sessions of one topic in one week, then all weeks of the topic.

Each reads a bounded number of summaries, however long the history: a week reads its sessions, and a topic reads its own
last summary and what is new since. Topics that a consolidation touched are marked dirty in the same batch as their
summaries; a mark goes in the batch that rolls its topic up, so nothing is skipped when a process dies in between.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from langgraph.store.base import GetOp, Item, Op
from pydantic import Field

from langmem_ext import namespaces
from langmem_ext.errors import CapReachedError, RecordNotFoundError
from langmem_ext.longterm import showing
from langmem_ext.longterm.asking import ask_model
from langmem_ext.longterm.core import Core, get_items, put, scan
from langmem_ext.longterm.digest import summary_record
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.extraction import extract_summary
from langmem_ext.longterm.schemas import SummaryDraft
from langmem_ext.longterm.spending import Account, spent_get
from langmem_ext.longterm.stored import Stored, record_in, value_in
from langmem_ext.longterm.versions import succeeding, supersede
from langmem_ext.longterm.writing import commit, puts
from langmem_ext.operations import Operation, batch
from langmem_ext.prompts import ROLL_UP
from langmem_ext.records import MemoryRecord
from langmem_ext.text import language

DIRTY = "dirty"
"""Leaf below the state whose keys are the topics with summaries that no roll-up has read yet."""
ROLLED = "rolled:"
"""Prefix of the state keys that hold, per topic, which roll-up read which summaries."""
_WHOLE = "all"


T = TypeVar("T")


def batched(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into runs of at most `size` (itertools has this only from Python 3.12 on)."""
    return (values[start : start + size] for start in range(0, len(values), size))


def mark_dirty(core: Core, topic: str) -> Op:
    """Return the operation that asks for this topic to be rolled up."""
    return put(core.leaf(namespaces.STATE, DIRTY), topic, {"topic": topic})


def roll_up(core: Core, account: Account) -> Operation[list[str]]:
    """Roll up every dirty topic; return the ids of the summaries that were written."""
    dirty = yield from scan(core, core.leaf(namespaces.STATE, DIRTY))
    written: list[str] = []
    for item in dirty:
        written.extend((yield from _topic(core, item.key, account)))
    return written


def week_of(core: Core, moment: datetime) -> str:
    """Return the ISO week of a moment in the memory's zone, e.g. ``2026-W40``."""
    year, week, _ = moment.astimezone(core.zone).isocalendar()
    return f"{year}-W{week:02d}"


def _closed(core: Core, moment: datetime) -> bool:
    return week_of(core, moment) != week_of(core, core.now()) and moment < core.now()


def _topic(core: Core, topic: str, account: Account) -> Operation[list[str]]:
    """Roll one topic up; its mark goes once none of its weeks is still open."""
    sessions = yield from _sessions(core, topic)
    (known,) = yield from get_items(core, core.leaf(namespaces.STATE), [ROLLED + topic])
    job = TopicJob(topic, account, value_in(known, Rolled).parts if known else {})
    level: list[MemoryRecord] = []
    for name, group in _weeks(core, [session for session in sessions if _closed(core, session.occurred_at)]).items():
        for part, chunk in enumerate(batched(group, core.distillation.fan_in)):
            if len(chunk) < core.distillation.roll_up_at:
                level.extend(chunk)
                continue
            level.append((yield from _part(core, job, f"{name}.{part}", chunk)))
    if len(level) >= core.distillation.roll_up_at:
        yield from _part(core, job, _WHOLE, level)
    if all(_closed(core, session.occurred_at) for session in sessions):
        yield from commit(core, [put(core.leaf(namespaces.STATE, DIRTY), topic, None)])
    return job.written


def _sessions(core: Core, topic: str) -> Operation[list[MemoryRecord]]:
    """Return the topic's summaries of conversation (not of summaries), oldest first."""
    entries = yield from scan(core, core.leaf(namespaces.TOPICS, namespaces.label(topic.casefold())))
    ids = [entry.key for entry in entries if entry.value.get("kind") == "summary"]
    items = yield from get_items(core, core.records_leaf, ids)
    records = [record_in(item) for item in items if item]
    return sorted((r for r in records if r.live and r.thread_id is not None), key=lambda r: (r.occurred_at, r.id))


def _weeks(core: Core, sessions: Sequence[MemoryRecord]) -> dict[str, list[MemoryRecord]]:
    weeks: dict[str, list[MemoryRecord]] = {}
    for session in sessions:
        weeks.setdefault(week_of(core, session.occurred_at), []).append(session)
    return weeks


class Part(Stored):
    """What one roll-up of a topic has read: its summary, and the ids of those that it stands for."""

    id: str = ""
    children: list[str] = Field(default_factory=list)


class Rolled(Stored):
    """Which roll-ups of a topic have read what, by name."""

    topic: str
    parts: dict[str, Part]


@dataclass(slots=True)
class TopicJob:
    """One topic's roll-up: which parts have read what, and what was written this time."""

    topic: str
    account: Account
    rolled: dict[str, Part]
    written: list[str] = field(default_factory=list)


def _part(core: Core, job: TopicJob, name: str, children: Sequence[MemoryRecord]) -> Operation[MemoryRecord]:
    """Return the summary of some summaries, written anew only where they are not those it has read."""
    ids = [child.id for child in children]
    known = job.rolled.get(name, Part())
    (item,) = yield from get_items(core, core.records_leaf, [known.id or "none"])
    if item and known.children == ids:
        return record_in(item)
    previous = record_in(item) if item else None
    seen = set(known.children) if previous and set(known.children) <= set(ids) else set()
    unread = [child for child in children if child.id not in seen]
    draft = yield from _fold(core, previous if seen else None, unread, job.account)
    draft = draft.model_copy(update={"topic": job.topic})
    new = summary_record(core, f"{job.topic}/{name}/{ids[-1]}/{len(ids)}", None, children, draft)
    read = [*([previous] if previous and seen else []), *unread]
    yield from exclusively(core, "versions", lambda: _write(core, job, name, Written(new, ids, read, known.id)))
    job.written.append(new.id)
    return new


@dataclass(frozen=True, slots=True)
class Written:
    """A roll-up that is to be stored: its record, the ids it stands for, what was read for it, whom it replaces."""

    record: MemoryRecord
    children: list[str]
    read: list[MemoryRecord]
    replaces: str


def _write(core: Core, job: TopicJob, name: str, written: Written) -> Operation[None]:
    """Store a roll-up, unless what was read for it has changed meanwhile: forgotten words must not come back.

    Raises:
        RecordNotFoundError: It has; the topic stays marked.
    """
    keys = [record.id for record in written.read]
    gets = [GetOp(core.records_leaf, key, refresh_ttl=False) for key in [written.replaces or "none", *keys]]
    old, *sources, spent = yield from batch(core.store, [*gets, spent_get(core)])
    now = [record_in(item).content if isinstance(item, Item) else None for item in sources]
    if now != [record.content for record in written.read]:
        raise RecordNotFoundError(f"what the roll-up of {name!r} has read was forgotten or changed meanwhile")
    new = written.record
    ops: list[Op] = list(puts(core, new))
    if isinstance(old, Item) and old.key != new.id:
        ops = supersede(core, old, succeeding(new, record_in(old)))
    parts = job.rolled | {name: Part(id=new.id, children=written.children)}
    rolled = Rolled(topic=job.topic, parts=parts)
    ops.append(put(core.leaf(namespaces.STATE), ROLLED + job.topic, rolled.model_dump()))
    yield from job.account.commit(core, spent, ops)
    job.rolled = parts


def _fold(
    core: Core, previous: MemoryRecord | None, unread: Sequence[MemoryRecord], account: Account
) -> Operation[SummaryDraft]:
    """Digest what is unread into the previous summary, at most `fan_in` summaries at a time."""
    draft: SummaryDraft | None = None
    for chunk in batched(unread, core.distillation.fan_in - 1):
        entries = [*chunk]
        if draft is not None:
            entries.insert(0, chunk[0].model_copy(update={"content": draft.content, "keywords": draft.keywords}))
        elif previous is not None:
            entries.insert(0, previous)
        draft = yield from _draft(core, entries, account)
    assert draft is not None  # noqa: S101 - `unread` is not empty: the children changed
    return draft


def _draft(core: Core, entries: Sequence[MemoryRecord], account: Account) -> Operation[SummaryDraft]:
    keywords = list(dict.fromkeys(word for entry in entries for word in entry.keywords))[:20]
    importance = max(entry.importance for entry in entries)
    if core.model is not None:
        body = showing.entries(core, entries)
        with suppress(CapReachedError, NotImplementedError):
            return (yield from ask_model(core, SummaryDraft, (ROLL_UP[language(body)], body), account))
    extracted = extract_summary(core, entries) or SummaryDraft(topic="general", content=entries[-1].content)
    return extracted.model_copy(update={"keywords": keywords, "importance": importance})
