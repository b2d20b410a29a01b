"""Finding: searches by vector, by words, and the hybrid candidates of a recall, from the tables and the shelves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from langmem_ext.protocols import FEEDBACK, Candidates
from langmem_ext.store.columns import Mask
from langmem_ext.store.postgres import reading
from langmem_ext.store.postgres.connecting import Connection
from langmem_ext.store.postgres.shelf import Shelf
from langmem_ext.store.postgres.sifting import is_large, sift
from langmem_ext.store.reading import Search, no_candidates
from langmem_ext.store.shelves import Shelves
from langmem_ext.store.vectors import Rows, Scores, Slots

_SPARE, _SPARE_ROWS, _WIDEN = 1.5, 32, 4

Found = list[tuple[reading.Row, float | None]]


@dataclass(frozen=True, slots=True)
class Finder:
    """How one store finds.

    Attributes:
        shelves: The full text held in this process.
        kind: Type of the stored vectors, "vector" or "halfvec"; None where there are none.
        approximate: Whether an index over vectors is used.
        shelf_rows: Texts of a namespace up to which it is held.
    """

    shelves: Shelves[str, Shelf]
    kind: str | None
    approximate: bool
    shelf_rows: int

    def search(self, connection: Connection, searches: Mapping[int, Search]) -> dict[int, Found]:
        """Run searches by vector, or for the newest; gives what each found."""
        below = reading.namespaces(connection, {wanted.path for wanted in searches.values()})
        return {position: self._search(connection, wanted, below[wanted.path]) for position, wanted in searches.items()}

    def _search(self, connection: Connection, wanted: Search, paths: list[str]) -> Found:
        if wanted.vector is None or not self.approximate:
            return reading.search(connection, wanted, paths, self.kind or "vector", approximate=False)
        with connection.transaction():
            reading.allow_iterative_scan(connection)
            return reading.search(connection, wanted, paths, self.kind or "vector", approximate=True)

    def words(self, connection: Connection, wanted: Search) -> Found:
        """Run a search by words; statistics are those of each namespace."""
        hits: list[tuple[float, datetime, str, str]] = []
        for path in reading.namespaces(connection, [wanted.path])[wanted.path]:
            with self._shelf(connection, replace(wanted, path=path)) as (shelf, mask, _):
                slots, scores = shelf.full_text.search(wanted.words or "", mask, wanted.reach)
                hits += [
                    (score, shelf.stamps[slot], path, shelf.keys[slot])
                    for slot, score in zip(slots.tolist(), scores.tolist(), strict=True)
                ]
        chosen = sorted(hits, reverse=True)[wanted.offset : wanted.reach]
        rows = reading.get(connection, [(path, key) for *_, path, key in chosen])
        return [(rows[path, key], score) for score, _, path, key in chosen if (path, key) in rows]

    def candidates(self, connection: Connection, wanted: Search) -> Candidates:
        """Collect the candidates of exactly one namespace; `wanted.limit` is per list."""
        with self._shelf(connection, wanted) as (shelf, mask, filtered):
            if not shelf.keys:
                return no_candidates()
            if filtered is None:
                near, nearest = self._nearest(connection, wanted, shelf, mask)
            else:
                near, nearest = filtered, shelf.slots_of(filtered)
            lexical = shelf.full_text.candidates(wanted.words or "", mask, wanted.limit, also=nearest)
            slots = lexical.slots
            return Candidates(
                keys=shelf.full_text.keys(slots),
                words=lexical.words,
                dates=lexical.dates,
                characters=lexical.characters,
                dense=self._dense(connection, wanted, shelf, slots, near),
                speakers=shelf.full_text.speakers(slots),
                times=shelf.full_text.times(slots),
                total=int(np.count_nonzero(shelf.alive if mask is None else mask)),
                named=lexical.named,
                coverage=lexical.coverage,
                lengths=lexical.lengths,
                marks=lexical.marks,
                feedback=self._feedback(connection, wanted, shelf, slots, nearest),
            )

    @contextmanager
    def _shelf(
        self, connection: Connection, wanted: Search
    ) -> Iterator[tuple[Shelf, Mask | None, dict[str, float] | None]]:
        """Give what is to be ranked of one namespace: all that is held of it, or what was sifted from a large one.

        With it come the mask of what may be served, and, where the server had to filter, the cosines of the nearest.
        """
        with self.shelves.use(wanted.path) as shelf:
            if not (shelf.cold and is_large(connection, wanted.path, self.shelf_rows)):
                shelf.catch_up(connection, [condition.path for condition in wanted.conditions])
                expired = reading.expired(connection, shelf.path) if shelf.expires else []
                yield shelf, shelf.mask(wanted.conditions, expired), None
                return
        near: dict[str, float] = {}
        if wanted.vector is not None:
            found = self._search(connection, replace(wanted, offset=0), [wanted.path])
            near = {row.key: score for row, score in found if score is not None}
        sifted = Shelf(wanted.path)
        sifted.fill(sift(connection, wanted, list(near)))
        yield sifted, None, near

    def _nearest(
        self, connection: Connection, wanted: Search, shelf: Shelf, mask: Mask | None
    ) -> tuple[dict[str, float], Slots]:
        """Return the cosines that the server measured, and the slots of the nearest items that the mask allows.

        The mask is at hand here, so the server need not filter: it is asked for as many as will do, then for more.
        """
        if wanted.vector is None or self.kind is None:
            return {}, np.empty(0, np.int64)
        allowed = shelf.alive if mask is None else mask
        eligible = int(np.count_nonzero(allowed))
        count = min(wanted.limit, eligible)
        reach = int(_SPARE * count * len(allowed) / max(eligible, 1)) + _SPARE_ROWS
        while True:
            near = self._ask(connection, wanted.path, wanted.vector, reach)
            slots = shelf.slots_of(near)
            slots = slots[allowed[slots]]
            if len(slots) >= count or len(near) < reach:
                return near, slots[:count]
            reach *= _WIDEN

    def _ask(self, connection: Connection, path: str, vector: Rows, reach: int) -> dict[str, float]:
        if not self.approximate:
            return reading.nearest(connection, path, vector, reach, self.kind or "", approximate=False)
        with connection.transaction():
            reading.allow_iterative_scan(connection)
            return reading.nearest(connection, path, vector, reach, self.kind or "", approximate=True)

    def _feedback(
        self, connection: Connection, wanted: Search, shelf: Shelf, slots: Slots, nearest: Slots
    ) -> Scores | None:
        """Return the mean cosine of each slot's vector and those of the nearest; None where no vector was asked for."""
        if wanted.vector is None or self.kind is None:
            return None
        chosen = [shelf.keys[slot] for slot in nearest[:FEEDBACK].tolist()]
        mean = reading.mean_vector(connection, wanted.path, chosen)
        if mean is None:
            return np.full(len(slots), np.nan, np.float32)
        keys = [shelf.keys[slot] for slot in slots.tolist()]
        known = reading.cosines(connection, wanted.path, keys, mean, self.kind)
        found = np.array([known.get(key, np.nan) for key in keys], np.float32)
        return found * np.float32(np.linalg.norm(mean))  # the server gives the cosine with the mean, not the product

    def _dense(
        self, connection: Connection, wanted: Search, shelf: Shelf, slots: Slots, near: dict[str, float]
    ) -> Scores:
        """Return the cosine of each slot, NaN where it has no vector."""
        dense = np.full(len(slots), np.nan, np.float32)
        if wanted.vector is None or self.kind is None:
            return dense
        keys = [shelf.keys[slot] for slot in slots.tolist()]
        others = [key for key in keys if key not in near]
        known = near | reading.cosines(connection, wanted.path, others, wanted.vector, self.kind)
        dense[:] = [known.get(key, np.nan) for key in keys]
        return dense
