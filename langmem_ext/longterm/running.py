"""Running notes on a thread: what a window over its log has left behind, and how far it has got.

A note belongs to one thread and one kind of window. It holds words of the messages before its position, so `forget`
removes it with any of them; who keeps it then makes it anew from what is left of the log.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from langgraph.store.base import Op

from langmem_ext import namespaces
from langmem_ext.longterm.core import Core, get_items, put
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.redacting import redacted_json
from langmem_ext.longterm.stored import Stored, Whole, value_in
from langmem_ext.operations import Operation, batch

LEAF: Final = "running"
SUMMARY: Final = "summary"
"""Note of a summary of everything that was said."""
BUFFER: Final = "buffer"
"""Note of a summary of what is no longer in a buffer of messages."""
CONTEXT: Final = "context"
"""Note of what was paged out of a main context."""
CLEARED: Final = "cleared"
"""Note of where a thread begins since it was cleared; it holds no words."""

_WORDED: Final = (SUMMARY, BUFFER, CONTEXT)


class Note(NamedTuple):
    """What was said before `position` in the thread's log, as a summary."""

    summary: str = ""
    position: int = 0


class _Kept(Stored):
    summary: str
    position: Whole


def read_note(core: Core, name: str, thread_id: str) -> Operation[Note | None]:
    """Return a note, None where there is none."""
    (item,) = yield from get_items(core, core.leaf(namespaces.STATE, LEAF), [_key(name, thread_id)])
    if item is None:
        return None
    kept = value_in(item, _Kept)
    return Note(kept.summary, kept.position)


def write_note(core: Core, name: str, thread_id: str, old: Note | None, new: Note) -> Operation[bool]:
    """Replace a note where it is still the `old` one; return whether it was.

    Under the lock that `forget` holds, so that no note that was made with a forgotten message comes back.
    """

    def body() -> Operation[bool]:
        if (yield from read_note(core, name, thread_id)) != old:
            return False
        yield from batch(core.store, [note_put(core, name, thread_id, new)])
        return True

    return (yield from exclusively(core, "versions", body))


def note_put(core: Core, name: str, thread_id: str, note: Note) -> Op:
    """Return the put of a note; a model wrote it, or a caller, so it is redacted like everything that is stored.

    Raises:
        Exception: Whatever the memory's `redact` raises.
    """
    value = {"thread": thread_id, "summary": redacted_json(core, note.summary), "position": note.position}
    return put(core.leaf(namespaces.STATE, LEAF), _key(name, thread_id), value)


def notes_removal(core: Core, thread_ids: Iterable[str]) -> list[Op]:
    """Return the deletes of the notes that hold words of these threads."""
    return [note_removal(core, name, thread_id) for thread_id in thread_ids for name in _WORDED]


def note_removal(core: Core, name: str, thread_id: str) -> Op:
    """Return the delete of a note."""
    return put(core.leaf(namespaces.STATE, LEAF), _key(name, thread_id), None)


def _key(name: str, thread_id: str) -> str:
    return f"{name}:{thread_id}"
