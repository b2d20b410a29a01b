"""The rows of a database as `StoredItem`, read on any connection and written in a transaction."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from langmem_ext.store.moving import PAGE, StoredItem, StoredVector
from langmem_ext.store.postgres.connecting import Connection
from langmem_ext.store.postgres.reading import vector_text
from langmem_ext.store.postgres.schema import vector_size
from langmem_ext.store.postgres.texts import UPSERT, columns
from langmem_ext.store.postgres.writing import INSERT_VECTORS, as_vector, delete, take_stamps
from langmem_ext.store.texts import compile_fields, lexical_row, texts_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SELECT = """
SELECT s.key, s.value::text, s.created_at, s.updated_at, s.expires_at, s.ttl_minutes, t.paths
FROM store s LEFT JOIN store_texts t ON t.prefix = s.prefix AND t.key = s.key WHERE s.prefix = %s
"""
_INSERT = """
INSERT INTO store (prefix, key, value, created_at, updated_at, expires_at, ttl_minutes)
SELECT prefix, key, value::jsonb, created_at, updated_at, expires_at, ttl_minutes
FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::float8[])
    AS given (prefix, key, value, created_at, updated_at, expires_at, ttl_minutes)
"""


def namespaces(connection: Connection) -> dict[str, int]:
    """Return how many items each namespace holds."""
    return dict(connection.execute("SELECT prefix, count(*) FROM store GROUP BY prefix").fetchall())


def read(connection: Connection, path: str, after: str | None) -> list[StoredItem]:
    """Return the next items of a namespace in the order of the keys."""
    condition, given = ("", ()) if after is None else ("AND s.key > %s", (after,))
    rows = connection.execute(f"{_SELECT} {condition} ORDER BY s.key LIMIT %s".encode(), (path, *given, PAGE))
    return _items(connection, path, rows.fetchall())


def find(connection: Connection, path: str, keys: Sequence[str]) -> list[StoredItem]:
    """Return the items of a namespace under some keys."""
    rows = connection.execute(f"{_SELECT} AND s.key = ANY (%s)".encode(), (path, list(keys)))
    return _items(connection, path, rows.fetchall())


def _items(connection: Connection, path: str, rows: Sequence[tuple[Any, ...]]) -> list[StoredItem]:
    vectors: dict[str, list[tuple[str, bytes | None, bytes]]] = defaultdict(list)
    if rows and vector_size(connection) is not None:
        found = connection.execute(
            "SELECT key, field_name, text_hash, embedding::text FROM store_vectors"
            " WHERE prefix = %s AND key = ANY (%s)",
            (path, [row[0] for row in rows]),
        )
        for key, field, text_hash, text in found:
            vectors[key].append((field, text_hash, as_vector(text).tobytes()))
    return [_item(path, row, vectors[row[0]]) for row in rows]


def _item(path: str, row: tuple[Any, ...], vectors: Sequence[tuple[str, bytes | None, bytes]]) -> StoredItem:
    key, value, created_at, updated_at, expires_at, ttl_minutes, paths = row
    times = (_stamp(created_at), _stamp(updated_at), None if expires_at is None else _stamp(expires_at), ttl_minutes)
    fields = None if paths is None else tuple(json.loads(paths))
    item = StoredItem(path, key, value, *times, fields, ())
    hashes = item.texts() if any(text_hash is None for _, text_hash, _ in vectors) else {}
    rows = tuple(
        StoredVector(field, bytes(text_hash or hashes.get(field, b"")), vector) for field, text_hash, vector in vectors
    )
    return StoredItem(path, key, value, *times, fields, rows)


def _stamp(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(stamp: int | None) -> datetime | None:
    return None if stamp is None else _EPOCH + stamp * _MICROSECOND


def write(connection: Connection, items: Sequence[StoredItem], kind: str) -> None:
    """Write items of one namespace as they are; what others hold of the namespace is read anew."""
    path = items[0].path
    take_stamps(connection, [path])
    delete(connection, "store", ((path, item.key) for item in items))
    table = [
        (
            path,
            item.key,
            item.value,
            *map(_moment, (item.created_at, item.updated_at, item.expires_at)),
            item.ttl_minutes,
        )
        for item in items
    ]
    connection.execute(_INSERT, tuple(map(list, zip(*table, strict=True))))
    texts = [(path, item.key, _analysed(item)) for item in items if item.fields is not None]
    if texts:
        connection.execute(UPSERT.encode(), columns(texts))
    vectors = [
        (
            path,
            item.key,
            vector.field,
            vector_text(np.frombuffer(vector.row, np.float32)),
            _moment(item.updated_at),
            vector.text_hash.hex(),
        )
        for item in items
        for vector in item.vectors
    ]
    if vectors:
        connection.execute(INSERT_VECTORS.format(kind=kind).encode(), tuple(map(list, zip(*vectors, strict=True))))
    connection.execute(
        "UPDATE store_namespaces SET stamp = GREATEST(stamp, %s), floor = GREATEST(stamp, %s) WHERE prefix = %s",
        (*[_moment(max(item.updated_at for item in items))] * 2, path),
    )


def _analysed(item: StoredItem) -> Any:
    value, fields = json.loads(item.value), item.fields or ()
    return lexical_row(value, texts_of(value, compile_fields(fields), item.key), fields)
