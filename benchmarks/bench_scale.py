"""From one file to a server: FaissStore and PostgresMemoryStore side by side, and how both grow.

    python -m benchmarks.bench_scale                            # a server of its own, from the wheel of the dev extra
    python -m benchmarks.bench_scale --postgres postgresql://…  # another one; what is written there is deleted again
    python -m benchmarks.bench_scale --share 0.1                # a tenth of the sizes: minutes
    python -m benchmarks.bench_scale --large --plot docs/images/scale.svg      # growth to a million memories: an hour

A memory is a text of 5 to 30 words after Zipf's law with a vector of 384 dimensions that costs next to nothing to make.
"recall" is `search_candidates`, the store's part of a recall, of one user who is held in memory; "first recall" reads
that user's memories. Agents run in threads of one process with a model that answers at once, each with a user of its
own who has 100 memories; the server shares the machine with them. Bytes are those of the file, and of the tables with
their indexes.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from langchain_core.messages import HumanMessage
from langgraph.store.base import IndexConfig, PutOp

from benchmarks.bench_users import RandomVectors
from benchmarks.common import RESULTS, Row, environment, publish, repeat, summarise
from benchmarks.loop_models import NotingModel
from benchmarks.recall_speed import DIMS, vocabulary
from benchmarks.scale_plot import plot
from langmem_ext import create_memory_agent, open_store
from langmem_ext.loop import Context
from langmem_ext.namespaces import user_namespace
from langmem_ext.store.hybrid import HybridStore
from tests.postgres.server import Server

EACH = 100
"""Memories of a user."""
ONE_NAMESPACE = 100_000
USERS = 1_000
AGENTS = (1, 2, 4, 8, 16)
TURNS = 12
GROWTH = (10_000, 100_000)
LARGE = 1_000_000
BATCH = 2_000
CALLS = 60

Places = dict[str, str]
"""Contender → URL."""


class Texts:
    """An endless supply of texts, the same for every contender."""

    def __init__(self, seed: int) -> None:
        self._generator = random.Random(seed)
        self._words = vocabulary(random.Random(0))
        self._weights = np.cumsum(1 / np.arange(1, len(self._words) + 1)).tolist()

    def __call__(self, low: int = 5, high: int = 30) -> str:
        """Return the next one."""
        count = self._generator.randint(low, high)
        return " ".join(self._generator.choices(self._words, cum_weights=self._weights, k=count))


def opened(url: str) -> HybridStore:
    """Open a store with the vectors of this benchmark."""
    return open_store(url, index=IndexConfig(dims=DIMS, embed=RandomVectors(), fields=["text"]))


def memories(users: int, each: int) -> Iterator[PutOp]:
    """Give the memories of users in the shape of the engine's records, with the fields that it filters by."""
    texts = Texts(users)
    for user in range(users):
        for number in range(each):
            value = {"text": texts(), "kind": "message", "believed_until": 1e12, "occurred_ts": 1.7e9 + number}
            yield PutOp((*user_namespace(f"user{user}"), "records"), str(number), value)


def fill(store: HybridStore, users: int, each: int) -> float:
    """Write them; return the items written per second."""
    began = time.perf_counter()
    supply = memories(users, each)
    while batch := list(islice(supply, BATCH)):
        store.batch(batch)
    return users * each / (time.perf_counter() - began)


def recalls(store: HybridStore, users: int) -> tuple[list[float], list[float]]:
    """Recall as some users, twice each; return the seconds of first and of later recalls."""
    texts, chosen = Texts(99), random.Random(1).sample(range(users), min(users, CALLS))
    seconds: tuple[list[float], list[float]] = ([], [])
    for user in chosen * (2 if len(chosen) > 1 else CALLS):
        space, question = (*user_namespace(f"user{user}"), "records"), texts(6, 10)
        began = time.perf_counter()
        store.search_candidates(space, question, filter={"believed_until": 1e12})
        seconds[len(seconds[0]) >= len(chosen)].append(time.perf_counter() - began)
    return seconds


def side_by_side(places: Places, users: int, each: int, title: str) -> Iterator[Row]:
    """Measure ingest and every kind of search over one population."""
    size = users * each
    for name, url in places.items():
        with opened(url) as store:
            rate = fill(store, users, each)
            yield Row(f"{title}: ingest", name, size, rate, "items/s")
            first, later = recalls(store, users)
            yield _times(f"{title}: first recall, p50", name, size, first)
            yield _times(f"{title}: recall, p50", name, size, later)
            yield from _searches(store, name, title, size)
            clear(store)


def _searches(store: HybridStore, name: str, title: str, size: int) -> Iterator[Row]:
    texts, space = Texts(7), (*user_namespace("user0"), "records")
    questions = [texts(6, 10) for _ in range(CALLS)]
    works = {
        "search by vector": lambda n: store.search(space, query=questions[n], limit=10),
        "search by words": lambda n: store.search_lexical(space, questions[n], limit=10),
        "newest page": lambda n: store.search(space, limit=50, offset=n),
        "get": lambda n: store.get(space, str(n)),
        "put": lambda n: store.put(space, f"new{n}", {"text": questions[n], "believed_until": 1e12}),
    }
    for work, call in works.items():
        timing = repeat(call, CALLS - 2)
        note = f"p95 {1000 * timing.p95:.1f} ms"
        yield Row(f"{title}: {work}, p50", name, size, 1000 * timing.median, "ms", note=note)


def _times(work: str, name: str, size: int, seconds: list[float]) -> Row:
    timing = summarise(seconds)
    return Row(work, name, size, 1000 * timing.median, "ms", note=f"p95 {1000 * timing.p95:.1f} ms")


def agents(places: Places) -> Iterator[Row]:
    """Let agents talk at once, each with a user of its own."""
    for name, url in places.items():
        with opened(url) as store:
            fill(store, max(AGENTS), EACH)
            agent = create_memory_agent(NotingModel(), store=store, analysis="recall", update="off")
            for count in AGENTS:
                seconds, elapsed = _talk(agent, count)
                rate = len(seconds) / elapsed
                note = f"p95 of a turn {1000 * summarise(seconds).p95:.0f} ms"
                yield Row(f"{count} agents at once", name, max(AGENTS) * EACH, rate, "turns/s", note=note)
            clear(store)


def _talk(agent: Any, count: int) -> tuple[list[float], float]:
    def work(number: int) -> list[float]:
        texts, seconds = Texts(number), []
        for turn in range(TURNS):
            message, thread = HumanMessage(texts(6, 10)), f"{count}-{number}-{turn // 4}"
            began = time.perf_counter()
            agent.invoke(
                {"messages": [message]},
                {"configurable": {"thread_id": thread}},
                context=Context(user_id=f"user{number}"),
            )
            seconds.append(time.perf_counter() - began)
        return seconds

    began = time.perf_counter()
    with ThreadPoolExecutor(count) as threads:
        found = [second for seconds in threads.map(work, range(count)) for second in seconds]
    return found, time.perf_counter() - began


def growth(places: Places, sizes: list[int]) -> Iterator[Row]:
    """Measure bytes, memory and the time of a recall as the number of users grows."""
    for size in sizes:
        for name, url in places.items():
            with opened(url) as store:
                rate = fill(store, size // EACH, EACH)
                yield Row("growth: ingest", name, size, rate, "items/s")
                yield Row("growth: bytes per memory", name, size, stored_bytes(url) / size, "bytes")
                first, later = recalls(store, size // EACH)
                held = store._shelves.nbytes / min(CALLS, size // EACH) / 2**10  # type: ignore[attr-defined]  # noqa: SLF001 - no other way
                yield Row("growth: held in memory for a user", name, size, held, "KiB")
                yield _times("growth: first recall, p50", name, size, first)
                yield _times("growth: recall, p50", name, size, later)
                clear(store)


def stored_bytes(url: str) -> int:
    """Return what a store takes on the disk, indexes included."""
    if "://" not in url:
        return sum(path.stat().st_size for path in Path(url).parent.glob(f"{Path(url).name}*") if path.is_file())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        row = connection.execute(
            "SELECT sum(pg_total_relation_size(relid)) FROM pg_catalog.pg_statio_user_tables"
            " WHERE relname LIKE 'store%'"
        ).fetchone()
        return int(row[0]) if row else 0


def clear(store: HybridStore) -> None:
    """Empty a store for the next measurement."""
    place = getattr(store, "connections", None)
    if place is not None:
        place.run(lambda connection: connection.execute("TRUNCATE store, store_namespaces CASCADE"))
        return
    path = Path(store._database.path)  # type: ignore[attr-defined]  # noqa: SLF001 - a file of this benchmark's own
    store.close()
    for part in path.parent.glob(f"{path.name}*"):
        shutil.rmtree(part) if part.is_dir() else part.unlink()


@contextmanager
def server(given: str | None) -> Iterator[str]:
    """Give the URL of a server, of our own if none is named."""
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="langmem-ext-postgres-"))
    own = Server.create(folder)
    own.start(fsync="on", full_page_writes="on", shared_buffers="1GB", max_wal_size="4GB")
    try:
        yield own.url()
    finally:
        own.stop()
        shutil.rmtree(folder)


def main() -> int:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", help="URL of a server; default one of our own")
    parser.add_argument("--large", action="store_true", help="grow to a million memories")
    parser.add_argument("--share", type=float, default=1.0, help="share of the sizes, such as 0.1 for a quick look")
    parser.add_argument("--plot", type=Path, help="draw the growth into this SVG or PNG")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places = {"PostgreSQL": stack.enter_context(server(options.postgres)), "FaissStore": str(folder / "scale.db")}
        share = options.share
        users, alone = int(USERS * share), int(ONE_NAMESPACE * share)
        sizes = [int(size * share) for size in ((*GROWTH, LARGE) if options.large else GROWTH)]
        rows = [*side_by_side(places, users, EACH, f"{users:,} users"), *side_by_side(places, 1, alone, "one user")]
        rows += agents(places)
        rows += growth(places, sizes)
    kept = publish("scale", rows, environment("langmem-ext", "langgraph", "psycopg", "faiss-cpu"))
    if options.plot:
        plot(RESULTS / "scale.json", options.plot)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
