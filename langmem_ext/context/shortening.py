"""Showing less of a message: cut from the middle, with a note that says how much and where the whole of it is."""

import json
from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from langmem_ext.prompts import LEFT_OUT

Count = Callable[[BaseMessage], int]
_ARGUMENT = 200
"""Characters of one tool-call argument that are kept in a shortened message."""


def flat_text(message: BaseMessage) -> str:
    """Return the text of a message, other parts (images, files) named in brackets."""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(_part(part) for part in message.content)


def _part(part: str | dict[Any, Any]) -> str:
    if isinstance(part, str):
        return part
    return str(part.get("text", "")) if part.get("type") == "text" else f"[{part.get('type', 'content')}]"


def shorten(message: BaseMessage, limit: int, count: Count, *, language: str = "en") -> BaseMessage:
    """Return a copy of the message of at most `limit` tokens where that is possible, the middle of its text left out.

    Start and end stay, because the question of a long message is at one of the two. Where even the note does not fit,
    the text is empty.

    Args:
        message: The message; it is not changed.
        limit: Tokens of the copy at most.
        count: Counts the tokens of a message.
        language: Of the note, "en" or "zh".
    """
    text = flat_text(message)
    small = _with_text(message, text, shorten_calls=True)
    size = count(small)
    if size <= limit:
        return small
    kept = int(len(text) * max(0, limit) / size)
    while kept > 0:
        small = _with_text(message, _cut(text, kept, message.id, language), shorten_calls=True)
        if count(small) <= limit:
            return small
        kept = int(kept * 0.8)
    return _with_text(message, "", shorten_calls=True)


def _cut(text: str, kept: int, message_id: str | None, language: str) -> str:
    head = kept * 2 // 3
    tail = kept - head
    note = LEFT_OUT[language].format(count=len(text) - kept, id=message_id or "?")
    return f"{text[:head]}\n{note}\n{text[len(text) - tail :] if tail else ''}"


def _with_text(message: BaseMessage, text: str, *, shorten_calls: bool) -> BaseMessage:
    update: dict[str, Any] = {"content": text}
    if shorten_calls and isinstance(message, AIMessage) and (message.tool_calls or message.invalid_tool_calls):
        update["tool_calls"] = [call | {"args": _short_arguments(call["args"])} for call in message.tool_calls]
        update["invalid_tool_calls"] = [
            call | {"args": (call.get("args") or "")[:_ARGUMENT]} for call in message.invalid_tool_calls
        ]
        update["additional_kwargs"] = {k: v for k, v in message.additional_kwargs.items() if k != "tool_calls"}
    return message.model_copy(update=update)


def _short_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Cut long arguments; the call itself, its name and id stay, because its result refers to them."""
    short: dict[str, Any] = {}
    for name, value in list(arguments.items())[:16]:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        short[name[:_ARGUMENT]] = value if len(text) <= _ARGUMENT else text[:_ARGUMENT] + "…"
    return short
