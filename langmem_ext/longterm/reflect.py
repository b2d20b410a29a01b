"""Reflection: insights that several memories support and none states alone, with their evidence.

Due when enough importance has gathered since the last time. An insight is a record of kind `reflection` whose sources
are the evidence; recall loads it in their place where it covers the question.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from langgraph.store.base import Op
from pydantic import BaseModel, Field

from langmem_ext import namespaces
from langmem_ext.errors import CapReachedError
from langmem_ext.longterm.asking import ask_model
from langmem_ext.longterm.core import Core, exclusively, get_items, is_shadow, put, scan
from langmem_ext.longterm.digest import labels
from langmem_ext.longterm.extraction import extract_insights
from langmem_ext.longterm.redacting import redacted
from langmem_ext.longterm.schemas import Insight, Reflections
from langmem_ext.longterm.showing import contents
from langmem_ext.longterm.spending import within_caps
from langmem_ext.longterm.writing import commit, puts
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation
from langmem_ext.prompts import REFLECT
from langmem_ext.records import FOREVER, Kind, MemoryRecord, derived_id, from_value
from langmem_ext.text import language
from langmem_ext.tracing import traced

logger = logging.getLogger("langmem_ext")

REFLECTED = "reflected"
"""State key of the moment up to which reflection has read."""
_READ: tuple[Kind, ...] = ("fact", "preference", "relation", "event", "profile", "summary")
_EVIDENCE = 2


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

    def body(limited: Meter) -> Operation[ReflectionReport]:
        return (yield from exclusively(core, "reflect", lambda: _reflect(core, due_only, limited)))

    return (yield from within_caps(core, meter, body))


def _reflect(core: Core, due_only: bool, meter: Meter) -> Operation[ReflectionReport]:
    before = meter.calls, meter.tokens
    since = yield from _since(core)
    fresh = yield from _fresh(core, since)
    report = ReflectionReport(gathered=sum(record.importance for record in fresh))
    report.due = bool(fresh) and (not due_only or report.gathered >= core.distillation.reflect_at)
    if not report.due:
        return report
    entries = sorted(fresh, key=lambda record: -record.importance)[: core.distillation.reflect_entries]
    try:
        insights = yield from _insights(core, entries, meter)
    except Exception as error:  # noqa: BLE001 - a model may raise anything; the reflection stays due
        report.warnings.append(f"reflection stays due: {type(error).__name__}")
        logger.warning("reflection over %d records stays due: %s", len(entries), type(error).__name__)
        return report
    moment = max(record.recorded_at for record in fresh)
    ops: list[Op] = []
    for number, insight in enumerate(insights):
        evidence = [entries[place - 1] for place in dict.fromkeys(insight.entries) if 1 <= place <= len(entries)]
        if len(evidence) < _EVIDENCE:
            report.warnings.append(f"insight {number + 1} was left out: fewer than {_EVIDENCE} entries support it")
            continue
        record = _record(core, insight, evidence, f"{moment.isoformat()}/{number}")
        ops.extend(puts(core, record))
        report.reflections.append(record.id)
    ops.append(put(core.leaf(namespaces.STATE), REFLECTED, {"until": moment.isoformat()}))
    yield from commit(core, ops)
    report.model_calls, report.tokens = meter.calls - before[0], meter.tokens - before[1]
    return report


def _since(core: Core) -> Operation[datetime | None]:
    (item,) = yield from get_items(core, core.leaf(namespaces.STATE), [REFLECTED])
    return datetime.fromisoformat(item.value["until"]) if item else None


def _fresh(core: Core, since: datetime | None) -> Operation[list[MemoryRecord]]:
    """Return what was learnt since, oldest first; logged messages are read through what was learnt from them."""
    found: list[MemoryRecord] = []
    for kind in _READ:
        items = yield from scan(core, core.records_leaf, {"kind": kind, "believed_until": FOREVER})
        records = (from_value(item.value) for item in items if not is_shadow(item))
        found.extend(record for record in records if since is None or record.recorded_at > since)
    return sorted(found, key=lambda record: (record.recorded_at, record.id))


def _insights(core: Core, entries: Sequence[MemoryRecord], meter: Meter) -> Operation[list[Insight]]:
    if core.model is None:
        return extract_insights(entries)
    lines = [
        f'<entry n="{number}" kind="{entry.kind}" date="{entry.occurred_at.date()}">{text}</entry>'
        for number, (entry, text) in enumerate(zip(entries, contents(core, entries), strict=True), 1)
    ]
    body = "<entries>\n" + "\n".join(lines) + "\n</entries>"
    try:
        answer = yield from ask_model(core, Reflections, REFLECT[language(body)], body, meter)
    except (CapReachedError, NotImplementedError) as error:
        logger.warning("reflection by extraction: %s", type(error).__name__)
        return extract_insights(entries)
    return answer.insights


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
