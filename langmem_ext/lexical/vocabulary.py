"""The words of an index: an id for each, the ids that share a stem, the ids that share a character n-gram."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from langmem_ext.text import stems

GRAM = 4
"""Letters of a character n-gram of a word, its borders included."""


def grams(word: str) -> Iterator[str]:
    """Give the 4-grams of ``<word>``; a word too short for one gives itself."""
    bordered = f"<{word}>"
    for place in range(max(1, len(bordered) - GRAM + 1)):
        yield bordered[place : place + GRAM]


def gram_count(word: str) -> int:
    """Return how many n-grams `grams` gives."""
    return max(1, len(word) + 3 - GRAM)


class Vocabulary(dict[str, int]):
    """Word → id, ids counting from 0; looking an unknown word up adds it.

    Stems and n-grams of the words are indexed when they are first asked for, and then for new words only. Not
    thread-safe.
    """

    def __init__(self) -> None:
        super().__init__()
        self._words: list[str] = []
        self._by_stem: dict[str, list[int]] = {}
        self._stemmed = 0
        self._by_gram: dict[str, list[int]] = {}
        self._cut = 0
        self._gram_counts = np.zeros(0, np.int32)

    def __missing__(self, word: str) -> int:
        number = len(self._words)
        self[word] = number
        self._words.append(word)
        return number

    def with_stem(self, stem: str) -> list[int]:
        """Return the ids of the words that have this stem."""
        if self._stemmed < len(self._words):
            fresh = self._words[self._stemmed :]
            for number, found in enumerate(stems(fresh), start=self._stemmed):
                self._by_stem.setdefault(found, []).append(number)
            self._stemmed = len(self._words)
        return self._by_stem.get(stem, [])

    def with_gram(self, gram: str) -> list[int]:
        """Return the ids of the words that contain this n-gram, one id for each occurrence."""
        if self._cut < len(self._words):
            for number in range(self._cut, len(self._words)):
                for part in grams(self._words[number]):
                    self._by_gram.setdefault(part, []).append(number)
            self._cut = len(self._words)
        return self._by_gram.get(gram, [])

    def gram_counts(self) -> NDArray[np.int32]:
        """Return how many n-grams each word has, shape ``(words,)``."""
        if len(self._gram_counts) < len(self._words):
            fresh = [gram_count(word) for word in self._words[len(self._gram_counts) :]]
            self._gram_counts = np.concatenate([self._gram_counts, np.asarray(fresh, np.int32)])
        return self._gram_counts

    @property
    def nbytes(self) -> int:
        """Estimated memory: a string, a dictionary slot, and list entries for stem and n-grams."""
        return 200 * len(self._words) + 110 * (len(self._by_stem) + len(self._by_gram))
