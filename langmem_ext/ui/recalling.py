"""Recall, looked at: the steps of a question, what each list found, what was dropped and why, the context it makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import HumanMessage
from starlette.requests import Request
from starlette.responses import Response

from langmem_ext.context import MainContext
from langmem_ext.longterm import LongTermMemory
from langmem_ext.prompts import ASSISTANT, REFERENCE_NOTE
from langmem_ext.reasons import reason
from langmem_ext.records import MemoryRecord, Recall, RecallStep
from langmem_ext.text import language
from langmem_ext.ui.desk import Desk, desk_of, language_of, query_of, whole_number
from langmem_ext.ui.record import found
from langmem_ext.ui.shown import plain

BUDGET = 4000
LIMIT = 8
EXCERPT = 36
LISTED = 24
"""Records listed of one step."""
SECTIONS = ("system", "profile", "summary", "pages", "messages", "tools")


@dataclass(frozen=True, slots=True)
class Step:
    """A step with the records it names, where they are still there, and reasons in the reader's language."""

    step: RecallStep
    kept: list[tuple[MemoryRecord, float | None]]
    dropped: list[tuple[MemoryRecord, str]]


def page(request: Request) -> Response:
    """Ask a question, or show how a past turn recalled."""
    desk = desk_of(request)
    query = query_of(request)
    if "turn" in query:
        message = found(desk.memory, query["turn"])
        recalls, replayed = of_turn(desk.memory, message)
        return _show(request, desk, query, recalls, message=message, replayed=replayed)
    if "q" not in query:
        return _show(request, desk, query, [])
    recall = desk.memory.recall(
        query["q"],
        before=query.get("before"),
        after=query.get("after"),
        as_of=query.get("as_of"),
        limit=whole_number(query, "limit", LIMIT),
        token_budget=whole_number(query, "budget", BUDGET),
        count=False,
    )
    return _show(request, desk, query, [recall])


def of_turn(memory: LongTermMemory, message: MemoryRecord) -> tuple[list[Recall], bool]:
    """Return how a turn recalled, and whether that is a replay: the same question over what was believed then."""
    kept = memory.recalls_of(message.id)
    if kept or not message.content.strip():
        return kept, False
    question = message.content[:2000]
    replay = memory.recall(
        question, as_of=message.recorded_at, now=message.occurred_at, limit=LIMIT, exclude=[message.id], count=False
    )
    return [replay], True


def _show(
    request: Request,
    desk: Desk,
    query: Mapping[str, str],
    recalls: list[Recall],
    *,
    message: MemoryRecord | None = None,
    replayed: bool = False,
) -> Response:
    speech = language_of(request)
    known: dict[str, MemoryRecord | None] = {}
    return desk.render(
        request,
        "recall.html",
        query=query,
        bounded=bool(query.keys() - {"q"}),
        recalls=[
            (recall, [_step(desk.memory, step, recall, known, speech) for step in recall.trace]) for recall in recalls
        ],
        context=_context(desk.memory, recalls, message) if recalls else None,
        message=message,
        replayed=replayed,
        budget=BUDGET,
        limit=LIMIT,
    )


def _step(
    memory: LongTermMemory, step: RecallStep, recall: Recall, known: dict[str, MemoryRecord | None], speech: str
) -> Step:
    known |= {record.id: record for record in recall.records}

    def get(record_id: str) -> MemoryRecord | None:
        if record_id not in known:
            known[record_id] = memory.get(record_id)
        return known[record_id]

    def excerpt(record_id: str) -> str:
        record = get(record_id)
        return f"“{plain(record.content, EXCERPT) if record else record_id}”"

    scores = step.detail.get("scores", {})
    kept = [(record, scores.get(record.id)) for name in step.kept[:LISTED] if (record := get(name))]
    dropped = [
        (record, reason(why, speech, excerpt))
        for name, why in list(step.dropped.items())[:LISTED]
        if (record := get(name))
    ]
    return Step(step, kept, dropped)


def _context(memory: LongTermMemory, recalls: list[Recall], message: MemoryRecord | None) -> dict[str, Any]:
    """Return what a model would be shown: the messages, and the tokens of each section."""
    question = message.content if message else recalls[0].query
    speech = language(question)
    room = max(BUDGET, memory.counter(question) + sum(recall.tokens for recall in recalls)) + BUDGET
    context = MainContext(
        room,
        system=f"{ASSISTANT[speech]}\n\n{REFERENCE_NOTE[speech]}",
        profile=memory.profile(),
        counter=memory.counter,
        language=speech,
        page_share=0.9,
    )
    context.add_messages([HumanMessage(question)])
    for recall in recalls:
        context.add_pages(recall.records, recall.scores)
    messages, sizes = context.arrange()
    return {
        "messages": messages,
        "sizes": {name: sizes[name] for name in SECTIONS if sizes[name]},
        "total": sizes["total"],
    }


def whole_history(request: Request) -> Response:
    """Return the piece of the page that sets a context beside the whole history; counting that takes a while."""
    desk = desk_of(request)
    used = whole_number(query_of(request), "used", 0)
    return desk.piece(request, "whole.html", used=used, whole=desk.counted().log_tokens)
