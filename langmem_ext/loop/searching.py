"""The memory tools that the loop offers to the model, and their execution for the run's own memory."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from langchain_core.messages import ToolCall, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from langmem_ext.errors import LangMemExtError
from langmem_ext.longterm.core import get_record
from langmem_ext.longterm.log import read_log, thread_length, threads
from langmem_ext.longterm.recall import recall
from langmem_ext.loop.runs import Run
from langmem_ext.operations import Operation
from langmem_ext.records import Kind, MemoryRecord, Recall, escape, render

_PIECE = 4000
"""Characters of a long message that one call of `search_log` reads."""


Bound = Annotated[str | None, BeforeValidator(lambda value: value or None)]
"""A time bound; models say "" where they mean none."""


class SearchMemory(BaseModel):
    """Search long-term memory for what earlier conversations said. Returns dated memories, best first."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(description="What to look for: short and specific, in the user's language")
    before: Bound = Field(None, description="Only what happened up to this ISO date, inclusive")
    after: Bound = Field(None, description="Only what happened from this ISO date on, inclusive")
    as_of: Bound = Field(None, description="What was believed on this ISO date, later corrections unknown")
    kinds: list[Kind] | None = Field(None, description="Only these kinds")
    topic: str | None = Field(None, description="Only this topic")
    limit: int = Field(8, ge=1, le=50, description="Default 8")


class SearchLog(BaseModel):
    """Read the raw conversation log: a page of it, messages that match a query, or one long message in pieces."""

    model_config = ConfigDict(extra="forbid")

    query: str | None = Field(None, description="Words to look for; leave out to read a page")
    before: Bound = Field(None, description="With query: up to this ISO date")
    after: Bound = Field(None, description="With query: from this ISO date on")
    thread_id: str | None = Field(None, description="Another conversation of this user; default this one")
    start: int = Field(-10, description="Position of the page's first message; default -10, the last ten")
    limit: int = Field(10, ge=1, le=50, description="Default 10")
    message_id: str | None = Field(None, description="Read this one message")
    offset: int = Field(0, ge=0, description="With message_id: first character")


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


MEMORY_TOOLS: dict[str, type[BaseModel]] = {"search_memory": SearchMemory, "search_log": SearchLog}
MEMORY_SCHEMAS: list[dict[str, Any]] = [_schema(name, model) for name, model in MEMORY_TOOLS.items()]


def execute(
    run: Run, call: ToolCall, room: int, exclude: Sequence[str], others: Sequence[str]
) -> Operation[tuple[ToolMessage, Recall]]:
    """Execute one call of a memory tool.

    Args:
        run: The run, whose memory is searched whatever the arguments say.
        call: The model's call.
        room: Tokens that the result may take.
        exclude: Ids that are in the context already.
        others: Names of the tools that the model has besides.

    Returns:
        The tool message, and what was recalled (nothing, where it was called wrongly).
    """
    schema = MEMORY_TOOLS.get(call["name"])
    if schema is None:
        known = ", ".join([*MEMORY_TOOLS, *others])
        return _problem(call, f"there is no tool {call['name']!r}; there are: {known}"), Recall(query="")
    try:
        arguments = schema.model_validate(call["args"])
        if isinstance(arguments, SearchMemory):
            found = yield from _search_memory(run, arguments, room, exclude)
            return _result(call, _shown(found.records)), found
        if isinstance(arguments, SearchLog):
            return (yield from _search_log(run, call, arguments, room, exclude))
    except ValidationError as error:
        return _problem(call, _explain(error)), Recall(query="")
    except LangMemExtError as error:
        return _problem(call, str(error)), Recall(query="")
    return _problem(call, "it can't be executed"), Recall(query="")


def _search_memory(run: Run, arguments: SearchMemory, room: int, exclude: Sequence[str]) -> Operation[Recall]:
    return (
        yield from recall(
            run.memory,
            arguments.query,
            before=arguments.before,
            after=arguments.after,
            as_of=arguments.as_of,
            now=run.now,
            kinds=arguments.kinds,
            topic=arguments.topic,
            limit=arguments.limit,
            token_budget=room,
            exclude=exclude,
        )
    )


def _search_log(
    run: Run, call: ToolCall, arguments: SearchLog, room: int, exclude: Sequence[str]
) -> Operation[tuple[ToolMessage, Recall]]:
    memory = run.memory
    if arguments.message_id is not None:
        return (yield from _read_message(run, call, arguments, room)), Recall(query="")
    if arguments.query:
        found = yield from recall(
            memory,
            arguments.query,
            before=arguments.before,
            after=arguments.after,
            now=run.now,
            kinds="message",
            limit=arguments.limit,
            token_budget=room,
            exclude=exclude,
        )
        return _result(call, _shown(found.records)), found
    thread = arguments.thread_id or run.thread_id
    length = yield from thread_length(memory, thread)
    if not length:
        known = ", ".join(repr(name) for name in (yield from threads(memory))[:20])
        return _problem(call, f"no conversation {thread!r}; there are: {known or 'none'}"), Recall(query="")
    page = yield from read_log(memory, thread, start=arguments.start, limit=arguments.limit)
    records: list[MemoryRecord] = []
    for record in page:
        room -= memory.counter(render(record)) + 1
        if room < 0:
            break
        records.append(record)
    note = f"{len(records)} of {length} messages, from position {records[0].position if records else 0}"
    return _result(call, f"{note}\n{_shown(records)}"), Recall(query="", records=records, scores=[0.5] * len(records))


def _read_message(run: Run, call: ToolCall, arguments: SearchLog, room: int) -> Operation[ToolMessage]:
    record = yield from get_record(run.memory, arguments.message_id or "")
    piece = min(_PIECE, max(room, 1))
    end = arguments.offset + piece
    text = escape(record.content[arguments.offset : end])
    left = len(record.content) - end
    note = f"characters {arguments.offset} to {min(end, len(record.content))} of {len(record.content)}"
    more = f"; go on with offset={end}" if left > 0 else ""
    return _result(call, f"{note}{more}\n<memories>\n{text}\n</memories>")


def _shown(records: Sequence[MemoryRecord]) -> str:
    if not records:
        return "nothing found beyond what is in <memories> already"
    return "\n".join(["<memories>", *(render(record) for record in records), "</memories>"])


def _result(call: ToolCall, text: str) -> ToolMessage:
    return ToolMessage(text, tool_call_id=call["id"] or "", name=call["name"])


def _problem(call: Mapping[str, Any], text: str) -> ToolMessage:
    message = f"{call.get('name') or 'call'}: {text}"
    return ToolMessage(message, tool_call_id=call.get("id") or "", name=call.get("name") or None, status="error")


def refuse_malformed(call: Mapping[str, Any]) -> ToolMessage:
    """Answer a call whose arguments are not JSON."""
    names = {name: sorted(model.model_fields) for name, model in MEMORY_TOOLS.items()}
    fields = names.get(str(call.get("name")))
    hint = f" with the fields {', '.join(fields)}" if fields else ""
    return _problem(call, f"its arguments are not a JSON object; call it again{hint}")


def _explain(error: ValidationError) -> str:
    details = error.errors(include_input=False, include_url=False, include_context=False)[:3]
    return json.dumps([{"argument": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in details])
