"""A whole memory as JSON lines: records with all their versions, logs, indexes, statistics and progress.

The first line is a header ``{"langmem_ext": 1, "items": …}``; every other line is one store item with its namespace
relative to the memory's root (`leaf`), so that a file can be read into any user's memory and into no other place.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from langgraph.store.base import BaseStore, GetOp, Item, PutOp

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError, StoreCorruptError
from langmem_ext.longterm.core import TEXT_INDEX, Core, scan
from langmem_ext.operations import run
from langmem_ext.records import from_value

FORMAT = 1
"""Version of the format; a reader refuses a newer one."""
BATCH = 500
"""Items per write: each batch is stored whole or not at all."""

_DEPTHS = {
    namespaces.RECORDS: (1,),
    namespaces.LOG: (2,),
    namespaces.THREADS: (1,),
    namespaces.TOPICS: (2,),
    namespaces.KEYWORDS: (2,),
    namespaces.USAGE: (1,),
    namespaces.STATE: (1, 2),
}
"""Leaves in the order in which they are written (what names a record comes after it), and the depths of each."""
_SHOWN_LINES = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """One store item, its namespace relative to the memory's root."""

    leaf: tuple[str, ...]
    key: str
    value: dict[str, Any]

    def put(self, root: tuple[str, ...]) -> PutOp:
        """Return the write of this item into the memory under `root`; records alone are indexed."""
        index: Any = TEXT_INDEX if self.leaf[0] == namespaces.RECORDS else False
        return PutOp((*root, *self.leaf), self.key, self.value, index=index)


def read_memory(core: Core) -> list[Entry]:
    """Return everything a memory holds: records in the order in which they were stored, all else by its name."""
    entries: list[Entry] = []
    for leaf in _DEPTHS:
        items = run(scan(core, core.leaf(leaf)))
        if leaf == namespaces.RECORDS:
            items.sort(key=lambda item: item.created_at)
        else:
            items.sort(key=lambda item: (item.namespace, item.key))
        entries.extend(Entry(item.namespace[len(core.namespace) :], item.key, item.value) for item in items)
    return entries


def dump(entries: Sequence[Entry], exported_at: datetime) -> Iterator[str]:
    """Return the lines of a file, each with its line end."""
    yield _line({"langmem_ext": FORMAT, "exported_at": exported_at.isoformat(), "items": len(entries)})
    for entry in entries:
        yield _line({"leaf": list(entry.leaf), "key": entry.key, "value": entry.value})


def _line(value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: only its escape can be written
        text = json.dumps(value)
    return text + "\n"


def load(lines: Iterable[str], name: str) -> list[Entry]:
    """Read the lines of a file.

    Args:
        lines: The file's lines, header first; blank ones are skipped.
        name: What to call the file in errors.

    Raises:
        InvalidInputError: No header, a newer format, lines missing at the end, or bad lines, which are named by number.
    """
    entries: list[Entry] = []
    bad: list[tuple[int, str]] = []
    expected: int | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = _parse(line)
            if expected is None:
                expected = _header(value)
            else:
                entries.append(_entry(value))
        except InvalidInputError as error:
            if expected is None:
                raise InvalidInputError(f"{name} is no export of a memory: line {number}: {error}") from None
            bad.append((number, str(error)))
    _complain(name, bad)
    if expected is None:
        raise InvalidInputError(f"{name} is empty; `langmem-ext export` writes what can be read here")
    if len(entries) != expected:
        raise InvalidInputError(f"{name} is incomplete: line 1 promises {expected} items, it has {len(entries)}")
    return entries


def _complain(name: str, bad: list[tuple[int, str]]) -> None:
    if not bad:
        return
    number, reason = bad[0]
    others = ", ".join(str(number) for number, _ in bad[1:_SHOWN_LINES])
    more = f"; bad as well: {others}" if others else ""
    more += " …" if len(bad) > _SHOWN_LINES else ""
    raise InvalidInputError(f"{name} line {number}: {reason}{more}; nothing was written")


def _parse(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"not JSON ({getattr(error, 'msg', 'nested too deeply')})") from None
    if not isinstance(value, dict):
        raise InvalidInputError(f"a JSON object is needed, got {type(value).__name__}")
    return value


def _header(value: dict[str, Any]) -> int:
    version, items = value.get("langmem_ext"), value.get("items")
    if not isinstance(version, int) or not isinstance(items, int):
        raise InvalidInputError('the first line must be the header {"langmem_ext": 1, "items": …}')
    if version > FORMAT:
        raise InvalidInputError(f"format {version} is newer than the format {FORMAT} that this version reads")
    return items


def _entry(value: dict[str, Any]) -> Entry:
    leaf, key, content = value.get("leaf"), value.get("key"), value.get("value")
    if not isinstance(leaf, list) or not leaf or len(leaf) not in _DEPTHS.get(str(leaf[0]), ()):
        raise InvalidInputError(f"leaf must name a part of a memory ({', '.join(_DEPTHS)})")
    if not all(isinstance(part, str) and _is_label(part) for part in leaf):
        raise InvalidInputError("leaf holds an illegal label")
    if not isinstance(key, str) or not key or not isinstance(content, dict):
        raise InvalidInputError("key must be a non-empty text and value an object")
    if leaf[0] == namespaces.RECORDS:
        _check_record(key, content)
    return Entry(tuple(leaf), key, content)


def _is_label(part: str) -> bool:
    try:
        return namespaces.label(namespaces.unlabel(part)) == part
    except InvalidInputError:
        return False


def _check_record(key: str, value: dict[str, Any]) -> None:
    try:
        record = from_value(value)
    except StoreCorruptError as error:
        raise InvalidInputError(f"{key[:64]!r} is {error}") from None
    columns = ("occurred_ts", "believed_from", "believed_until")
    if not all(isinstance(value.get(name), int | float) for name in columns) or not isinstance(value.get("text"), str):
        raise InvalidInputError(f"no memory record: {', '.join(columns)} or text is missing")
    if key.partition("@")[0] != record.id.partition("@")[0]:
        raise InvalidInputError("the key of a record must be its id")


def write_memory(store: BaseStore, root: tuple[str, ...], entries: Sequence[Entry]) -> int:
    """Store entries in the memory under `root`; what is there already with the same value is left as it is.

    Returns:
        How many items were written; running it again after an interruption writes the rest.

    Raises:
        InvalidInputError: Some are there with another value; nothing was written.
    """
    missing: list[Entry] = []
    differing = 0
    for start in range(0, len(entries), BATCH):
        page = entries[start : start + BATCH]
        found = store.batch([GetOp((*root, *entry.leaf), entry.key, refresh_ttl=False) for entry in page])
        for entry, item in zip(page, found, strict=True):
            if not isinstance(item, Item):
                missing.append(entry)
            elif item.value != entry.value:
                differing += 1
    if differing:
        raise InvalidInputError(
            f"{differing} of the {len(entries)} items are in this memory already with other values, so nothing was "
            "written; import into another --user, or forget --all first"
        )
    for start in range(0, len(missing), BATCH):
        store.batch([entry.put(root) for entry in missing[start : start + BATCH]])
    return len(missing)
