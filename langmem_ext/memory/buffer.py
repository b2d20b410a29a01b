"""The conversation as it was said: all of it, its last exchanges, or as much as fits."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable
from pydantic import Field, PrivateAttr

from langmem_ext.memory.base import ChatMemory
from langmem_ext.memory.logs import Log, suffix
from langmem_ext.memory.windows import Tokens, last_turns
from langmem_ext.operations import Operation

_FIRST = 64
"""Messages that are read first to fill a window of tokens."""


class BufferView(ChatMemory):
    """A memory whose buffer is the messages that it shows."""

    @property
    def buffer(self) -> Any:
        """The messages that the memory shows, or their text."""
        return self.buffer_as_messages if self.return_messages else self.buffer_as_str

    async def abuffer(self) -> Any:
        """Async twin of `buffer`."""
        return await (self.abuffer_as_messages() if self.return_messages else self.abuffer_as_str())


class ConversationBufferMemory(BufferView):
    r"""The whole conversation.

    Example:
        >>> memory = ConversationBufferMemory()
        >>> memory.save_context({"input": "hi"}, {"output": "hello"})
        >>> memory.load_memory_variables({})
        {'history': 'Human: hi\nAI: hello'}

    See `SessionMemory` and `ChatMemory` for the other fields.
    """

    def _shown(self, log: Log) -> Operation[list[BaseMessage]]:
        return (yield from log.everything())


class ConversationBufferWindowMemory(BufferView):
    """The last exchanges. In a store the earlier ones stay and can be recalled; in this process they are dropped.

    Attributes:
        k: How many exchanges. One begins at a human message, so that a tool call is never parted from its result.
    """

    k: int = 5

    def _shown(self, log: Log) -> Operation[list[BaseMessage]]:
        return (yield from suffix(log, 2 * max(self.k, 0) + 2, partial(last_turns, turns=self.k)))

    def _tidy(self, log: Log) -> Operation[None]:
        if log.bounded:
            yield from log.trim(partial(last_turns, turns=self.k))


class ConversationTokenBufferMemory(BufferView):
    """The newest messages within a number of tokens.

    In a store the earlier ones stay and can be recalled; in this process, and in a `chat_memory`, they are removed.

    Attributes:
        llm: Whose tokens are counted, where it can count on this machine alone; else, and without one, a counter that
            knows scripts (`langmem_ext.tokens`).
        max_token_limit: Tokens of the buffer at most.
    """

    llm: Runnable[Any, Any] | None = None
    max_token_limit: int = Field(default=2000, ge=0)

    _tokens: Tokens | None = PrivateAttr(default=None)

    def _shown(self, log: Log) -> Operation[list[BaseMessage]]:
        return (yield from suffix(log, _FIRST, self._newest))

    def _kept(self, log: Log) -> Operation[list[BaseMessage]]:
        return (yield from self._shown(log))

    def _tidy(self, log: Log) -> Operation[None]:
        yield from log.trim(self._newest)

    def _newest(self, messages: Sequence[BaseMessage]) -> int:
        if self._tokens is None:
            self._tokens = Tokens(self.llm)
        return self._tokens.newest_within(messages, self.max_token_limit)
