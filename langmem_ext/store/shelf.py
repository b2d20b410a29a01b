"""A shelf: what is held in memory of one namespace. All of it can be dropped and read again from the file.

A shelf gives every version of every item a slot, in the order of the stamps. Parts (vectors, full text, a column per
filter path) are read when first needed. All changes come in by one way, `catch_up`: read from the file what is newer
than what was seen. It serves a thread's own commits, those of other threads and those of other processes alike.
"""

import json
import re
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from langmem_ext.errors import StoreCorruptError
from langmem_ext.store.arrays import GrowingArray
from langmem_ext.store.columns import Column, Mask
from langmem_ext.store.filters import Condition, Path, resolve
from langmem_ext.store.rows import decode_value
from langmem_ext.store.schema import ITS_VECTORS
from langmem_ext.store.vectors import HALF_FROM_ROWS, Slots, VectorIndex

if TYPE_CHECKING:
    from langmem_ext.store.fulltext import FullText

_CHUNK = 2048
_DEAD_MIN = 1024
_NEVER = -1
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SELECT = "SELECT {} FROM items WHERE namespace_id = ? AND updated_at > ? ORDER BY updated_at, id"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A row of the table `namespaces`."""

    id: int
    path: str
    revision: int
    floor: int


class SnapshotTooOldError(Exception):
    """Another thread has brought the shelf further than this read transaction sees; begin a new one."""


class Shelf:
    """One namespace in memory. Hold `lock` for everything, from `catch_up` to the end of the search."""

    def __init__(self, namespace_id: int, dims: int | None) -> None:
        self.namespace_id = namespace_id
        self.lock = threading.Lock()
        self._dims = dims
        self._reset()

    def _reset(self) -> None:
        self._revision = _NEVER
        self._ids: GrowingArray[np.int64] = GrowingArray(np.int64)
        self._stamps: GrowingArray[np.int64] = GrowingArray(np.int64)
        self._alive: GrowingArray[np.bool_] = GrowingArray(np.bool_)
        self._vectors: VectorIndex | None = None
        self._full_text: FullText | None = None
        self._columns: dict[Path, Column] = {}

    @property
    def ids(self) -> NDArray[np.int64]:
        """Item id by slot; an id that was put again has a dead slot too."""
        return self._ids.data

    @property
    def stamps(self) -> NDArray[np.int64]:
        """`updated_at` by slot, ascending."""
        return self._stamps.data

    @property
    def alive(self) -> Mask:
        """Which slots hold an item."""
        return self._alive.data

    @property
    def nbytes(self) -> int:
        """Estimated bytes of memory held."""
        parts = [part.nbytes for part in (self._vectors, self._full_text, *self._columns.values()) if part is not None]
        return 2000 + self._ids.nbytes + self._stamps.nbytes + self._alive.nbytes + sum(parts)

    def catch_up(self, connection: sqlite3.Connection, namespace: Namespace) -> None:
        """Read what was committed since the last time.

        Args:
            connection: In the read transaction in which `namespace` was read.
            namespace: The row of this shelf's namespace.

        Raises:
            SnapshotTooOldError: The shelf is ahead of that transaction.
        """
        if self._revision == namespace.revision:
            return
        if self._revision > namespace.revision:
            raise SnapshotTooOldError
        try:
            if self._revision < namespace.floor or self._mostly_dead():
                self._reset()
            self._apply(connection, self._revision)
        except BaseException:
            self._reset()  # half applied is worse than empty
            raise
        self._revision = namespace.revision

    def _mostly_dead(self) -> bool:
        live = int(np.count_nonzero(self.alive))
        return len(self._ids) - live > max(_DEAD_MIN, live)

    def _apply(self, connection: sqlite3.Connection, seen: int) -> None:
        changed = connection.execute(
            "SELECT id, updated_at FROM items WHERE namespace_id = ? AND updated_at > ? ORDER BY updated_at, id",
            (self.namespace_id, seen),
        ).fetchall()
        rows = np.array(changed, np.int64).reshape(-1, 2)
        if seen != _NEVER:
            gone = connection.execute(
                "SELECT item_id FROM tombstones WHERE namespace_id = ? AND stamp > ?", (self.namespace_id, seen)
            ).fetchall()
            self._bury(np.concatenate([rows[:, 0], np.array(gone, np.int64).reshape(-1)]))
        self._ids.extend(rows[:, 0])
        self._stamps.extend(rows[:, 1])
        self._alive.extend(np.ones(len(rows), np.bool_))
        if self._vectors is not None and not self._vectors.half and len(self._ids) >= HALF_FROM_ROWS:
            self._vectors = None  # outgrown; read again in half precision when needed
        if self._vectors is not None:
            self._read_vectors(connection, self._vectors, seen)
        if self._full_text is not None:
            self._read_texts(connection, self._full_text, seen)
        self._read_columns(connection, self._columns, seen)

    def _bury(self, ids: NDArray[np.int64]) -> None:
        """Mark the slots of changed and deleted items dead, in every part."""
        dead = np.flatnonzero(np.isin(self.ids, ids) & self.alive) if len(ids) else np.empty(0, np.int64)
        if not len(dead):
            return
        self.alive[dead] = False
        if self._vectors is not None:
            self._vectors.remove(dead)
        if self._full_text is not None:
            self._full_text.remove(dead)

    def vectors(self, connection: sqlite3.Connection) -> VectorIndex:
        """Return the vectors; read on first use."""
        if self._vectors is None:
            if self._dims is None:
                raise AssertionError("a store without an embedding function searches no vectors")
            vectors = VectorIndex(self._dims, half=len(self._ids) >= HALF_FROM_ROWS)
            self._read_vectors(connection, vectors, _NEVER)
            self._vectors = vectors
        return self._vectors

    def full_text(self, connection: sqlite3.Connection) -> "FullText":
        """Return the full text; read on first use."""
        if self._full_text is None:
            from langmem_ext.store.fulltext import FullText  # noqa: PLC0415 - loads the stemmer and its tables

            full_text = FullText()
            self._read_texts(connection, full_text, _NEVER)
            self._full_text = full_text
        return self._full_text

    def mask(
        self, connection: sqlite3.Connection, conditions: tuple[Condition, ...], expired: Sequence[int]
    ) -> Mask | None:
        """Return which slots may be served, shape ``(slots,)``; None where all that are alive may."""
        if not conditions and not expired:
            return None
        mask = self.alive.copy()
        if expired:
            mask &= ~np.isin(self.ids, np.array(expired, np.int64))
        self.hold(connection, [condition.path for condition in conditions])
        for condition in conditions:
            mask &= self._columns[condition.path].mask(condition)
        return mask

    def hold(self, connection: sqlite3.Connection, paths: Sequence[Path]) -> None:
        """Read the columns that are not held yet, all of them in one pass."""
        missing = {path: Column() for path in paths if path not in self._columns}
        self._read_columns(connection, missing, _NEVER)
        self._columns |= missing

    def column(self, connection: sqlite3.Connection, path: Path) -> Column:
        """Return the column of a path; read on first use."""
        self.hold(connection, [path])
        return self._columns[path]

    def agrees(self, connection: sqlite3.Connection) -> bool:
        """Tell whether items and vectors are those of the file; the shelf must have caught up."""
        stored = connection.execute(
            "SELECT id, updated_at FROM items WHERE namespace_id = ? ORDER BY updated_at, id", (self.namespace_id,)
        ).fetchall()
        held = list(zip(self.ids[self.alive].tolist(), self.stamps[self.alive].tolist(), strict=True))
        if held != stored or self._vectors is None:
            return held == stored
        fresh = VectorIndex(self._vectors.dims, half=self._vectors.half)
        self._read_vectors(connection, fresh, _NEVER)
        return self._vectors.same_as(fresh)

    def _finder(self, seen: int) -> Callable[[NDArray[np.int64]], Slots]:
        """Return what finds the slots of live items newer than `seen` by their ids, which may repeat."""
        start = int(np.searchsorted(self.stamps, seen, side="right"))
        live = start + np.flatnonzero(self.alive[start:])
        live = live[np.argsort(self.ids[live], kind="stable")]
        known = self.ids[live]

        def find(ids: NDArray[np.int64]) -> Slots:
            places = np.searchsorted(known, ids)
            if len(ids) and (int(places.max()) >= len(known) or not np.array_equal(known[places], ids)):
                raise _damaged()
            slots: Slots = live[places]
            return slots

        return find

    def _read_vectors(self, connection: sqlite3.Connection, vectors: VectorIndex, seen: int) -> None:
        cursor = connection.execute(
            f"SELECT i.id, v.vector FROM items i JOIN vectors v ON {ITS_VECTORS}"  # noqa: S608 - a constant
            " WHERE i.namespace_id = ? AND i.updated_at > ? ORDER BY i.updated_at, i.id",
            (self.namespace_id, seen),
        )
        find = self._finder(seen)
        while chunk := cursor.fetchmany(_CHUNK):
            ids = np.fromiter((row[0] for row in chunk), np.int64, len(chunk))
            raw = b"".join([row[1] for row in chunk])
            if len(raw) != len(chunk) * (self._dims or 0) * 4:
                raise _damaged()
            vectors.add(find(ids), np.frombuffer(raw, np.float32).reshape(len(chunk), -1))

    def _read_texts(self, connection: sqlite3.Connection, full_text: "FullText", seen: int) -> None:
        cursor = connection.execute(
            "SELECT i.id, i.key, t.tokens, t.speaker, t.sequence, t.time FROM items i JOIN texts t ON t.item_id = i.id"
            " WHERE i.namespace_id = ? AND i.updated_at > ? ORDER BY i.updated_at, i.id",
            (self.namespace_id, seen),
        )
        find = self._finder(seen)
        while chunk := cursor.fetchmany(_CHUNK):
            slots = find(np.fromiter((row[0] for row in chunk), np.int64, len(chunk)))
            for slot, (_, key, tokens, speaker, sequence, time) in zip(slots.tolist(), chunk, strict=True):
                full_text.put(slot, key, tokens, speaker=speaker, sequence=sequence, time=time)
            full_text.settle()

    def _read_columns(self, connection: sqlite3.Connection, columns: dict[Path, Column], seen: int) -> None:
        """Append the values of the slots that are not yet in the columns."""
        if not columns:
            return
        start = int(np.searchsorted(self.stamps, seen, side="right"))
        live = (np.flatnonzero(self.alive[start:])).tolist()
        rows = _values(connection, self.namespace_id, seen, list(columns))
        found: list[list[Any]] = [[None] * (len(self._ids) - start) for _ in columns]
        for place, values in zip(live, rows, strict=True):
            for read, value in zip(found, values, strict=False):
                read[place] = value
        for column, read in zip(columns.values(), found, strict=True):
            column.extend(read)


def _values(
    connection: sqlite3.Connection, namespace_id: int, seen: int, paths: Sequence[Path]
) -> Sequence[Sequence[Any]]:
    """Return what stands at the paths in each item newer than `seen`, in the order of their stamps.

    Where every path is one plain key, SQLite takes the few values out, which is three times as fast as reading all.
    """
    if all(len(path) == 1 and _PLAIN_KEY.fullmatch(path[0]) for path in paths):
        try:
            return _extracted(connection, namespace_id, seen, [path[0] for path in paths])
        except sqlite3.OperationalError:  # a SQLite without JSON, or a value nested deeper than it reads
            pass
    rows = connection.execute(_SELECT.format("value"), (namespace_id, seen))
    return [[resolve(value, path) for path in paths] for value in (decode_value(text) for (text,) in rows)]


def _extracted(connection: sqlite3.Connection, namespace_id: int, seen: int, keys: Sequence[str]) -> list[list[Any]]:
    wanted = [f"$.{key}" for key in (*keys, keys[0])]  # of one path alone, SQLite would give the value, not JSON
    extract = f"json_extract(value, {', '.join('?' * len(wanted))})"
    rows = connection.execute(_SELECT.format(extract), (*wanted, namespace_id, seen))
    found: list[list[Any]] = []
    while chunk := rows.fetchmany(_CHUNK):
        found += json.loads(f"[{','.join([text for (text,) in chunk])}]")
    return found


def _damaged() -> StoreCorruptError:
    return StoreCorruptError("vectors or texts do not fit the items; run check(repair=True)")
