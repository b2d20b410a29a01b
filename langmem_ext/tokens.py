"""Counting tokens without a tokenizer's vocabulary: script-aware, linear, and rather above than below.

"Four characters per token" is wrong for Chinese by a factor of four, and real vocabularies are fetched over the
network, which the default path must not do. Here a regular expression cuts text into the pieces that byte-pair
vocabularies have in common, and one piece is one token. The piece sizes were calibrated on conversations in English
and Chinese, source code, JSON and samples of fifteen languages, against the vocabularies o200k_base, cl100k_base, Qwen
3.6 and DeepSeek V4. English and code come out at 1.1 times the largest of the four (0.25 tokens per character), Chinese
at 1.0 to 1.2 times (1.1 tokens per character; the newer vocabularies need 0.5 to 0.7). Where it can be low: long words
of an unaccented language other than English (Finnish 0.7 times), base64 (0.9 times).

Owns counting; imports nothing of ours. Everything here is pure and safe to call from any thread.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, TypeAlias

from langchain_core.language_models import BaseLanguageModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

logger = logging.getLogger("langmem_ext")

TokenCounter: TypeAlias = Callable[[str], int]
"""Tokens of a text, 0 for an empty one."""

MESSAGE_TOKENS = 4
"""A message's role and two delimiters, as OpenAI documents for its chat format (3 + 1)."""

REPLY_TOKENS = 3
"""What opens the answer after the last message, from the same source."""

CALL_TOKENS = 8
"""What a tool call costs beyond name, arguments and id: its JSON frame."""

TOOL_TOKENS = 12
"""What a tool's declaration costs beyond its JSON schema; providers render it in their own framing."""

IMAGE_TOKENS = 1_600
"""An image at full detail: the most that Anthropic charges for one; OpenAI's tiles come to 765 to 1,445."""

SMALL_IMAGE_TOKENS = 85
"""An image with ``detail: low``, as OpenAI documents."""

FILE_TOKENS = 1_600
"""A file, sound or video given by reference or as bytes: nothing in the message tells, so a page or an image."""

_COMMON_HAN = bytes(
    byte
    for high in range(0xB0, 0xD8)
    for low in range(0xA1, 0xFA if high == 0xD7 else 0xFF)  # noqa: PLR2004 - the last row is not full
    for byte in (high, low)
).decode("gb2312")
"""The 3,755 characters of GB 2312's first level; vocabularies spell most others, also traditional ones, in two."""

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"

_PIECE = re.compile(
    r" ?[A-Za-z]?[a-z]{1,7}(?![a-z])"  # a word of up to eight letters with the space before it
    r"| ?[A-Za-z]?[a-z]{1,3}"  # four letters of a longer one
    r"|[A-Z]{2,3}"
    r"|\d"  # some vocabularies have no numbers, only digits
    r"|\s+"
    r"|([!-/:-@\[-`{-~])\1{1,3}|[!-/:-@\[-`{-~]{2}"  # a rule, an ellipsis, a pair such as `("`
    r"|[\u0400-\u052f]{1,2}"  # Cyrillic
    r"|.",  # Han, kana and every other script: one token per character
    re.DOTALL,
)

_COSTLY = re.compile(
    rf"[{_HAN}](?<![{_COMMON_HAN}])"
    r"|[\u00c0-\u024f\u1e00-\u1eff]"  # an accent breaks its word into pieces
    r"|[\uac00-\ud7af]{3}"  # Hangul
    r"|[\u0e00-\u0eff]"  # Thai and Lao: three bytes a character and few merges
    r"|[\u2190-\u2bff\u200d\ufe00-\ufe0f]"  # symbols and what joins emoji
    r"|[\U00010000-\U0010ffff\ud800-\udfff]"  # emoji; a lone surrogate is sent as a replacement
)
"""What costs one token more than its pieces say."""

_COSTLIER = re.compile(rf"[{_HAN}]{{3}}|[\U00010000-\U0010ffff]")
"""What costs one more again: every third character of Chinese, and emoji, whose four bytes are three tokens."""


_CACHED = 1_000
"""Characters up to which a text's count is kept: a recalled memory is counted at every step of every turn."""


def count_text(text: str) -> int:
    """Count the tokens of a text without a vocabulary, from above, in linear time.

    The counts of the last 8,192 short texts are kept in memory.

    Args:
        text: Any text, whatever its script; code, JSON, emoji and lone surrogates included.

    Returns:
        Tokens, 0 for an empty text.
    """
    return _count_short(text) if len(text) <= _CACHED else _count(text)


def _count(text: str) -> int:
    tokens = _PIECE.subn("", text)[1]
    if text.isascii():
        return tokens
    return tokens + _COSTLY.subn("", text)[1] + _COSTLIER.subn("", text)[1]


_count_short = lru_cache(maxsize=8_192)(_count)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


_CALLS = frozenset({"tool_use", "tool_call", "tool_call_chunk", "function_call"})
_IMAGES = frozenset({"image", "image_url", "input_image"})
_FILES = frozenset({"file", "input_file", "document", "audio", "input_audio", "video", "media"})


def _count_image(part: Mapping[str, Any]) -> int:
    source = part.get("image_url")
    detail = source.get("detail") if isinstance(source, Mapping) else part.get("detail")
    return SMALL_IMAGE_TOKENS if detail == "low" else IMAGE_TOKENS


def _count_part(part: str | Mapping[str, Any], counter: TokenCounter) -> int:
    """Count one part of a message's content; tool calls are counted with the message, not here."""
    if isinstance(part, str):
        return counter(part)
    kind = part.get("type")
    for name in ("text", "thinking", "reasoning"):
        if isinstance(part.get(name), str):
            return counter(part[name])
    if kind in _CALLS:
        return 0
    if kind in _IMAGES:
        return _count_image(part)
    if kind in _FILES:
        return FILE_TOKENS
    return counter(_json(part))


def _count_calls(message: BaseMessage, counter: TokenCounter) -> int:
    if isinstance(message, ToolMessage):
        return counter(message.tool_call_id)
    if not isinstance(message, AIMessage):
        return 0
    tokens = 0
    for call in (*message.tool_calls, *message.invalid_tool_calls):
        arguments = call["args"] if isinstance(call["args"], str) else _json(call["args"] or {})
        tokens += CALL_TOKENS + counter(call["name"] or "") + counter(call["id"] or "") + counter(arguments)
    return tokens


def count_message(message: BaseMessage, counter: TokenCounter = count_text) -> int:
    """Count the tokens a message costs in a prompt: role, name, all parts of its content, tool calls, tool call id.

    Args:
        message: Any LangChain message.
        counter: Counts texts; see `counter_for`.

    Returns:
        Tokens, at least `MESSAGE_TOKENS`. Images and files, whose cost the message does not tell, count as
        `IMAGE_TOKENS` and `FILE_TOKENS`; what is not sent (a tool's artifact, metadata) counts nothing.
    """
    content = message.content
    parts = [content] if isinstance(content, str) else content
    tokens = MESSAGE_TOKENS + sum(_count_part(part, counter) for part in parts)
    if message.name:
        tokens += 1 + counter(message.name)
    return tokens + _count_calls(message, counter)


def count_messages(messages: Iterable[BaseMessage], counter: TokenCounter = count_text) -> int:
    """Count the tokens of a whole prompt: its messages, and what opens the answer; 0 for no messages.

    Args:
        messages: The prompt.
        counter: Counts texts; see `counter_for`.
    """
    tokens = [count_message(message, counter) for message in messages]
    return sum(tokens) + REPLY_TOKENS if tokens else 0


def count_tools(tools: Sequence[Any], counter: TokenCounter = count_text) -> int:
    """Count the tokens that the declarations of tools cost.

    Args:
        tools: What `bind_tools` takes: LangChain tools, functions, pydantic classes, or dicts in OpenAI's form. A dict
            that is a provider's built-in tool counts as its JSON.
        counter: Counts texts; see `counter_for`.
    """
    return sum(TOOL_TOKENS + counter(_json(_declaration(tool))) for tool in tools)


def _declaration(tool: Any) -> Mapping[str, Any]:
    if isinstance(tool, Mapping) and not {"function", "name", "title"} & set(tool):
        return tool
    return convert_to_openai_tool(tool)


def counter_for(model: object = None) -> TokenCounter:
    """Return the counter for a model: its own where that works on this machine alone, else `count_text`.

    A model's own counter is ``custom_get_token_ids`` where it is set, or a `get_num_tokens` or `get_token_ids` that
    its class defines. LangChain's defaults are not used: the base class fetches GPT-2's vocabulary, and the provider
    packages (``langchain_*``) fetch theirs or ask their service. To count with a vocabulary you have, set
    ``custom_get_token_ids`` on the model.

    Args:
        model: A model, one with tools or arguments bound to it, or None.

    Returns:
        A counter. Should the model's own raise for a text, that text is counted by `count_text`.
    """
    while not isinstance(model, BaseLanguageModel) and hasattr(model, "bound"):
        model = model.bound
    if not isinstance(model, BaseLanguageModel):
        return count_text
    encode = model.custom_get_token_ids
    if encode is not None:
        return _guarded(lambda text: len(encode(text)))
    return _guarded(model.get_num_tokens) if _counts_locally(type(model)) else count_text


@cache
def _counts_locally(kind: type[BaseLanguageModel[Any]]) -> bool:
    """Whether the class nearest in the hierarchy that says how to count is neither LangChain's nor a provider's."""
    for base in kind.__mro__:
        if {"get_num_tokens", "get_token_ids"} & set(vars(base)):
            return not base.__module__.startswith("langchain")
    return False


def _guarded(own: TokenCounter) -> TokenCounter:
    """Let a counter that refuses a text (a special token written out, a surrogate) not cost the turn."""

    def count(text: str) -> int:
        try:
            return own(text)
        except Exception as error:  # noqa: BLE001 - a model's tokenizer may raise anything
            logger.warning("the model's own token counter failed: %s", type(error).__name__)
            return count_text(text)

    return count


def level(sizes: Sequence[int], room: int) -> int:
    """Return the greatest size at which all texts, cut down to it where they are larger, fit `room` together."""
    left = room
    for place, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - place)
        if size > share:
            return share
        left -= size
    return max(sizes, default=0)
