"""Which documents hold which key: sorted, immutable segments, merged as they grow (a log-structured merge).

A key is an int64. Words have negative ones, ``-1 - id``. A position in a run of unspaced script has the positive key of
its next three code points, 21 bits each, so that the postings of a single character and of a pair are ranges around
those of the trigrams that begin with them, and no n-gram is stored thrice (a suffix array cut off at three).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Keys = NDArray[np.int64]

_BITS = 21
_MERGE_RATIO = 2


def word_key(number: int) -> int:
    """Return the key of the word with that id."""
    return -1 - number


def run_range(gram: str) -> tuple[int, int]:
    """Return the half-open range of keys of the positions at which a gram of one to three characters begins."""
    low = 0
    for place in range(3):
        low = (low << _BITS) | (ord(gram[place]) if place < len(gram) else 0)
    return low, low + (1 << (_BITS * (3 - len(gram))))


def position_keys(codes: NDArray[np.uint32], separator: int) -> Keys:
    """Return the key of every position of a text of runs, the separators' own included.

    Args:
        codes: Code points, shape ``(n,)``; runs end with a separator.
        separator: The code point between runs.
    """
    first = codes.astype(np.int64)
    second, third = np.zeros_like(first), np.zeros_like(first)
    second[:-1] = first[1:]
    third[:-2] = first[2:]
    second[second == separator] = 0
    third[(second == 0) | (third == separator)] = 0
    return (first << (2 * _BITS)) | (second << _BITS) | third


def begins(keys: Keys) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return at which positions a pair begins, and at which a group of three: a run may end before."""
    character = (1 << _BITS) - 1
    return (keys >> _BITS) & character != 0, keys & character != 0


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Postings sorted by key.

    Attributes:
        keys: Distinct keys, ascending, shape ``(k,)``.
        starts: Where each key's documents begin, and the end of all, shape ``(k + 1,)``.
        documents: Slots, one for each occurrence.
    """

    keys: Keys
    starts: NDArray[np.int64]
    documents: Ints

    @classmethod
    def of(cls, keys: Keys, documents: Ints) -> Self:
        """Sort occurrences, one key and one slot each, into a segment."""
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        first = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1 if keys.size else 0))
        return cls(keys[first], np.append(first, keys.size), documents[order])

    def occurrences(self) -> Keys:
        """Return the key of each posting."""
        return np.repeat(self.keys, np.diff(self.starts))

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.keys.nbytes + self.starts.nbytes + self.documents.nbytes


class Postings:
    """Segments, newest last, each at least twice as large as the next, so that a lookup visits few of them."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []

    def add(self, keys: Keys, documents: Ints) -> None:
        """Add occurrences."""
        if not keys.size:
            return
        fresh = Segment.of(keys, documents)
        while self._segments and self._segments[-1].documents.size < _MERGE_RATIO * fresh.documents.size:
            older = self._segments.pop()
            fresh = Segment.of(
                np.concatenate([older.occurrences(), fresh.occurrences()]),
                np.concatenate([older.documents, fresh.documents]),
            )
        self._segments.append(fresh)

    def gather(self, low: Keys, high: Keys, terms: Ints) -> tuple[Ints, Ints]:
        """Return every occurrence of keys within ranges.

        Args:
            low: First key of each range, shape ``(r,)``.
            high: End of each range, exclusive.
            terms: The term that each range belongs to.

        Returns:
            The term and the slot of each occurrence.
        """
        found_terms: list[Ints] = [np.zeros(0, np.int32)]
        found: list[Ints] = [np.zeros(0, np.int32)]
        for segment in self._segments:
            begin = segment.starts[np.searchsorted(segment.keys, low)]
            counts = segment.starts[np.searchsorted(segment.keys, high)] - begin
            offsets = np.repeat(begin - np.cumsum(counts) + counts, counts)
            found.append(segment.documents[offsets + np.arange(offsets.size)])
            found_terms.append(np.repeat(terms, counts))
        return np.concatenate(found_terms), np.concatenate(found)

    @property
    def nbytes(self) -> int:
        """Bytes of all segments."""
        return sum(segment.nbytes for segment in self._segments)
