"""One record: what it says, its two clocks, its evidence, its versions, and what can be done with it."""

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from langmem_ext.errors import InvalidInputError, RecordNotFoundError
from langmem_ext.longterm import LongTermMemory
from langmem_ext.records import MemoryRecord
from langmem_ext.ui.desk import desk_of, field_of, query_of, redirect

AROUND = 2
"""Messages shown before and after the one that a record comes from."""
RELATED = 30


@dataclass(frozen=True, slots=True)
class Evidence:
    """A message that a record comes from (or is), with those around it."""

    message: MemoryRecord
    around: list[MemoryRecord]


def page(request: Request) -> Response:
    """Show the record that the query names."""
    query = query_of(request)
    return _page(request, query.get("id", ""), done=query.get("done", ""))


def _page(request: Request, record_id: str, **values: Any) -> Response:
    desk = desk_of(request)
    memory = desk.memory
    record = found(memory, record_id)
    sources = [source for source in (memory.get(name) for name in record.sources[:RELATED]) if source]
    derived = memory.browse(source=record.id, limit=RELATED)
    versions = memory.history(record.id)
    said = record if record.kind == "message" else next((s for s in sources if s.kind == "message"), None)
    said = next((s for s in sources if record.quote and record.quote in s.content), said)
    return desk.render(
        request,
        "record.html",
        record=record,
        sources=sources,
        missing=len(record.sources[:RELATED]) - len(sources),
        more_sources=max(0, len(record.sources) - RELATED),
        derived=derived,
        versions=versions if len(versions) > 1 else [],
        evidence=_evidence(memory, said) if said else None,
        can_undo=record.kind != "message" and (not record.live or record.supersedes is not None),
        **{"done": "", "problem": "", "draft": None} | values,
    )


def found(memory: LongTermMemory, record_id: str) -> MemoryRecord:
    """Return a record.

    Raises:
        RecordNotFoundError: There is none of that id.
    """
    record = memory.get(record_id) if record_id else None
    if record is None:
        raise RecordNotFoundError("there is no such record; it may have been forgotten")
    return record


def _evidence(memory: LongTermMemory, message: MemoryRecord) -> Evidence:
    if message.thread_id is None or message.position is None:
        return Evidence(message, [message])
    start = max(0, message.position - AROUND)
    around = memory.log(message.thread_id, start=start, limit=message.position - start + AROUND + 1)
    return Evidence(message, around or [message])


def whole(request: Request) -> Response:
    """Return the whole content of a record as a plain text file, however long."""
    record = found(desk_of(request).memory, query_of(request).get("id", ""))
    headers = {"content-disposition": 'attachment; filename="memory.txt"'}
    return Response(record.content, media_type="text/plain; charset=utf-8", headers=headers)


def revise(request: Request, form: FormData) -> Response:
    """Store a new version of a record; what can't be meant is said beside the form, which keeps what was typed."""
    record_id = field_of(form, "id")
    draft = {name: field_of(form, name) for name in ("content", "topic", "keywords", "importance")}
    try:
        new = desk_of(request).memory.revise(
            record_id,
            draft["content"],
            topic=draft["topic"].strip() or None,
            keywords=_listed(draft["keywords"]) or None,
            importance=_importance(draft["importance"]),
        )
    except InvalidInputError as error:
        return _page(request, record_id, problem=str(error), draft=draft)
    return redirect("/record", id=new.id, done="revised")


def _listed(text: str) -> list[str]:
    """Split keywords at commas, Western and Chinese."""
    for comma in ",、;;":
        text = text.replace(comma, ",")
    return [word.strip() for word in text.split(",") if word.strip()]


def _importance(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidInputError("importance must be a number from 0 to 1") from None


def retire(request: Request, form: FormData) -> Response:
    """Stop believing a record."""
    record = desk_of(request).memory.retire(field_of(form, "id"))
    return redirect("/record", id=record.id, done="retired")


def undo(request: Request, form: FormData) -> Response:
    """Take the last revision or retirement back."""
    record = desk_of(request).memory.undo(field_of(form, "id"))
    return redirect("/record", id=record.id, done="undone")


def pin(request: Request, form: FormData) -> Response:
    """Pin a record, or take its pin off."""
    record = desk_of(request).memory.pin(field_of(form, "id"), pinned=field_of(form, "pinned") == "yes")
    return redirect("/record", id=record.id, done="pinned" if record.pinned else "unpinned")


def forget(request: Request, form: FormData) -> Response:
    """Forget a record for good and show the receipt."""
    desk = desk_of(request)
    record = found(desk.memory, field_of(form, "id"))
    receipt = desk.memory.forget(record.id)
    return desk.render(request, "receipt.html", receipt=receipt, kind=record.kind)
