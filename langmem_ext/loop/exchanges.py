"""Calls and their results, kept whole: the conversation's own, and those of the memory. Pure functions."""

from collections.abc import Collection, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage

_CALL_BLOCKS = frozenset({"tool_use", "tool_call", "function_call"})


def newest_human(messages: Sequence[BaseMessage]) -> HumanMessage | None:
    """Return the last human message."""
    return next((message for message in reversed(messages) if isinstance(message, HumanMessage)), None)


def called(messages: Sequence[BaseMessage]) -> AIMessage | None:
    """Return the last model message of the newest turn if it has calls that no message answers yet."""
    answered = {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            return None
        if isinstance(message, AIMessage):
            calls = [*message.tool_calls, *message.invalid_tool_calls]
            return message if any(call["id"] not in answered for call in calls) else None
    return None


def pending(messages: Sequence[BaseMessage]) -> list[Any]:
    """Return the newest turn's calls, well-formed or not, that no message answers yet."""
    message = called(messages)
    if message is None:
        return []
    answered = {other.tool_call_id for other in messages if isinstance(other, ToolMessage)}
    calls: list[Any] = [*message.tool_calls, *message.invalid_tool_calls]
    return [call for call in calls if call["id"] not in answered]


def answered(messages: Sequence[BaseMessage]) -> bool:
    """Whether the newest turn has its answer: a model message without calls at its end."""
    last = messages[-1] if messages else None
    return isinstance(last, AIMessage) and not last.tool_calls and not last.invalid_tool_calls


def conversation(messages: Sequence[AnyMessage], tools: Collection[str]) -> list[AnyMessage]:
    """Return the conversation without the memory's own exchanges and without calls that were never answered.

    What a memory tool returned was recalled, not said: it must neither be logged, or it would be learnt again, nor sent
    to a model to which these tools are not offered, since providers refuse that. A result whose call is not there
    goes as well.

    Args:
        messages: In order.
        tools: Names of the application's own tools; other calls are the memory's (or nobody's).
    """
    results = {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}
    kept: list[AnyMessage] = []
    open_calls: set[str] = set()
    for message in messages:
        if isinstance(message, ToolMessage):
            if message.tool_call_id in open_calls:
                kept.append(message)
        elif isinstance(message, AIMessage) and (message.tool_calls or message.invalid_tool_calls):
            own = [call for call in message.tool_calls if call["name"] in tools and call["id"] in results]
            open_calls |= {str(call["id"]) for call in own}
            if len(own) == len(message.tool_calls) and not message.invalid_tool_calls:
                kept.append(message)
            elif own:
                kept.append(only(message, own))
        else:
            kept.append(message)
    return kept


def paired(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """Return the messages without calls that were never answered and without results of calls that are not there."""
    names = {call["name"] for message in messages if isinstance(message, AIMessage) for call in message.tool_calls}
    results = {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}
    whole = all(
        call["id"] in results
        for message in messages
        if isinstance(message, AIMessage)
        for call in [*message.tool_calls, *message.invalid_tool_calls]
    )
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


def _is_other_call(part: str | dict[Any, Any], ids: Collection[Any]) -> bool:
    if isinstance(part, str) or part.get("type") not in _CALL_BLOCKS:
        return False
    return part.get("id") not in ids and part.get("call_id") not in ids
