"""Writing: puts and deletes of one batch inside one transaction that the caller began.

Arrays carry the rows, one parameter a column, so a batch may be of any size. The row of each namespace in
`store_namespaces` is locked first, in the order of the names: who writes to one namespace takes turns, its stamps
ascend in the order of commits, and nobody waits in a circle.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import orjson

from langmem_ext.errors import InvalidInputError
from langmem_ext.store.moving import StoredItem
from langmem_ext.store.postgres.conditions import storable
from langmem_ext.store.postgres.connecting import Connection
from langmem_ext.store.postgres.reading import vector_text
from langmem_ext.store.postgres.texts import UPSERT as UPSERT_TEXTS, columns
from langmem_ext.store.writing import Put, VectorSource

_TICK = timedelta(microseconds=1)
_ROWS = 5_000
"""Rows per statement."""

_STAMP = """
INSERT INTO store_namespaces AS n (prefix, stamp, floor)
SELECT prefix, statement_timestamp() + changes * interval '1 microsecond', statement_timestamp()
FROM unnest(%s::text[], %s::int[]) AS given (prefix, changes)
ON CONFLICT (prefix) DO UPDATE SET
    stamp = GREATEST(EXCLUDED.floor, n.stamp) + (EXCLUDED.stamp - EXCLUDED.floor)
RETURNING prefix, stamp
"""
_PUT = """
INSERT INTO store AS s (prefix, key, value, created_at, updated_at, expires_at, ttl_minutes)
SELECT prefix, key, value::jsonb, stamp, stamp, stamp + ttl * interval '1 minute', ttl
FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::float8[])
    AS given (prefix, key, value, stamp, ttl)
ON CONFLICT (prefix, key) DO UPDATE SET
    value = EXCLUDED.value,
    created_at = CASE WHEN s.expires_at <= now() THEN EXCLUDED.created_at ELSE s.created_at END,
    updated_at = EXCLUDED.updated_at, expires_at = EXCLUDED.expires_at, ttl_minutes = EXCLUDED.ttl_minutes
"""
_DELETE = "DELETE FROM {table} WHERE prefix = %s AND key = ANY (%s)"
INSERT_VECTORS = """
INSERT INTO store_vectors (prefix, key, field_name, embedding, created_at, updated_at, text_hash)
SELECT prefix, key, field_name, embedding::{kind}, stamp, stamp, decode(text_hash, 'hex')
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::text[])
    AS given (prefix, key, field_name, embedding, stamp, text_hash)
"""


def check(puts: Iterable[Put | StoredItem]) -> None:
    """Refuse what PostgreSQL can't hold.

    Raises:
        InvalidInputError: NUL or a lone surrogate in a key or a value.
    """
    for put in puts:
        if not storable(put.key):
            raise InvalidInputError(f"PostgreSQL can't hold NUL in a key, got {put.key!r}")
        if put.value is not None and "\\u" in put.value and not _holds_storable(orjson_or_json(put.value)):
            raise InvalidInputError(
                f"the value of {put.key!r} holds NUL or a lone surrogate, which PostgreSQL can't store; remove it"
            )


def orjson_or_json(text: str) -> Any:
    """Read JSON; the standard reader takes what orjson refuses, such as lone surrogates."""
    try:
        return orjson.loads(text)
    except ValueError:
        import json  # noqa: PLC0415

        return json.loads(text)


def _holds_storable(value: Any) -> bool:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return all(storable(key) and _holds_storable(part) for key, part in value.items())
    return not isinstance(value, list) or all(map(_holds_storable, value))


def apply(connection: Connection, puts: Sequence[Put], vectors: VectorSource | None, kind: str | None) -> None:
    """Write a batch.

    Args:
        connection: In a transaction.
        puts: At most one per item.
        vectors: The vectors of all texts; None writes none.
        kind: Type of the stored vectors; None where there is no table of vectors.
    """
    stamps = take_stamps(connection, [put.path for put in puts])
    written = [(put, stamp) for put, stamp in zip(puts, stamps, strict=True) if put.value is not None]
    gone = [put for put in puts if put.value is None]
    with connection.pipeline():  # no statement waits for the answer to the one before
        delete(connection, "store", ((put.path, put.key) for put in gone))
        for start in range(0, len(written), _ROWS):
            _write(connection, written[start : start + _ROWS], vectors, kind)
        if gone:
            shrunk(connection, sorted({put.path for put in gone}))


def take_stamps(connection: Connection, paths: Sequence[str]) -> list[datetime]:
    """Lock the namespaces of changes and return a stamp for each change, later than all before in its namespace."""
    counts: dict[str, int] = defaultdict(int)
    for path in paths:
        counts[path] += 1
    ordered = sorted(counts)
    rows = connection.execute(_STAMP, (ordered, [counts[path] for path in ordered])).fetchall()
    next_stamp = {path: stamp - counts[path] * _TICK for path, stamp in rows}
    stamps = []
    for path in paths:
        next_stamp[path] += _TICK
        stamps.append(next_stamp[path])
    return stamps


def delete(connection: Connection, table: str, items: Iterable[tuple[str, str]]) -> None:
    """Delete rows by namespace and key: a statement for each namespace, so that it concerns one node of a cluster."""
    for path, keys in by_path(items).items():
        connection.execute(_DELETE.format(table=table).encode(), (path, keys))


def by_path(items: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the keys of each namespace."""
    keys: dict[str, list[str]] = defaultdict(list)
    for path, key in items:
        keys[path].append(key)
    return keys


def _items(puts: Sequence[Put]) -> tuple[list[str], list[str]]:
    return [put.path for put in puts], [put.key for put in puts]


def shrunk(connection: Connection, paths: Sequence[str]) -> None:
    """Note that namespaces have lost items: what others hold of them is read anew; empty ones are no more."""
    connection.execute("UPDATE store_namespaces SET floor = stamp WHERE prefix = ANY (%s)", (list(paths),))
    connection.execute(
        "DELETE FROM store_namespaces n WHERE prefix = ANY (%s)"
        " AND NOT EXISTS (SELECT 1 FROM store s WHERE s.prefix = n.prefix)",
        (list(paths),),
    )


def _write(
    connection: Connection, written: Sequence[tuple[Put, datetime]], vectors: VectorSource | None, kind: str | None
) -> None:
    paths, keys = _items([put for put, _ in written])
    stamps = [stamp for _, stamp in written]
    values, ttls = [put.value for put, _ in written], [put.ttl for put, _ in written]
    connection.execute(_PUT, (paths, keys, values, stamps, ttls))
    for table in ("store_texts", *(["store_vectors"] if kind else [])):
        delete(connection, table, zip(paths, keys, strict=True))
    if texts := [(put.path, put.key, put.lexical) for put, _ in written if put.lexical is not None]:
        connection.execute(UPSERT_TEXTS.encode(), columns(texts))
    if vectors is not None and kind:
        rows = [
            (
                put.path,
                put.key,
                text.path,
                vector_text(np.frombuffer(vectors.blob(put, text), np.float32)),
                stamp,
                text.hash.hex(),
            )
            for put, stamp in written
            for text in put.texts
        ]
        if rows:
            connection.execute(INSERT_VECTORS.format(kind=kind).encode(), tuple(map(list, zip(*rows, strict=True))))


def stored_vectors(connection: Connection, puts: Sequence[Put]) -> Mapping[tuple[str, str], Mapping[bytes, bytes]]:
    """Return the vectors already stored for texts that the puts write again, by item and text hash."""
    wanted = {(put.path, put.key): {text.hash for text in put.texts} for put in puts}
    rows = connection.execute(
        "SELECT v.prefix, v.key, v.text_hash, v.embedding::text FROM unnest(%s::text[], %s::text[], %s::text[])"
        " AS given (prefix, key, hash) JOIN store_vectors v ON v.prefix = given.prefix AND v.key = given.key"
        " AND v.text_hash = decode(given.hash, 'hex')",
        tuple(
            map(
                list,
                zip(
                    *((*item, text_hash.hex()) for item, hashes in wanted.items() for text_hash in hashes), strict=True
                ),
            )
        ),
    )
    found: dict[tuple[str, str], dict[bytes, bytes]] = defaultdict(dict)
    for path, key, text_hash, text in rows:
        found[path, key][bytes(text_hash)] = as_vector(text).tobytes()
    return found


def as_vector(text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Read a vector as pgvector writes it."""
    return np.asarray(orjson.loads(text), np.float32)


def refresh(connection: Connection, items: Sequence[tuple[str, str]]) -> None:
    """Let the time to live of items begin anew."""
    for path, keys in by_path(items).items():
        connection.execute(
            "UPDATE store SET expires_at = now() + ttl_minutes * interval '1 minute'"
            " WHERE prefix = %s AND key = ANY (%s) AND ttl_minutes IS NOT NULL AND expires_at > now()",
            (path, keys),
        )


def sweep(connection: Connection) -> int:
    """Delete every expired item and return how many there were."""
    paths = [
        path
        for (path,) in connection.execute("SELECT DISTINCT prefix FROM store WHERE expires_at <= now() ORDER BY prefix")
    ]
    if not paths:
        return 0
    take_stamps(connection, paths)
    count = connection.execute("DELETE FROM store WHERE prefix = ANY (%s) AND expires_at <= now()", (paths,)).rowcount
    shrunk(connection, paths)
    return count
