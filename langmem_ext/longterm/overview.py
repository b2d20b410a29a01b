"""What a person who looks after a memory wants to know: its conversations, what it has cost, how a turn recalled."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, Field

from langmem_ext import namespaces
from langmem_ext.errors import RecordNotFoundError
from langmem_ext.longterm.arguments import check_whole
from langmem_ext.longterm.core import Core, get_items, get_record, put
from langmem_ext.longterm.progress import CONSOLIDATED, DISTILLED, progress
from langmem_ext.longterm.redacting import redacted_json
from langmem_ext.longterm.spending import SPENT, Spending
from langmem_ext.longterm.stored import Stored, value_in
from langmem_ext.longterm.writing import commit
from langmem_ext.operations import Operation
from langmem_ext.records import MemoryRecord, Recall, RecallStep

RECALLS = "recalls"
"""Leaf below the state: how turns recalled, key = id of the message that began the turn."""
_MAX_DAYS = 3660


class Conversation(BaseModel):
    """One conversation of the log.

    Attributes:
        thread_id: Its id.
        messages: Messages it has had.
        distilled: Messages that `update` has dealt with; the others are its pending range.
        consolidated: Messages that `consolidate` has dealt with.
        last_at: When its last message was said; None where that is not known.
    """

    thread_id: str
    messages: int
    distilled: int
    consolidated: int
    last_at: datetime | None = None

    @property
    def pending(self) -> int:
        """Messages that `update` has not dealt with yet."""
        return self.messages - self.distilled


def conversations(core: Core) -> Operation[list[Conversation]]:
    """Return the conversations of the log, the last active first, each with how far it has been distilled."""
    distilled = yield from progress(core, DISTILLED, None)
    consolidated = {thread.thread_id: thread.position for thread in (yield from progress(core, CONSOLIDATED, None))}
    found = [
        Conversation(
            thread_id=thread.thread_id,
            messages=thread.head.length,
            distilled=thread.position,
            consolidated=consolidated.get(thread.thread_id, 0),
            last_at=thread.head.last,
        )
        for thread in distilled
    ]
    return sorted(found, key=lambda each: each.last_at.timestamp() if each.last_at else 0.0, reverse=True)


def spending(core: Core, *, days: int = 30) -> Operation[dict[date, Spending]]:
    """Return what distillation has spent on each of the last days, today last; days without spending are left out.

    Args:
        days: How many days to look back, today included, 1 to 3660.

    Raises:
        InvalidInputError: `days` out of range.
    """
    days = check_whole("days", days, 1, _MAX_DAYS)
    today = core.today()
    dates = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    items = yield from get_items(core, core.leaf(namespaces.STATE), [SPENT + day.isoformat() for day in dates])
    return {day: Spending.in_item(item) for day, item in zip(dates, items, strict=True) if item}


class _Note(Stored):
    """A recall with the ids of its records in their place."""

    query: str
    ids: list[Annotated[str, Field(min_length=1)]]
    scores: list[float]
    tokens: int = 0
    trace: list[RecallStep] = Field(default_factory=list)


class _Noted(Stored):
    recalls: list[_Note]


def note_recalls(core: Core, message_id: str, recalls: Sequence[Recall]) -> Operation[None]:
    """Keep how a turn recalled, so that it can be looked at later: the traces and scores, not the records.

    Args:
        message_id: Logged message that began the turn; the note goes when the message is forgotten.
        recalls: What an agent's run returned as ``recalls``.

    Raises:
        RecordNotFoundError: No such message is in the log.
    """
    message = yield from get_record(core, message_id)
    notes = [recall.model_dump(mode="json", exclude={"records"}) | {"ids": list(recall.ids())} for recall in recalls]
    value = {"recalls": redacted_json(core, notes)}
    yield from commit(core, [put(core.leaf(namespaces.STATE, RECALLS), message.id, value)])


def recalls_of(core: Core, message_id: str) -> Operation[list[Recall]]:
    """Return how a turn recalled, as `note_recalls` kept it; empty where nothing was kept.

    The records are those of today: what was forgotten since is left out, with its score.

    Raises:
        RecordNotFoundError: No such message is in the log.
    """
    message = yield from get_record(core, message_id)
    (item,) = yield from get_items(core, core.leaf(namespaces.STATE, RECALLS), [message.id])
    found: list[Recall] = []
    for note in value_in(item, _Noted).recalls if item else ():
        scores = dict(zip(note.ids, note.scores, strict=False))
        records = yield from _still_there(core, note.ids)
        kept = [scores.get(record.id, 0.0) for record in records]
        found.append(Recall(query=note.query, records=records, scores=kept, tokens=note.tokens, trace=note.trace))
    return found


def _still_there(core: Core, ids: Sequence[str]) -> Operation[list[MemoryRecord]]:
    records: list[MemoryRecord] = []
    for record_id in ids:
        try:
            records.append((yield from get_record(core, record_id)))
        except RecordNotFoundError:
            continue
    return records
