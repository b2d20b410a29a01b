"""FaissStore beside the stores that people use today, on the same data in one run.

    python -m benchmarks.bench_store                 # 1k, 10k and 100k items
    python -m benchmarks.bench_store --sizes 1000    # a quick look
    python -m benchmarks.bench_store --large         # 1M as well: FaissStore, raw FAISS and raw SQLite only

Bounds are checked at 100k. Embeddings are looked up, not computed. "raw FAISS flat" is an exact search on one thread
and nothing else: no filter, no document. Ratios are taken between medians of calls made in turns.
"""

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import faiss
import numpy as np
from langgraph.store.base import IndexConfig
from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore

from benchmarks.common import Row, Timing, alternate, clock, environment, publish, repeat, resident_bytes, summarise
from benchmarks.stores import (
    DIMS,
    ONE,
    QUERIES,
    USER_ITEMS,
    Contender,
    Dataset,
    LangChainFaiss,
    Precomputed,
    RawFaiss,
    RawSqlite,
    StoreContender,
)
from langmem_ext.store import FaissStore

Kind = Literal["clustered", "random"]

BOUNDED = 100_000
LARGE = 1_000_000
OURS = "FaissStore"
MS = 1_000.0
MIB = 2**20
VECTOR_BYTES = 4 * DIMS
SLOW_PEER_CALLS = 5


def index_config(data: Dataset) -> IndexConfig:
    """Index the text of every item with precomputed vectors."""
    return IndexConfig(dims=DIMS, embed=Precomputed(data), fields=["text"])


def user(number: int) -> tuple[str, ...]:
    """Return the namespace of item `number` where every user has `USER_ITEMS` of them."""
    return ("memories", f"user{number // USER_ITEMS}")


@contextmanager
def filled(path: Path, data: Dataset, *, by_user: bool = False) -> Iterator[tuple[StoreContender, float]]:
    """Open a FaissStore, store every item, and give it with the seconds that took."""
    with FaissStore.from_conn_string(str(path), index=index_config(data)) as store:
        contender = StoreContender(OURS, store, data, *([user] if by_user else []))
        yield contender, clock(contender.ingest)


class Bench:
    """Collects the rows of one size; bounds count at `BOUNDED` items only."""

    def __init__(self, size: int, folder: Path) -> None:
        """Measure `size` items, with files below `folder`."""
        self.size = size
        self.folder = folder
        self.rows: list[Row] = []

    def add(
        self,
        work: str,
        contender: str,
        value: float,
        unit: str,
        *,
        bound: float | None = None,
        at_least: bool = False,
        note: str = "",
    ) -> None:
        """Add a row; its bound counts at `BOUNDED` items only."""
        bound = bound if self.size == BOUNDED else None
        self.rows.append(Row(work, contender, self.size, value, unit, bound, at_least, note))

    def run(self, *, peers: bool) -> list[Row]:
        """Measure everything and return the rows."""
        data = Dataset.make("clustered", self.size)
        with ExitStack() as stack:
            raw = RawFaiss(data)
            raw.ingest()
            busy = time.process_time()
            ours, seconds = stack.enter_context(filled(self.folder / "one.db", data))
            note = f"{time.process_time() - busy:.3g} s of processor time in {seconds:.3g} s"
            rate = self.size / seconds
            self.add("ingest, batches of 1,000", OURS, rate, "items/s", bound=10_000, at_least=True, note=note)
            self.searches("clustered", ours, raw)
            self.filters(ours, raw)
            self.lexical("one namespace", ours, [ONE], bound=20.0)
            self.durability(ours, data)
        self.random_vectors()
        self.users(data)
        self.reopening()
        if peers:
            self.peers(data, raw)
        return self.rows

    def searches(self, kind: Kind, ours: StoreContender, raw: RawFaiss) -> None:
        """Compare an unfiltered search with the raw index, and its answers with the exact ones."""
        times = alternate({OURS: ours.search, raw.name: raw.search}, QUERIES, warm_up=5)
        name = f"search one namespace, {kind}"
        note = f"{_ms(times[OURS])} against {_ms(times[raw.name])}"
        self.add(name, OURS, times[OURS].median / times[raw.name].median, "× raw flat", bound=1.0, note=note)
        self.add(f"{name}: recall@10", OURS, recall(ours, range(100)), "of 1", bound=0.98, at_least=True)

    def filters(self, ours: StoreContender, raw: RawFaiss) -> None:
        """The same behind filters that let 1, 10 and 50 % pass."""
        for percent in (1, 10, 50):
            works: dict[str, Callable[[int], object]] = {
                OURS: partial(ours.search, percent=percent),
                raw.name: raw.search,
            }
            times = alternate(works, 100, warm_up=3)
            name = f"search behind a filter of {percent} %"
            note = f"{_ms(times[OURS])} against {_ms(times[raw.name])} without filter"
            self.add(name, OURS, times[OURS].median / times[raw.name].median, "× raw flat", bound=1.0, note=note)
            found = recall(ours, range(50), percent)
            self.add(f"{name}: recall@10", OURS, found, "of 1", bound=1.0, at_least=True)

    def lexical(self, name: str, ours: StoreContender, places: list[tuple[str, ...]], bound: float) -> None:
        """BM25 over one namespace or, in turn, over many."""
        words = ours.data.words
        store: Any = ours.store

        def search(number: int) -> None:
            store.search_lexical(places[number % len(places)], words[number % len(words)], limit=10)

        first = clock(lambda: search(0))
        times = repeat(search, max(100, len(places)), warm_up=len(places))
        note = f"median {times.median * MS:.3g} ms; very first {first * MS:.3g} ms"
        self.add(f"lexical search, {name}: p95", OURS, times.p95 * MS, "ms", bound=bound, note=note)

    def durability(self, ours: StoreContender, data: Dataset) -> None:
        """One durable put or delete against a raw SQLite transaction of the same bytes in the same folder."""
        raw = RawSqlite(data, self.folder)
        raw.ingest()
        for work in ("put", "delete"):
            works = {OURS: getattr(ours, work), raw.name: getattr(raw, work)}
            times = alternate(works, 100, warm_up=0)
            note = f"{_ms(times[OURS])} against {_ms(times[raw.name])}"
            self.add(
                f"durable {work}",
                OURS,
                times[OURS].median / times[raw.name].median,
                "× raw SQLite",
                bound=4.0,
                note=note,
            )
        raw.close()

    def random_vectors(self) -> None:
        """Search vectors without any structure, where approximate indexes fail."""
        data = Dataset.make("random", self.size)
        raw = RawFaiss(data)
        raw.ingest()
        with filled(self.folder / "random.db", data) as (ours, _):
            self.searches("random", ours, raw)

    def users(self, data: Dataset) -> None:
        """One user of many: the first search, which loads the user's index, and the following ones."""
        users = [user(number) for number in range(0, len(data), USER_ITEMS)]
        path = self.folder / "users.db"
        with filled(path, data, by_user=True):
            pass
        with FaissStore.from_conn_string(str(path), index=index_config(data)) as store:
            ours = StoreContender(OURS, store, data)
            ours.search(0, namespace=users[-1])
            asked = users[:200]
            first = summarise([clock(partial(ours.search, n, namespace=place)) for n, place in enumerate(asked)])
            warm = repeat(lambda number: ours.search(number, namespace=asked[number % len(asked)]), 400)
            name = f"search one user of {len(users):,}"
            self.add(f"{name}, first", OURS, first.median * MS, "ms", bound=3.0, note=f"p95 {first.p95 * MS:.3g} ms")
            self.add(f"{name}, warm", OURS, warm.median * MS, "ms", bound=0.5, note=f"p95 {warm.p95 * MS:.3g} ms")
            self.lexical(f"one user of {len(users):,}", ours, users[:100], bound=1.0)

    def reopening(self) -> None:
        """Open in a fresh process: the first result, and the memory once everything has been used."""
        small = in_child(self.folder / "users.db", user(0))
        large = in_child(self.folder / "one.db", ONE)
        self.add("reopen: one user's first result", OURS, small["first"], "s", bound=0.25, note=_opening(small))
        self.add(
            "reopen: the large namespace's first result",
            OURS,
            large["first"],
            "s",
            bound=1.5,
            note=_opening(large),
        )
        vectors = self.size * VECTOR_BYTES / MIB
        bound = 1.6 * vectors + 120
        note = f"vectors {vectors:.0f} MiB; {large['before']:.0f} MiB before opening; vector, lexical and filter in use"
        self.add("resident memory in use", OURS, large["resident"], "MiB", bound=bound, note=note)

    def peers(self, data: Dataset, raw: RawFaiss) -> None:
        """Ingest, search, filter, put and delete with everybody else."""
        in_memory = StoreContender("InMemoryStore", InMemoryStore(index=index_config(data)), data)
        for contender in (in_memory, LangChainFaiss(data, self.folder / "langchain")):
            note = "not durable" if contender is in_memory else "durable by save_local"
            self.peer(contender, searches=True, note=note)
        with SqliteStore.from_conn_string(str(self.folder / "langgraph.db")) as plain:
            plain.setup()
            self.peer(
                StoreContender("SqliteStore", plain, data),
                searches=False,
                note="without vectors: " + sqlite_refusal(data),
            )
        speed = clock(RawFaiss(data).ingest)
        self.add("ingest, batches of 1,000", raw.name, self.size / speed, "items/s", note="vectors only, not durable")

    def peer(self, contender: Contender, *, searches: bool, note: str = "") -> None:
        """Measure one peer; nothing is promised for it."""
        self.add("ingest, batches of 1,000", contender.name, self.size / clock(contender.ingest), "items/s", note=note)
        if searches:
            times = repeat(contender.search, SLOW_PEER_CALLS, warm_up=1)
            self.add("search one namespace, clustered", contender.name, times.median * MS, "ms")
            times = repeat(lambda query: contender.search(query, percent=1), SLOW_PEER_CALLS, warm_up=1)
            self.add("search behind a filter of 1 %", contender.name, times.median * MS, "ms")
            self.add(
                "search behind a filter of 1 %: recall@10",
                contender.name,
                recall(contender, range(SLOW_PEER_CALLS), 1),
                "of 1",
            )
        for work in ("put", "delete"):
            times = repeat(getattr(contender, work), SLOW_PEER_CALLS, warm_up=0)
            self.add(f"durable {work}", contender.name, times.median * MS, "ms", note=note)


def recall(contender: Contender, queries: range, percent: int = 100) -> float:
    """Return the share of the exact ten nearest that a contender finds."""
    data: Dataset = contender.data  # type: ignore[attr-defined]
    hits = [len(contender.search(query, percent=percent) & data.nearest(query, 10, percent)) for query in queries]
    return float(np.mean(hits)) / 10


def sqlite_refusal(data: Dataset) -> str:
    """Say why LangGraph's SqliteStore can't search by meaning here, or that it can."""
    try:
        with SqliteStore.from_conn_string(":memory:", index=index_config(data)) as store:
            store.setup()
    except AttributeError as error:
        return str(error)
    return "not asked to, it could load its extension here"


def in_child(path: Path, namespace: tuple[str, ...]) -> dict[str, float]:
    """Open a store in a fresh process and use it; see `child`."""
    command = [sys.executable, "-m", "benchmarks.bench_store", "--child", str(path), *namespace]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def child(path: str, namespace: tuple[str, ...]) -> None:
    """Report seconds to open and to the first result, and the memory (MiB) before and after all kinds of search."""
    queries = np.random.default_rng(5).standard_normal((20, DIMS), dtype=np.float32)
    index = IndexConfig(dims=DIMS, embed=lambda texts: [queries[int(text)].tolist() for text in texts], fields=["text"])
    before, started = resident_bytes() / MIB, time.process_time()
    with ExitStack() as stack:
        store: Any = None

        def open_it() -> None:
            nonlocal store
            store = stack.enter_context(FaissStore.from_conn_string(path, index=index))

        opened = clock(open_it)
        first = opened + clock(lambda: store.search(namespace, query="0"))
        processor = time.process_time() - started
        for number in range(20):
            store.search(namespace, query=str(number))
            store.search(namespace, query=str(number), filter={"percent": {"$lt": 10}})
            store.search_lexical(namespace, "bada keno")
        gc.collect()
        report = {
            "open": opened,
            "first": first,
            "processor": processor,
            "before": before,
            "resident": resident_bytes() / MIB,
        }
    sys.stdout.write(json.dumps(report))


def _opening(told: dict[str, float]) -> str:
    return f"open {told['open']:.3g} s; {told['processor']:.3g} s of processor time"


def _ms(timing: Timing) -> str:
    return f"{timing.median * MS:.3g} ms"


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, BOUNDED])
    parser.add_argument("--large", action="store_true", help=f"measure {LARGE:,} items as well")
    parser.add_argument("--no-peers", action="store_true", help="leave out InMemoryStore, SqliteStore and LangChain")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], tuple(arguments.child[1:]))
        return
    faiss.omp_set_num_threads(1)
    facts = environment("faiss-cpu", "langgraph", "langgraph-checkpoint-sqlite", "langchain-community", "numpy")
    rows: list[Row] = []
    for size in arguments.sizes + [LARGE] * arguments.large:
        with tempfile.TemporaryDirectory() as folder:
            rows += Bench(size, Path(folder)).run(peers=not arguments.no_peers and size < LARGE)
    if not publish("store", rows, facts):
        sys.exit(1)


if __name__ == "__main__":
    main()
