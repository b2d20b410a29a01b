"""An embedding function that counts, and stores that use it."""

import hashlib

import numpy as np
from langgraph.store.base import IndexConfig

DIMS = 16
ALICE = ("memories", "alice")
BOB = ("memories", "bob")


def vector_of(text: str) -> list[float]:
    """A direction of its own for every text."""
    seed = int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    vector: list[float] = np.random.default_rng(seed).standard_normal(DIMS).tolist()
    return vector


class Counting:
    """Embeds texts by `vector_of` and remembers which it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: list[str]) -> list[list[float]]:
        self.asked += texts
        return [vector_of(text) for text in texts]


def index(embed: object = None, fields: list[str] | None = None) -> IndexConfig:
    """An index over `text`."""
    return IndexConfig(dims=DIMS, embed=embed or Counting(), fields=fields or ["text"])  # type: ignore[typeddict-item]
