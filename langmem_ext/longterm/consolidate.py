"""Periodic summary and index: sessions of the log become summary records that the topic and keyword indexes name.

A watermark per thread says how far its log has been consolidated; it moves in the same batch as the summary, whose id
derives from the range, so that it can be stopped or killed anywhere and goes on without a summary too many or too few.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

from langgraph.store.base import Op
from pydantic import BaseModel, Field

from langmem_ext import namespaces
from langmem_ext.errors import CapReachedError, InvalidInputError
from langmem_ext.longterm.asking import ask_model
from langmem_ext.longterm.core import Core, exclusively, get_items, put
from langmem_ext.longterm.extraction import extract_summary
from langmem_ext.longterm.log import read_log, thread_length, threads
from langmem_ext.longterm.schemas import SummaryDraft
from langmem_ext.longterm.writing import check_label, commit, puts
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation
from langmem_ext.prompts import SUMMARISE
from langmem_ext.records import MemoryRecord, escape
from langmem_ext.text import language

logger = logging.getLogger("langmem_ext")

CONSOLIDATED = "consolidated:"
"""Prefix of the state keys that hold how far a thread has been consolidated."""

Progress = Callable[[int, int], bool | None]
"""Called with (messages done, messages in all); returning False stops after the session at hand."""


class ConsolidationReport(BaseModel):
    """What a consolidation did.

    Attributes:
        summaries: Ids of new summary records.
        messages: Messages digested.
        pending: Messages left for later, because their session is still open, or the model failed, or it was stopped.
        warnings: What went wrong, without user text.
        model_calls: Calls made.
        tokens: Tokens spent on them.
    """

    summaries: list[str] = Field(default_factory=list)
    messages: int = 0
    pending: int = 0
    warnings: list[str] = Field(default_factory=list)
    model_calls: int = 0
    tokens: int = 0


def consolidate(
    core: Core,
    *,
    thread_id: str | None = None,
    due_only: bool = False,
    meter: Meter | None = None,
    progress: Progress | None = None,
) -> Operation[ConsolidationReport]:
    """Digest what the log holds beyond its watermarks into summary records, and index the entries behind them.

    Args:
        thread_id: Only this conversation; None is all.
        due_only: Leave the last session of a thread alone until `distillation.session_gap` has passed.
        meter: Counts and caps model calls; None counts without a cap.
        progress: Told how far it is; may stop it.

    Returns:
        What was done. A second run right after changes nothing and calls no model.
    """
    meter = meter or Meter()
    report = ConsolidationReport()
    names = [thread_id] if thread_id is not None else (yield from threads(core))
    spans: dict[str, tuple[int, int]] = {}
    for name in names:
        spans[name] = ((yield from _mark(core, name)), (yield from thread_length(core, name)))
    total = sum(end - start for start, end in spans.values())
    for name in names:
        going = yield from exclusively(
            core, f"consolidate:{name}", lambda name=name: _thread(core, name, due_only, meter, report, progress, total)
        )
        if not going:
            break
    report.pending = total - report.messages
    report.model_calls, report.tokens = meter.calls, meter.tokens
    return report


def _mark(core: Core, thread_id: str) -> Operation[int]:
    (item,) = yield from get_items(core, core.leaf(namespaces.STATE), [CONSOLIDATED + thread_id])
    return int(item.value["position"]) if item else 0


def _thread(
    core: Core,
    thread_id: str,
    due_only: bool,  # noqa: FBT001
    meter: Meter,
    report: ConsolidationReport,
    progress: Progress | None,
    total: int,
) -> Operation[bool]:
    """Digest one thread, session by session; return False when it was told to stop."""
    start = yield from _mark(core, thread_id)
    length = yield from thread_length(core, thread_id)
    while start < length:
        page = yield from read_log(core, thread_id, start=start, limit=core.distillation.session_messages)
        messages = first_session(core, page)
        last = start + len(page) >= length and len(messages) == len(page)
        end = length if last else _end(messages, start, page)
        if due_only and last and messages and core.now() - messages[-1].occurred_at < core.distillation.session_gap:
            return True
        try:
            yield from _digest(core, thread_id, start, end, messages, meter, report)
        except Exception as error:  # noqa: BLE001 - a model may raise anything; the session stays pending
            report.warnings.append(f"{thread_id} {start}-{length}: {type(error).__name__}: the session stays pending")
            logger.warning("consolidation of %d messages stays pending: %s", length - start, type(error).__name__)
            return True
        report.messages += end - start
        start = end
        if progress is not None and progress(report.messages, total) is False:
            return False
    return True


def _end(messages: Sequence[MemoryRecord], start: int, page: Sequence[MemoryRecord]) -> int:
    """Return the position after a session; forgotten messages leave gaps, so it comes from the next one's position."""
    following = page[len(messages)].position if len(messages) < len(page) else None
    if following is not None:
        return following
    last = messages[-1].position if messages else None
    return start + 1 if last is None else last + 1


def first_session(core: Core, page: Sequence[MemoryRecord]) -> list[MemoryRecord]:
    """Return the messages up to the first long silence or the token bound; at least one."""
    session: list[MemoryRecord] = []
    tokens = 0
    for message in page:
        tokens += core.counter(message.content)
        if session:
            silent = message.occurred_at - session[-1].occurred_at > core.distillation.session_gap
            if silent or tokens > core.distillation.session_tokens:
                break
        session.append(message)
    return session


def _digest(
    core: Core,
    thread_id: str,
    start: int,
    end: int,
    messages: Sequence[MemoryRecord],
    meter: Meter,
    report: ConsolidationReport,
) -> Operation[None]:
    """Write one session's summary, its index entries and the watermark in one batch."""
    entries = [message for message in messages if message.speaker not in {"assistant", "tool", "system"}]
    draft = yield from _draft(core, entries, meter)
    ops: list[Op] = []
    if draft is not None:
        name = "/".join((*core.namespace, "summary", thread_id, str(start)))
        summary = _summary(core, str(uuid.uuid5(uuid.NAMESPACE_URL, name)), thread_id, entries, draft)
        ops.extend(puts(core, summary))
        for entry in annotate(entries, draft):
            ops.extend(puts(core, entry))
        report.summaries.append(summary.id)
    mark = {"thread": thread_id, "position": end}
    ops.append(put(core.leaf(namespaces.STATE), CONSOLIDATED + thread_id, mark))
    yield from commit(core, ops)


def _draft(core: Core, entries: Sequence[MemoryRecord], meter: Meter) -> Operation[SummaryDraft | None]:
    """Ask the model for a digest, or extract one; None where nothing was stated."""
    if not entries:
        return None
    if core.model is None:
        return extract_summary(core, entries)
    lines = "\n".join(
        f'<entry n="{number}" date="{entry.occurred_at.date()}">{escape(entry.content)}</entry>'
        for number, entry in enumerate(entries, 1)
    )
    body = f"<entries>\n{lines}\n</entries>"
    try:
        return (yield from ask_model(core.model, SummaryDraft, SUMMARISE[language(body)], body, meter))
    except (CapReachedError, NotImplementedError) as error:
        logger.warning("consolidation by extraction: %s", type(error).__name__)
        return extract_summary(core, entries)


def _labels(words: Sequence[str]) -> list[str]:
    """Keep the keywords that can be labels; a model may return anything."""
    good: list[str] = []
    for word in words:
        try:
            good.append(check_label("keyword", word))
        except InvalidInputError:
            continue
    return list(dict.fromkeys(good))


def _summary(
    core: Core, record_id: str, thread_id: str, entries: Sequence[MemoryRecord], draft: SummaryDraft
) -> MemoryRecord:
    """Make the summary record; its `data` is the index form ``type topic timestamp keywords importance``."""
    latest: datetime = max(entry.occurred_at for entry in entries)
    keywords = _labels(draft.keywords)
    return MemoryRecord(
        id=record_id,
        kind="summary",
        content=draft.content,
        data={
            "type": "summary",
            "topic": draft.topic,
            "timestamp": latest.astimezone(core.zone).date().isoformat(),
            "keywords": [*keywords],
            "importance": draft.importance,
        },
        topic=draft.topic,
        keywords=keywords,
        importance=draft.importance,
        occurred_at=latest,
        recorded_at=core.now(),
        sources=[entry.id for entry in entries],
        thread_id=thread_id,
    )


def annotate(entries: Sequence[MemoryRecord], draft: SummaryDraft) -> list[MemoryRecord]:
    """Return the entries with the topic and the keywords that name them; what they say is untouched."""
    named = {entry.entry: _labels(entry.keywords) for entry in draft.entries}
    return [
        entry.model_copy(update={"topic": draft.topic, "keywords": [*dict.fromkeys([*entry.keywords, *named.get(n, [])])]})
        for n, entry in enumerate(entries, 1)
    ]
