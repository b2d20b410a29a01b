"""Periodic summary and index: windows of the log become summary records that the topic and keyword indexes name.

A watermark per thread says how far its log has been consolidated; it moves in the same batch as the summaries, whose
ids derive from the range, so that it can be stopped or killed anywhere and goes on without a summary too many or too
few. Summaries of one topic are then rolled up by week and over all weeks (`rollup`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from langgraph.store.base import GetOp, Item, Op
from pydantic import BaseModel, Field

from langmem_ext.errors import CapReachedError, ModelOutputError, StoreCorruptError
from langmem_ext.longterm.asking import ask_model
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.digest import (
    Window,
    annotated,
    covered,
    next_window,
    render_window,
    summary_record,
    with_replies,
)
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.extraction import extract_summary
from langmem_ext.longterm.indexes import topics
from langmem_ext.longterm.log import check_thread, read_range
from langmem_ext.longterm.progress import (
    CONSOLIDATED,
    Progress,
    Progressing,
    Watch,
    move_watermark,
    progress,
    progress_of,
)
from langmem_ext.longterm.redacting import redacted_draft
from langmem_ext.longterm.rollup import mark_dirty, roll_up
from langmem_ext.longterm.schemas import Digest, SummaryDraft
from langmem_ext.longterm.spending import Account, spent_get, within_caps
from langmem_ext.longterm.stored import record_in
from langmem_ext.longterm.upkeep import keep_up, upkeep_due
from langmem_ext.longterm.writing import puts
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, batch
from langmem_ext.prompts import SUMMARISE
from langmem_ext.records import MemoryRecord
from langmem_ext.text import language
from langmem_ext.tracing import traced

logger = logging.getLogger("langmem_ext")


class ConsolidationReport(BaseModel):
    """What a consolidation did.

    Attributes:
        summaries: Ids of new summaries of conversation.
        rolled_up: Ids of new summaries of summaries.
        merged: Ids of records that said what another one says, which superseded them.
        archived: Ids of records that have faded: no longer recalled, brought back by `undo`.
        messages: Messages digested.
        pending: Messages left for later, because their session is still open, the model failed, or it was stopped.
        warnings: What went wrong, without user text.
        model_calls: Calls made.
        tokens: Tokens spent on them.
    """

    summaries: list[str] = Field(default_factory=list)
    rolled_up: list[str] = Field(default_factory=list)
    merged: list[str] = Field(default_factory=list)
    archived: list[str] = Field(default_factory=list)
    messages: int = 0
    pending: int = 0
    warnings: list[str] = Field(default_factory=list)
    model_calls: int = 0
    tokens: int = 0


@dataclass(slots=True)
class Job:
    """One run of `consolidate`."""

    due_only: bool
    account: Account
    watch: Watch
    report: ConsolidationReport


@traced
def consolidate(
    core: Core,
    *,
    thread_id: str | None = None,
    due_only: bool = False,
    meter: Meter | None = None,
    progress: Progressing | None = None,
) -> Operation[ConsolidationReport]:
    """Digest what the log holds beyond its watermarks into summary records, and index the entries behind them.

    Args:
        thread_id: Only this conversation; None is all.
        due_only: Leave the last session of a thread alone until `distillation.session_gap` has passed.
        meter: Counts and caps model calls; None counts without a cap. At the cap, extraction goes on without a model.
        progress: Told how far it is; may stop it.

    Returns:
        What was done. A second run right after changes nothing and calls no model.
    """
    thread_id = None if thread_id is None else check_thread(thread_id)
    return (yield from within_caps(core, meter, partial(_consolidate, core, thread_id, due_only, progress)))


def _consolidate(
    core: Core, thread_id: str | None, due_only: bool, told: Progressing | None, account: Account
) -> Operation[ConsolidationReport]:
    job = Job(due_only, account, Watch(told), ConsolidationReport())
    before = account.calls, account.tokens
    behind = [thread for thread in (yield from progress(core, CONSOLIDATED, thread_id)) if thread.pending]
    job.watch.total = sum(thread.pending for thread in behind)
    for thread in behind:
        if due_only and not thread.may_be_due(core):
            continue
        going = yield from exclusively(core, f"consolidate:{thread.thread_id}", partial(_thread, core, thread, job))
        if not going:
            break
    else:
        yield from _tidy_up(core, job)
    job.report.pending = job.watch.total - job.report.messages
    job.report.model_calls, job.report.tokens = account.calls - before[0], account.tokens - before[1]
    return job.report


def _tidy_up(core: Core, job: Job) -> Operation[None]:
    """Roll up and keep up; where only what is due is asked for, after new summaries and once a day.

    Once a day is often enough for what an earlier run left undone, and for weeks that have come to their end.
    """
    due = yield from upkeep_due(core)
    if due or job.report.messages or not job.due_only:
        yield from _roll_up(core, job)
    if due:
        upkeep = yield from keep_up(core)
        job.report.merged, job.report.archived = upkeep.merged, upkeep.archived


def _roll_up(core: Core, job: Job) -> Operation[None]:
    try:
        written = yield from exclusively(core, "rollup", lambda: roll_up(core, job.account))
        job.report.rolled_up.extend(written)
    except StoreCorruptError:
        raise
    except Exception as error:  # noqa: BLE001 - a model may raise anything; the next run rolls up what is left
        job.report.warnings.append(f"roll-up of topics stays pending: {type(error).__name__}")
        logger.warning("roll-up stays pending: %s", type(error).__name__)


def _thread(core: Core, seen: Progress, job: Job) -> Operation[bool]:
    """Digest one thread, window by window; return False when it was told to stop."""
    done = yield from progress_of(core, CONSOLIDATED, seen.thread_id)
    job.watch.total += done.pending - seen.pending  # another worker, or another message, since it was seen
    while done.pending:
        start, length = done.position, done.head.length
        end = min(length, start + core.distillation.window_messages)
        page = yield from read_range(core, done.thread_id, start, end)
        window = next_window(core, done.thread_id, start, length, page)
        if job.due_only and window.end >= length:
            window = _closed(core, window)
            if window.end <= start:
                return True
        said = [message for session in window.statements() for message in session]
        done = done.to(core, window.end, said)
        try:
            job.report.summaries.extend((yield from _digest(core, window, done, job.account)))
        except StoreCorruptError:
            raise
        except Exception as error:  # noqa: BLE001 - a model may raise anything; the window stays pending
            job.report.warnings.append(
                f"{done.thread_id} {start}-{length}: {type(error).__name__}: the window stays pending"
            )
            logger.warning("consolidation of %d messages stays pending: %s", length - start, type(error).__name__)
            return True
        job.report.messages += window.end - start
        if not job.watch.going_on(window.end - start):
            return False
    return True


def _closed(core: Core, window: Window) -> Window:
    """Return the window without its last session where that may still go on."""
    last = window.sessions[-1] if window.sessions else []
    if not last or core.now() - last[-1].occurred_at >= core.distillation.session_gap:
        return window
    return Window(window.thread_id, window.start, last[0].position or 0, window.sessions[:-1])


def _digest(core: Core, window: Window, done: Progress, account: Account) -> Operation[list[str]]:
    """Write one window's summaries, its index entries and the watermark in one batch."""
    drafts = yield from _drafts(core, window, account)
    return (yield from exclusively(core, "versions", partial(_write, core, window, done, drafts, account)))


def _write(
    core: Core,
    window: Window,
    done: Progress,
    drafts: Sequence[tuple[SummaryDraft, list[MemoryRecord]]],
    account: Account,
) -> Operation[list[str]]:
    """Store the drafts over what is still there of their entries: a message may have been forgotten meanwhile."""
    ids = dict.fromkeys(entry.id for _, entries in drafts for entry in entries)
    gets = [GetOp(core.records_leaf, key, refresh_ttl=False) for key in ids]
    *stored, spent = yield from batch(core.store, [*gets, spent_get(core)])
    fresh = {item.key: record_in(item) for item in stored if isinstance(item, Item)}
    summaries: list[MemoryRecord] = []
    changed: dict[str, MemoryRecord] = {}
    for number, (draft, entries) in enumerate(drafts):
        named = [(entry, words) for entry, words in covered(entries, draft) if entry.id in fresh]
        if not named:
            continue
        name = f"{window.thread_id}/{window.start}/{number}"
        summaries.append(
            summary_record(core, name, window.thread_id, with_replies([entry for entry, _ in named], window), draft)
        )
        for entry, words in named:
            changed[entry.id] = annotated(changed.get(entry.id, fresh[entry.id]), draft.topic, words)
    ops: list[Op] = [op for record in (*summaries, *changed.values()) for op in puts(core, record)]
    ops.extend(mark_dirty(core, topic) for topic in dict.fromkeys(draft.topic for draft, _ in drafts))
    ops.append(move_watermark(core, CONSOLIDATED, done))
    yield from account.commit(core, spent, ops)
    return [summary.id for summary in summaries]


def _drafts(core: Core, window: Window, account: Account) -> Operation[list[tuple[SummaryDraft, list[MemoryRecord]]]]:
    """Ask the model for the summaries of a window, or extract one per session; each with the entries it may cover."""
    sessions = window.statements()
    if not sessions:
        return []
    if core.model is None:
        return _extracted(core, sessions)
    known = yield from topics(core)
    body, entries = render_window(core, window, list(known)[-core.distillation.known_topics :])
    try:
        digest = yield from ask_model(
            core, Digest, (SUMMARISE[language(body)], body), account, partial(_wrong, len(entries))
        )
    except (CapReachedError, NotImplementedError) as error:
        logger.warning("consolidation by extraction: %s", type(error).__name__)
        return _extracted(core, sessions)
    drafts = [draft for draft in digest.summaries if not draft.entries or covered(entries, draft)]
    if digest.summaries and not drafts:
        raise ModelOutputError(f"none of its summaries can be stored: {_wrong(len(entries), digest)}")
    return [(redacted_draft(core, draft), entries) for draft in drafts]


def _wrong(entries: int, digest: Digest) -> str | None:
    """Say which number in a digest stands for no entry."""
    for place, draft in enumerate(digest.summaries):
        unknown = next((line.entry for line in draft.entries if line.entry > entries), None)
        if unknown is not None:
            return f"summaries.{place}.entries: no entry has the number {unknown}"
    return None


def _extracted(core: Core, sessions: Sequence[list[MemoryRecord]]) -> list[tuple[SummaryDraft, list[MemoryRecord]]]:
    drafts = ((extract_summary(core, session), session) for session in sessions)
    return [(draft, session) for draft, session in drafts if draft is not None]
