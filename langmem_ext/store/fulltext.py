"""The full text of one namespace in memory: the lexical index, and what candidates carry besides their scores."""

import math
from array import array

import numpy as np
from numpy.typing import NDArray

from langmem_ext.lexical import LexicalCandidates, LexicalIndex
from langmem_ext.store.columns import Mask
from langmem_ext.store.vectors import Scores, Slots

_KEY_BYTES = 70


class FullText:
    """Keys, speakers and times by slot beside a `LexicalIndex`. Not thread-safe: the shelf's lock guards it."""

    def __init__(self) -> None:
        self._index = LexicalIndex()
        self._keys: list[str] = []
        self._speakers: list[str] = []
        self._names: dict[str, str] = {}
        self._times = array("d")

    @property
    def nbytes(self) -> int:
        """Estimated bytes of memory held."""
        return self._index.nbytes + self._times.itemsize * len(self._times) + len(self._keys) * (_KEY_BYTES + 16)

    def put(self, slot: int, key: str, tokens: str, *, speaker: str, sequence: str, time: float | None) -> None:
        """Add an item; slots ascend, and those skipped have no text."""
        missing = slot - len(self._keys)
        if missing:
            self._keys.extend([""] * missing)
            self._speakers.extend([""] * missing)
            self._times.extend([math.nan] * missing)
        when = math.nan if time is None else time
        self._keys.append(key)
        self._speakers.append(self._names.setdefault(speaker, speaker))
        self._times.append(when)
        self._index.put(slot, tokens, speaker=speaker, sequence=sequence, time=when)

    def settle(self) -> None:
        """Let the index take in what was put since the last question: until then it holds the rows as text."""
        self._index.search("", mask=None, limit=1)

    def remove(self, slots: Slots) -> None:
        """Drop items; slots without text are ignored."""
        for slot in slots.tolist():
            if slot < len(self._keys):
                self._index.remove(slot)
                self._keys[slot] = ""

    def search(self, query: str, mask: Mask | None, limit: int) -> tuple[Slots, Scores]:
        """Plain BM25, best first."""
        return self._index.search(query, mask=mask, limit=limit)

    def candidates(self, query: str, mask: Mask | None, limit: int, also: Slots | None = None) -> LexicalCandidates:
        """The union of the best of each lexical list, and of the slots in `also`."""
        return self._index.candidates(query, mask=mask, limit=limit, also=also)

    def keys(self, slots: Slots) -> list[str]:
        """Item keys of slots."""
        return [self._keys[slot] for slot in slots.tolist()]

    def speakers(self, slots: Slots) -> list[str]:
        """Speakers of slots, "" where unknown."""
        return [self._speakers[slot] for slot in slots.tolist()]

    def times(self, slots: Slots) -> NDArray[np.float64]:
        """Event times of slots in seconds since the epoch, NaN where unknown."""
        times: NDArray[np.float64] = np.frombuffer(self._times, np.float64)[slots]
        return times
