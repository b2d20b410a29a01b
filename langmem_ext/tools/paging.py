"""Paging through the raw log: which messages a call of `search_log` is about, and how they are shown."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm import LongTermMemory
from langmem_ext.longterm.log import read_log, thread_length, threads
from langmem_ext.longterm.reading import get, records
from langmem_ext.longterm.recall import recall
from langmem_ext.operations import Operation
from langmem_ext.records import MemoryRecord, escape
from langmem_ext.text import language
from langmem_ext.times import check_order, parse_bound
from langmem_ext.tools.inputs import SearchLogInput

SHOWN: Final = 2_000
"""Characters of a message that a page of the log shows."""
PART: Final = 8_000
"""Characters of a page of one message."""
_PAGE: Final = 1_000
_THREADS: Final = 20
"""Conversations that are named to who asks for one that is not there."""
_NO_MESSAGES: Final = {"en": "No message of the log matches.", "zh": "对话记录中没有找到相关的消息。"}


def render_page(found: Sequence[MemoryRecord], arguments: SearchLogInput, *, shown: int = SHOWN, left: int = 0) -> str:
    """Render a page of the log for a model.

    Args:
        found: The messages.
        arguments: What was asked.
        shown: Characters of a message at most; a longer one is cut, with a note of how to read the rest.
        left: Messages of the page that there is no room for; a note says how to see them.
    """
    if not found:
        return _NO_MESSAGES[language(arguments.query or "")]
    lines = [_message(record, shown) for record in found]
    if left:
        lines.append(f"[{left} more messages on this page: call again with limit={len(found)}, for smaller pages]")
    return "\n".join([f'<log page="{arguments.page}">', *lines, "</log>"])


def room_for(found: Sequence[MemoryRecord], room: int, count: Callable[[str], int], *, shown: int = SHOWN) -> int:
    """Return how many messages of a page can be shown in `room` tokens, at least one of a page that has any."""
    fitting = 0
    for record in found:
        room -= count(_message(record, shown)) + 1
        if room < 0:
            break
        fitting += 1
    return max(fitting, min(1, len(found)))


def _message(record: MemoryRecord, shown: int) -> str:
    rest = len(record.content) - shown
    note = f"\n[{rest} more characters: call again with message_id]" if rest > 0 else ""
    return f"<message {_attributes(record)}>{escape(record.content[:shown])}{note}</message>"


def _attributes(record: MemoryRecord) -> str:
    attributes = {
        "id": record.id,
        "thread": record.thread_id or "",
        "n": str(record.position),
        "date": record.occurred_at.isoformat(timespec="minutes"),
        "speaker": record.speaker or "",
    }
    return " ".join(f'{name}="{escape(value).replace(chr(34), "&quot;")}"' for name, value in attributes.items())


def read_message(
    memory: LongTermMemory, message_id: str, page: int, *, part: int = PART
) -> Operation[tuple[str, list[MemoryRecord]]]:
    """Show one message in full, a page for each part of so many characters."""
    record = yield from get(memory, message_id)
    if record is None or record.kind != "message":
        raise InvalidInputError(f"no message of the log has the id {message_id!r}; search_log shows ids")
    pages = max(1, -(-len(record.content) // part))
    if page > pages:
        raise InvalidInputError(f"that message has {pages} pages, got page {page}")
    text = escape(record.content[(page - 1) * part : page * part])
    shown = f'<log page="{page}" pages="{pages}">\n<message {_attributes(record)}>{text}</message>\n</log>'
    return shown, [record]


def read_page(
    memory: LongTermMemory, given: SearchLogInput, *, exclude: Collection[str] = ()
) -> Operation[list[MemoryRecord]]:
    """Return a page of messages: best first for a query, in order for a thread, else the newest first.

    Args:
        memory: The memory.
        given: What is asked.
        exclude: Ids that a query need not find, because the context has them.

    Raises:
        InvalidInputError: There is no such conversation, or the bounds can't be meant.
    """
    if given.query is not None:
        found = yield from recall(
            memory,
            given.query,
            before=given.before,
            after=given.after,
            kinds="message",
            thread_id=given.thread_id,
            limit=min(given.page * given.limit, _PAGE),
            exclude=exclude,
        )
        return found.records[(given.page - 1) * given.limit :]
    start = parse_bound(given.after, edge="start", zone=memory.zone)
    end = parse_bound(given.before, edge="end", zone=memory.zone)
    check_order(start, end)

    def inside(record: MemoryRecord) -> bool:
        return (start is None or record.occurred_at >= start) and (end is None or record.occurred_at < end)

    skip = (given.page - 1) * given.limit
    if given.thread_id is not None:
        yield from _check_thread(memory, given.thread_id)
        if start is None and end is None:
            return (yield from read_log(memory, given.thread_id, start=skip, limit=given.limit))
    return (yield from _scan(memory, given.thread_id, inside, skip, given.limit))


def _check_thread(memory: LongTermMemory, thread_id: str) -> Operation[None]:
    if not (yield from thread_length(memory, thread_id)):
        known = ", ".join(repr(name) for name in (yield from threads(memory))[:_THREADS])
        raise InvalidInputError(f"no conversation {thread_id!r}; there are: {known or 'none'}")


def _scan(
    memory: LongTermMemory, thread_id: str | None, inside: Callable[[MemoryRecord], bool], skip: int, limit: int
) -> Operation[list[MemoryRecord]]:
    """Read the log page by page until enough messages lie inside the bounds."""
    found: list[MemoryRecord] = []
    length = (yield from thread_length(memory, thread_id)) if thread_id is not None else None
    offset = 0
    while len(found) < skip + limit:
        if thread_id is not None:
            page = yield from read_log(memory, thread_id, start=offset, limit=_PAGE)
        else:
            page = yield from records(memory, kinds="message", limit=_PAGE, offset=offset)
        found.extend(filter(inside, page))
        offset += _PAGE
        if offset >= length if length is not None else len(page) < _PAGE:
            break
    return found[skip : skip + limit]
