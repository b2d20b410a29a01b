"""Many users in one file: memory that stays bounded, and the time of one user's search among them.

    python -m benchmarks.bench_users                    # 10,000 users with 100 memories each: minutes, 3 GB of disk
    python -m benchmarks.bench_users --users 1000       # a quick look

Every user is searched once in random order, by vector, after all have been written by another process. Memory is the
peak of the resident memory of the searching process, imports included.
"""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings
from langgraph.store.base import IndexConfig, PutOp

from benchmarks.common import Row, environment, publish, summarise
from langmem_ext import FaissStore

DIMS = 384
EACH = 100
BATCH = 2_000
MEMORY_BOUND = 400
BOUNDED = 10_000


class RandomVectors(Embeddings):
    """A unit vector for each text, drawn with the text as seed: no time goes into understanding."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Draw a vector for each text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Draw one vector."""
        row = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(DIMS, dtype=np.float32)
        values: list[float] = (row / np.linalg.norm(row)).tolist()
        return values


def opened(path: str) -> FaissStore:
    """Open the store with the vectors of this benchmark."""
    return FaissStore(path, index=IndexConfig(dims=DIMS, embed=RandomVectors(), fields=["text"]))


def fill(path: str, users: int) -> None:
    """Write every user's memories."""
    with opened(path) as store:
        ops = [
            PutOp(("memories", f"user{user}"), str(number), {"text": f"user {user} remembers thing {number}"})
            for user in range(users)
            for number in range(EACH)
        ]
        for start in range(0, len(ops), BATCH):
            store.batch(ops[start : start + BATCH])


def search(path: str, users: int) -> tuple[list[float], float]:
    """Search users in random order; return the seconds of each first search and the peak memory in MiB."""
    generator = random.Random(0)
    seconds = []
    with opened(path) as store:
        for user in generator.sample(range(users), users):
            began = time.perf_counter()
            found = store.search(("memories", f"user{user}"), query=f"user {user} remembers thing 7", limit=10)
            seconds.append(time.perf_counter() - began)
            assert found[0].key == "7"
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Measure and publish; return 1 where the bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=BOUNDED)
    parser.add_argument("--fill", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fill:
        fill(arguments.fill, arguments.users)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "users.db")
        command = [sys.executable, "-m", "benchmarks.bench_users", "--users", str(arguments.users), "--fill", path]
        began = time.perf_counter()
        subprocess.run(command, check=True)
        filled = time.perf_counter() - began
        seconds, peak = search(path, arguments.users)
    items = arguments.users * EACH
    first = summarise(seconds)
    bound = MEMORY_BOUND if arguments.users >= BOUNDED else None
    rows = [
        Row("ingest, embedding included", "FaissStore", items, items / filled, "items/s"),
        Row(
            "first search of a user, p50",
            "FaissStore",
            items,
            first.median * 1000,
            "ms",
            note=f"p95 {first.p95 * 1000:.2f} ms",
        ),
        Row(
            f"peak memory, {arguments.users:,} users searched", "FaissStore", items, peak, "MiB", bound, at_least=False
        ),
    ]
    return 0 if publish("users", rows, environment("langgraph", "numpy", "faiss-cpu")) else 1


if __name__ == "__main__":
    sys.exit(main())
