"""Reading: get, search by vector or newest first, distances; one statement each, so each sees one moment."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import orjson
from langgraph.store.base import Item, SearchItem

from langmem_ext.store.postgres.conditions import Fragment, storable, where
from langmem_ext.store.postgres.connecting import Connection
from langmem_ext.store.reading import Search
from langmem_ext.store.rows import decode_namespace, decode_value
from langmem_ext.store.vectors import Rows

LIVE = "(s.expires_at IS NULL OR s.expires_at > now())"
COLUMNS = "s.prefix, s.key, s.value::text, s.created_at, s.updated_at, s.ttl_minutes"
_DISTANCE = "COALESCE(NULLIF(v.embedding <=> %s::{kind}, 'NaN'), 1)"
"""Cosine distance; 1 for a zero vector, whose cosine with anything is taken as 0."""


class Row(NamedTuple):
    """One item as read with `COLUMNS`."""

    path: str
    key: str
    value: str
    created_at: datetime
    updated_at: datetime
    ttl_minutes: float | None

    def item(self) -> Item:
        """Return it as `get` does."""
        return Item(
            value=decode_value(self.value),
            key=self.key,
            namespace=decode_namespace(self.path),
            created_at=self.created_at.astimezone(UTC),
            updated_at=self.updated_at.astimezone(UTC),
        )

    def search_item(self, score: float | None) -> SearchItem:
        """Return it as `search` does."""
        return SearchItem(
            namespace=decode_namespace(self.path),
            key=self.key,
            value=decode_value(self.value),
            created_at=self.created_at.astimezone(UTC),
            updated_at=self.updated_at.astimezone(UTC),
            score=score,
        )


def vector_text(row: Rows) -> str:
    """Write a vector as pgvector reads it, every float32 exactly."""
    return orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def namespaces(connection: Connection, paths: Iterable[str]) -> dict[str, list[str]]:
    """Return, for each path, the namespaces at and below it that hold items, expired ones counted."""
    found: dict[str, list[str]] = {path: [] for path in paths}
    if "" in found:
        found[""] = [prefix for (prefix,) in connection.execute("SELECT prefix FROM store_namespaces")]
    wanted = [path for path in found if path]
    if wanted:  # byte by byte "/" follows ".", so what begins with "a." lies between "a." and "a/"
        rows = connection.execute(
            "WITH given AS MATERIALIZED (SELECT unnest(%s::text[]) AS path)"
            " SELECT path, prefix FROM given JOIN store_namespaces ON prefix = path UNION ALL"
            " SELECT path, prefix FROM given JOIN store_namespaces"
            " ON prefix ~>=~ (path || '.') AND prefix ~<~ (path || '/')",
            (wanted,),
        )
        for path, prefix in rows:
            found[path].append(prefix)
    return found


def live_namespaces(connection: Connection, path: str) -> list[str]:
    """Return the namespaces at and below a path that hold an item that may be served."""
    rows = connection.execute(
        "SELECT n.prefix FROM store_namespaces n WHERE n.prefix = ANY (%s)"  # noqa: S608 - a constant
        f" AND EXISTS (SELECT 1 FROM store s WHERE s.prefix = n.prefix AND {LIVE})".encode(),
        (namespaces(connection, [path])[path],),
    )
    return [prefix for (prefix,) in rows]


def get(connection: Connection, items: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Row]:
    """Return the live items under pairs of namespace and key."""
    keys: dict[str, list[str]] = defaultdict(list)
    for path, key in dict.fromkeys(items):
        if storable(key):
            keys[path].append(key)
    found: dict[tuple[str, str], Row] = {}
    for path, wanted in keys.items():
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM store s WHERE s.prefix = %s AND s.key = ANY (%s) AND {LIVE}".encode(),  # noqa: S608
            (path, wanted),
        )
        found |= {(path, row[1]): Row(*row) for row in rows}
    return found


def search(
    connection: Connection, wanted: Search, paths: list[str], kind: str, *, approximate: bool
) -> list[tuple[Row, float | None]]:
    """Run a search by vector, or for the newest; best first, ties newest first.

    Args:
        connection: Autocommitting, or in a transaction if `approximate`.
        wanted: The search.
        paths: The namespaces to search.
        kind: Type of the stored vectors.
        approximate: Whether the index over vectors may be used, whose results can lack a few of the best.
    """
    if not paths or not wanted.limit:
        return []
    if wanted.vector is None:
        return [(row, None) for row in _newest(connection, wanted, paths)]
    ranked, params = (_indexed if approximate else _measured)(wanted, wanted.vector, paths, kind)
    rows = connection.execute(
        f"WITH best AS MATERIALIZED ({ranked} ORDER BY rank, stamp DESC LIMIT %s OFFSET %s)"  # noqa: S608 - constants
        f" SELECT {COLUMNS}, 1 - best.rank FROM best JOIN store s USING (prefix, key)"
        " ORDER BY best.rank, best.stamp DESC".encode(),
        [*params, wanted.limit, wanted.offset],
    )
    return [(Row(*row[:6]), float(row[6])) for row in rows]


def _within(column: str, paths: list[str]) -> Fragment:
    """Return the condition that a namespace is one of these; one alone lets an index give the order, too."""
    return (f"{column} = %s", [paths[0]]) if len(paths) == 1 else (f"{column} = ANY (%s)", [paths])


def _newest(connection: Connection, wanted: Search, paths: list[str]) -> list[Row]:
    condition, given = where(wanted.conditions)
    within, scope = _within("s.prefix", paths)
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM store s WHERE {within} AND {LIVE} AND {condition}"  # noqa: S608 - constants and marks
        " ORDER BY s.updated_at DESC, s.prefix DESC, s.key DESC LIMIT %s OFFSET %s".encode(),
        [*scope, *given, wanted.limit, wanted.offset],
    )
    return [Row(*row) for row in rows]


def _measured(wanted: Search, vector: Rows, paths: list[str], kind: str) -> Fragment:
    """Measure every vector of the namespaces, in the order in which they lie, then filter and rank: exact."""
    condition, given = where(wanted.conditions)
    within, scope = _within("v.prefix", paths)
    sql = (
        f"SELECT s.prefix, s.key, s.updated_at AS stamp, near.rank FROM (SELECT v.prefix, v.key,"  # noqa: S608
        f" min({_DISTANCE.format(kind=kind)}) AS rank FROM store_vectors v WHERE {within} GROUP BY v.prefix, v.key"
        f") near JOIN store s USING (prefix, key) WHERE {LIVE} AND {condition}"
    )
    return sql, [vector_text(vector), *scope, *given]


def _indexed(wanted: Search, vector: Rows, paths: list[str], kind: str) -> Fragment:
    """Let the index give neighbours, nearest first, until enough pass the filter (iterative scan)."""
    condition, given = where(wanted.conditions)
    within, scope = _within("v.prefix", paths)
    sql = (
        "SELECT prefix, key, stamp, min(distance) AS rank FROM (SELECT s.prefix, s.key, s.updated_at AS stamp,"  # noqa: S608
        f" v.embedding <=> %s::{kind} AS distance FROM store_vectors v JOIN store s USING (prefix, key)"
        f" WHERE {within} AND {LIVE} AND {condition} ORDER BY v.embedding <=> %s::{kind} LIMIT %s) near"
        " GROUP BY prefix, key, stamp"
    )
    text = vector_text(vector)
    return sql, [text, *scope, *given, text, 2 * wanted.reach]


def allow_iterative_scan(connection: Connection) -> None:
    """Let index scans of this transaction go on until enough rows pass the filter: never filter after top-k."""
    connection.execute("SET LOCAL hnsw.iterative_scan = strict_order")
    connection.execute("SET LOCAL ivfflat.iterative_scan = relaxed_order")


def nearest(
    connection: Connection, path: str, vector: Rows, count: int, kind: str, *, approximate: bool
) -> dict[str, float]:
    """Return keys and cosines of the `count` items of exactly one namespace that are nearest, unfiltered."""
    text = vector_text(vector)
    if approximate:
        sql = (
            f"SELECT key, min(distance) AS rank FROM (SELECT v.key, v.embedding <=> %s::{kind} AS distance"  # noqa: S608
            f" FROM store_vectors v WHERE v.prefix = %s ORDER BY v.embedding <=> %s::{kind} LIMIT %s) near GROUP BY key"
            " ORDER BY rank"
        )
        params: list[Any] = [text, path, text, count]
    else:
        sql = (
            f"SELECT v.key, min({_DISTANCE.format(kind=kind)}) AS rank FROM store_vectors v"  # noqa: S608
            " WHERE v.prefix = %s GROUP BY v.key ORDER BY rank LIMIT %s"
        )
        params = [text, path, count]
    return {key: 1 - float(rank) for key, rank in connection.execute(sql.encode(), params)}


def cosines(connection: Connection, path: str, keys: Sequence[str], vector: Rows, kind: str) -> dict[str, float]:
    """Return the cosine of each item's best vector; items without one are left out."""
    if not keys:
        return {}
    rows = connection.execute(
        f"SELECT v.key, 1 - min({_DISTANCE.format(kind=kind)}) FROM store_vectors v"  # noqa: S608
        " WHERE v.prefix = %s AND v.key = ANY (%s) GROUP BY v.key".encode(),
        (vector_text(vector), path, list(keys)),
    )
    return {key: float(cosine) for key, cosine in rows}


def mean_vector(connection: Connection, path: str, keys: Sequence[str]) -> Rows | None:
    """Return the mean of the vectors of some items, not scaled to any length; None where they have none."""
    if not keys:
        return None
    row = connection.execute(
        "SELECT avg(embedding::vector)::text FROM store_vectors WHERE prefix = %s AND key = ANY (%s)",
        (path, list(keys)),
    ).fetchone()
    return None if row is None or row[0] is None else np.asarray(orjson.loads(row[0]), np.float32)


def expired(connection: Connection, path: str) -> list[str]:
    """Return the keys of a namespace that have expired and are not yet swept."""
    rows = connection.execute("SELECT key FROM store WHERE prefix = %s AND expires_at <= now()", (path,))
    return [key for (key,) in rows]
