"""Showing less of a message: cut from the middle, with a note that says how much and where the whole of it is."""

import json
import re
from bisect import bisect_left
from collections.abc import Callable
from itertools import islice
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from langmem_ext.prompts import LEFT_OUT
from langmem_ext.stopwords import FUNCTION_WORDS
from langmem_ext.text import words_and_runs

Count = Callable[[BaseMessage], int]
_ARGUMENT = 200
"""Characters of one tool-call argument that are kept in a shortened message."""
_ASKED = 200
"""Characters of each end of a long question that are looked for."""
_COMMON = 40
"""Mentions of a word by which it is common in a text."""


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
    small = _with_text(message, text)
    size = count(small)
    if size <= limit:
        return small
    kept = int(len(text) * max(0, limit) / size)
    while kept > 0:
        small = _with_text(message, _cut(text, kept, message.id, language))
        if count(small) <= limit:
            return small
        kept = int(kept * 0.8)
    return _with_text(message, "")


def _cut(text: str, kept: int, message_id: str | None, language: str) -> str:
    head = kept * 2 // 3
    tail = kept - head
    note = LEFT_OUT[language].format(count=len(text) - kept, id=message_id or "?")
    return f"{text[:head]}\n{note}\n{text[len(text) - tail :] if tail else ''}"


def _with_text(message: BaseMessage, text: str) -> BaseMessage:
    """Return a copy with another text, and what its tool calls were called with cut short."""
    update: dict[str, Any] = {"content": text}
    if isinstance(message, AIMessage) and (message.tool_calls or message.invalid_tool_calls):
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


def excerpt(text: str, kept: int, about: str, note: str) -> str:
    """Return the start of a long text and the passage that speaks most of a question.

    Args:
        text: The text.
        kept: Characters that are shown, the notes aside.
        about: The question.
        note: What stands for what is left out; ``{count}`` in it becomes the number of characters.
    """
    head = kept // 4
    size = kept - head
    start = _densest(text, head, size, about)
    end = min(len(text), start + size)
    gap = f" {note.replace('{count}', str(start - head))} " if start > head else ""
    rest = f" {note.replace('{count}', str(len(text) - end))}" if end < len(text) else ""
    return f"{text[:head]}{gap}{text[start:end]}{rest}"


def _densest(text: str, head: int, size: int, about: str) -> int:
    """Return where the passage begins that has most of the question's words, none said twice counted twice."""
    hits = _mentions(text, about)
    best, place = 0, head
    for first, (begin, _) in enumerate(hits):
        start = max(head, begin - size // 8)
        words = {word for _, word in hits[first : bisect_left(hits, (start + size, ""))]}
        if len(words) > best:
            best, place = len(words), start
    return min(place, max(head, len(text) - size))


def _mentions(text: str, about: str) -> list[tuple[int, str]]:
    """Return where words of a question occur in a text, in order; what occurs all over it tells no passage apart."""
    words, runs = words_and_runs(about if len(about) <= 2 * _ASKED else f"{about[:_ASKED]} {about[-_ASKED:]}")
    terms = {word for word in words if word not in FUNCTION_WORDS}
    terms |= {run[n : n + 2] for run in runs for n in range(len(run) - 1)}
    hits: list[tuple[int, str]] = []
    for term in terms:
        found = re.finditer(re.escape(term), text, re.IGNORECASE)
        places = [match.start() for match in islice(found, _COMMON)]
        if len(places) < _COMMON:
            hits.extend((place, term) for place in places)
    return sorted(hits)
