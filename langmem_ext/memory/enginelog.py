"""A session's log in a store, through the engine: nothing that was said leaves it but by `forget`."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from langmem_ext.longterm.forget import forget_thread
from langmem_ext.longterm.log import thread_length
from langmem_ext.longterm.running import CLEARED, Note, read_note, write_note
from langmem_ext.memory.history import Said, StoreChatMessageHistory
from langmem_ext.memory.logs import Choose
from langmem_ext.memory.sessions import Guard
from langmem_ext.operations import Operation


class EngineLog:
    """A session in a store, through the engine: durable, found by recall, shared by threads and processes."""

    bounded = False

    def __init__(self, history: StoreChatMessageHistory) -> None:
        self.history = history
        self.guard = Guard()
        self._core, self._thread = history.memory, history.session_id

    def append(self, messages: Sequence[BaseMessage]) -> Operation[None]:
        """See `Log`."""
        yield from self.history.append(messages)

    def everything(self) -> Operation[list[BaseMessage]]:
        """See `Log`."""
        return [said.message for said in (yield from self.since(0))]

    def tail(self, count: int) -> Operation[tuple[Sequence[BaseMessage], bool]]:
        """See `Log`."""
        said = yield from self.history.said(-count)
        whole = bool(said) and said[0].end == 1
        if len(said) < count and not whole:  # forgotten messages leave gaps, and a cleared session is one
            cleared = yield from read_note(self._core, CLEARED, self._thread)
            length = yield from thread_length(self._core, self._thread)
            whole = length - count <= (cleared.position if cleared else 0)
        return [one.message for one in said], whole

    def since(self, position: int) -> Operation[list[Said]]:
        """See `Log`."""
        if position == 0:
            cleared = yield from read_note(self._core, CLEARED, self._thread)
            position = cleared.position if cleared else 0
        return (yield from self.history.said(position))

    def trim(self, choose: Choose) -> Operation[None]:  # noqa: ARG002 - the log is kept
        """See `Log`."""
        yield from ()

    def note(self, name: str) -> Operation[Note]:
        """See `Log`."""
        return (yield from read_note(self._core, name, self._thread)) or Note()

    def fold(self, name: str, old: Note, summary: str, folded: Sequence[Said], *, remove: bool) -> Operation[bool]:  # noqa: ARG002
        """See `Log`."""
        new = Note(summary, folded[-1].end)
        stored = None if old == Note() else old
        return (yield from write_note(self._core, name, self._thread, stored, new))

    def put_note(self, name: str, note: Note) -> Operation[None]:
        """See `Log`."""
        old = yield from read_note(self._core, name, self._thread)
        yield from write_note(self._core, name, self._thread, old, note)

    def clear(self) -> Operation[None]:
        """See `Log`."""
        yield from forget_thread(self._core, self._thread)
