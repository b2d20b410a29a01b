"""How values, namespaces and times are written in the tables, and read back."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from langgraph.store.base import InvalidNamespaceError, Item, SearchItem
from pydantic_core import from_json

from langmem_ext.errors import InvalidInputError, StoreCorruptError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTAINERS = (dict, list, tuple)
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ascii_encoder = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))

ITEM_COLUMNS = "n.path, i.key, i.value, i.created_at, i.updated_at, i.id, i.ttl_minutes"


def encode_value(value: Any, key: str) -> str:
    """Write a value as JSON text that any later `json.loads` reads back equal.

    Raises:
        InvalidInputError: Not a dictionary, or something in it that JSON can't hold.
    """
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"the value of {key!r} must be a dictionary, got a {type(value).__name__}")
    if not isinstance(value, dict):
        value = dict(value)
    try:
        _check_keys(value, key)
        text = _encoder.encode(value)
        # only an ASCII escape can carry a lone surrogate through UTF-8
        return text if _is_unicode(text) else _ascii_encoder.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, InvalidInputError):
            raise
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else _reason(error)
        raise InvalidInputError(f"the value of {key!r} can't be stored as JSON: {reason}") from error


def decode_value(text: str) -> dict[str, Any]:
    """Read back what `encode_value` wrote.

    pydantic's reader takes less than half the time of the standard one; what it refuses (a lone surrogate, deep
    nesting) the standard one reads.

    Raises:
        StoreCorruptError: It is no JSON object.
    """
    try:
        value = from_json(text)
    except (ValueError, TypeError):
        value = _decode_slowly(text)
    if not isinstance(value, dict):
        raise damaged_value()
    return value


def _decode_slowly(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise damaged_value() from None


def damaged_value() -> StoreCorruptError:
    """Return the error of a value that is not what was written."""
    return StoreCorruptError("the value of an item is no JSON object: the file is damaged; `check` says how far")


def _reason(error: Exception) -> str:
    """Say what is wrong without the value itself, which `json` puts into one of its messages."""
    text = str(error)
    return "it holds NaN or an infinity" if "Out of range float" in text else text


def _check_keys(value: Any, key: str) -> None:
    """Refuse keys that JSON would silently turn into strings."""
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise InvalidInputError(
                    f"the value of {key!r} has a dictionary key of type {type(name).__name__}; JSON keys are strings"
                )
        value = value.values()
    for part in value:
        if isinstance(part, _CONTAINERS):
            _check_keys(part, key)


def encode_namespace(namespace: Any) -> str:
    """Write a namespace as one string; labels hold no dots, so it can be split again, and a prefix is a range.

    A batch names the same namespace a hundred times, so what is legal is remembered.
    """
    try:
        return _encoded(namespace)
    except TypeError:  # a list, or what can't be a namespace
        return _encode(namespace)


def _encode(namespace: Any) -> str:
    if not isinstance(namespace, tuple | list):
        raise InvalidNamespaceError(f"a namespace must be a tuple of strings, got {namespace!r}")
    for label in namespace:
        if not isinstance(label, str) or not label or "." in label or "\0" in label or not _is_unicode(label):
            raise InvalidNamespaceError(
                f"namespace label {label!r} is not allowed: pass non-empty strings without '.', NUL or lone surrogates"
            )
    return ".".join(namespace)


_encoded = lru_cache(maxsize=4096)(_encode)


def decode_namespace(path: str) -> tuple[str, ...]:
    """Undo `encode_namespace`."""
    return tuple(path.split(".")) if path else ()


def check_key(key: Any) -> str:
    """Return a key that can be stored.

    Raises:
        InvalidInputError: Not a string, or one with a lone surrogate, which no UTF-8 file can hold.
    """
    if not isinstance(key, str) or not _is_unicode(key):
        raise InvalidInputError(f"a key must be a string of valid Unicode, got {key!r}")
    return key


def storable(text: str) -> str:
    """Replace lone surrogates, so that the text can be bound; for derived text only, never for values."""
    return text if _is_unicode(text) else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _is_unicode(text: str) -> bool:
    return text.isascii() or _SURROGATE.search(text) is None


def moment(stamp: int) -> datetime:
    """Turn microseconds since the epoch into a time.

    Raises:
        StoreCorruptError: No such time.
    """
    try:
        return _EPOCH + timedelta(microseconds=stamp)
    except (OverflowError, TypeError):
        raise StoreCorruptError("the time of an item is none: the file is damaged; `check` says how far") from None


@dataclass(frozen=True, slots=True)
class Row:
    """One item as read with `ITEM_COLUMNS`."""

    path: str
    key: str
    value: str
    created_at: int
    updated_at: int
    id: int
    ttl_minutes: float | None

    def item(self) -> Item:
        """Return it as `get` does; the value is a fresh copy."""
        return Item(
            value=decode_value(self.value),
            key=self.key,
            namespace=decode_namespace(self.path),
            created_at=moment(self.created_at),
            updated_at=moment(self.updated_at),
        )

    def search_item(self, score: float | None) -> SearchItem:
        """Return it as `search` does; the value is a fresh copy."""
        return SearchItem(
            namespace=decode_namespace(self.path),
            key=self.key,
            value=decode_value(self.value),
            created_at=moment(self.created_at),
            updated_at=moment(self.updated_at),
            score=score,
        )
