"""LangGraph stores: whatever an application put there, and the memories of LangMem."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from langgraph.store.base import BaseStore, SearchItem, SearchOp

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError
from langmem_ext.importers.reading import mapping, opened_sqlite, table_names, text_of
from langmem_ext.importers.report import Found, ImportReport, Progress, write
from langmem_ext.longterm.core import Core, search_items
from langmem_ext.operations import Operation, ask, asynchronous, synchronous
from langmem_ext.records import derived_id

_PAGE: Final = 500
_TEXTS: Final = ("content", "memory", "text", "data", "fact", "value")
"""Fields that hold a memory's text by custom, the most usual first."""
_TRIPLE: Final = ("subject", "predicate", "object")


def _import_store(
    memory: Core,
    store: BaseStore,
    *,
    namespace: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Operation[ImportReport]:
    """Import the items of a LangGraph store (`InMemoryStore`, `SqliteStore`, `PostgresStore`, …).

    Args:
        memory: Where to; a `LongTermMemory`.
        store: The store; it is only read.
        namespace: Prefix of the namespaces to import; the default is all.
        progress: See `Progress`.

    Returns:
        What was imported: the text of an item (its field content, memory, text, data, fact or value, or all of its
        fields as ``name: value`` lines), its value as the record's data, the time it was created. LangMem's memories
        keep their kind. Items of a langmem_ext memory are not imported; `langmem-ext export` and `import` move those.
    """
    found = _understood((yield from _read_items(store, namespace)), langmem_only=False)
    return (yield from write(memory, found, progress))


def _import_langmem(
    memory: Core,
    store: BaseStore,
    *,
    namespace: tuple[str, ...] = ("memories",),
    progress: Progress | None = None,
) -> Operation[ImportReport]:
    """Import LangMem's memories from the store they are in.

    Args:
        memory: Where to; a `LongTermMemory`.
        store: The store; it is only read.
        namespace: Prefix of the namespaces to import.
        progress: See `Progress`.

    Returns:
        What was imported: texts as facts, triples as relations, profiles as profiles, other schemas as facts with
        their fields as data. Items that LangMem did not write are counted in the report.
    """
    found = _understood((yield from _read_items(store, namespace)), langmem_only=True)
    return (yield from write(memory, found, progress))


def _read_items(store: BaseStore, namespace: tuple[str, ...]) -> Operation[list[SearchItem]]:
    """Return every item under a namespace prefix, the oldest first."""
    found: dict[tuple[tuple[str, ...], str], SearchItem] = {}
    offset = 0
    while True:
        op = SearchOp(namespace, limit=_PAGE, offset=offset, refresh_ttl=False)
        (page,) = yield from ask(partial(store.batch, [op]))  # on a thread: not every store has an async form
        items = search_items(page)
        found |= {(item.namespace, item.key): item for item in items}
        offset += len(items)
        if len(items) < _PAGE:
            return sorted(found.values(), key=lambda item: (item.created_at, item.namespace, item.key))


def _understood(items: Sequence[SearchItem], *, langmem_only: bool) -> Found:
    found = Found()
    roots = {item.namespace[:-1] for item in items if "believed_from" in item.value}
    for item in items:
        where = f"{'/'.join(item.namespace)} {item.key!r}"
        if any(_is_leaf(item.namespace, root) for root in roots):
            found.report.skip(where, "an item of a langmem_ext memory; export and import move those")
        else:
            _read_item(found, item, where, langmem_only=langmem_only)
    return found


def _is_leaf(namespace: tuple[str, ...], root: tuple[str, ...]) -> bool:
    """Whether a namespace is a part of the langmem_ext memory that has its root there."""
    part = namespace[len(root) : len(root) + 1]
    return namespace[: len(root)] == root and bool(part) and part[0] in namespaces.LEAVES


def _read_item(found: Found, item: SearchItem, where: str, *, langmem_only: bool) -> None:
    value = item.value
    fields = _langmem(value)
    if fields is None and langmem_only:
        found.report.skip(where, "not a memory of LangMem")
        return
    fields = fields or {"content": _text(value), "data": value}
    if not text_of(fields["content"]):
        found.report.skip(where, "an item without text")
        return
    name = derived_id("store", *item.namespace, item.key)
    found.memories.append({"id": name, "occurred_at": item.created_at, **fields})


def _langmem(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read a memory as LangMem's managers (kind and content) and tools (content alone) write it."""
    content = value.get("content")
    if set(value) == {"content"}:
        kind = "Memory"
    elif set(value) == {"kind", "content"} and isinstance(value["kind"], str):
        kind = value["kind"]
    else:
        return None
    if isinstance(content, str):
        return {"content": content}
    fields = dict(mapping(content))
    if set(fields) == {"content"} and isinstance(fields["content"], str):
        return {"content": fields["content"]}
    if all(text_of(fields.get(name)) for name in _TRIPLE):
        said = " ".join(fields[name] for name in _TRIPLE)
        context = text_of(fields.get("context"))
        return {"content": f"{said} ({context})" if context else said, "kind": "relation", "data": fields}
    if not fields:
        return None
    about = "profile" if "profile" in kind.lower() else "fact"
    return {"content": _text(fields), "kind": about, "data": fields}


def _text(value: Mapping[str, Any]) -> str:
    """Return the text of an item: a field that holds one by custom, else all fields as lines."""
    for name in _TEXTS:
        if text_of(value.get(name)):
            return str(value[name])
    return "\n".join(_lines(value))


def _lines(fields: Mapping[str, Any]) -> Iterable[str]:
    for name, value in fields.items():
        if value not in (None, "", [], {}):
            yield f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)}"


@contextmanager
def opened_sqlite_store(path: str | Path) -> Iterator[BaseStore]:
    """Open a copy in memory of the file of a LangGraph `SqliteStore`, which migrates it where the file is older.

    Raises:
        InvalidInputError: There is no such file, or it is no store of LangGraph.
    """
    from langgraph.store.sqlite import SqliteStore  # noqa: PLC0415 - loads an extension module; files alone need it

    with opened_sqlite(path) as connection, closing(sqlite3.connect(":memory:", check_same_thread=False)) as copy:
        tables = table_names(connection)
        if not {"store", "store_migrations"} <= set(tables):
            raise InvalidInputError(f"{str(path)!r} is no store of LangGraph: its tables are {tables}")
        connection.backup(copy)
        copy.isolation_level = None
        store = SqliteStore(copy)
        store.setup()
        yield store


import_store = synchronous(_import_store)
aimport_store = asynchronous(_import_store)
import_langmem = synchronous(_import_langmem)
aimport_langmem = asynchronous(_import_langmem)
