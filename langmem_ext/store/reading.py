"""Reading: get, search in its three forms, candidates; each inside one read transaction that the caller began."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from langmem_ext.protocols import FEEDBACK, Candidates
from langmem_ext.store.columns import Mask
from langmem_ext.store.filters import Condition
from langmem_ext.store.rows import ITEM_COLUMNS, Row
from langmem_ext.store.schema import vector_ids
from langmem_ext.store.shelf import Namespace, Shelf
from langmem_ext.store.shelves import Shelves
from langmem_ext.store.vectors import Rows

Value = TypeVar("Value", int, str)

_SPARE_ROWS = 16
_WIDEN = 4
_IN_LIST = 256
_SELECT_ITEMS = f"SELECT {ITEM_COLUMNS} FROM items i JOIN namespaces n ON n.id = i.namespace_id"  # noqa: S608
_LIVE = "(i.expires_at IS NULL OR i.expires_at > ?)"


@dataclass(frozen=True, slots=True)
class Search:
    """A checked search: by vector, by words, or by neither (newest first); candidates take both."""

    path: str
    conditions: tuple[Condition, ...]
    limit: int
    offset: int
    vector: Rows | None = None
    words: str | None = None

    def by_vector(self, vector: Rows) -> "Search":
        """Return the same search for a query vector, unit length, shape ``(dims,)``."""
        return replace(self, vector=vector)

    def by_words(self, words: str) -> "Search":
        """Return the same search for words."""
        return replace(self, words=words)

    @property
    def reach(self) -> int:
        """How many of the best have to be known."""
        return self.offset + self.limit


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """An item found, by what it is ordered by: its score, or its stamp where nothing was asked; then the id."""

    rank: float
    id: int


def now() -> int:
    """Return the time in microseconds since the epoch."""
    return time.time_ns() // 1000


def find_namespaces(connection: sqlite3.Connection, path: str) -> list[Namespace]:
    """Return the namespace at the path and all below it; "" is every namespace."""
    rows = connection.execute(
        "SELECT id, path, revision, floor FROM namespaces WHERE path = ?"
        " UNION ALL SELECT id, path, revision, floor FROM namespaces WHERE path >= ? AND path < ?",
        (path, f"{path}." if path else "", f"{path}/" if path else "\U0010ffff"),  # "/" follows "."
    )
    return [Namespace(*row) for row in rows]


def find_namespace(connection: sqlite3.Connection, path: str) -> Namespace | None:
    """Return exactly the namespace at the path."""
    row = connection.execute("SELECT id, path, revision, floor FROM namespaces WHERE path = ?", (path,)).fetchone()
    return Namespace(*row) if row else None


def get(connection: sqlite3.Connection, path: str, keys: Sequence[str]) -> dict[str, Row]:
    """Return the live items of one namespace by key."""
    found: dict[str, Row] = {}
    for chunk in chunks(sorted(set(keys))):
        rows = connection.execute(
            f"{_SELECT_ITEMS} WHERE n.path = ? AND i.key IN ({marks(chunk)}) AND {_LIVE}", (path, *chunk, now())
        )
        found.update((row[1], Row(*row)) for row in rows)
    return found


def by_id(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Row]:
    """Return items by id."""
    found: dict[int, Row] = {}
    for chunk in chunks(ids):
        rows = connection.execute(f"{_SELECT_ITEMS} WHERE i.id IN ({marks(chunk)})", chunk)
        found.update((row[5], Row(*row)) for row in rows)
    return found


def chunks(values: Sequence[Value]) -> Iterator[list[Value]]:
    """Cut into lists for ``IN (…)``, of few different lengths so that prepared statements are found again."""
    for start in range(0, len(values), _IN_LIST):
        chunk = list(values[start : start + _IN_LIST])
        length = 1 << (len(chunk) - 1).bit_length()
        yield chunk + [chunk[-1]] * (length - len(chunk))


def marks(values: Sequence[object]) -> str:
    """Return as many parameter marks as there are values."""
    return ",".join("?" * len(values))


def search(
    connection: sqlite3.Connection, shelves: Shelves[int, Shelf], wanted: Search
) -> list[tuple[Row, float | None]]:
    """Run a search; gives rows with their scores, best first."""
    if wanted.limit == 0:
        return []
    if wanted.vector is None and wanted.words is None and not wanted.conditions:
        return [(row, None) for row in _newest(connection, wanted)]
    hits: list[Hit] = []
    for namespace in find_namespaces(connection, wanted.path):
        with shelves.use(namespace.id) as shelf:
            shelf.catch_up(connection, namespace)
            hits += _hits(connection, shelf, wanted)
    hits.sort(reverse=True)
    chosen = hits[wanted.offset : wanted.reach]
    rows = by_id(connection, [hit.id for hit in chosen])
    scored = wanted.vector is not None or wanted.words is not None
    return [(rows[hit.id], hit.rank if scored else None) for hit in chosen]


def _newest(connection: sqlite3.Connection, wanted: Search) -> list[Row]:
    namespaces = find_namespaces(connection, wanted.path)
    if len(namespaces) != 1:
        return _newest_of_many(connection, namespaces, wanted)
    rows = connection.execute(
        f"{_SELECT_ITEMS} WHERE i.namespace_id = ? AND {_LIVE} ORDER BY i.updated_at DESC, i.id DESC LIMIT ? OFFSET ?",
        (namespaces[0].id, now(), wanted.limit, wanted.offset),
    )
    return [Row(*row) for row in rows]


def _newest_of_many(connection: sqlite3.Connection, namespaces: list[Namespace], wanted: Search) -> list[Row]:
    """Merge the newest of each namespace; a namespace whose last change is older than all found can't add any."""
    newest: list[tuple[int, int]] = []
    for namespace in sorted(namespaces, key=lambda row: row.revision, reverse=True):
        if len(newest) == wanted.reach and newest[-1][0] > namespace.revision:
            break
        newest += connection.execute(
            f"SELECT i.updated_at, i.id FROM items i WHERE i.namespace_id = ? AND {_LIVE}"  # noqa: S608 - a constant
            " ORDER BY i.updated_at DESC, i.id DESC LIMIT ?",
            (namespace.id, now(), wanted.reach),
        )
        newest = sorted(newest, reverse=True)[: wanted.reach]
    chosen = [item_id for _, item_id in newest[wanted.offset :]]
    rows = by_id(connection, chosen)
    return [rows[item_id] for item_id in chosen]


def _hits(connection: sqlite3.Connection, shelf: Shelf, wanted: Search) -> list[Hit]:
    """Return the best hits of one namespace."""
    mask = mask_of(connection, shelf, wanted.conditions)
    if wanted.vector is not None:
        return _nearest(connection, shelf, wanted.vector, wanted.reach, mask)
    if wanted.words is not None:
        slots, scores = shelf.full_text(connection).search(wanted.words, mask, wanted.reach)
        return [Hit(*pair) for pair in zip(scores.tolist(), shelf.ids[slots].tolist(), strict=True)]
    slots = np.flatnonzero(shelf.alive if mask is None else mask)[: -wanted.reach - 1 : -1]
    return [Hit(*pair) for pair in zip(shelf.stamps[slots].tolist(), shelf.ids[slots].tolist(), strict=True)]


def mask_of(connection: sqlite3.Connection, shelf: Shelf, conditions: tuple[Condition, ...]) -> Mask | None:
    """Return which slots of a shelf may be served under the conditions; None where all that are alive may."""
    expired = connection.execute(
        "SELECT id FROM items WHERE namespace_id = ? AND expires_at <= ?", (shelf.namespace_id, now())
    ).fetchall()
    return shelf.mask(connection, conditions, [item_id for (item_id,) in expired])


def _nearest(connection: sqlite3.Connection, shelf: Shelf, vector: Rows, count: int, mask: Mask | None) -> list[Hit]:
    """Return the exact nearest items: widen until rounding can't hide any, then score from the full rows."""
    vectors = shelf.vectors(connection)
    reach = count + _SPARE_ROWS
    while True:
        slots, scores, complete = vectors.search(vector, reach, mask)
        if complete:
            break
        if len(slots) > count and scores[-1] < scores[count - 1] - 2 * vectors.rounding:
            break
        reach *= _WIDEN
    if len(slots) > count:
        slots = slots[scores >= scores[count - 1] - 2 * vectors.rounding]
        scores = scores[: len(slots)]
    ids = shelf.ids[slots].tolist()
    exact = [_exact(connection, item_id, vector) for item_id in ids] if vectors.half else scores.tolist()
    hits = [Hit(*pair) for pair in zip(exact, ids, strict=True)]
    hits.sort(reverse=True)
    return hits[:count]


def _exact(connection: sqlite3.Connection, item_id: int, vector: Rows) -> float:
    """Return the cosine of an item's best vector, from the file."""
    rows = connection.execute("SELECT vector FROM vectors WHERE id BETWEEN ? AND ?", vector_ids(item_id))
    return max(float(np.frombuffer(blob, np.float32) @ vector) for (blob,) in rows)


def candidates(connection: sqlite3.Connection, shelves: Shelves[int, Shelf], wanted: Search) -> Candidates:
    """Collect hybrid candidates of exactly one namespace; `wanted.limit` is per list."""
    query = wanted.words or ""
    namespace = find_namespace(connection, wanted.path)
    if namespace is None:
        return no_candidates()
    with shelves.use(namespace.id) as shelf:
        shelf.catch_up(connection, namespace)
        mask = mask_of(connection, shelf, wanted.conditions)
        full_text = shelf.full_text(connection)
        if wanted.vector is None:
            lexical = full_text.candidates(query, mask, wanted.limit)
            dense = np.full(len(lexical.slots), np.nan, np.float32)
            feedback = None
        else:
            vectors = shelf.vectors(connection)
            nearest, _, _ = vectors.search(wanted.vector, wanted.limit, mask)
            lexical = full_text.candidates(query, mask, wanted.limit, also=nearest)
            dense = vectors.scores(wanted.vector, lexical.slots)
            feedback = vectors.scores(vectors.mean(nearest[:FEEDBACK]), lexical.slots)
        slots = lexical.slots
        return Candidates(
            keys=full_text.keys(slots),
            words=lexical.words,
            dates=lexical.dates,
            characters=lexical.characters,
            dense=dense,
            speakers=full_text.speakers(slots),
            times=full_text.times(slots),
            total=int(np.count_nonzero(shelf.alive if mask is None else mask)),
            named=lexical.named,
            coverage=lexical.coverage,
            lengths=lexical.lengths,
            marks=lexical.marks,
            feedback=feedback,
        )


def no_candidates() -> Candidates:
    """Return the candidates of a namespace that holds nothing."""
    none = np.empty(0, np.float32)
    return Candidates(
        keys=[], words=none, dates=none, characters=none, dense=none, speakers=[], times=np.empty(0), total=0
    )
