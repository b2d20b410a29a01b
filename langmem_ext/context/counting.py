"""Counting what the sections of a context cost, each text once."""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from langmem_ext.tokens import count_message, count_text, count_tools

_REMEMBERED = 4096


class Counter:
    """Counts messages and tool schemas with one text counter and remembers what it counted.

    It may be shared by threads: the worst that a race does is to count a message twice.

    Args:
        text: Counts the tokens of a text.
    """

    def __init__(self, text: Callable[[str], int] = count_text) -> None:
        self.text = text
        self._known: dict[tuple[str, int], int] = {}

    def message(self, message: BaseMessage) -> int:
        """Return the tokens of a message: text, calls, name and role."""
        if not isinstance(message.content, str) or message.name or message.type not in {"human", "ai", "system"}:
            return count_message(message, self.text)
        if getattr(message, "tool_calls", None) or getattr(message, "invalid_tool_calls", None):
            return count_message(message, self.text)
        key = (message.id or message.type, hash(message.content))
        tokens = self._known.get(key)
        if tokens is None:
            tokens = count_message(message, self.text)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = tokens
        return tokens

    def messages(self, messages: Sequence[BaseMessage]) -> int:
        """Return the tokens of several messages."""
        return sum(self.message(message) for message in messages)

    def tools(self, tools: Sequence[Any]) -> int:
        """Return the tokens of the schemas of tools."""
        return count_tools(tools, self.text)
