"""BM25 over windows: each document lends its words to its neighbours before frequencies saturate. Pure.

``tf~ = tf + 0.5·Σ tf(beside) + 0.25·Σ tf(two away)``; lengths and document frequencies are those of the windows.
BM25 as in Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the idf that is
never negative, ``ln(1 + (N - df + 0.5) / (df + 0.5))``; adding weighted frequencies before the saturation is their
BM25F, with neighbours in the place of fields.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
BESIDE = 0.5
TWO_AWAY = 0.25

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_CELLS = 1 << 20
"""Frequencies (terms times documents) that are held at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Searchable:
    """The documents that may be found, and their windows.

    Attributes:
        allowed: 1 where a document may be found, else 0, shape ``(documents + 1,)``; the last, no document, is 0.
        near: Neighbours, shape ``(4, documents)``, or None to score documents alone.
    """

    allowed: Floats
    near: NDArray[np.int64] | None

    def spread(self, values: Floats) -> Floats:
        """Add to each document what its neighbours lend it.

        Args:
            values: Shape ``(…, documents + 1)``, zero where not allowed.
        """
        alone = values[..., :-1]
        if self.near is None:
            return alone
        before, after, before2, after2 = self.near
        beside = values[..., before] + values[..., after]
        two_away = values[..., before2] + values[..., after2]
        lent: Floats = alone + np.float32(BESIDE) * beside + np.float32(TWO_AWAY) * two_away
        return lent


def bm25(terms: Ints, documents: Ints, weights: Floats, lengths: Floats, searchable: Searchable) -> Floats:
    """Score every document.

    Args:
        terms: Term of each occurrence, from 0, shape ``(o,)``.
        documents: Slot of each occurrence.
        weights: How much each term counts, shape ``(t,)``: its frequency in the query.
        lengths: Length of each document, shape ``(documents,)``.
        searchable: Who may be found. What may not has no part in any number.

    Returns:
        Scores, shape ``(documents,)``, 0 where nothing matches or the document may not be found.
    """
    count = lengths.size
    total = np.zeros(count, np.float32)
    allowed = searchable.allowed[:-1]
    population = float(allowed.sum())
    if not terms.size or not population:
        return total
    windows = searchable.spread(np.append(lengths * allowed, np.float32(0)))
    average = float(windows @ allowed) / population
    saturation = np.float32(K1 * (1 - B)) + np.float32(K1 * B / max(average, 1e-9)) * windows
    per_chunk = max(1, _CELLS // (count + 1))
    for first in range(0, weights.size, per_chunk):
        inside = (terms >= first) & (terms < first + per_chunk)
        size = min(per_chunk, weights.size - first)
        cells = (terms[inside] - first).astype(np.int64) * (count + 1) + documents[inside]
        frequencies = np.bincount(cells, minlength=size * (count + 1)).astype(np.float32).reshape(size, count + 1)
        tf = searchable.spread(frequencies * searchable.allowed) * allowed
        matching = np.count_nonzero(tf, axis=1)
        idf = np.log1p((population - matching + 0.5) / (matching + 0.5)).astype(np.float32)
        total += (idf * weights[first : first + size] * np.float32(K1 + 1)) @ (tf / (tf + saturation))
    return total
