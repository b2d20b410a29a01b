"""Where a window over a conversation begins. Pure functions over the end of a log."""

from collections.abc import Callable, Sequence
from typing import Final

from langchain_core.language_models import BaseLanguageModel
from langchain_core.messages import BaseMessage, ToolMessage, get_buffer_string

from langmem_ext.tokens import count_message, count_text, counter_for

_HUMAN: Final = frozenset({"human", "HumanMessageChunk"})
"""Types of human messages; an `isinstance` of a pydantic class costs ten times as much."""


def last_turns(messages: Sequence[BaseMessage], turns: int) -> int:
    """Return where the last turns begin: at human messages, so that no call is parted from its result.

    Args:
        messages: The end of a conversation.
        turns: How many exchanges; consecutive human messages open one.
    """
    if turns <= 0:
        return len(messages)
    for place in range(len(messages) - 1, -1, -1):
        if messages[place].type in _HUMAN and not (place and messages[place - 1].type in _HUMAN):
            turns -= 1
            if not turns:
                return place
    return 0


class Tokens:
    """Counts messages as a model would: with its own counter where its class has one that works on this machine alone.

    That is `get_num_tokens_from_messages`, else `get_num_tokens` of a message's text, as LangChain's memory classes use
    them. Otherwise `langmem_ext.tokens.count_message` counts, which knows scripts.

    Args:
        llm: The model, or None.
    """

    def __init__(self, llm: object = None) -> None:
        self._whole = _own_counter(llm)
        self.message = self._one_by_one(llm)

    def _one_by_one(self, llm: object) -> Callable[[BaseMessage], int]:
        whole = self._whole
        if whole is not None:
            return lambda message: whole([message])
        count = counter_for(llm)
        if count is count_text:
            return count_message
        return lambda message: count(get_buffer_string([message]))

    def newest_within(self, messages: Sequence[BaseMessage], limit: int) -> int:
        """Return where the newest messages begin that are no more than `limit` tokens; never at a call's bare result.

        Args:
            messages: The end of a conversation.
            limit: Tokens at most.
        """
        whole = self._whole
        if whole is not None:
            start = _first(len(messages), lambda place: whole(list(messages[place:])) <= limit)
        else:
            start = len(messages)
            while start and (limit := limit - self.message(messages[start - 1])) >= 0:
                start -= 1
        while 0 < start < len(messages) and isinstance(messages[start], ToolMessage):
            start += 1
        return start


def _first(end: int, fits: Callable[[int], bool]) -> int:
    """Return the first place up to `end` that fits, where all after it do; few looks where that is near the start."""
    low, high = 0, 1
    if end == 0 or fits(0):
        return 0
    while high < end and not fits(high):
        low, high = high, 2 * high
    high = min(high, end)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _own_counter(llm: object) -> Callable[[list[BaseMessage]], int] | None:
    """Return the model's counter of messages where its class, and not a provider's package, defines one."""
    if not isinstance(llm, BaseLanguageModel):
        return None
    for base in type(llm).__mro__:
        if "get_num_tokens_from_messages" in vars(base):
            return None if base.__module__.startswith("langchain") else llm.get_num_tokens_from_messages
    return None
