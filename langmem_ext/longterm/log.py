"""The conversation log: every message, once, in order, before any model is asked.

A message is a record of kind `message` under its own message id. Its place in the thread is an item
``(…, "log", thread)`` with the zero-padded position as key, so a page of a log is read by key from any store. The
thread's head (its length, and where its last session begins) is kept in ``(…, "threads")``; all three are written in
one batch, under the thread's lock.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    BaseMessage,
    HumanMessage,
    convert_to_messages,
    message_to_dict,
    messages_from_dict,
)
from langgraph.store.base import GetOp, Item, Op

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError, StoreCorruptError
from langmem_ext.longterm.arguments import moment
from langmem_ext.longterm.core import Core, get_items, put, scan
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.progress import Head
from langmem_ext.longterm.redacting import redacted
from langmem_ext.longterm.stored import record_in, text_in
from langmem_ext.longterm.writing import commit, record_put
from langmem_ext.operations import Operation, batch
from langmem_ext.records import MemoryRecord, clean, clean_json, derived_id, new_id
from langmem_ext.tracing import traced

ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant", "HumanMessageChunk": "user"}
MAX_PAGE = 1000
"""Records of a page at most."""

_SPOKEN: dict[str, type[HumanMessage] | type[AIMessage]] = {"user": HumanMessage, "assistant": AIMessage}


def role(record: MemoryRecord) -> str:
    """The role in which a logged message was said: user, assistant, tool or system."""
    return str(record.data.get("role", "user")) if isinstance(record.data, dict) else "user"


def stated(record: MemoryRecord) -> bool:
    """Whether a logged message was said by a person; what the assistant said is no source about the user."""
    return role(record) == "user"


def message_text(message: BaseMessage) -> str:
    """The text of a message: its text parts, the names of other parts, and the tools it calls."""
    content = message.content
    parts = [content] if isinstance(content, str) else [_part_text(part) for part in content]
    calls = getattr(message, "tool_calls", None) or []
    parts.extend(f"[calls {call['name']}]" for call in calls)
    return clean("\n".join(part for part in parts if part and part.strip()))


def _part_text(part: str | dict[Any, Any]) -> str:
    if isinstance(part, str):
        return part
    if part.get("type") == "text":
        return str(part.get("text", ""))
    return f"[{part.get('type', 'content')}]"


def message_time(
    core: Core, message: BaseMessage, occurred_at: datetime | date | str | None, now: datetime
) -> datetime:
    """When a message was said: its own ``additional_kwargs["timestamp"]``, else `occurred_at`, else now."""
    own: Any = message.additional_kwargs.get("timestamp")
    if isinstance(own, int | float) and not isinstance(own, bool):
        try:
            return datetime.fromtimestamp(own, UTC)
        except (ValueError, OverflowError, OSError):
            raise InvalidInputError(f"timestamp must be epoch seconds of the years 1 to 9999, got {own!r}") from None
    return moment(core, occurred_at if own is None else own, now)


def _message_id(message: BaseMessage, thread_id: str) -> str:
    """The message's own id; without one, a hash where the message carries its own time, else a new id."""
    if message.id:
        return clean(message.id)
    stamp = message.additional_kwargs.get("timestamp")
    if stamp is None:
        return new_id()
    return derived_id(thread_id, message.type, str(stamp), message_text(message))


def _is_plain(message: BaseMessage) -> bool:
    return (
        isinstance(message.content, str)
        and message.type in {"human", "ai"}
        and not getattr(message, "tool_calls", None)
    )


def _to_record(
    core: Core, message: BaseMessage, thread_id: str, occurred_at: datetime | date | str | None, now: datetime
) -> MemoryRecord:
    role = ROLES.get(message.type, message.type)
    data: dict[str, Any] = {"role": role}
    if not _is_plain(message):
        data["message"] = clean_json(message_to_dict(message))
    record = MemoryRecord(
        id=_message_id(message, thread_id),
        kind="message",
        content=message_text(message),
        data=data,
        importance=0.5,
        occurred_at=message_time(core, message, occurred_at, now),
        recorded_at=now,
        speaker=clean(message.name) if message.name else role,
        thread_id=thread_id,
    )
    return redacted(core, record)


def check_thread(thread_id: object) -> str:
    """Return the thread id.

    Raises:
        InvalidInputError: Not a text that fits a namespace label.
    """
    if not isinstance(thread_id, str):
        raise InvalidInputError(f"thread_id must be a text, got {type(thread_id).__name__}")
    thread_id = clean(thread_id)
    namespaces.label(thread_id)
    return thread_id


def _log_leaf(core: Core, thread_id: str) -> tuple[str, ...]:
    return core.leaf(namespaces.LOG, namespaces.label(thread_id))


def position_key(position: int) -> str:
    """Return the key of a place in the log, which sorts as the number does."""
    return f"{position:012d}"


def thread_length(core: Core, thread_id: str) -> Operation[int]:
    """Return how many messages a thread's log has had so far."""
    (item,) = yield from get_items(core, core.leaf(namespaces.THREADS), [thread_id])
    return Head.of(thread_id, item).length


def _append(core: Core, thread_id: str, records: Sequence[MemoryRecord]) -> Operation[list[MemoryRecord]]:
    wanted = [(core.records_leaf, record.id) for record in records]
    wanted.append((core.leaf(namespaces.THREADS), thread_id))
    *found, item = yield from batch(core.store, [GetOp(leaf, key, refresh_ttl=False) for leaf, key in wanted])
    stored = {item.key: record_in(item) for item in found if isinstance(item, Item)}
    head = Head.of(thread_id, item)
    ops: list[Op] = []
    for record in records:
        if record.id in stored:
            continue
        placed = record.model_copy(update={"position": head.length})
        stored[record.id] = placed
        ops.append(record_put(core, placed))
        ops.append(put(_log_leaf(core, thread_id), position_key(head.length), {"record": record.id}))
        head.add(core, placed, said=stated(placed))
    if ops:
        yield from commit(core, [*ops, head.put(core)])
    return [stored[record.id] for record in records]


@traced
def observe(
    core: Core,
    messages: Sequence[AnyMessage | BaseMessage | dict[str, Any] | tuple[str, str]] | BaseMessage,
    *,
    thread_id: str,
    occurred_at: datetime | date | str | None = None,
) -> Operation[list[MemoryRecord]]:
    """Append messages to a thread's log; a message id that is in the log already is not stored again.

    Args:
        messages: LangChain messages, or what `convert_to_messages` takes. Tool calls, tool results and multi-part
            content are kept whole. The time of each is ``additional_kwargs["timestamp"]`` (ISO 8601, or epoch
            seconds), else `occurred_at`, else now. A message without text and without calls is refused.
        thread_id: The conversation.
        occurred_at: Time of the messages that carry none.

    Returns:
        The log's records, one per message, in order; durable when this returns, vectors or not.

    Raises:
        InvalidInputError: An empty message, an illegal thread id or time; nothing was written.
    """
    thread_id = check_thread(thread_id)
    now = core.now()
    given = [messages] if isinstance(messages, BaseMessage) else messages
    records = [_to_record(core, message, thread_id, occurred_at, now) for message in convert_to_messages(given)]
    for number, record in enumerate(records):
        if not record.content:
            raise InvalidInputError(f"message {number} is empty: pass messages with text, parts or tool calls")
    if not records:
        return []
    return (yield from exclusively(core, f"log:{thread_id}", lambda: _append(core, thread_id, records)))


def read_log(core: Core, thread_id: str, *, start: int = 0, limit: int = 100) -> Operation[list[MemoryRecord]]:
    """Return a page of a thread's log, in order.

    Args:
        thread_id: The conversation; one that was never observed has an empty log.
        start: Position of the first message; negative counts from the end, so ``start=-10`` is the last ten.
        limit: How many positions at most, 1 to 1000. Forgotten messages leave gaps.

    Raises:
        InvalidInputError: `limit` out of range.
    """
    if not 0 < limit <= MAX_PAGE:
        raise InvalidInputError(f"limit must be from 1 to {MAX_PAGE}, got {limit!r}")
    thread_id = check_thread(thread_id)
    length = yield from thread_length(core, thread_id)
    first = max(0, length + start) if start < 0 else start
    return (yield from read_range(core, thread_id, first, min(length, first + limit)))


def read_range(core: Core, thread_id: str, start: int, end: int) -> Operation[list[MemoryRecord]]:
    """Return the messages at some positions of a thread's log, which is known to be that long."""
    return [record_in(item) for item in (yield from range_items(core, thread_id, start, end))]


def range_items(core: Core, thread_id: str, start: int, end: int) -> Operation[list[Item]]:
    """Return the store's items of those messages, for who has read most of them already."""
    keys = [position_key(place) for place in range(start, end)]
    entries = yield from get_items(core, _log_leaf(core, thread_id), keys)
    ids = [text_in(entry, "record") for entry in entries if isinstance(entry, Item)]
    items = yield from get_items(core, core.records_leaf, ids)
    return [item for item in items if item]


def to_message(record: MemoryRecord) -> BaseMessage:
    """Return the LangChain message that a log record was made of.

    Raises:
        StoreCorruptError: Its data is none of a message.
    """
    try:
        return _message(record)
    except Exception as error:  # noqa: BLE001 - LangChain's parser raises anything at what is no message
        problem = f"data: no message ({type(error).__name__})"
        raise StoreCorruptError(f"records {record.id[:64]!r} is damaged: {problem}; forget() removes it") from None


def _message(record: MemoryRecord) -> BaseMessage:
    data = record.data if isinstance(record.data, dict) else {}
    whole = data.get("message")
    if isinstance(whole, dict):
        message = messages_from_dict([whole])[0]
        message.id = record.id
        message.additional_kwargs.setdefault("timestamp", record.occurred_at.isoformat())
        return message
    said = str(data.get("role", "user"))
    stamp = {"timestamp": record.occurred_at.isoformat()}
    named = record.speaker if record.speaker not in {None, said} else None
    if said in _SPOKEN:
        return _SPOKEN[said](record.content, id=record.id, name=named, additional_kwargs=stamp)
    (message,) = convert_to_messages([{"role": said, "content": record.content}])
    return message.model_copy(update={"id": record.id, "name": named, "additional_kwargs": stamp})


def read_messages(core: Core, thread_id: str, *, start: int = 0, limit: int = 100) -> Operation[list[BaseMessage]]:
    """Return a page of a thread's log as LangChain messages, each with its id and timestamp; see `log`."""
    records = yield from read_log(core, thread_id, start=start, limit=limit)
    return [to_message(record) for record in records]


def threads(core: Core) -> Operation[list[str]]:
    """Return the ids of the conversations in the log, sorted."""
    items = yield from scan(core, core.leaf(namespaces.THREADS))
    return sorted(item.key for item in items)
