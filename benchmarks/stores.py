"""The data of the store benchmark, and its contenders behind one interface."""

import json
import sqlite3
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import faiss
import numpy as np
from langchain_core.embeddings import Embeddings
from langgraph.store.base import BaseStore, PutOp
from numpy.typing import NDArray

from benchmarks.common import Vectors, unit_rows

DIMS = 384
QUERIES = 200
BATCH = 1_000
USER_ITEMS = 100
ONE = ("memories", "everybody")
VOCABULARY = 30_000
WORDS_PER_TEXT = 20
HEAD, EXPONENT = 21.0, 1.05
"""Zipf-Mandelbrot weights of the words: the most frequent one, stop words aside, is in one text of seven."""
CJK_SHARE = 10
"""Every tenth text is Chinese."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Items with text and vectors, queries, and which items are the right answers.

    Attributes:
        vectors: ``(n, DIMS)`` float32 unit rows, one per text.
        texts: One text per item, Zipf-distributed words.
        queries: ``(QUERIES, DIMS)`` float32 unit rows; query number i is asked for by the text ``query i``.
        words: Lexical queries, three words each.
    """

    vectors: Vectors
    texts: Sequence[str]
    queries: Vectors
    words: Sequence[str]
    percent: NDArray[np.int64]
    extra: dict[str, Vectors] = field(default_factory=dict)

    @classmethod
    def make(cls, kind: Literal["random", "clustered"], size: int) -> "Dataset":
        """Make `size` items; the queries are noisy copies of items where the data clusters."""
        rows = unit_rows(kind, size + QUERIES, DIMS, seed=size)
        order = np.random.default_rng(1).permutation(size + QUERIES)
        rows = rows[order]
        texts, words = _texts(size)
        percent = np.random.default_rng(2).permutation(size) % 100
        return cls(rows[:size], texts, rows[size:], words, percent)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.texts)

    def value(self, number: int) -> dict[str, Any]:
        """Return the value stored for item `number`."""
        return {
            "text": self.texts[number],
            "n": number,
            "percent": int(self.percent[number]),
            "user": f"user{number % 1000}",
            "occurred_at": f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}",
        }

    def nearest(self, query: int, k: int, percent: int = 100) -> set[int]:
        """Return the exact answer among the items that a filter of `percent` lets pass."""
        allowed = np.flatnonzero(self.percent < percent)
        scores = self.vectors[allowed] @ self.queries[query]
        return set(allowed[np.argpartition(-scores, min(k, len(scores) - 1))[:k]].tolist())


def _texts(size: int) -> tuple[list[str], list[str]]:
    generator = np.random.default_rng(3)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    words = ["".join(generator.choice(syllables, generator.integers(2, 5))) for _ in range(VOCABULARY)]
    weights = 1.0 / (np.arange(VOCABULARY) + HEAD) ** EXPONENT
    picked = generator.choice(VOCABULARY, (size, WORDS_PER_TEXT), p=weights / weights.sum())
    texts = [
        "".join(chr(0x4E00 + number % 2500) for number in row) + f" {n}"
        if n % CJK_SHARE == 0
        else " ".join([words[number] for number in row]) + f" {n}"
        for n, row in enumerate(picked)
    ]
    asked = [" ".join(texts[n].split()[1:4]) for n in generator.integers(0, size, QUERIES) if n % CJK_SHARE]
    return texts, asked


class Precomputed(Embeddings):
    """Looks vectors up by text; what remains of embedding is the conversion to lists that the interface asks for."""

    def __init__(self, data: Dataset) -> None:
        """Index the vectors of `data` by text."""
        self._rows = data.vectors
        self._at = {text: n for n, text in enumerate(data.texts)}
        self._queries = {f"query {n}": row.tolist() for n, row in enumerate(data.queries)}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of known texts; a text ending in ``again`` has that of the text without it."""
        rows: list[list[float]] = self._rows[[self._at[text.removesuffix(" again")] for text in texts]].tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of ``query n``."""
        row: list[float] = self._queries[text]
        return row


class Contender(Protocol):
    """What a contender of the benchmark can do; `search` returns the numbers of the items found."""

    name: str

    def ingest(self) -> None:
        """Store every item in batches of `BATCH`."""

    def search(self, query: int, k: int = 10, percent: int = 100) -> set[int]:
        """Find the `k` nearest among the items whose `percent` is below the given one."""
        ...

    def put(self, number: int) -> None:
        """Store one more item, durably where the contender is durable."""

    def delete(self, number: int) -> None:
        """Delete what `put` stored."""


class StoreContender:
    """Any LangGraph store, all items in one namespace or in one namespace per user."""

    def __init__(
        self, name: str, store: BaseStore, data: Dataset, place: Callable[[int], tuple[str, ...]] = lambda _: ONE
    ) -> None:
        """Take an open, empty store."""
        self.name = name
        self.store = store
        self.data = data
        self.place = place

    def ingest(self) -> None:
        """Store every item in batches."""
        for start in range(0, len(self.data), BATCH):
            numbers = range(start, min(start + BATCH, len(self.data)))
            self.store.batch([PutOp(self.place(n), str(n), self.data.value(n)) for n in numbers])

    def search(self, query: int, k: int = 10, percent: int = 100, namespace: tuple[str, ...] = ONE) -> set[int]:
        """Search one namespace by meaning."""
        condition = {"percent": {"$lt": percent}} if percent < 100 else None
        found = self.store.search(namespace, query=f"query {query % QUERIES}", filter=condition, limit=k)
        return {int(item.key) for item in found}

    def put(self, number: int) -> None:
        """Store one item under a new key."""
        value = self.data.value(number)
        self.store.put(ONE, f"extra{number}", {**value, "text": value["text"] + " again"})

    def delete(self, number: int) -> None:
        """Delete it again."""
        self.store.delete(ONE, f"extra{number}")


class LangChainFaiss:
    """LangChain's community wrapper; durable only by `save_local`, which every put and delete must then call."""

    name = "LangChain FAISS"

    def __init__(self, data: Dataset, folder: Path) -> None:
        """Start with an empty flat index."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from langchain_community.docstore.in_memory import InMemoryDocstore
            from langchain_community.vectorstores import FAISS
        self.data = data
        self._folder = folder
        self._store = FAISS(Precomputed(data), faiss.IndexFlatIP(DIMS), InMemoryDocstore(), {})

    def ingest(self) -> None:
        """Add every text in batches and save once."""
        for start in range(0, len(self.data), BATCH):
            numbers = range(start, min(start + BATCH, len(self.data)))
            texts = [self.data.texts[n] for n in numbers]
            self._store.add_texts(texts, [self.data.value(n) for n in numbers], ids=[str(n) for n in numbers])
        self._save()

    def search(self, query: int, k: int = 10, percent: int = 100) -> set[int]:
        """Search with its own filter, which is applied to the first 20 hits."""
        condition = {"percent": {"$lt": percent}} if percent < 100 else None
        found = self._store.similarity_search(f"query {query % QUERIES}", k=k, filter=condition)
        return {int(document.metadata["n"]) for document in found}

    def put(self, number: int) -> None:
        """Add one text and save."""
        self._store.add_texts([self.data.texts[number]], [self.data.value(number)], ids=[f"extra{number}"])
        self._save()

    def delete(self, number: int) -> None:
        """Delete it and save."""
        self._store.delete([f"extra{number}"])
        self._save()

    def _save(self) -> None:
        self._store.save_local(str(self._folder))


class RawFaiss:
    """A flat inner product index and nothing else: what no store can be faster than, one would think."""

    name = "raw FAISS flat"

    def __init__(self, data: Dataset) -> None:
        """Start empty."""
        self.data = data
        self._index = faiss.IndexFlatIP(DIMS)

    def ingest(self) -> None:
        """Add the vectors."""
        for start in range(0, len(self.data), BATCH):
            self._index.add(self.data.vectors[start : start + BATCH])

    def search(self, query: int, k: int = 10, percent: int = 100) -> set[int]:  # noqa: ARG002 - it has no filters
        """Search without a filter, whatever `percent` is."""
        row = query % QUERIES
        return set(self._index.search(self.data.queries[row : row + 1], k)[1][0].tolist())


class RawSqlite:
    """One table, one row and one transaction per item, with the bytes and the durability of FaissStore."""

    name = "raw SQLite"

    def __init__(self, data: Dataset, folder: Path) -> None:
        """Create the table."""
        self.data = data
        self._connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE items (key TEXT PRIMARY KEY, value TEXT, vector BLOB, tokens TEXT)")

    def ingest(self) -> None:
        """Insert every row, one transaction per batch."""
        for start in range(0, len(self.data), BATCH):
            numbers = range(start, min(start + BATCH, len(self.data)))
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", map(self._row, numbers))
            self._connection.execute("COMMIT")

    def put(self, number: int) -> None:
        """Insert one row."""
        self._write("INSERT INTO items VALUES (?, ?, ?, ?)", (f"extra{number}", *self._row(number)[1:]))

    def delete(self, number: int) -> None:
        """Delete it."""
        self._write("DELETE FROM items WHERE key = ?", (f"extra{number}",))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _write(self, statement: str, parameters: tuple[object, ...]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(statement, parameters)
        self._connection.execute("COMMIT")

    def _row(self, number: int) -> tuple[str, str, bytes, str]:
        value = json.dumps(self.data.value(number), ensure_ascii=False)
        return str(number), value, self.data.vectors[number].tobytes(), self.data.texts[number]
