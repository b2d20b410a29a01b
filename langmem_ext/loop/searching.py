"""The memory tools that the loop offers to the model, and their execution for the run's own memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from langchain_core.messages import ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ValidationError

from langmem_ext.context.pages import Page, best, make_page, section, values
from langmem_ext.errors import LangMemExtError
from langmem_ext.longterm.recall import recall
from langmem_ext.loop.runs import Run
from langmem_ext.operations import Operation
from langmem_ext.records import MemoryRecord, Recall
from langmem_ext.text import language
from langmem_ext.tools.factories import explain
from langmem_ext.tools.inputs import SearchLogInput, SearchMemoryInput
from langmem_ext.tools.paging import PART, SHOWN, read_message, read_page, render_page, room_for

_LEAST = 64
"""Tokens that one record may always take."""
_READ = 0.5
"""Value of a page that was read in the log: that of the last thing found by a search."""
_NOTHING: Final = {
    "en": "Nothing found beyond what <memories> holds.",
    "zh": "除 <memories> 中已有的内容外,没有找到其他记忆。",
}


def _schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """Return a tool's declaration without what only costs tokens: null alternatives and null defaults."""
    tool = convert_to_openai_tool(model)
    tool["function"]["name"] = name
    parameters = tool["function"]["parameters"]
    parameters.pop("additionalProperties", None)
    parameters["properties"] = {field: _plain(given) for field, given in parameters["properties"].items()}
    return tool


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    given = [choice for choice in field.get("anyOf", ()) if choice != {"type": "null"}]
    kept = {name: value for name, value in field.items() if name not in {"anyOf", "default"}}
    return {**(given[0] if given else {}), **kept}


MEMORY_TOOLS: dict[str, type[BaseModel]] = {"search_memory": SearchMemoryInput, "search_log": SearchLogInput}
MEMORY_SCHEMAS: list[dict[str, Any]] = [_schema(name, model) for name, model in MEMORY_TOOLS.items()]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one call.

    Attributes:
        message: The tool message.
        pages: What it shows, to be kept for the answer.
        recall: How it was found, where it was searched for.
    """

    message: ToolMessage
    pages: list[Page] = field(default_factory=list)
    recall: Recall | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """How much of what is found one call may show.

    Attributes:
        tokens: Tokens at most; one record takes a quarter of it.
        exclude: Ids that are in the context already.
        count: Counts the tokens of a text.
    """

    tokens: int
    exclude: Sequence[str]
    count: Callable[[str], int]

    def pages(
        self,
        records: Sequence[MemoryRecord],
        worth: Sequence[float],
        *,
        about: str,
        carrier: str,
        most: int | None = None,
    ) -> list[Page]:
        """Return records as pages of at most so many tokens, as many of the best as there is room for."""
        make = partial(
            make_page,
            count=self.count,
            limit=most or max(_LEAST, self.tokens // 4),
            about=about,
            language=language(about),
            carrier=carrier,
        )
        return best([make(record, value) for record, value in zip(records, worth, strict=True)], self.tokens)


def execute(run: Run, call: Mapping[str, Any], room: Room, others: Sequence[str]) -> Operation[Result]:
    """Execute one call of a memory tool.

    Args:
        run: The run, whose memory is searched whatever the arguments say.
        call: The model's call, well-formed or not.
        room: What the result may show.
        others: Names of the tools that the model has besides.
    """
    schema = MEMORY_TOOLS.get(call.get("name") or "")
    if not isinstance(call.get("args"), dict):
        return _problem(call, _malformed(schema))
    if schema is None:
        known = ", ".join([*MEMORY_TOOLS, *others])
        return _problem(call, f"there is no tool {call['name']!r}; there are: {known}")
    try:
        asked = schema.model_validate(call["args"])
        if isinstance(asked, SearchLogInput):
            return (yield from _search_log(run, call, asked, room))
        return (yield from _search_memory(run, call, asked, room))
    except (ValidationError, LangMemExtError) as error:
        return _problem(call, explain(error))


def _search_memory(run: Run, call: Mapping[str, Any], asked: BaseModel, room: Room) -> Operation[Result]:
    found = yield from recall(run.memory, **asked.model_dump(), now=run.now, exclude=room.exclude)
    pages = room.pages(found.records, values(found.scores), about=found.query, carrier=call["id"])
    text = section(sorted(pages, key=lambda page: -page.value)) if pages else _NOTHING[language(found.query)]
    return Result(_message(call, text), pages, loaded(found, pages))


def _search_log(run: Run, call: Mapping[str, Any], asked: SearchLogInput, room: Room) -> Operation[Result]:
    """Read the log in pieces that suit the budget of the run, the same in each of its calls."""
    if asked.message_id is not None:
        part = min(PART, run.budget // 4)
        text, (record,) = yield from read_message(run.memory, asked.message_id, asked.page, part=part)
        piece = _piece(record, asked.page, part)
        pages = room.pages([piece], [_READ], about="", carrier=call["id"], most=room.tokens)
        return Result(_message(call, text), pages)
    shown = min(SHOWN, run.budget // 8)
    found = yield from read_page(run.memory, asked, exclude=room.exclude)
    fitting = room_for(found, room.tokens, room.count, shown=shown)
    text = render_page(found[:fitting], asked, shown=shown, left=len(found) - fitting)
    pages = room.pages(found[:fitting], [_READ] * fitting, about=asked.query or "", carrier=call["id"])
    return Result(_message(call, text), pages)


def _piece(record: MemoryRecord, page: int, part: int) -> MemoryRecord:
    """Return what a page of a long message shows as a record of its own, to be kept for the answer."""
    if len(record.content) <= part:
        return record
    text = record.content[(page - 1) * part : page * part]
    return record.model_copy(update={"id": f"{record.id}#{page}", "content": text})


def loaded(found: Recall, pages: Sequence[Page]) -> Recall:
    """Return a recall as it was loaded: what the context had no room for is dropped, and the trace says so.

    A recall of its own would fill its token budget by value per token; the context fills up in the order of the
    ranking, which holds more of the evidence.
    """
    tokens = {page.id: page.tokens for page in pages}
    kept = [(record, score) for record, score in zip(found.records, found.scores, strict=True) if record.id in tokens]
    ids = [record.id for record, _ in kept]
    left = {record.id: "no room in the main context" for record in found.records if record.id not in tokens}
    fit = found.trace[-1]
    step = fit.model_copy(update={"kept": ids, "dropped": fit.dropped | left})
    return found.model_copy(
        update={
            "records": [record for record, _ in kept],
            "scores": [score for _, score in kept],
            "tokens": sum(tokens[record_id] for record_id in ids),
            "trace": [*found.trace[:-1], step],
        }
    )


def _message(call: Mapping[str, Any], text: str) -> ToolMessage:
    return ToolMessage(text, tool_call_id=call["id"], name=call["name"])


def _problem(call: Mapping[str, Any], text: str) -> Result:
    message = f"{call.get('name') or 'call'}: {text}"
    return Result(ToolMessage(message, tool_call_id=call["id"], name=call.get("name") or None, status="error"))


def _malformed(schema: type[BaseModel] | None) -> str:
    hint = f" with the fields {', '.join(sorted(schema.model_fields))}" if schema else ""
    return f"its arguments are not a JSON object; call it again{hint}"
