"""BM25 over windows: each document lends its words to its neighbours before frequencies saturate. Pure.

``tf~ = tf + 0.6·tf(before) + 0.4·tf(after) + 0.25·Σ tf(two away)``; lengths and document frequencies are those of the
windows. What was said before lends more than what comes after: an answer leaves the words of its question unsaid.
BM25 as in Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the idf that is
never negative, ``ln(1 + (N - df + 0.5) / (df + 0.5))``; adding weighted frequencies before the saturation is their
BM25F, with neighbours in the place of fields.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
SHARES = (0.6, 0.4, 0.25, 0.25)
"""What the one before, the one after, and those two away lend."""

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_CELLS = 1 << 20
"""Frequencies (terms times documents) that are held at a time."""

_MANY = 8_192
"""Documents up to which every one is scored exactly."""

_COMMON = 0.75
"""Share of windows beyond which a term, there, is not worth following: its idf is below 0.3."""

_EXACT = 1_024
"""Documents that are scored exactly where there are more: five times what a recall asks for."""


@dataclass(frozen=True, slots=True, eq=False)
class Searchable:
    """The documents that may be found, and their windows.

    Attributes:
        allowed: 1 where a document may be found, else 0, shape ``(documents + 1,)``; the last, no document, is 0.
        near: Neighbours, shape ``(4, documents)``, or None to score documents alone.
    """

    allowed: Floats
    near: NDArray[np.int64] | None

    @property
    def width(self) -> float:
        """How many windows a document is part of, on average."""
        if self.near is None:
            return 1.0
        return float(1 + np.count_nonzero(self.near < self.near.shape[1]) / max(self.near.shape[1], 1))

    def reach(self) -> list[tuple[NDArray[np.int64] | None, float]]:
        """Return the documents whose windows each document is part of, itself (None) first, each with its share."""
        if self.near is None:
            return [(None, 1.0)]
        before, after, before2, after2 = self.near
        return [(None, 1.0), *zip((after, before, after2, before2), SHARES, strict=True)]

    def spread(self, values: Floats) -> Floats:
        """Add to each document what its neighbours lend it.

        Args:
            values: Shape ``(…, documents + 1)``, zero where not allowed.
        """
        alone = values[..., :-1]
        if self.near is None:
            return alone
        lent: Floats = alone.copy()
        for neighbour, share in zip(self.near, SHARES, strict=True):
            lent += np.float32(share) * values[..., neighbour]
        return lent


def bm25(
    terms: Ints, documents: Ints, weights: Floats, lengths: Floats, searchable: Searchable
) -> tuple[Floats, float]:
    """Score every document, or, among many, those that a rough score puts first.

    Args:
        terms: Term of each occurrence, from 0, shape ``(o,)``.
        documents: Slot of each occurrence.
        weights: How much each term counts, shape ``(t,)``: its frequency in the query.
        lengths: Length of each document, shape ``(documents,)``.
        searchable: Who may be found. What may not has no part in any number.

    Returns:
        Scores, shape ``(documents,)``, 0 where nothing matches or the document may not be found; and the bound that no
        score can reach: that of a document which says every term without end.
    """
    count = lengths.size
    allowed = searchable.allowed[:-1]
    population = float(allowed.sum())
    if not terms.size or not population:
        return np.zeros(count, np.float32), 0.0
    windows = searchable.spread(np.append(lengths * allowed, np.float32(0)))
    average = float(windows @ allowed) / population
    saturation = np.float32(K1 * (1 - B)) + np.float32(K1 * B / max(average, 1e-9)) * windows
    score = _score_all if count <= _MANY else _score_best
    return score(terms, documents, weights, saturation, searchable)


def _idf(population: float, matching: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log1p((population - matching + 0.5) / (matching + 0.5))


def _score_all(
    terms: Ints, documents: Ints, weights: Floats, saturation: Floats, searchable: Searchable
) -> tuple[Floats, float]:
    """Score every document exactly, a matrix of frequencies at a time."""
    count = saturation.size
    allowed = searchable.allowed[:-1]
    population = float(allowed.sum())
    total = np.zeros(count, np.float32)
    bound = 0.0
    per_chunk = max(1, _CELLS // (count + 1))
    for first in range(0, weights.size, per_chunk):
        inside = (terms >= first) & (terms < first + per_chunk)
        size = min(per_chunk, weights.size - first)
        cells = (terms[inside] - first).astype(np.int64) * (count + 1) + documents[inside]
        frequencies = np.bincount(cells, minlength=size * (count + 1)).astype(np.float32).reshape(size, count + 1)
        tf = searchable.spread(frequencies * searchable.allowed) * allowed
        idf = _idf(population, np.count_nonzero(tf, axis=1).astype(np.float64)).astype(np.float32)
        worth = idf * weights[first : first + size] * np.float32(K1 + 1)
        total += worth @ (tf / (tf + saturation))
        bound += float(worth.sum())
    return total, bound


def _score_best(
    terms: Ints, documents: Ints, weights: Floats, saturation: Floats, searchable: Searchable
) -> tuple[Floats, float]:
    """Score the documents that the sum of their terms' idf, without saturation, puts first; 0 for all others.

    Document frequencies of windows are estimated from those of terms, as if terms fell on documents independently.
    """
    count = saturation.size
    allowed = searchable.allowed[:-1]
    population = float(allowed.sum())
    known = searchable.allowed[documents] > 0
    terms, documents = terms[known], documents[known]
    alone = np.minimum(np.bincount(terms, minlength=weights.size), population)
    matching = population * (1 - (1 - alone / population) ** searchable.width)
    worth = _idf(population, matching) * weights
    telling = matching < _COMMON * population
    if telling.any():
        kept = telling[terms]
        terms, documents = terms[kept], documents[kept]
    rough = np.bincount(documents, worth[terms], minlength=count + 1).astype(np.float32)
    rough = searchable.spread(rough) * allowed / (1 + saturation)
    best = np.flatnonzero(rough)
    if best.size > _EXACT:
        best = best[np.argpartition(-rough[best], _EXACT)[:_EXACT]]
    tf = _frequencies(terms, documents, best, weights.size, searchable)
    scores = np.zeros(count, np.float32)
    worth *= K1 + 1
    scores[best] = worth.astype(np.float32) @ (tf / (tf + saturation[best]))
    return scores, float(worth.sum())


def _frequencies(terms: Ints, documents: Ints, chosen: NDArray[np.int64], size: int, searchable: Searchable) -> Floats:
    """Return the windowed frequency of each term in each chosen document, shape ``(size, chosen)``."""
    column = np.full(searchable.allowed.size, -1, np.int64)
    column[chosen] = np.arange(chosen.size)
    near_chosen = np.zeros(searchable.allowed.size, np.bool_)
    near_chosen[chosen] = True
    if searchable.near is not None:
        near_chosen[searchable.near[:, chosen]] = True
    touching = near_chosen[documents]
    terms, documents = terms[touching], documents[touching]
    tf = np.zeros(size * chosen.size)
    for reached, share in searchable.reach():
        columns = column[documents if reached is None else reached[documents]]  # windows are mutual
        hit = columns >= 0
        cells = terms[hit].astype(np.int64) * chosen.size + columns[hit]
        tf += share * np.bincount(cells, minlength=tf.size)
    return tf.astype(np.float32).reshape(size, chosen.size)
