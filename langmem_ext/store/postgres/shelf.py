"""What this process holds of one namespace: its full text and the columns that filters asked for, never its vectors.

The tables are the truth. Each search asks for what was committed since the last one, in one statement and so at one
moment: writers of a namespace take turns, so whatever is newer than the newest row seen is all that is new. Where
something was deleted (`floor`), the namespace is read anew.
"""

import threading
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from langmem_ext.store.arrays import GrowingArray
from langmem_ext.store.columns import Column, Mask
from langmem_ext.store.filters import Condition, Path
from langmem_ext.store.fulltext import FullText
from langmem_ext.store.postgres.conditions import resolve
from langmem_ext.store.postgres.connecting import Connection

_DEAD_MIN = 1024
_KEY_BYTES = 200
_Row = tuple[Any, ...]
FIXED = "n.stamp, n.floor, s.key, s.updated_at, s.expires_at IS NOT NULL, t.tokens, t.speaker, t.sequence, t.time"
FIXED_COUNT = 9


class Shelf:
    """One namespace in memory. Hold `lock` for everything, from `catch_up` to the end of the search."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.Lock()
        self._reset()

    def _reset(self) -> None:
        self._seen: datetime | None = None
        self.keys: list[str] = []
        self.stamps: list[datetime] = []
        self._slots: dict[str, int] = {}
        self._alive: GrowingArray[np.bool_] = GrowingArray(np.bool_)
        self.full_text = FullText()
        self._columns: dict[Path, Column] = {}
        self.expires = False

    @property
    def cold(self) -> bool:
        """Whether nothing has been read yet."""
        return self._seen is None

    @property
    def alive(self) -> Mask:
        """Which slots hold an item."""
        return self._alive.data

    @property
    def nbytes(self) -> int:
        """Estimated bytes of memory held."""
        columns = sum(column.nbytes for column in self._columns.values())
        return 2000 + self.full_text.nbytes + columns + _KEY_BYTES * len(self.keys)

    def slots_of(self, keys: Iterable[str]) -> NDArray[np.int64]:
        """Return the slots of items; what was put since the last `catch_up` is left out."""
        return np.fromiter((self._slots[key] for key in keys if key in self._slots), np.int64)

    def catch_up(self, connection: Connection, paths: Collection[Path]) -> None:
        """Read what was committed since the last time.

        Args:
            connection: Any; one or two statements are run.
            paths: What filters ask for.
        """
        missing = [path for path in dict.fromkeys(paths) if path not in self._columns]
        if missing or len(self.keys) - len(self._slots) > max(_DEAD_MIN, len(self._slots)):
            known = list(self._columns)
            self._reset()
            self._columns = {path: Column() for path in (*known, *missing)}
        rows = self._read(connection)
        if rows and self._seen is not None and rows[0][1] > self._seen:
            self._columns, columns = {}, self._columns
            self._reset()
            self._columns = {path: Column() for path in columns}
            rows = self._read(connection)
        if rows:
            self._apply(rows)
        else:
            self._reset()

    def _read(self, connection: Connection) -> list[_Row]:
        """Return the state of the namespace beside each row newer than what was seen; nothing where it is empty."""
        fragments = [resolve(path) for path in self._columns]
        columns = "".join(f", ({sql})::text" for sql, _ in fragments)
        params = [value for _, given in fragments for value in given]
        return connection.execute(
            f"SELECT {FIXED}{columns} FROM store_namespaces n"  # noqa: S608 - constants and marks
            " LEFT JOIN store s ON s.prefix = n.prefix AND s.updated_at > %s::timestamptz"
            " LEFT JOIN store_texts t ON t.prefix = s.prefix AND t.key = s.key"
            " WHERE n.prefix = %s ORDER BY s.updated_at".encode(),
            [*params, "-infinity" if self._seen is None else self._seen, self.path],
        ).fetchall()

    def fill(self, rows: Sequence[_Row]) -> None:
        """Hold just these rows, read with `FIXED` in the order of their stamps."""
        if rows:
            self._apply(rows)

    def _apply(self, rows: Sequence[_Row]) -> None:
        fresh = [row for row in rows if row[2] is not None]
        self._bury([self._slots[row[2]] for row in fresh if row[2] in self._slots])
        for row in fresh:
            slot = len(self.keys)
            key, stamp, expires, tokens, speaker, sequence, time = row[2:FIXED_COUNT]
            self.keys.append(key)
            self.stamps.append(stamp)
            self._slots[key] = slot
            self.expires = self.expires or expires
            if tokens is not None:
                self.full_text.put(slot, key, tokens, speaker=speaker, sequence=sequence, time=time)
        self._alive.extend(np.ones(len(fresh), np.bool_))
        for place, column in enumerate(self._columns.values(), start=FIXED_COUNT):
            column.extend([None if row[place] is None else orjson.loads(row[place]) for row in fresh])
        self._seen = max(rows[0][0], rows[-1][3] or rows[0][0])
        self.full_text.settle()

    def _bury(self, slots: Sequence[int]) -> None:
        if slots:
            dead = np.asarray(slots, np.int64)
            self.alive[dead] = False
            self.full_text.remove(dead)

    def mask(self, conditions: Sequence[Condition], expired: Sequence[str]) -> Mask | None:
        """Return which slots may be served, shape ``(slots,)``; None where all that are alive may."""
        if not self.keys or (not conditions and not expired):
            return None
        mask = self.alive.copy()
        if expired:
            mask[self.slots_of(expired)] = False
        for condition in conditions:
            mask &= self._columns[condition.path].mask(condition)
        return mask
