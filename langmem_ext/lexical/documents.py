"""Columns of the documents of an index: length, time, speaker, and who stands beside whom in a conversation."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]

ASKS, PERSONAL = 1, 2
"""Bits of what an utterance is: it ends in a question, it speaks of the speaker."""

_COLUMNS = ("alive", "words", "characters", "marks", "times", "speakers", "sequences")
_GAP = 3600.0
"""Seconds between two messages beyond which neither tells what the other is about; source: measured, RECALL."""


class Documents:
    """Growing columns, indexed by slot. Not thread-safe.

    Attributes:
        count: One more than the highest slot.
        alive: Whether the slot holds a document.
        words: Length in terms.
        characters: Length in character n-grams.
        times: Seconds since the epoch, NaN where unknown.
        marks: What kind of utterance it is: `ASKS`, `PERSONAL`.
        speakers: Index into `names`.
        names: Distinct speakers as given, "" first.
    """

    def __init__(self) -> None:
        self.count = 0
        self.alive = np.zeros(0, np.bool_)
        self.words = np.zeros(0, np.float32)
        self.characters = np.zeros(0, np.float32)
        self.marks = np.zeros(0, np.uint8)
        self.times = np.zeros(0, np.float64)
        self.speakers = np.zeros(0, np.int32)
        self.sequences = np.zeros(0, np.int32)
        self.names: list[str] = [""]
        self._speaker_ids: dict[str, int] = {"": 0}
        self._sequence_ids: dict[str, int] = {"": 0}
        self._near: NDArray[np.int64] | None = None
        self._calendar: Ints | None = None

    def extend(self, slots: Ints, speakers: list[str], sequences: list[str], times: list[float]) -> None:
        """Add documents at the given slots; their lengths are set by the index."""
        self._reserve(int(slots.max()) + 1)
        self.alive[slots] = True
        self.times[slots] = times
        self.speakers[slots] = [self._speaker(speaker) for speaker in speakers]
        self.sequences[slots] = [self._sequence_ids.setdefault(name, len(self._sequence_ids)) for name in sequences]
        self._near = self._calendar = None

    def _speaker(self, name: str) -> int:
        number = self._speaker_ids.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number

    def _reserve(self, count: int) -> None:
        room = len(self.alive)
        if count > room:
            grown = max(count, room + room // 2, 64)
            for name in _COLUMNS:
                old = getattr(self, name)
                column = np.zeros(grown, old.dtype)
                column[:room] = old
                setattr(self, name, column)
        self.count = max(self.count, count)

    def remove(self, slot: int) -> None:
        """Take a document out; its neighbours become each other's."""
        self.alive[slot] = False
        self._near = None

    def near(self) -> NDArray[np.int64]:
        """Return each document's neighbours in its sequence: one before, one after, two before, two after.

        Shape ``(4, count)``; where there is none, or more than an hour lies between, the number is `count`.
        """
        if self._near is None:
            self._near = self._neighbours()
        return self._near

    def _neighbours(self) -> NDArray[np.int64]:
        none = self.count
        before = np.full(none + 1, none, np.int64)
        after = np.full(none + 1, none, np.int64)
        placed = np.flatnonzero(self.alive[:none] & (self.sequences[:none] != 0))
        times = self.times[placed]
        order = placed[np.lexsort((placed, times, self.sequences[placed]))]
        left, right = order[:-1], order[1:]
        gap = self.times[right] - self.times[left]
        linked = (self.sequences[left] == self.sequences[right]) & ~(gap > _GAP)
        before[right[linked]] = left[linked]
        after[left[linked]] = right[linked]
        return np.stack([before, after, before[before], after[after]])[:, :none]

    def calendar(self) -> Ints:
        """Return each document's day as the number yyyymmdd in UTC, 0 where unknown, shape ``(count,)``."""
        if self._calendar is None:
            times = self.times[: self.count]
            known = np.isfinite(times) & (np.abs(times) < 2e11)  # noqa: PLR2004 - the years datetime64 and int32 can hold
            days = np.where(known, times, 0).astype("datetime64[s]").astype("datetime64[D]")
            months = days.astype("datetime64[M]")
            years = months.astype("datetime64[Y]")
            number = (years.astype(np.int64) + 1970) * 10_000
            number += ((months - years).astype(np.int64) + 1) * 100 + (days - months).astype(np.int64) + 1
            self._calendar = np.where(known, number, 0).astype(np.int32)
        return self._calendar

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        columns: list[NDArray[np.generic]] = [getattr(self, name) for name in _COLUMNS]
        derived = sum(column.nbytes for column in (self._near, self._calendar) if column is not None)
        return sum(column.nbytes for column in columns) + derived + 120 * (len(self.names) + len(self._sequence_ids))
