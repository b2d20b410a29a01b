"""What a memory class works on: one session's log, in this process, in somebody's chat history, or in a store.

All three answer the same questions (the newest messages, those from a position on, a running note); they differ in what
happens to a message that has left the window. In a store it stays and can be recalled; in a chat history that was
handed over it is removed, as LangChain's classes meant to; in this process it is dropped.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage, SystemMessage

from langmem_ext.longterm.running import Note
from langmem_ext.memory.history import ChatMessageHistory, Said, ask_history
from langmem_ext.memory.sessions import Guard, holding
from langmem_ext.operations import Operation

MARK: Final = "langmem_ext_summary"
"""Marks the message that stands in a chat history for those that were summarised and removed."""


Choose: TypeAlias = Callable[[Sequence[BaseMessage]], int]
"""Gives the place from which on messages are wanted. Where it names the first of those at hand, and there are earlier
ones, it is asked again with these."""


class Log(Protocol):
    """One session's log.

    Attributes:
        guard: Held while the log is summarised.
        bounded: Whether the log need not keep what no window shows.
    """

    guard: Guard
    bounded: bool

    @property
    def history(self) -> BaseChatMessageHistory:
        """The log as LangChain's chat history."""
        ...

    def append(self, messages: Sequence[BaseMessage]) -> Operation[None]:
        """Append messages, together."""
        ...

    def everything(self) -> Operation[list[BaseMessage]]:
        """Return all messages."""
        ...

    def tail(self, count: int) -> Operation[tuple[Sequence[BaseMessage], bool]]:
        """Return at least the newest `count` messages, and whether there are no earlier ones."""
        ...

    def since(self, position: int) -> Operation[list[Said]]:
        """Return the messages from a position on; what `bounded` logs drop moves no position."""
        ...

    def trim(self, choose: Choose) -> Operation[None]:
        """Drop the messages before the chosen place where the log is not kept."""
        ...

    def note(self, name: str) -> Operation[Note]:
        """Return a running note."""
        ...

    def fold(self, name: str, old: Note, summary: str, folded: Sequence[Said], *, remove: bool) -> Operation[bool]:
        """Let a summary stand for messages; return False where the note is no longer the old one.

        Args:
            name: The note.
            old: The note that the summary was made from.
            summary: The new summary.
            folded: The messages that it covers now, those right after the old position.
            remove: Whether they leave the log, where the log is not kept.
        """
        ...

    def put_note(self, name: str, note: Note) -> Operation[None]:
        """Set a note, whatever it was."""
        ...

    def clear(self) -> Operation[None]:
        """Remove everything."""
        ...


def suffix(log: Log, count: int, choose: Choose) -> Operation[list[BaseMessage]]:
    """Return the end of a log, reading no more of it than is needed: `count` messages to begin with."""
    while True:
        messages, whole = yield from log.tail(count)
        start = choose(messages)
        if start > 0 or whole:
            return list(messages[start:])
        count *= 4


class LocalLog:
    """A session in this process. Appending is one step, so that threads need no lock for it."""

    bounded = True

    def __init__(self) -> None:
        self.history = ChatMessageHistory()
        self.guard = Guard()
        self._trimming = Guard()
        self._notes: dict[str, Note] = {}

    def append(self, messages: Sequence[BaseMessage]) -> Operation[None]:
        """See `Log`."""
        self.history.messages.extend(messages)
        yield from ()

    def everything(self) -> Operation[list[BaseMessage]]:
        """See `Log`."""
        yield from ()
        return list(self.history.messages)

    def tail(self, count: int) -> Operation[tuple[Sequence[BaseMessage], bool]]:  # noqa: ARG002 - all is at hand
        """See `Log`."""
        yield from ()
        return list(self.history.messages), True

    def since(self, position: int) -> Operation[list[Said]]:
        """See `Log`."""
        yield from ()
        messages = self.history.messages[position:]
        return [Said(message, position + place) for place, message in enumerate(messages, 1)]

    def trim(self, choose: Choose) -> Operation[None]:
        """See `Log`."""
        messages = self.history.messages
        with self._trimming.lock:
            del messages[: choose(messages)]
        yield from ()

    def note(self, name: str) -> Operation[Note]:
        """See `Log`."""
        yield from ()
        return self._notes.get(name, Note())

    def fold(self, name: str, old: Note, summary: str, folded: Sequence[Said], *, remove: bool) -> Operation[bool]:
        """See `Log`."""
        yield from ()
        if self._notes.get(name, Note()) != old:
            return False
        if remove:
            del self.history.messages[: len(folded)]
        self._notes[name] = Note(summary, old.position if remove else folded[-1].end)
        return True

    def put_note(self, name: str, note: Note) -> Operation[None]:
        """See `Log`."""
        self._notes[name] = note
        yield from ()

    def clear(self) -> Operation[None]:
        """See `Log`."""
        self.history.clear()
        self._notes.clear()
        yield from ()


class HistoryLog:
    """A chat history that was handed over: whatever it is, all of it is read and written through its own methods.

    Where it gives a list of its own away (`InMemoryChatMessageHistory`), messages are removed from that; else it is
    cleared and gets back what stays, with the summary as its first message, so that the summary is as durable as it.
    """

    bounded = False

    def __init__(self, history: BaseChatMessageHistory) -> None:
        self.history = history
        self.guard = Guard()
        self._writing = Guard()
        self._notes: dict[str, Note] = {}

    def _all(self) -> Operation[list[BaseMessage]]:
        history = self.history
        return (yield from ask_history(history, lambda: history.messages, history.aget_messages))

    def append(self, messages: Sequence[BaseMessage]) -> Operation[None]:
        """See `Log`."""
        yield from holding(self._writing, lambda: self._add(messages))

    def everything(self) -> Operation[list[BaseMessage]]:
        """See `Log`."""
        return list((yield from self._all()))

    def _add(self, messages: Sequence[BaseMessage]) -> Operation[None]:
        history = self.history
        yield from ask_history(history, lambda: history.add_messages(messages), lambda: history.aadd_messages(messages))

    def tail(self, count: int) -> Operation[tuple[Sequence[BaseMessage], bool]]:  # noqa: ARG002 - all is read at once
        """See `Log`."""
        return (yield from self._all()), True

    def since(self, position: int) -> Operation[list[Said]]:
        """See `Log`."""
        messages = yield from self._all()
        rest = messages[_begin(messages) :]
        return [Said(message, place) for place, message in enumerate(rest, 1) if place > position]

    def trim(self, choose: Choose) -> Operation[None]:
        """See `Log`."""
        yield from holding(self._writing, lambda: self._cut(choose, ()))

    def _cut(self, choose: Choose, first: Sequence[BaseMessage]) -> Operation[None]:
        """Remove the messages before a place, and let others stand first where the list is not the history's own."""
        history = self.history
        messages = yield from self._all()
        start = choose(messages)
        if not start:
            return
        if (yield from self._all()) is messages:
            del messages[:start]
            return
        yield from ask_history(history, history.clear, history.aclear)
        yield from self._add([*first, *messages[start:]])

    def note(self, name: str) -> Operation[Note]:
        """See `Log`."""
        known = self._notes.get(name)
        if known is None:
            messages = yield from self._all()
            summary = str(messages[0].content) if _begin(messages) else ""
            known = self._notes.setdefault(name, Note(summary))
        return known

    def fold(self, name: str, old: Note, summary: str, folded: Sequence[Said], *, remove: bool) -> Operation[bool]:
        """See `Log`."""
        if (yield from self.note(name)) != old:
            return False
        if remove:
            mark = SystemMessage(summary, additional_kwargs={MARK: True})
            yield from holding(self._writing, lambda: self._cut(lambda said: _begin(said) + len(folded), [mark]))
        self._notes[name] = Note(summary, old.position if remove else folded[-1].end)
        return True

    def put_note(self, name: str, note: Note) -> Operation[None]:
        """See `Log`."""
        self._notes[name] = note
        yield from ()

    def clear(self) -> Operation[None]:
        """See `Log`."""
        history = self.history
        yield from holding(self._writing, lambda: ask_history(history, history.clear, history.aclear))
        self._notes.clear()


def _begin(messages: Sequence[BaseMessage]) -> int:
    """Return where the messages begin after the summary that a history may have in front."""
    return int(bool(messages) and MARK in messages[0].additional_kwargs)
