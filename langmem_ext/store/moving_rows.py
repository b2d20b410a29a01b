"""The rows of a file as `StoredItem`, read in a read transaction and written in a write transaction."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from langmem_ext.store.derived import write_text
from langmem_ext.store.moving import PAGE, StoredItem, StoredVector
from langmem_ext.store.reading import chunks, find_namespace, marks
from langmem_ext.store.schema import ITS_VECTORS, vector_ids
from langmem_ext.store.texts import compile_fields, lexical_row, texts_of
from langmem_ext.store.writing import Clock, remove

_SELECT = (
    "SELECT i.id, i.key, i.value, i.created_at, i.updated_at, i.expires_at, i.ttl_minutes, t.paths"
    " FROM items i JOIN namespaces n ON n.id = i.namespace_id LEFT JOIN texts t ON t.item_id = i.id WHERE n.path = ?"
)
_Row = tuple[int, str, str, int, int, int | None, float | None, str | None]


def namespaces(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many items each namespace holds."""
    return dict(
        connection.execute(
            "SELECT n.path, count(*) FROM namespaces n JOIN items i ON i.namespace_id = n.id GROUP BY n.id"
        )
    )


def read(connection: sqlite3.Connection, path: str, after: str | None) -> list[StoredItem]:
    """Return the next items of a namespace in the order of the keys."""
    condition, given = ("", ()) if after is None else ("AND i.key > ?", (after,))
    rows = connection.execute(f"{_SELECT} {condition} ORDER BY i.key LIMIT ?", (path, *given, PAGE)).fetchall()
    return _items(connection, path, rows)


def find(connection: sqlite3.Connection, path: str, keys: Sequence[str]) -> list[StoredItem]:
    """Return the items of a namespace under some keys."""
    rows: list[_Row] = []
    for chunk in chunks(keys):
        rows += connection.execute(f"{_SELECT} AND i.key IN ({marks(chunk)})", (path, *chunk)).fetchall()
    return _items(connection, path, rows)


def _items(connection: sqlite3.Connection, path: str, rows: Sequence[_Row]) -> list[StoredItem]:
    vectors: dict[int, list[StoredVector]] = defaultdict(list)
    for chunk in chunks([row[0] for row in rows]):
        found = connection.execute(
            f"SELECT i.id, v.path, v.text_hash, v.vector FROM items i JOIN vectors v ON {ITS_VECTORS}"  # noqa: S608
            f" WHERE i.id IN ({marks(chunk)}) ORDER BY v.id",
            chunk,
        )
        for item_id, field, text_hash, row in found:
            vectors[item_id].append(StoredVector(field, text_hash, row))
    return [
        StoredItem(path, *row[1:7], None if row[7] is None else tuple(json.loads(row[7])), tuple(vectors[row[0]]))
        for row in rows
    ]


def write(connection: sqlite3.Connection, items: Sequence[StoredItem]) -> None:
    """Write items of one namespace as they are; what others hold of the namespace is read anew."""
    path = items[0].path
    clock = Clock(connection)
    namespace = find_namespace(connection, path)
    namespace_id = clock.new_namespace(path) if namespace is None else namespace.id
    there = [
        item_id
        for chunk in chunks([item.key for item in items])
        for (item_id,) in connection.execute(
            f"SELECT id FROM items WHERE namespace_id = ? AND key IN ({marks(chunk)})",  # noqa: S608 - marks only
            (namespace_id, *chunk),
        )
    ]
    remove(connection, there)
    for item in items:
        _insert(connection, clock.new_item(), namespace_id, item)
    stamp = clock.after(max(item.updated_at for item in items))
    connection.execute("UPDATE namespaces SET revision = ?, floor = ? WHERE id = ?", (stamp, stamp, namespace_id))
    clock.save()


def _insert(connection: sqlite3.Connection, item_id: int, namespace_id: int, item: StoredItem) -> None:
    times = (item.created_at, item.updated_at, item.expires_at, item.ttl_minutes)
    connection.execute(
        "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (item_id, namespace_id, item.key, item.value, *times)
    )
    hashes: dict[str, bytes] = {}
    if item.fields is not None:
        value = json.loads(item.value)
        texts = texts_of(value, compile_fields(item.fields), item.key)
        hashes = {text.path: text.hash for text in texts}
        write_text(connection, item_id, lexical_row(value, texts, item.fields))
    order = {field: place for place, field in enumerate(hashes)}
    first, _ = vector_ids(item_id)
    vectors = sorted(item.vectors, key=lambda vector: order.get(vector.field, len(order)))
    connection.executemany(
        "INSERT INTO vectors VALUES (?, ?, ?, ?)",
        [(place, vector.field, vector.text_hash, vector.row) for place, vector in enumerate(vectors, first)],
    )
