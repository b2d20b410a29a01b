"""The suite's own embedding: a few words, one axis each, so that every cosine can be written down by hand."""

import math
import re
import threading

from langchain_core.embeddings import Embeddings

_AXES = (
    ("tea", "茶"),
    ("coffee", "咖啡"),
    ("hiking", "徒步"),
    ("opera", "歌剧"),
    ("train", "火车"),
    ("budget", "预算"),
    ("violin", "小提琴"),
)
_AXIS = {word: axis for axis, words in enumerate(_AXES) for word in words}
_WORD = re.compile("|".join(_AXIS))

DIMS = len(_AXES) + 1
"""Size of the suite's vectors; the last axis stands for texts without any known word."""


def vector(text: str) -> list[float]:
    """Count the known words of a text, one axis per word; Chinese and English words share their axis."""
    counts = [0.0] * DIMS
    for word in _WORD.findall(text.lower()):
        counts[_AXIS[word]] += 1.0
    if not any(counts):
        counts[-1] = 1.0
    return counts


def cosine(one: str, other: str) -> float:
    """Return the cosine that a store must report between two texts."""
    a, b = vector(one), vector(other)
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


class SuiteEmbeddings(Embeddings):
    """Deterministic, records what it was asked for, and fails on request.

    Thread-safe. The vectors are not of unit length on purpose: a store that takes inner products for cosines is found
    out.

    Attributes:
        documents: Every text that was embedded as a document, in order.
        queries: Every text that was embedded as a query, in order.
        failure: An exception to raise instead of answering, or None.
        distortion: What is wrong with the answers: `nan`, `infinite`, `surplus` or `shortage` (the number of vectors),
            `dimension` (their size), or None for nothing.
        gate: Embedding waits until this event is set; it is set to begin with.
        entered: Set as soon as a call has begun to wait at the gate.
    """

    def __init__(self) -> None:
        """Start with nothing recorded, no failure and the gate open."""
        self.documents: list[str] = []
        self.queries: list[str] = []
        self.failure: Exception | None = None
        self.distortion: str | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self._lock = threading.Lock()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts, as told by `failure` and `distortion`."""
        with self._lock:
            self.documents.extend(texts)
        self.entered.set()
        self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return _distorted([vector(text) for text in texts], self.distortion)

    def embed_query(self, text: str) -> list[float]:
        """Embed a query; recorded apart from documents."""
        with self._lock:
            self.queries.append(text)
        if self.failure is not None:
            raise self.failure
        return _distorted([vector(text)], self.distortion)[0]


def _distorted(rows: list[list[float]], distortion: str | None) -> list[list[float]]:
    match distortion:
        case "nan":
            return [[math.nan] * DIMS for _ in rows]
        case "infinite":
            return [[math.inf, *row[1:]] for row in rows]
        case "surplus":
            return [*rows, rows[0]]
        case "shortage":
            return rows[:-1]
        case "dimension":
            return [row[:-1] for row in rows]
        case _:
            return rows
