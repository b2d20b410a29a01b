"""Threads, tasks, slow embeddings, and several handles on one place."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from langgraph.store.base import BaseStore, IndexConfig, PutOp

from langmem_ext.testing.conformance.base import ConformanceBase
from langmem_ext.testing.conformance.driving import AsyncDriver, OpenStore
from langmem_ext.testing.conformance.embedding import SuiteEmbeddings
from langmem_ext.testing.conformance.items import ALICE

THREADS = 8
TASKS = 64
ROUNDS = 12
WORDS = ("tea", "coffee", "hiking", "opera")
PATIENCE = 20.0
"""Seconds after which a call that waits for an embedding of someone else counts as stuck."""


def _expected(workers: int) -> set[tuple[int, int]]:
    return {(worker, n) for worker in range(workers) for n in range(ROUNDS) if n % 3}


def _check_bindings(store: BaseStore, workers: int, query: bool) -> None:
    """Every item that must be left is there under its own key, and its vector is its own."""
    left = store.search(ALICE, limit=workers * ROUNDS + 1)
    assert {(item.value["worker"], item.value["n"]) for item in left} == _expected(workers)
    assert all(item.key == f"{item.value['worker']}-{item.value['n']}" for item in left)
    if query:
        for word in WORDS:
            nearest = store.search(ALICE, query=word, limit=len(left) // len(WORDS))
            assert {item.value["text"] for item in nearest} == {word}


def _text(worker: int) -> str:
    return WORDS[worker % len(WORDS)]


class ConcurrencyBehaviour(ConformanceBase):
    """Many callers at once."""

    def test_threads_lose_nothing_and_see_what_they_wrote(
        self, open_sync: OpenStore, index: IndexConfig | None
    ) -> None:
        """Eight threads mixing put, get, delete and search: no error, no lost write, no foreign vector."""

        def work(store: BaseStore, worker: int) -> None:
            for n in range(ROUNDS):
                key = f"{worker}-{n}"
                store.put(ALICE, key, {"text": _text(worker), "worker": worker, "n": n})
                assert store.get(ALICE, key) is not None
                if n % 3 == 0:
                    store.delete(ALICE, key)
                seen = store.search(ALICE, query=_text(worker), filter={"worker": worker}, limit=ROUNDS)
                assert {item.value["n"] for item in seen} == {m for m in range(n + 1) if m % 3}
                store.search(("memories",), limit=5)
                store.list_namespaces()

        with open_sync(index=index) as store, ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda worker: work(store, worker), range(THREADS)))
            _check_bindings(store, THREADS, self.supports_vectors)

    def test_tasks_lose_nothing_and_see_what_they_wrote(
        self, open_async: Callable[..., Any], index: IndexConfig | None
    ) -> None:
        """The same with 64 asyncio tasks."""

        async def work(store: BaseStore, worker: int) -> None:
            for n in range(ROUNDS):
                key = f"{worker}-{n}"
                await store.aput(ALICE, key, {"text": _text(worker), "worker": worker, "n": n})
                assert await store.aget(ALICE, key) is not None
                if n % 3 == 0:
                    await store.adelete(ALICE, key)
                seen = await store.asearch(ALICE, query=_text(worker), filter={"worker": worker}, limit=ROUNDS)
                assert {item.value["n"] for item in seen} == {m for m in range(n + 1) if m % 3}

        async def all_work(store: BaseStore) -> None:
            await asyncio.gather(*(work(store, worker) for worker in range(TASKS)))

        with open_async(index=index) as driver:
            assert isinstance(driver, AsyncDriver)
            driver.run(all_work(driver.store))
            _check_bindings(driver, TASKS, self.supports_vectors)

    def test_a_slow_embedding_holds_nobody_up(
        self, open_sync: OpenStore, index: IndexConfig | None, embeddings: SuiteEmbeddings
    ) -> None:
        """While one thread waits for its embedding, others read and write."""
        self.need("supports_vectors")
        with open_sync(index=index) as store, ThreadPoolExecutor(2) as pool:
            store.put(ALICE, "before", {"text": "tea"}, index=False)
            embeddings.entered.clear()
            embeddings.gate.clear()
            slow = pool.submit(store.put, ALICE, "slow", {"text": "coffee"})
            try:
                assert embeddings.entered.wait(PATIENCE)
                others = pool.submit(_read_and_write, store)
                done, _ = wait([others], timeout=PATIENCE / 4)
            finally:
                embeddings.gate.set()
            slow.result(PATIENCE)
            assert done, "a read or write waited for someone else's embedding"
            assert others.result() == {"before", "meanwhile"}
            assert store.get(ALICE, "slow") is not None

    def test_two_handles_see_each_others_commits(self, open_store: OpenStore, index: IndexConfig | None) -> None:
        """A write through one handle is seen by the next read through another, in every kind of search."""
        self.need("supports_sharing")
        with open_store(index=index) as one, open_store(index=index) as two:
            for n, (writer, reader) in enumerate(((one, two), (two, one), (one, two))):
                reader.search(ALICE, query="tea")
                writer.put(ALICE, f"k{n}", {"text": "tea", "n": n})
                assert reader.get(ALICE, f"k{n}") is not None
                assert len(reader.search(ALICE)) == n + 1
                assert len(reader.search(ALICE, query="tea")) == n + 1
                assert [item.key for item in reader.search(ALICE, filter={"n": n})] == [f"k{n}"]
                if self.supports_lexical:
                    assert len(reader.search_lexical(ALICE, "tea")) == n + 1  # type: ignore[attr-defined]
            one.delete(ALICE, "k1")
            assert {item.key for item in two.search(ALICE, query="tea")} == {"k0", "k2"}
            assert two.search(ALICE, filter={"n": 1}) == []

    def test_readers_never_see_half_a_batch(self, open_sync: OpenStore) -> None:
        """A batch appears at once: two items that are always written together are always equal."""
        stop = threading.Event()
        torn: list[tuple[int, int]] = []

        def read(store: BaseStore) -> None:
            while not stop.is_set():
                values = [item.value["n"] for item in store.search(ALICE)]
                if len(set(values)) != 1:
                    torn.append(tuple(values))
                    return

        with open_sync() as store, ThreadPoolExecutor(2) as pool:
            _write_pair(store, 0)
            readers = [pool.submit(read, store) for _ in range(2)]
            for n in range(1, 60):
                _write_pair(store, n)
            stop.set()
            for reader in readers:
                reader.result(PATIENCE)
        assert torn == []


def _read_and_write(store: BaseStore) -> set[str]:
    assert store.get(ALICE, "before") is not None
    store.put(ALICE, "meanwhile", {"text": "opera"}, index=False)
    return {item.key for item in store.search(ALICE)}


def _write_pair(store: BaseStore, n: int) -> None:
    store.batch([PutOp(ALICE, "left", {"n": n}, index=False), PutOp(ALICE, "right", {"n": n}, index=False)])
