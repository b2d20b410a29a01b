"""Reflection: insights that several memories support and none states alone, with their evidence.

Due when enough importance has gathered since the last time. An insight is a record of kind `reflection` whose sources
are the evidence; recall loads it in their place where it covers the question.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from langgraph.store.base import GetOp, Item, Op
from pydantic import AwareDatetime, BaseModel, Field

from langmem_ext import namespaces
from langmem_ext.errors import CapReachedError
from langmem_ext.longterm import showing
from langmem_ext.longterm.asking import ask_model
from langmem_ext.longterm.core import Core, get_items, is_shadow, put, scan
from langmem_ext.longterm.digest import labels
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.extraction import extract_insights
from langmem_ext.longterm.redacting import redacted
from langmem_ext.longterm.schemas import Insight, Reflections
from langmem_ext.longterm.spending import Account, spent_get, within_caps
from langmem_ext.longterm.stored import Stored, record_in, value_in
from langmem_ext.longterm.writing import puts
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, batch
from langmem_ext.prompts import REFLECT
from langmem_ext.protocols import SupportsCandidates
from langmem_ext.records import FOREVER, STATEMENTS, Kind, MemoryRecord, derived_id
from langmem_ext.text import language
from langmem_ext.tracing import traced

logger = logging.getLogger("langmem_ext")

REFLECTED = "reflected"
"""State key of the moment up to which reflection has read."""
_READ: tuple[Kind, ...] = (*STATEMENTS, "summary")
_EVIDENCE = 2


class Reflected(Stored):
    """The moment up to which reflection has read."""

    until: Annotated[AwareDatetime, Field(strict=False)]


class ReflectionReport(BaseModel):
    """What a reflection did.

    Attributes:
        reflections: Ids of new insights.
        gathered: Importance that had gathered since the last reflection.
        due: Whether that was enough (or it was asked for by hand).
        warnings: What went wrong, without user text.
        model_calls: Calls made.
        tokens: Tokens spent on them.
    """

    reflections: list[str] = Field(default_factory=list)
    gathered: float = 0.0
    due: bool = False
    warnings: list[str] = Field(default_factory=list)
    model_calls: int = 0
    tokens: int = 0


@traced
def reflect(core: Core, *, due_only: bool = False, meter: Meter | None = None) -> Operation[ReflectionReport]:
    """Derive insights from what was learnt since the last reflection.

    Args:
        due_only: Do nothing until the importance gathered reaches `distillation.reflect_at`.
        meter: Counts and caps model calls; None counts without a cap.

    Returns:
        What was done. A failing model leaves it due, with a warning.
    """

    def body(account: Account) -> Operation[ReflectionReport]:
        return (yield from exclusively(core, "reflect", lambda: _reflect(core, due_only, account)))

    return (yield from within_caps(core, meter, body))


def _reflect(core: Core, due_only: bool, account: Account) -> Operation[ReflectionReport]:
    before = account.calls, account.tokens
    since = yield from _since(core)
    fresh = yield from _fresh(core, since)
    report = ReflectionReport(gathered=sum(record.importance for record in fresh))
    report.due = bool(fresh) and (not due_only or report.gathered >= core.distillation.reflect_at)
    if not report.due:
        return report
    entries = _chosen(core, fresh)
    try:
        insights = yield from _insights(core, entries, account)
    except Exception as error:  # noqa: BLE001 - a model may raise anything; the reflection stays due
        report.warnings.append(f"reflection stays due: {type(error).__name__}")
        logger.warning("reflection over %d records stays due: %s", len(entries), type(error).__name__)
    else:
        yield from exclusively(core, "versions", lambda: _write(core, insights, fresh, account, report))
    report.model_calls, report.tokens = account.calls - before[0], account.tokens - before[1]
    return report


def _chosen(core: Core, fresh: Sequence[MemoryRecord]) -> list[MemoryRecord]:
    return sorted(fresh, key=lambda record: -record.importance)[: core.distillation.reflect_entries]


def _write(
    core: Core,
    insights: Sequence[Insight],
    fresh: Sequence[MemoryRecord],
    account: Account,
    report: ReflectionReport,
) -> Operation[None]:
    """Store the insights over what is still there of their evidence: a record may have been forgotten meanwhile."""
    entries = _chosen(core, fresh)
    until = max(record.recorded_at for record in fresh)
    gets = [GetOp(core.records_leaf, entry.id, refresh_ttl=False) for entry in entries]
    *stored, spent = yield from batch(core.store, [*gets, spent_get(core)])
    there = {item.key for item in stored if isinstance(item, Item)}
    ops: list[Op] = []
    for number, insight in enumerate(insights):
        evidence = [entries[place - 1] for place in dict.fromkeys(insight.entries) if 1 <= place <= len(entries)]
        if any(entry.id not in there for entry in evidence):
            report.warnings.append(f"insight {number + 1} was left out: its evidence was forgotten meanwhile")
            continue
        if len(evidence) < _EVIDENCE:
            report.warnings.append(f"insight {number + 1} was left out: fewer than {_EVIDENCE} entries support it")
            continue
        record = _record(core, insight, evidence, f"{until.isoformat()}/{number}")
        ops.extend(puts(core, record))
        report.reflections.append(record.id)
    ops.append(put(core.leaf(namespaces.STATE), REFLECTED, {"until": until.isoformat()}))
    yield from account.commit(core, spent, ops)


def _since(core: Core) -> Operation[datetime | None]:
    (item,) = yield from get_items(core, core.leaf(namespaces.STATE), [REFLECTED])
    return value_in(item, Reflected).until if item else None


def _fresh(core: Core, since: datetime | None) -> Operation[list[MemoryRecord]]:
    """Return what was learnt since, oldest first; logged messages are read through what was learnt from them."""
    believed: dict[str, Any] = {"believed_until": FOREVER}
    if since is not None and isinstance(core.store, SupportsCandidates):  # only equality is right on every store
        believed["believed_from"] = {"$gt": since.timestamp()}
    found: list[MemoryRecord] = []
    for kind in _READ:
        items = yield from scan(core, core.records_leaf, believed | {"kind": kind})
        records = (record_in(item) for item in items if not is_shadow(item))
        found.extend(record for record in records if since is None or record.recorded_at > since)
    return sorted(found, key=lambda record: (record.recorded_at, record.id))


def _insights(core: Core, entries: Sequence[MemoryRecord], account: Account) -> Operation[list[Insight]]:
    if core.model is None:
        return extract_insights(entries)
    body = showing.entries(core, entries, kinds=True)
    try:
        answer = yield from ask_model(
            core, Reflections, (REFLECT[language(body)], body), account, partial(_wrong, len(entries))
        )
    except (CapReachedError, NotImplementedError) as error:
        logger.warning("reflection by extraction: %s", type(error).__name__)
        return extract_insights(entries)
    return answer.insights


def _wrong(entries: int, answer: Reflections) -> str | None:
    """Say which number in an answer stands for no entry."""
    for place, insight in enumerate(answer.insights):
        unknown = next((number for number in insight.entries if not 0 < number <= entries), None)
        if unknown is not None:
            return f"insights.{place}.entries: no entry has the number {unknown}"
    return None


def _record(core: Core, insight: Insight, evidence: Sequence[MemoryRecord], name: str) -> MemoryRecord:
    record = MemoryRecord(
        id=derived_id(*core.namespace, "reflection", name),
        kind="reflection",
        content=insight.content,
        data={"about": insight.about},
        keywords=labels(insight.keywords),
        importance=insight.importance,
        occurred_at=max(entry.occurred_at for entry in evidence),
        recorded_at=core.now(),
        sources=[entry.id for entry in evidence],
    )
    return redacted(core, record)
