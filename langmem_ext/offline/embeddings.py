"""Embeddings without a model: hashed word stems and character n-grams.

They find texts that share words, parts of words or Chinese characters, and nothing else: "holiday" and "vacation" are
strangers to them. They need no download and give the same vectors in every process, on every machine, for one
`ANALYSIS_VERSION` of the text analysis. The hashing trick with signs follows Weinberger et al., "Feature hashing for
large scale multitask learning" (2009).
"""

import math
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from langmem_ext.errors import InvalidInputError
from langmem_ext.stopwords import FUNCTION_WORDS
from langmem_ext.text import stems, words_and_runs

MAX_DIMS = 65_536

_WORD = 1.0
_FUNCTION_WORD = 0.1
"""Function words say little, but a text of nothing else must still have a direction of its own."""
_GRAM = 0.35
"""Parts of words let inflections, compounds and misspellings meet; a word has several, so each counts less."""
_GRAM_SIZE = 4
_BIGRAM = 1.0
_CHARACTER = 0.4
"""A single Chinese character is ambiguous; in pairs they are words."""


@lru_cache(maxsize=65_536)
def _hashed(feature: str) -> tuple[int, float]:
    """Return a feature's hash and sign; blake2 rather than `hash`, which differs between processes."""
    number = int.from_bytes(blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
    return number >> 1, 1.0 if number & 1 else -1.0


def _features(text: str) -> Iterator[tuple[str, float]]:
    """Yield each occurrence of a feature with its weight; the first letter keeps the kinds apart."""
    words, runs = words_and_runs(text)
    for word, stem in zip(words, stems(words), strict=True):
        if word in FUNCTION_WORDS:
            yield f"f{word}", _FUNCTION_WORD
            continue
        yield f"w{stem}", _WORD
        padded = f"^{stem}$"
        for start in range(len(padded) - _GRAM_SIZE + 1):
            yield f"g{padded[start : start + _GRAM_SIZE]}", _GRAM
    for run in runs:
        for character in run:
            yield f"c{character}", _CHARACTER
        for start in range(len(run) - 1):
            yield f"b{run[start : start + 2]}", _BIGRAM


class HashingEmbeddings(Embeddings):
    """LangChain embeddings by feature hashing: deterministic, offline, for English, Chinese and any other script.

    Immutable; one object may be used from any number of threads and tasks.

    Args:
        dims: Numbers in a vector, 1 to `MAX_DIMS`; below about 128 unrelated features collide often.

    Raises:
        InvalidInputError: `dims` is out of range.
    """

    def __init__(self, dims: int = 384) -> None:
        if type(dims) is not int or not 1 <= dims <= MAX_DIMS:
            raise InvalidInputError(f"dims must be a whole number from 1 to {MAX_DIMS}, got {dims!r}")
        self._dims = dims

    @property
    def dims(self) -> int:
        """Numbers in a vector."""
        return self._dims

    def __repr__(self) -> str:
        return f"HashingEmbeddings(dims={self._dims})"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vector of each text.

        Args:
            texts: Any texts, empty ones included.

        Returns:
            One unit vector of `dims` numbers for each text; texts without words or characters share one.
        """
        return [self._embed(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query: the same as that of a document."""
        return self._embed(text)

    def _embed(self, text: str) -> list[float]:
        counts: Counter[str] = Counter()
        weights: dict[str, float] = {}
        for feature, weight in _features(text):
            counts[feature] += 1
            weights[feature] = weight
        vector = np.zeros(self._dims)
        for feature, count in counts.items():
            place, sign = _hashed(feature)
            vector[place % self._dims] += sign * weights[feature] * (1 + math.log(count))
        return self._unit(vector)

    def _unit(self, vector: NDArray[np.float64]) -> list[float]:
        """Scale to length 1; what has no direction gets that of the empty text."""
        length = float(np.linalg.norm(vector))
        if length == 0:
            place, _ = _hashed("")
            vector[place % self._dims] = length = 1.0
        unit: list[float] = (vector / length).tolist()
        return unit
