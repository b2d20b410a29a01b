"""Where each thread's log stands, and how far each stage of distillation has got in it.

A thread's head counts what was said; a stage's watermark per thread counts what it has dealt with, and moves in the
same batch as what the stage produced. Comparing the two says what is pending, and whether it is due, without reading
the log.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from langgraph.store.base import GetOp, Item, Op

from langmem_ext import namespaces
from langmem_ext.longterm.core import Core, put, scan
from langmem_ext.longterm.stored import Stored, Whole, moment_in, value_in
from langmem_ext.operations import Operation, batch
from langmem_ext.records import MemoryRecord

DISTILLED = "distilled:"
"""Prefix of the state keys that say how far `update` has got in each thread."""
CONSOLIDATED = "consolidated:"
"""Prefix of the state keys that say how far `consolidate` has got in each thread."""

Progressing = Callable[[int, int], bool | None]
"""Called with (messages done, messages in all); returning False stops after the range at hand."""


@dataclass(slots=True)
class Watch:
    """Tells a caller how far an operation is, and hears from it whether to go on.

    Attributes:
        told: The caller; None is nobody.
        total: Messages to deal with in all.
        done: Messages dealt with.
    """

    told: Progressing | None
    total: int = 0
    done: int = 0

    def going_on(self, messages: int) -> bool:
        """Count some more messages and tell the caller; whether to go on."""
        self.done += messages
        return self.told is None or self.told(self.done, self.total) is not False


class _Kept(Stored):
    length: Whole
    tokens: Whole = 0
    session: Whole | None = None
    last: float | None = None


class _Reached(Stored):
    position: Whole
    tokens: Whole = 0


@dataclass(slots=True)
class Head:
    """Where a thread's log stands.

    Attributes:
        thread_id: The conversation.
        length: How many messages it has had.
        tokens: Tokens of what people have said in it.
        session: Position at which its last session begins; None where that is not known.
        last: When its last message was said; None where that is not known.
    """

    thread_id: str
    length: int = 0
    tokens: int = 0
    session: int | None = None
    last: datetime | None = None

    @classmethod
    def of(cls, thread_id: str, item: object) -> "Head":
        """Read the head of a thread; of one without an item nothing has been said."""
        if not isinstance(item, Item):
            return cls(thread_id)
        kept = value_in(item, _Kept)
        last = None if kept.last is None else moment_in(item, "last")
        return cls(thread_id, kept.length, kept.tokens, kept.session, last)

    def add(self, core: Core, record: MemoryRecord, *, said: bool) -> None:
        """Count one more message, `said` by a person or not; a long silence before it begins a session."""
        gap = core.distillation.session_gap
        if self.length == 0 or (self.last is not None and record.occurred_at - self.last > gap):
            self.session = self.length
        self.last = record.occurred_at
        self.tokens += core.counter(record.content) if said else 0
        self.length += 1

    def put(self, core: Core) -> Op:
        """Return the operation that stores it."""
        value: dict[str, Any] = {"thread": self.thread_id, "length": self.length, "tokens": self.tokens}
        if self.session is not None and self.last is not None:
            value |= {"session": self.session, "last": self.last.timestamp()}
        return put(core.leaf(namespaces.THREADS), self.thread_id, value)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage of distillation has got in a thread's log.

    Attributes:
        head: Where the log stands.
        position: Messages that the stage has dealt with.
        tokens: Tokens of what people had said in the log up to there.
    """

    head: Head
    position: int = 0
    tokens: int = 0

    @classmethod
    def of(cls, head: Head, item: object) -> "Progress":
        """Read a watermark; a thread without one has not been begun."""
        if not isinstance(item, Item):
            return cls(head)
        reached = value_in(item, _Reached)
        return cls(head, reached.position, reached.tokens)

    @property
    def thread_id(self) -> str:
        """The conversation."""
        return self.head.thread_id

    @property
    def pending(self) -> int:
        """Messages that the stage has not dealt with."""
        return max(0, self.head.length - self.position)

    def to(self, core: Core, position: int, said: Iterable[MemoryRecord]) -> "Progress":
        """Return the progress after the messages up to a position, of which people said these."""
        if position >= self.head.length:
            return Progress(self.head, position, self.head.tokens)
        return Progress(self.head, position, self.tokens + sum(core.counter(message.content) for message in said))

    def may_be_due(self, core: Core) -> bool:
        """Whether a consolidation could find a closed session or a full window in what is pending.

        Never false where it could; the messages themselves decide.
        """
        head, policy = self.head, core.distillation
        if self.pending == 0 or head.session is None or head.last is None:
            return self.pending > 0
        return (
            head.session > self.position
            or core.now() - head.last >= policy.session_gap
            or self.pending > policy.window_messages
            or head.tokens - self.tokens > policy.window_tokens
        )


def progress_of(core: Core, stage: str, thread_id: str) -> Operation[Progress]:
    """Return how far a stage of distillation has got in one thread."""
    wanted = GetOp(core.leaf(namespaces.THREADS), thread_id, refresh_ttl=False)
    head, mark = yield from batch(core.store, [wanted, watermark(core, stage, thread_id)])
    return Progress.of(Head.of(thread_id, head), mark)


def progress(core: Core, stage: str, thread_id: str | None) -> Operation[list[Progress]]:
    """Return how far a stage has got in every thread, by id; or in one."""
    if thread_id is not None:
        return [(yield from progress_of(core, stage, thread_id))]
    heads = sorted((yield from scan(core, core.leaf(namespaces.THREADS))), key=lambda item: item.key)
    marks = yield from batch(core.store, [watermark(core, stage, item.key) for item in heads])
    return [Progress.of(Head.of(item.key, item), mark) for item, mark in zip(heads, marks, strict=True)]


def watermark(core: Core, stage: str, thread_id: str) -> GetOp:
    """Return the operation that reads how far a stage has got in a thread."""
    return GetOp(core.leaf(namespaces.STATE), stage + thread_id, refresh_ttl=False)


def move_watermark(core: Core, stage: str, to: Progress) -> Op:
    """Return the operation that says how far a stage has got; it belongs in the batch with what the stage produced."""
    value = {"thread": to.thread_id, "position": to.position, "tokens": to.tokens}
    return put(core.leaf(namespaces.STATE), stage + to.thread_id, value)
