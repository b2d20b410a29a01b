"""The rolling summary: what the messages that leave the window said, in a bounded number of tokens."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import RunnableConfig

from langmem_ext.context.counting import Counter
from langmem_ext.context.shortening import flat_text, shorten
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, invoke
from langmem_ext.prompts import FOLD
from langmem_ext.records import escape

logger = logging.getLogger("langmem_ext")

_TOOL_RESULT = 200
"""Tokens of a tool's result that a summary is made from; what mattered of it is in the answer."""


def head(profile: Mapping[str, Any], summary: str) -> HumanMessage | None:
    """Return the message that shows the core profile and the rolling summary, delimited and escaped, or None."""
    parts = []
    if profile:
        parts.append(
            f"<profile>\n{escape(json.dumps(profile, ensure_ascii=False, sort_keys=True, default=str))}\n</profile>"
        )
    if summary:
        parts.append(f"<summary>\n{escape(summary)}\n</summary>")
    return HumanMessage("\n".join(parts)) if parts else None


def fold(
    summary: str,
    messages: Sequence[BaseMessage],
    *,
    limit: int,
    call_limit: int,
    counter: Counter,
    language: str,
    model: BaseChatModel | None,
    meter: Meter,
    config: RunnableConfig | None,
) -> Operation[str]:
    """Fold messages into a rolling summary.

    Args:
        summary: The summary so far.
        messages: What leaves the window, oldest first.
        limit: Tokens of the new summary at most.
        call_limit: Tokens of one model call at most; more messages take several calls.
        counter: Counts tokens.
        language: Of the prompt.
        model: Writes the summary; None extracts it.
        meter: Counts and caps the model's calls.
        config: Passed to the model.

    Returns:
        The new summary. A model that fails costs the summary's quality, never the summary.
    """
    for part in _portions(messages, (call_limit - limit) // 2, counter):
        written = ""
        if model is not None:
            written = yield from _write(model, _prompt(summary, part, language), counter, meter, config)
        summary = written or _extract(summary, part, limit, counter)
        if counter.text(summary) > limit:
            summary = _extract("", [HumanMessage(summary)], limit, counter)
    return summary


def _portions(messages: Sequence[BaseMessage], room: int, counter: Counter) -> Iterator[list[BaseMessage]]:
    portion: list[BaseMessage] = []
    size = 0
    for message in messages:
        bound = min(room, _TOOL_RESULT) if isinstance(message, ToolMessage) else room
        tokens = counter.message(message)
        small = message if tokens <= bound else shorten(message, bound, counter.message)
        tokens = min(tokens, bound)
        if portion and size + tokens > room:
            yield portion
            portion, size = [], 0
        portion.append(small)
        size += tokens
    if portion:
        yield portion


def _prompt(summary: str, messages: Sequence[BaseMessage], language: str) -> list[BaseMessage]:
    entries = "\n".join(f'<entry speaker="{message.type}">{escape(flat_text(message))}</entry>' for message in messages)
    body = f"<summary>\n{escape(summary)}\n</summary>\n<entries>\n{entries}\n</entries>"
    return [SystemMessage(FOLD[language]), HumanMessage(body)]


def _write(
    model: BaseChatModel, prompt: Sequence[BaseMessage], counter: Counter, meter: Meter, config: RunnableConfig | None
) -> Operation[str]:
    sent = counter.messages(prompt)
    try:
        meter.reserve(sent)
        answer = yield from invoke(model, list(prompt), config)
    except Exception as error:  # noqa: BLE001 - a model may raise anything; the summary is then extracted
        logger.warning("the rolling summary is extracted: %s", type(error).__name__)
        return ""
    meter.spend(answer, sent)
    return flat_text(answer).strip()


def _extract(summary: str, messages: Sequence[BaseMessage], limit: int, counter: Counter) -> str:
    """Choose the sentences that say most, of the summary so far and of what people said."""
    from langmem_ext.longterm.salience import summarise  # noqa: PLC0415 - loads the tokeniser, needed only here

    texts = [summary, *(flat_text(message) for message in messages if not isinstance(message, ToolMessage))]
    chosen = summarise([text for text in texts if text.strip()], max_tokens=limit)
    while chosen and counter.text("\n".join(chosen)) > limit:
        chosen = chosen[1:]
    return "\n".join(chosen)
