"""Chat histories of our own: one in this process, one in a store. Both are LangChain's `BaseChatMessageHistory`."""

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import NamedTuple, TypeVar

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage
from langgraph.store.base import Item

from langmem_ext.longterm import LongTermMemory
from langmem_ext.longterm.forget import forget_thread
from langmem_ext.longterm.log import (
    MAX_PAGE,
    check_thread,
    message_text,
    observe,
    range_items,
    thread_length,
    to_message,
)
from langmem_ext.longterm.stored import record_in
from langmem_ext.operations import Operation, arun, ask, run
from langmem_ext.records import derived_id

T = TypeVar("T")

_KNOWN = 512
"""Messages of a session that are kept as made from the store."""

TURN: ContextVar[str | None] = ContextVar("langmem_ext_turn", default=None)
"""Names the turn that several memories save together, so that a log they share gets it once."""


def ask_history(
    history: BaseChatMessageHistory, sync: Callable[[], T], asynchronous: Callable[[], Awaitable[T]]
) -> Operation[T]:
    """Wait for a chat history, in its sync form on a thread where it says that it has no other.

    LangChain's `SQLChatMessageHistory` has methods of both forms and refuses those that its `async_mode` is not for.
    """
    blocking = not getattr(history, "async_mode", True)
    return (yield from ask(sync, None if blocking else asynchronous))


class ChatMessageHistory(BaseChatMessageHistory):
    """The messages of one session in this process, as LangChain's class of this name, without its warning.

    May be shared by threads: each call adds all it is given at once.

    Args:
        messages: To begin with.
    """

    def __init__(self, messages: Sequence[BaseMessage] = ()) -> None:
        self.messages: list[BaseMessage] = list(messages)

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages."""
        self.messages.extend(messages)

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages."""
        self.add_messages(messages)

    async def aget_messages(self) -> list[BaseMessage]:
        """Return the messages."""
        return self.messages

    def clear(self) -> None:
        """Remove all messages."""
        del self.messages[:]

    async def aclear(self) -> None:
        """Remove all messages."""
        self.clear()


class Said(NamedTuple):
    """A message of a log and the position after it."""

    message: BaseMessage
    end: int


class StoreChatMessageHistory(BaseChatMessageHistory):
    """The conversation log of one session, as LangChain's chat history.

    Every message is a record of the memory, so that recall finds it; each comes back with its id and, in
    ``additional_kwargs["timestamp"]``, the time it was said. Also serves `RunnableWithMessageHistory`:
    ``lambda session_id: StoreChatMessageHistory(memory, session_id)``.

    Any number of threads, tasks and processes may use one session at once: what one call adds stays together.

    Args:
        memory: Where the log is.
        session_id: The conversation; the log's thread id.

    Raises:
        InvalidInputError: The session id does not fit a namespace label (1 to 200 characters).
    """

    def __init__(self, memory: LongTermMemory, session_id: str) -> None:
        self.memory = memory
        self.session_id = check_thread(session_id)
        self._known: dict[str, tuple[datetime, Said]] = {}
        self.view: Callable[[], Operation[list[BaseMessage]]] = self.read
        """Gives what `messages` shows; a memory that prunes shows what it has kept."""

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        """The messages, oldest first."""
        return run(self.view())

    async def aget_messages(self) -> list[BaseMessage]:
        """Return the messages, oldest first."""
        return await arun(self.view())

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages; durable when this returns."""
        run(self.append(messages))

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Async twin of `add_messages`."""
        await arun(self.append(messages))

    def clear(self) -> None:
        """Forget the session: its messages, and what was derived from them alone."""
        run(forget_thread(self.memory, self.session_id))

    async def aclear(self) -> None:
        """Async twin of `clear`."""
        await arun(forget_thread(self.memory, self.session_id))

    # The operations

    def append(self, messages: Sequence[BaseMessage]) -> Operation[None]:
        """Append messages to the log, in one batch; one without text and calls (an empty answer) says nothing."""
        spoken = [message for message in messages if message_text(message)]
        turn = TURN.get()
        if turn is not None:
            spoken = [
                message if message.id else message.model_copy(update={"id": derived_id(turn, self.session_id, str(n))})
                for n, message in enumerate(spoken)
            ]
        yield from observe(self.memory, spoken, thread_id=self.session_id)

    def read(self) -> Operation[list[BaseMessage]]:
        """Return all messages."""
        return [said.message for said in (yield from self.said(0))]

    def said(self, start: int) -> Operation[list[Said]]:
        """Return the messages from a position on; a negative one counts from the end."""
        length = yield from thread_length(self.memory, self.session_id)
        first = max(0, length + start) if start < 0 else start
        found: list[Said] = []
        for page in range(first, length, MAX_PAGE):
            items = yield from range_items(self.memory, self.session_id, page, min(length, page + MAX_PAGE))
            found += [self._parsed(item) for item in items]
        return found

    def _parsed(self, item: Item) -> Said:
        """Return the message of a store's item, made once for a window that is read again with every turn."""
        known = self._known.get(item.key)
        if known is not None and known[0] == item.updated_at:
            return known[1]
        record = record_in(item)
        said = Said(to_message(record), (record.position or 0) + 1)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[item.key] = (item.updated_at, said)
        return said
