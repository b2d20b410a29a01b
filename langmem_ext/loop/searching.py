"""The memory tools that the loop offers to the model, and their execution for the run's own memory."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from langchain_core.messages import ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ValidationError

from langmem_ext.errors import LangMemExtError
from langmem_ext.longterm.recall import recall
from langmem_ext.loop.runs import Run
from langmem_ext.operations import Operation
from langmem_ext.records import MemoryRecord, Recall
from langmem_ext.text import language
from langmem_ext.tools.factories import explain, render_recall
from langmem_ext.tools.inputs import SearchLogInput, SearchMemoryInput
from langmem_ext.tools.paging import PART, SHOWN, read_message, read_page, render_page, room_for

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


def execute(
    run: Run, call: Mapping[str, Any], room: int, exclude: Sequence[str], others: Sequence[str]
) -> Operation[tuple[ToolMessage, Recall]]:
    """Execute one call of a memory tool.

    Args:
        run: The run, whose memory is searched whatever the arguments say.
        call: The model's call, well-formed or not.
        room: Tokens that the result may take.
        exclude: Ids that are in the context already.
        others: Names of the tools that the model has besides.

    Returns:
        The tool message, and what was recalled (nothing, where it was called wrongly).
    """
    schema = MEMORY_TOOLS.get(call.get("name") or "")
    if not isinstance(call.get("args"), dict):
        return _problem(call, _malformed(schema)), Recall(query="")
    if schema is None:
        known = ", ".join([*MEMORY_TOOLS, *others])
        return _problem(call, f"there is no tool {call['name']!r}; there are: {known}"), Recall(query="")
    try:
        asked = schema.model_validate(call["args"])
        if isinstance(asked, SearchLogInput):
            text, found = yield from _search_log(run, asked, room, exclude)
        else:
            arguments = {**asked.model_dump(), "now": run.now, "token_budget": room, "exclude": exclude}
            found = yield from recall(run.memory, **arguments)
            text = render_recall(found) if found else _NOTHING[language(found.query)]
    except (ValidationError, LangMemExtError) as error:
        return _problem(call, explain(error)), Recall(query="")
    return ToolMessage(text, tool_call_id=call["id"] or "", name=call["name"]), found


def _search_log(run: Run, asked: SearchLogInput, room: int, exclude: Sequence[str]) -> Operation[tuple[str, Recall]]:
    """Read the log in pieces that suit the budget of the run, the same in each of its calls."""
    if asked.message_id is not None:
        part = min(PART, run.budget // 4)
        text, (record,) = yield from read_message(run.memory, asked.message_id, asked.page, part=part)
        return text, _recalled([_piece(record, asked.page, part)])
    shown = min(SHOWN, run.budget // 8)
    found = yield from read_page(run.memory, asked, exclude=exclude)
    fitting = room_for(found, room, run.memory.counter, shown=shown)
    return render_page(found[:fitting], asked, shown=shown, left=len(found) - fitting), _recalled(found[:fitting])


def _piece(record: MemoryRecord, page: int, part: int) -> MemoryRecord:
    """Return what a page of a long message shows as a record of its own, to be kept for the answer."""
    if len(record.content) <= part:
        return record
    text = record.content[(page - 1) * part : page * part]
    return record.model_copy(update={"id": f"{record.id}#{page}", "content": text})


def _recalled(records: Sequence[MemoryRecord]) -> Recall:
    return Recall(query="", records=list(records), scores=[0.5] * len(records))


def _problem(call: Mapping[str, Any], text: str) -> ToolMessage:
    message = f"{call.get('name') or 'call'}: {text}"
    return ToolMessage(message, tool_call_id=call.get("id") or "", name=call.get("name") or None, status="error")


def _malformed(schema: type[BaseModel] | None) -> str:
    hint = f" with the fields {', '.join(sorted(schema.model_fields))}" if schema else ""
    return f"its arguments are not a JSON object; call it again{hint}"
