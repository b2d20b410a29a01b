"""Event-driven update: what do the new messages change in what is known? Adding nothing is a good answer.

The log is the queue. A watermark per thread says how far it has been distilled; it moves in the same batch as the
records that the range produced, and their ids derive from the range, so a crash or a second worker repeats nothing and
skips nothing. A failing model leaves the range pending.
"""

import json
import logging
from collections.abc import Sequence, Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from langgraph.store.base import GetOp, Item, Op
from pydantic import BaseModel, Field, ValidationError

from langmem_ext.errors import CapReachedError, InvalidInputError, ModelOutputError, StoreCorruptError
from langmem_ext.longterm.asking import ask_model
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.extraction import extract_operations, statements
from langmem_ext.longterm.log import check_thread, read_range, stated
from langmem_ext.longterm.neighbours import neighbours
from langmem_ext.longterm.progress import (
    DISTILLED,
    Head,
    Progress,
    Progressing,
    Watch,
    move_watermark,
    progress,
    progress_of,
)
from langmem_ext.longterm.quoting import quoted
from langmem_ext.longterm.redacting import redacted
from langmem_ext.longterm.schemas import MemoryOperation, MemoryUpdate
from langmem_ext.longterm.showing import contents
from langmem_ext.longterm.spending import Account, spent_get, within_caps
from langmem_ext.longterm.stored import record_in
from langmem_ext.longterm.versions import believed_since, supersede
from langmem_ext.longterm.writing import build, moment, puts, reindex
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, batch
from langmem_ext.prompts import UPDATE
from langmem_ext.records import MemoryRecord, derived_id, escape, first_problem
from langmem_ext.text import language
from langmem_ext.tracing import traced

logger = logging.getLogger("langmem_ext")


class UpdateReport(BaseModel):
    """What an update did.

    Attributes:
        added: Ids of new records.
        revised: Ids of new versions.
        retired: Ids of records no longer believed.
        reinforced: Ids of records said again.
        rejected: Why proposed operations were not applied, one line each, without user text.
        ranges: Ranges of the log that were distilled, as ``(thread_id, start, end)``, half open.
        pending: Ranges that are still to be distilled, with the reason in `warnings`.
        warnings: What went wrong.
        model_calls: Calls made.
        tokens: Tokens spent on them.
    """

    added: list[str] = Field(default_factory=list)
    revised: list[str] = Field(default_factory=list)
    retired: list[str] = Field(default_factory=list)
    reinforced: list[str] = Field(default_factory=list)
    rejected: list[str] = Field(default_factory=list)
    ranges: list[tuple[str, int, int]] = Field(default_factory=list)
    pending: list[tuple[str, int, int]] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    model_calls: int = 0
    tokens: int = 0


@dataclass(slots=True)
class Range:
    """A stretch of one thread's log, and what is known around it. Aliases count from 1.

    `there` holds the ids of quoted messages and targets that are in the store when the range is written.
    """

    head: Head
    start: int
    end: int
    messages: list[MemoryRecord]
    known: list[MemoryRecord] = field(default_factory=list)
    there: AbstractSet[str] = frozenset()

    @property
    def thread_id(self) -> str:
        """The conversation."""
        return self.head.thread_id

    def record_id(self, core: Core, number: int) -> str:
        """Return the id of the range's n-th record: the same on every attempt."""
        return derived_id(*core.namespace, self.thread_id, str(self.start), str(self.end), str(number))


@dataclass(frozen=True, slots=True)
class Job:
    """One run of `update`."""

    account: Account
    watch: Watch
    report: UpdateReport


@traced
def update(
    core: Core,
    *,
    thread_id: str | None = None,
    meter: Meter | None = None,
    progress: Progressing | None = None,
) -> Operation[UpdateReport]:
    """Distil what the log holds beyond its watermarks into typed records.

    One model call per range of at most `settings.update_messages` messages; without a model, at the meter's cap, or
    where the model can't return structure, the extraction path does what it can.

    Args:
        thread_id: Only this conversation; None is all.
        meter: Counts and caps model calls; None counts without a cap.
        progress: Told how far it is; may stop it.

    Returns:
        What was done. A model that failed, or whose output stayed malformed after one repair, leaves its range pending
        with a warning, and everything said is in the log.
    """
    thread_id = None if thread_id is None else check_thread(thread_id)
    return (yield from within_caps(core, meter, partial(_update, core, thread_id, progress)))


def _update(core: Core, thread_id: str | None, told: Progressing | None, account: Account) -> Operation[UpdateReport]:
    job = Job(account, Watch(told), UpdateReport())
    before = account.calls, account.tokens
    yield from _try_reindex(core, job.report)
    lagging = [thread for thread in (yield from progress(core, DISTILLED, thread_id)) if thread.pending]
    job.watch.total = sum(thread.pending for thread in lagging)
    for thread in lagging:
        going = yield from exclusively(core, f"update:{thread.thread_id}", partial(_thread, core, thread, job))
        if not going:
            break
    job.report.model_calls, job.report.tokens = account.calls - before[0], account.tokens - before[1]
    return job.report


def _try_reindex(core: Core, report: UpdateReport) -> Operation[None]:
    try:
        yield from reindex(core)
    except Exception as error:  # noqa: BLE001 - embedding is a third party's; its records stay noted
        report.warnings.append(f"records stored without vectors stay so for now: {type(error).__name__}")


def _thread(core: Core, seen: Progress, job: Job) -> Operation[bool]:
    """Distil one thread, range by range, to its end or until a range fails; return False when it was told to stop."""
    done = yield from progress_of(core, DISTILLED, seen.thread_id)
    job.watch.total += done.pending - seen.pending  # another worker, or another message, since it was seen
    thread, start, length = done.thread_id, done.position, done.head.length
    while start < length:
        end = min(length, start + core.distillation.update_messages)
        span = Range(done.head, start, end, (yield from read_range(core, thread, start, end)))
        try:
            proposed = yield from _propose(core, span, job.account)
        except StoreCorruptError:
            raise
        except Exception as error:  # noqa: BLE001 - a model may raise anything; no message is lost by it
            _leave(job, span, error)
            return True
        try:
            yield from exclusively(core, "versions", partial(_apply, core, span, proposed, job))
        except ModelOutputError as error:
            _leave(job, span, error)
            return True
        job.report.ranges.append((thread, start, end))
        if not job.watch.going_on(end - start):
            return False
        start = end
    return True


def _leave(job: Job, span: Range, error: Exception) -> None:
    """Report a range, and what follows it, as pending."""
    thread, start, length = span.thread_id, span.start, span.head.length
    job.report.warnings.append(f"{thread} {start}-{length}: {type(error).__name__}: the range stays pending")
    job.report.pending.append((thread, start, length))
    logger.warning("update of %d messages stays pending: %s", length - start, type(error).__name__)


def _propose(core: Core, span: Range, account: Account) -> Operation[list[MemoryOperation]]:
    """Ask the model, or extract, what the range changes."""
    speaking = [message for message in span.messages if stated(message)]
    if not speaking:
        return []
    if core.model is None:
        return (yield from _extract(core, span))
    span.known = yield from neighbours(core, speaking)
    body = _render(core, span) + _render_schemas(core)
    try:
        answer = yield from ask_model(
            core, MemoryUpdate, (UPDATE[language(body)], body), account, lambda a: _wrong(core, span, a.operations)
        )
    except (CapReachedError, NotImplementedError) as error:
        logger.warning("update by extraction: %s", type(error).__name__)
        return (yield from _extract(core, span))
    return answer.operations


def _extract(core: Core, span: Range) -> Operation[list[MemoryOperation]]:
    """Extract what people state, and look for what is known only around those who state something."""
    told = statements(span.messages, core.zone)
    if not told:
        return []
    span.known = yield from neighbours(core, [span.messages[number - 1] for number in told])
    return extract_operations(told, span.known)


def _render(core: Core, span: Range) -> str:
    lines = ["<known_memories>"]
    for number, (record, text) in enumerate(zip(span.known, contents(core, span.known), strict=True), 1):
        lines.append(f'<known n="{number}" date="{record.occurred_at.date()}">{text}</known>')
    lines.append("</known_memories>\n<new_messages>")
    for number, (message, text) in enumerate(zip(span.messages, contents(core, span.messages), strict=True), 1):
        speaker = escape(message.speaker or "").replace('"', "&quot;")
        stamp = message.occurred_at.isoformat(timespec="minutes")
        lines.append(f'<message n="{number}" speaker="{speaker}" date="{stamp}">{text}</message>')
    lines.append("</new_messages>")
    return "\n".join(lines)


def _render_schemas(core: Core) -> str:
    if not core.schemas:
        return ""
    lines = [f"{name}: {json.dumps(schema.model_json_schema())}" for name, schema in core.schemas.items()]
    return "\n<schemas>\n" + escape("\n".join(lines)) + "\n</schemas>"


def _wrong(core: Core, span: Range, proposed: Sequence[MemoryOperation]) -> str | None:
    """Say what a model got wrong in the form of its operations, and can put right: numbers, dates."""
    for place, operation in enumerate(proposed):
        if operation.message > len(span.messages):
            return f"operations.{place}.message: no new message has the number {operation.message}"
        if operation.action != "add" and not 0 < (operation.target or 0) <= len(span.known):
            return f"operations.{place}.target: no known memory has the number {operation.target}"
        try:
            moment(core, operation.occurred_at, core.now())
        except InvalidInputError:
            return f"operations.{place}.occurred_at: pass an ISO 8601 date such as 2025-09-30"
    return None


def _apply(core: Core, span: Range, proposed: Sequence[MemoryOperation], job: Job) -> Operation[None]:
    """Check every operation, then write all that hold, the watermark and what it cost in one batch."""
    targets = {span.known[n - 1].id for n in (op.target for op in proposed) if n is not None and n <= len(span.known)}
    quoting = {op.message for op in proposed if op.message <= len(span.messages)}
    wanted = sorted(targets | {span.messages[number - 1].id for number in quoting})
    gets = [GetOp(core.records_leaf, key, refresh_ttl=False) for key in wanted]
    *found, spent = yield from batch(core.store, [*gets, spent_get(core)])
    known = {item.key: item for item in found if isinstance(item, Item)}
    span.there = known.keys()
    ops: list[Op] = []
    touched: set[str] = set()
    done: list[tuple[str, str]] = []
    for number, operation in enumerate(proposed, 1):
        try:
            target = _target(span, operation, known, touched)
            planned, outcome = _plan(core, span, operation, number, target)
        except (InvalidInputError, ModelOutputError) as error:
            job.report.rejected.append(f"operation {number} ({operation.action}): {error}")
            continue
        if target is not None:
            touched.add(target.key)
        ops.extend(planned)
        done.append(outcome)
    if not done and (complaint := _wrong(core, span, proposed)):
        raise ModelOutputError(f"none of its operations can be applied: {complaint}")
    ops.append(move_watermark(core, DISTILLED, Progress(span.head, span.end)))
    yield from job.account.commit(core, spent, ops)
    for name, record_id in done:
        getattr(job.report, name).append(record_id)


def _target(span: Range, operation: MemoryOperation, known: dict[str, Item], touched: set[str]) -> Item | None:
    if operation.action == "add":
        return None
    if operation.target is None or operation.target > len(span.known):
        raise ModelOutputError(f"no known memory has the number {operation.target!r}")
    key = span.known[operation.target - 1].id
    item = known.get(key)
    if item is None or item.value.get("superseded_at"):
        raise ModelOutputError("its target has been changed meanwhile")
    if key in touched:
        raise ModelOutputError("its target is changed by an earlier operation of this update")
    return item


def _evidence(span: Range, operation: MemoryOperation) -> MemoryRecord:
    """Return the message an operation quotes.

    Raises:
        ModelOutputError: There is no such message, or it does not say what is quoted.
    """
    if operation.message > len(span.messages):
        raise ModelOutputError(f"no new message has the number {operation.message}")
    message = span.messages[operation.message - 1]
    if message.id not in span.there:
        raise ModelOutputError(f"message {operation.message} was forgotten meanwhile")
    if not quoted(operation.quote, message.content):
        raise ModelOutputError(f"its quote does not occur in message {operation.message}")
    return message


def _plan(
    core: Core, span: Range, operation: MemoryOperation, number: int, target: Item | None
) -> tuple[list[Op], tuple[str, str]]:
    """Return the store operations of one checked operation, and where it belongs in the report."""
    message = _evidence(span, operation)
    if target is None:
        record = _record(core, span, operation, number, message)
        return puts(core, record), ("added", record.id)
    old = record_in(target)
    if operation.action == "retire":
        return supersede(core, target, None), ("retired", old.id)
    if operation.action == "reinforce":
        stronger = old.importance + (1 - old.importance) * core.distillation.reinforcement
        record = old.model_copy(update={"importance": stronger, "sources": [*old.sources, message.id]})
        return puts(core, record, believed_from=believed_since(target)), ("reinforced", old.id)
    record = _record(core, span, operation, number, message)
    new = record.model_copy(update={"supersedes": old.id, "lineage": old.lineage, "pinned": old.pinned})
    return supersede(core, target, new), ("revised", new.id)


def _typed(core: Core, operation: MemoryOperation) -> dict[str, Any] | None:
    """Return the data of an operation, validated where it names one of the application's schemas.

    Raises:
        ModelOutputError: No schema has that name, or the data does not follow it.
    """
    if operation.schema_name is None:
        return operation.data
    schema = core.schemas.get(operation.schema_name)
    if schema is None:
        raise ModelOutputError(f"no schema has the name {operation.schema_name!r}; known are {sorted(core.schemas)}")
    try:
        value = schema.model_validate(operation.data or {})
    except ValidationError as error:
        raise ModelOutputError(f"its data is no {operation.schema_name}: {first_problem(error)}") from None
    return {"schema": operation.schema_name, **value.model_dump(mode="json")}


def _record(core: Core, span: Range, operation: MemoryOperation, number: int, message: MemoryRecord) -> MemoryRecord:
    fields: dict[str, Any] = {
        "id": span.record_id(core, number),
        "content": operation.content or operation.quote,
        "kind": operation.kind,
        "data": _typed(core, operation),
        "topic": operation.topic,
        "keywords": operation.keywords,
        "importance": operation.importance,
        "occurred_at": operation.occurred_at or message.occurred_at,
        "sources": [message.id],
        "speaker": message.speaker,
        "thread_id": span.thread_id,
    }
    record = build(core, fields, core.now()).model_copy(update={"quote": operation.quote})
    return redacted(core, record)
