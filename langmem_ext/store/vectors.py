"""The vectors of one namespace in memory, searched exactly.

A small namespace keeps its float32 rows. A large one keeps 16-bit floats: half the memory, and half the time of a
float32 scan, which is bound by memory. What that rounding can change is bounded (`HALF_ROUNDING`), so the caller
scores again, from the float32 rows on disk, everything that the bound leaves in doubt, and the result is exact.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from langmem_ext.store.arrays import GrowingArray
from langmem_ext.store.columns import Mask

Rows = NDArray[np.float32]
Slots = NDArray[np.int64]
Scores = NDArray[np.float32]

HALF_ROUNDING = 2.0**-11 + 2.0**-16
"""The most by which the cosine of a stored row can differ from that of its float32 original.

Half precision has 11 significant bits, so a unit row moves by at most 2^-11 in length; the rest allows for what lies
below the smallest normal half (2^-25 per component) and for the order of float32 sums.
"""
FLOAT_ROUNDING = 2.0**-20
"""The most by which sums of float32 products in another order differ, for unit rows of a few thousand dimensions."""
HALF_FROM_ROWS = 16_384
"""Namespaces from this size on are kept in half precision; below it a scan takes under a millisecond anyway."""
_DENSE_SHARE = 0.25


@cache
def _faiss() -> Any:
    import faiss  # noqa: PLC0415 - loading it takes a tenth of a second

    return faiss


class VectorIndex:
    """Rows by slot; a slot may have several, and is found by its best. Not thread-safe: the shelf's lock guards it."""

    def __init__(self, dims: int, *, half: bool) -> None:
        faiss = _faiss()
        self.dims = dims
        self.half = half
        self.rounding = HALF_ROUNDING if half else FLOAT_ROUNDING
        self._dtype = np.dtype(np.float16 if half else np.float32)
        self._index = (
            faiss.IndexScalarQuantizer(dims, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
            if half
            else faiss.IndexFlatIP(dims)
        )
        self._slots: GrowingArray[np.int64] = GrowingArray(np.int64)
        self._several = False

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        return len(self) * self.dims * self._dtype.itemsize + self._slots.nbytes + 2000

    def add(self, slots: Slots, rows: Rows) -> None:
        """Add unit rows, shape ``(n, dims)``; they are copied."""
        if not len(slots):
            return
        self._several = (
            self._several or len(np.unique(slots)) < len(slots) or bool(np.isin(slots, self._slots.data).any())
        )
        self._index.add(np.ascontiguousarray(rows, np.float32))
        self._slots.extend(slots)

    def remove(self, slots: Slots) -> None:
        """Remove every row of the slots: the last rows move into the holes, so the rows stay without gaps."""
        holes = np.flatnonzero(np.isin(self._slots.data, slots))
        if not len(holes):
            return
        size = len(self) - len(holes)
        targets = holes[holes < size]
        movers = np.setdiff1d(np.arange(size, len(self)), holes, assume_unique=True)
        rows = self._rows()
        rows[targets] = rows[movers]
        self._slots.data[targets] = self._slots.data[movers]
        self._slots.truncate(size)
        self._index.codes.resize(size * self.dims * self._dtype.itemsize)
        self._index.ntotal = size

    def _rows(self) -> NDArray[Any]:
        """Return the rows as they lie in FAISS's memory, shape ``(n, dims)``; valid until the next change."""
        if not len(self):
            return np.empty((0, self.dims), self._dtype)
        raw = _faiss().rev_swig_ptr(self._index.codes.data(), len(self) * self.dims * self._dtype.itemsize)
        rows: NDArray[Any] = raw.view(self._dtype).reshape(-1, self.dims)
        return rows

    def mean(self, slots: Slots) -> Rows:
        """Return the mean of the rows of some slots, shape ``(dims,)``; zeros where they have none."""
        rows = self._rows()[np.isin(self._slots.data, slots)].astype(np.float32)
        mean: Rows = rows.mean(axis=0) if len(rows) else np.zeros(self.dims, np.float32)
        return mean

    def same_as(self, other: "VectorIndex") -> bool:
        """Tell whether both hold the same rows for the same slots, in whatever order."""
        if len(self) != len(other):
            return False
        mine, theirs = (
            sorted(zip(index._slots.data.tolist(), map(bytes, index._rows()), strict=True))  # noqa: SLF001 - same class
            for index in (self, other)
        )
        return mine == theirs

    def search(self, query: Rows, count: int, mask: Mask | None) -> tuple[Slots, Scores, bool]:
        """Find at least the `count` best slots that `mask` allows, if there are so many.

        Args:
            query: Unit vector, shape ``(dims,)``.
            count: How many rows to look for.
            mask: Over slots; None allows all.

        Returns:
            Slots and their rounded cosines (within `rounding`), best first, no slot twice; and whether these are all
            that there are.
        """
        positions, scores, complete = self._search_rows(query, count, mask)
        slots = self._slots.data[positions]
        if self._several:
            _, first = np.unique(slots, return_index=True)
            first.sort()
            slots, scores = slots[first], scores[first]
        return slots, scores, complete

    def _search_rows(self, query: Rows, count: int, mask: Mask | None) -> tuple[Slots, Scores, bool]:
        if mask is None:
            count = min(count, len(self))
            scores, positions = self._scan(query, count, None)
            return positions, scores, count == len(self)
        allowed = mask[self._slots.data]
        total = int(np.count_nonzero(allowed))
        count = min(count, total)
        if total < _DENSE_SHARE * len(self) or not total:
            scores, positions = self._scan(query, count, allowed)
        else:
            positions, scores = self._sift(query, count, allowed)
        return positions, scores, count == total

    def _sift(self, query: Rows, count: int, allowed: Mask) -> tuple[Slots, Scores]:
        """Take the best of all and drop those not allowed: a plain scan is faster than one that asks for each row."""
        share = np.count_nonzero(allowed) / len(self)
        reach = int(count / share * 1.5) + 32
        if reach < len(self) // 8:
            scores, positions = self._scan(query, reach, None)
            kept = allowed[positions]
            if np.count_nonzero(kept) >= count:
                return positions[kept][:count], scores[kept][:count]
        scores, positions = self._scan(query, count, allowed)
        return positions, scores

    def _scan(self, query: Rows, count: int, allowed: Mask | None) -> tuple[Scores, Slots]:
        """Let FAISS scan, on one thread: for a single query more threads are slower."""
        faiss = _faiss()
        if count == 0:
            return np.empty(0, np.float32), np.empty(0, np.int64)
        parameters = None
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
            parameters = faiss.SearchParameters(sel=selector)
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            scores, positions = self._index.search(query[None, :], count, params=parameters)
        finally:
            faiss.omp_set_num_threads(threads)
        return scores[0], positions[0]

    def scores(self, query: Rows, slots: Slots) -> Scores:
        """Return the rounded cosine of each slot's best row, NaN where it has none; shape of `slots`."""
        positions = np.flatnonzero(np.isin(self._slots.data, slots))
        best = np.full(len(slots), np.nan, np.float32)
        if not len(positions):
            return best
        # BLAS would start threads for this product, which costs more than it saves
        found = np.einsum("nd,d->n", self._rows()[positions].astype(np.float32, copy=False), query)
        order = np.argsort(slots, kind="stable")
        places = order[np.searchsorted(slots, self._slots.data[positions], sorter=order)]
        np.fmax.at(best, places, found)
        return best
