"""Ask a model for a structured result: counted, capped, repaired once."""

from collections.abc import Callable
from typing import Any, TypeVar

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, ValidationError

from langmem_ext.errors import ModelOutputError
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.structured import StructuredModel
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation
from langmem_ext.prompts import REPAIR
from langmem_ext.text import language
from langmem_ext.tokens import count_messages

M = TypeVar("M", bound=BaseModel)

_REPEATED = 2000
"""Characters of a malformed output that are shown to the model again."""


def _nothing_wrong(_answer: BaseModel) -> str | None:
    return None


def ask_model(
    core: Core,
    schema: type[M],
    prompt: tuple[str, str],
    meter: Meter,
    wrong: Callable[[M], str | None] = _nothing_wrong,
) -> Operation[M]:
    """Return the model's answer as an instance of `schema`, after one repair attempt at most.

    Args:
        core: The memory, with its model.
        schema: What the model is to return.
        prompt: Instructions, and what they are about.
        meter: Counts and caps the calls.
        wrong: Says, without user text, what a well-formed answer got wrong that the model can put right, such as a
            number that stands for nothing. After the repair the caller skips what is still wrong.

    Raises:
        ModelOutputError: Still malformed after the repair.
        CapReachedError: The meter's cap is used up.
        NotImplementedError: The model can't return structure.
        Exception: Whatever the model itself raises.
    """
    structured = core.structured(schema)
    system, body = prompt
    messages: list[BaseMessage] = [SystemMessage(system), HumanMessage(body)]
    answer = yield from _call(structured, messages, meter)
    usable: M | None = None
    try:
        usable = _parsed(schema, answer)
        complaint = wrong(usable)
        if complaint is None:
            return usable
    except ModelOutputError as error:
        complaint = str(error)
    raw = answer.get("raw")
    said = str(getattr(raw, "content", "") or getattr(raw, "tool_calls", ""))[:_REPEATED]
    repair = HumanMessage(f"{said}\n\n{REPAIR[language(body)].format(error=complaint)}")
    try:
        return _parsed(schema, (yield from _call(structured, [*messages, repair], meter)))
    except Exception:
        if usable is None:
            raise
        return usable  # a repair that fails costs nothing of what holds


def _call(structured: StructuredModel, messages: list[BaseMessage], meter: Meter) -> Operation[dict[str, Any]]:
    sent = count_messages(messages)
    meter.reserve(sent)
    try:
        result = yield from structured.answer(messages)
    except (ValidationError, OutputParserException) as error:  # some clients validate before they give the raw message
        result = {"raw": None, "parsed": None, "parsing_error": error}
    meter.spend(result.get("raw"), sent)
    return result


def _parsed(schema: type[M], result: dict[str, Any]) -> M:
    parsed, problem = result.get("parsed"), result.get("parsing_error")
    if isinstance(parsed, schema):
        return parsed
    if isinstance(parsed, dict):
        try:
            return schema.model_validate(parsed)
        except ValidationError as error:
            problem = error
    raise ModelOutputError(f"the model did not return a usable {schema.__name__}: {_reason(problem)}")


def _reason(problem: object) -> str:
    """Say what is wrong with an output without repeating it: it may hold user text."""
    cause = problem if isinstance(problem, ValidationError) else getattr(problem, "__cause__", None)
    if isinstance(cause, ValidationError):
        details = cause.errors(include_input=False, include_url=False, include_context=False)[:3]
        return "; ".join(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in details)
    return f"{type(problem).__name__}" if problem is not None else "it is empty"
