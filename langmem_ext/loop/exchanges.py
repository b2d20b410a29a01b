"""Calls and their results, kept whole: the conversation's own, and those of the memory. Pure functions."""

from collections.abc import Collection, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any, Final, cast
from uuid import uuid4

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage

RECENT: Final = 40
"""Messages of a log that a run without a checkpointer starts with; what is older is recalled."""
_CALL_BLOCKS = frozenset({"tool_use", "tool_call", "function_call"})


def newest_human(messages: Sequence[BaseMessage]) -> HumanMessage | None:
    """Return the last human message."""
    return next((message for message in reversed(messages) if isinstance(message, HumanMessage)), None)


def from_first_human(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return the messages from the first human one on, so that the end of a log has no result without its call."""
    first = next((place for place, message in enumerate(messages) if message.type == "human"), len(messages))
    return list(messages[first:])


def calls_one_of(call: Mapping[str, Any], tools: Collection[str]) -> bool:
    """Whether a call is well-formed and of one of these tools."""
    return call.get("name") in tools and "error" not in call


def _calls(message: BaseMessage) -> list[Any]:
    """Return the calls of a message, well-formed or not."""
    return [*message.tool_calls, *message.invalid_tool_calls] if isinstance(message, AIMessage) else []


def _answers(messages: Sequence[BaseMessage], place: int) -> set[str]:
    """Return the ids of the calls that are answered right after a message; some models use an id again later."""
    after = islice(messages, place + 1, None)
    replies = takewhile(lambda message: not isinstance(message, AIMessage | HumanMessage), after)
    return {message.tool_call_id for message in replies if isinstance(message, ToolMessage)}


def pending(messages: Sequence[BaseMessage]) -> list[Any]:
    """Return the newest turn's calls, well-formed or not, that no message answers yet."""
    for place in range(len(messages) - 1, -1, -1):
        if isinstance(messages[place], HumanMessage):
            return []
        if isinstance(messages[place], AIMessage):
            answers = _answers(messages, place)
            return [call for call in _calls(messages[place]) if call["id"] not in answers]
    return []


def answered(messages: Sequence[BaseMessage]) -> bool:
    """Whether the newest turn has its answer: a model message without calls at its end."""
    last = messages[-1] if messages else None
    return isinstance(last, AIMessage) and not _calls(last)


def conversation(messages: Sequence[AnyMessage], tools: Collection[str]) -> list[AnyMessage]:
    """Return the conversation without the memory's own exchanges and without calls that were never answered.

    What a memory tool returned was recalled, not said: it must neither be logged, or it would be learnt again, nor sent
    to a model to which these tools are not offered, since providers refuse that. A result whose call is not there
    goes as well.

    Args:
        messages: In order.
        tools: Names of the application's own tools; other calls are the memory's (or nobody's).
    """
    kept: list[AnyMessage] = []
    wanted: set[Any] = set()
    for place, message in enumerate(messages):
        if isinstance(message, ToolMessage):
            if message.tool_call_id in wanted:
                kept.append(message)
        elif calls := _calls(message):
            answers = _answers(messages, place)
            own = [call for call in calls if calls_one_of(call, tools) and call["id"] in answers]
            wanted = {call["id"] for call in own}
            if own:
                kept.append(message if len(own) == len(calls) else only(cast("AIMessage", message), own))
        else:
            wanted = set()
            kept.append(message)
    return kept


def paired(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """Return the messages without calls that were never answered and without results of calls that are not there."""
    whole = all(
        call["id"] in _answers(messages, place) for place, message in enumerate(messages) for call in _calls(message)
    )
    names = {call["name"] for message in messages for call in _calls(message)}
    return list(messages) if whole else conversation(messages, names)


def only(message: AIMessage, calls: Sequence[Any]) -> AIMessage:
    """Return a copy that makes just these calls, in every place where a provider looks for them."""
    ids = {call["id"] for call in calls}
    content = message.content
    if isinstance(content, list):
        content = [part for part in content if not _is_other_call(part, ids)]
    extra = {name: value for name, value in message.additional_kwargs.items() if name != "tool_calls"}
    update = {"tool_calls": list(calls), "invalid_tool_calls": [], "content": content, "additional_kwargs": extra}
    return message.model_copy(update=update)


def identified(message: AIMessage) -> AIMessage:
    """Return the message with an id for every call: some endpoints give none, or the same to all."""
    seen: set[str] = set()

    def own(call: Any) -> Any:
        if call["id"] and call["id"] not in seen:
            seen.add(call["id"])
            return call
        return call | {"id": f"call_{uuid4().hex}"}

    calls = {
        "tool_calls": [own(call) for call in message.tool_calls],
        "invalid_tool_calls": [own(call) for call in message.invalid_tool_calls],
    }
    return message if len(seen) == len(_calls(message)) else message.model_copy(update=calls)


def _is_other_call(part: str | dict[Any, Any], ids: Collection[Any]) -> bool:
    if isinstance(part, str) or part.get("type") not in _CALL_BLOCKS:
        return False
    return part.get("id") not in ids and part.get("call_id") not in ids
