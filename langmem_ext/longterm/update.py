"""Event-driven update: what do the new messages change in what is known? Adding nothing is a good answer.

The log is the queue. A watermark per thread says how far it has been distilled; it moves in the same batch as the
records that the range produced, and their ids derive from the range, so a crash or a second worker repeats nothing and
skips nothing. A failing model leaves the range pending.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from langgraph.store.base import GetOp, Item
from pydantic import BaseModel, Field

from langmem_ext.errors import CapReachedError, ModelOutputError, StoreCorruptError
from langmem_ext.longterm.asking import ask_model
from langmem_ext.longterm.changes import Range, changes_of, concerned, wrong
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.extraction import extract_operations, statements
from langmem_ext.longterm.log import check_thread, read_range, stated
from langmem_ext.longterm.neighbours import neighbours
from langmem_ext.longterm.progress import (
    DISTILLED,
    Progress,
    Progressing,
    Watch,
    move_watermark,
    progress,
    progress_of,
)
from langmem_ext.longterm.schemas import MemoryOperation, MemoryUpdate
from langmem_ext.longterm.showing import contents
from langmem_ext.longterm.spending import Account, spent_get, within_caps
from langmem_ext.longterm.writing import reindex
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, batch
from langmem_ext.prompts import UPDATE
from langmem_ext.records import attribute, escape
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
            core, MemoryUpdate, (UPDATE[language(body)], body), account, lambda a: wrong(core, span, a.operations)
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
        speaker = attribute(message.speaker or "")
        stamp = message.occurred_at.isoformat(timespec="minutes")
        lines.append(f'<message n="{number}" speaker="{speaker}" date="{stamp}">{text}</message>')
    lines.append("</new_messages>")
    return "\n".join(lines)


def _render_schemas(core: Core) -> str:
    if not core.schemas:
        return ""
    lines = [f"{name}: {json.dumps(schema.model_json_schema())}" for name, schema in core.schemas.items()]
    return "\n<schemas>\n" + escape("\n".join(lines)) + "\n</schemas>"


def _apply(core: Core, span: Range, proposed: Sequence[MemoryOperation], job: Job) -> Operation[None]:
    """Check every operation, then write all that hold, the watermark and what it cost in one batch."""
    gets = [GetOp(core.records_leaf, key, refresh_ttl=False) for key in concerned(span, proposed)]
    *found, spent = yield from batch(core.store, [*gets, spent_get(core)])
    changes = changes_of(core, span, proposed, {item.key: item for item in found if isinstance(item, Item)})
    job.report.rejected.extend(changes.rejected)
    if not changes.done and (complaint := wrong(core, span, proposed)):
        raise ModelOutputError(f"none of its operations can be applied: {complaint}")
    watermark = move_watermark(core, DISTILLED, Progress(span.head, span.end))
    yield from job.account.commit(core, spent, [*changes.ops, watermark])
    for name, record_id in changes.done:
        getattr(job.report, name).append(record_id)
