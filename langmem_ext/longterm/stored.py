"""What an item of a memory holds, read as what this memory writes there; anything else is told, and where it is.

Valid JSON of another shape comes from whoever writes into a memory through the store's own API, or imports a damaged
export. What says so names the leaf, the key and the field, never what is in it. Imports nothing of the engine.
"""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any, TypeGuard, TypeVar

from langgraph.store.base import Item
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError, StoreCorruptError
from langmem_ext.records import MOST, MemoryRecord, epoch, first_problem, from_value

_SHOWN = 64
_WORDED = frozenset({namespaces.TOPICS, namespaces.KEYWORDS})
"""Leaves whose labels are words of what is stored."""
_REMEDIES = {
    namespaces.RECORDS: "forget() removes it",
    namespaces.USAGE: "forget() removes it with its record",
    namespaces.THREADS: "forget_thread() removes it with its messages",
}
_UNKNOWN = datetime.fromtimestamp(0, UTC)


Whole = Annotated[int, Field(ge=0, le=MOST)]
"""A number of messages, tokens, or uses."""


class Stored(BaseModel):
    """Base of what a memory keeps besides its records, where that has several fields."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)


S = TypeVar("S", bound=BaseModel)


def corrupt(item: Item, problem: str) -> StoreCorruptError:
    """Return the error that tells where an item is that this memory did not write, and what is wrong with it."""
    start = next((place for place, label in enumerate(item.namespace) if label in namespaces.LEAVES), 0)
    leaf = item.namespace[start : start + 1 if item.namespace[start] in _WORDED else None]
    remedy = _REMEDIES.get(leaf[0], "the store's delete() removes it")
    return StoreCorruptError(f"{'/'.join(leaf)[:_SHOWN]} {item.key[:_SHOWN]!r} is damaged: {problem}; {remedy}")


def record_in(item: Item, usage: Item | None = None) -> MemoryRecord:
    """Return the record that an item holds, with its access statistics where they are given.

    Raises:
        StoreCorruptError: It holds none, or that of another key; or the statistics are none.
    """
    try:
        found = from_value(item.value, usage.value if usage else None)
    except StoreCorruptError as error:
        if usage is not None:
            record_in(item)
        raise corrupt(usage or item, str(error)) from None
    if found.id != item.key and not item.key.startswith(f"{found.id}@"):
        raise corrupt(item, "id: is not its key")
    return found


def remains(item: Item) -> MemoryRecord:
    """Return what can still be read of a damaged record, under its key: enough to remove it with all that it left."""
    fields: dict[str, Any] = {"content": "", "occurred_at": _UNKNOWN, "recorded_at": _UNKNOWN}
    for name in MemoryRecord.model_fields.keys() & item.value.keys() - {"id"}:
        try:
            from_value({"id": item.key, **fields, name: item.value[name]})
            _check_labels(name, item.value[name])
        except (StoreCorruptError, InvalidInputError):
            continue
        fields[name] = item.value[name]
    own = {"lineage": item.key} if item.value.get("shadow") else {}
    return from_value(fields | own | {"id": item.key})


def _check_labels(name: str, value: Any) -> None:
    for label in {"topic": [value], "thread_id": [value], "keywords": value}.get(name, ()):
        if label is not None:
            namespaces.label(label)


def value_in(item: Item, schema: type[S]) -> S:
    """Return the fields that an item holds.

    Raises:
        StoreCorruptError: They are not those of the schema.
    """
    try:
        return schema.model_validate(item.value)
    except ValidationError as error:
        raise corrupt(item, first_problem(error)) from None


def text_in(item: Item, field: str) -> str:
    """Return a field that is a text.

    Raises:
        StoreCorruptError: It is none.
    """
    value = item.value.get(field)
    if not isinstance(value, str):
        raise corrupt(item, f"{field}: should be a text")
    return value


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number that a double holds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def number_in(item: Item, field: str) -> float:
    """Return a field that is a finite number.

    Raises:
        StoreCorruptError: It is none.
    """
    value = item.value.get(field)
    if not is_number(value):
        raise corrupt(item, f"{field}: should be a number")
    return float(value)


def moment_in(item: Item, field: str) -> datetime:
    """Return a field that is a time in epoch seconds.

    Raises:
        StoreCorruptError: It is none, or outside of the years 1 to 9999.
    """
    seconds = number_in(item, field)
    try:
        return epoch(seconds)
    except (OverflowError, ValueError, OSError):
        raise corrupt(item, f"{field}: should be a time") from None
