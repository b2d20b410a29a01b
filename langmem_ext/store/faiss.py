"""`FaissStore`: a LangGraph store in one SQLite file, with exact vector search, full text and filters."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from os import PathLike, fspath
from sqlite3 import Connection
from typing import Any, Self, TypeVar

from langgraph.store.base import IndexConfig, Result, SearchItem, TTLConfig

from langmem_ext.errors import InvalidInputError
from langmem_ext.protocols import Candidates, Ordered
from langmem_ext.store import browsing, listing, maintenance, moving_rows, reading, writing
from langmem_ext.store.checking import CheckReport, check_store
from langmem_ext.store.database import Database, Synchronous
from langmem_ext.store.embedding import Embedder
from langmem_ext.store.hybrid import HybridStore
from langmem_ext.store.locks import NamedLocks
from langmem_ext.store.moving import StoredItem
from langmem_ext.store.planning import Plan
from langmem_ext.store.rows import Row
from langmem_ext.store.shelf import Shelf, SnapshotTooOldError
from langmem_ext.store.shelves import Shelves
from langmem_ext.store.sweeping import Sweeper
from langmem_ext.store.texts import compile_fields

T = TypeVar("T")
Found = list[tuple[Row, float | None]]

DEFAULT_MEMORY_BUDGET = 192 * 2**20
"""Bytes of namespaces held in memory: a namespace of 100,000 with vectors and full text, or 1,000 users of 100."""


class FaissStore(HybridStore):
    """A durable store in one file: LangGraph's `BaseStore` with filters, vectors, full text and time to live.

    It is its own context manager, sync and async: ``with FaissStore.from_conn_string("memory.db") as store``.

    The SQLite file (write-ahead log) is the truth. A put that returned is on disk: with ``synchronous="full"``, the
    default, also after a power failure; with ``"normal"`` it survives a crash of the process, and a power failure may
    take the last commits, never half of one. A batch is written in one transaction, or not at all. What searches need
    is read per namespace when first searched, and leaves memory again when unused.

    Any number of threads, asyncio tasks and processes may use the same file at once; every search sees every commit
    that returned before it began. After a fork the child reopens the file by itself. ``":memory:"`` is a private
    store that lives as long as this object and works from any thread.

    Args:
        path: The file, made if missing (mode 0600), or ``":memory:"``.
        index: LangGraph's `IndexConfig`: `dims`, `embed` (Embeddings, a sync or async function, or
            "provider:model") and `fields` (default: the whole value). Without it queries of `search` are ignored, as
            LangGraph's stores do; full text works all the same, over the whole value.
        ttl: LangGraph's `TTLConfig`. Expired items are never served; `sweep_ttl` or the sweeper deletes them.
        synchronous: "full" or "normal", see above.
        memory_budget: Bytes of namespaces to hold in memory; the one in use is held whatever its size.

    Raises:
        NotAStoreError: The path can't be a store; nothing was changed.
        StoreVersionError: The file was written by a newer version of the package.
        StoreCorruptError: The file is damaged; nothing was changed.
        InvalidInputError: An argument that can't be meant, or `dims` that differ from the file's.
    """

    supports_ttl = True

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        synchronous: Synchronous = "full",
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
    ) -> None:
        name = _name(path)
        if memory_budget < 0:
            raise InvalidInputError(f"memory_budget must be a number of bytes, got {memory_budget!r}")
        self.index_config = index
        self.ttl_config = ttl
        self._fields = compile_fields((index or {}).get("fields") or ["$"])
        self._embedder = None if index is None else Embedder(index)
        self.embeddings = None if self._embedder is None else self._embedder.embeddings
        dims = None if self._embedder is None else self._embedder.dims
        self._shelves: Shelves[int, Shelf] = Shelves(partial(Shelf, dims=dims), memory_budget)
        self._database = Database(name, synchronous=synchronous, after_fork=self._shelves.clear)
        self._locks = NamedLocks(None if self._database.in_memory else name)
        self._sweeper = Sweeper(self.sweep_ttl)
        try:
            self.setup()
        except BaseException:
            self._database.close()
            raise

    @classmethod
    def from_conn_string(
        cls,
        path: str | PathLike[str],
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        synchronous: Synchronous = "full",
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
    ) -> Self:
        """Open a store; the arguments are those of the class. Use it in ``with``, ``async with``, or `close` it."""
        return cls(path, index=index, ttl=ttl, synchronous=synchronous, memory_budget=memory_budget)

    def setup(self) -> None:
        """Bring the file to what this code and this configuration need. Opening has done it; once more is harmless."""
        maintenance.settle(self._database, self._embedder)

    def close(self) -> None:
        """Stop the sweeper and close the file. Idempotent; any later use raises `StoreClosedError`."""
        self._sweeper.stop()
        self._database.close()
        self._shelves.clear()

    def exclusive(self, name: str, *, blocking: bool = True) -> AbstractContextManager[bool]:
        """Hold the lock `name` across every thread and process that has this file open.

        Args:
            name: Any text. Not reentrant.
            blocking: Whether to wait while it is taken.

        Returns:
            A context manager that gives True, or False (holding nothing) when it is taken and `blocking` is False.
            The operating system releases the lock when its holder dies. For ":memory:" it holds in this process.
        """
        return self._locks.hold(name, blocking=blocking)

    def sweep_ttl(self) -> int:
        """Delete expired items and return how many there were."""
        with self._database.write() as connection:
            count, gone = writing.sweep(connection)
        self._shelves.drop(gone)
        return count

    def start_ttl_sweeper(self, sweep_interval_minutes: float | None = None) -> None:
        """Sweep in a daemon thread until `stop_ttl_sweeper` or `close`; does nothing if one is running.

        Args:
            sweep_interval_minutes: Minutes between sweeps; default that of the `TTLConfig`, else 5.
        """
        self._sweeper.start(sweep_interval_minutes or (self.ttl_config or {}).get("sweep_interval_minutes") or 5)

    def stop_ttl_sweeper(self, timeout: float | None = None) -> bool:
        """Stop the sweeper; gives whether it has stopped within `timeout` seconds."""
        return self._sweeper.stop(timeout)

    def check(self, *, repair: bool = False) -> CheckReport:
        """Compare file, items, vectors, full text and what is held in memory with each other.

        Args:
            repair: Whether to rebuild what is derived: delete leftovers, analyse texts again, embed what has no usable
                vector (needs `index`), drop what is held in memory. Items are never changed.

        Returns:
            Counts, and the problems found; after a repair those that remain, and how many were repaired.
        """
        return check_store(self._database, self._shelves, self._embedder, repair=repair)

    def backup(self, path: str | PathLike[str]) -> None:
        """Write a complete copy of the store to a new file while the store is in use; all of one moment.

        Raises:
            InvalidInputError: The file exists already.
        """
        maintenance.backup(self._database, fspath(path))

    def purge(self) -> None:
        """Remove what was deleted from the bytes on disk: database and write-ahead log.

        Deleting overwrites with zeros (`secure_delete`), but the log holds older states, and unused space can hold
        copies of moved rows. So this rewrites the file, which takes seconds for 100,000 items, and empties the log.
        There are no other files with contents of items.

        Raises:
            StoreError: A reader kept using an older state meanwhile; purge again.
        """
        maintenance.purge(self._database)

    def stored_namespaces(self) -> dict[str, int]:
        """Return how many items each namespace holds; see `langmem_ext.store.moving`."""
        return self._read(moving_rows.namespaces)

    def stored_vector_size(self) -> int | None:
        """Return how many numbers the stored vectors have; None where there never were any."""
        return self._read(maintenance.vector_size)

    def read_stored(self, path: str, *, after: str | None = None) -> list[StoredItem]:
        """Return the next items of one namespace as they lie in the file, in the order of the keys."""
        return self._read(lambda connection: moving_rows.read(connection, path, after))

    def find_stored(self, path: str, keys: Sequence[str]) -> list[StoredItem]:
        """Return the items under some keys of one namespace as they lie in the file."""
        return self._read(lambda connection: moving_rows.find(connection, path, keys))

    def write_stored(self, items: Sequence[StoredItem]) -> None:
        """Write items of one namespace as they are, in one transaction."""
        with self._database.write() as connection:
            moving_rows.write(connection, items)

    def _stored_vectors(self, puts: Sequence[writing.Put]) -> Mapping[tuple[str, str], Mapping[bytes, bytes]]:
        dims = self._embedder.dims if self._embedder else 0
        return self._read(lambda connection: writing.stored_vectors(connection, puts, dims))

    def _ordered(self, listing: browsing.Listing) -> Ordered:
        return self._read(lambda connection: browsing.ordered(connection, self._shelves, listing))

    def _counts(self, path: str) -> dict[tuple[str, ...], int]:
        return self._read(lambda connection: browsing.counts(connection, path))

    def _find_words(self, search: reading.Search) -> list[SearchItem]:
        found: Found = self._read(lambda connection: reading.search(connection, self._shelves, search))
        return [row.search_item(score) for row, score in found]

    def _find_candidates(self, search: reading.Search) -> Candidates:
        return self._read(lambda connection: reading.candidates(connection, self._shelves, search))

    def _execute(self, plan: Plan, source: writing.VectorSource | None) -> list[Result]:
        results: list[Result] = [None] * plan.size
        if plan.gets or plan.searches or plan.listings:
            refreshed = self._read(lambda connection: self._run_reads(connection, plan, results))
            if refreshed:
                with self._database.write() as connection:
                    writing.refresh(connection, refreshed)
        if plan.puts:
            with self._database.write() as connection:
                gone = writing.apply(connection, plan.puts, source)
            self._shelves.drop(gone)
        return results

    def _run_reads(self, connection: Connection, plan: Plan, results: list[Result]) -> list[int]:
        """Fill in the results of all reads; gives the ids of items whose time to live begins anew."""
        served: list[tuple[int, Row]] = []
        for path in {path for path, _ in plan.gets.values()}:
            wanted = {position: key for position, (other, key) in plan.gets.items() if other == path}
            rows = reading.get(connection, path, list(wanted.values()))
            for position, key in wanted.items():
                if key in rows:
                    results[position] = rows[key].item()
                    served.append((position, rows[key]))
        for position, search in plan.searches.items():
            found = reading.search(connection, self._shelves, search)
            results[position] = [row.search_item(score) for row, score in found]
            served += [(position, row) for row, _ in found]
        for position, op in plan.listings.items():
            results[position] = listing.list_namespaces(connection, op)
        return [row.id for position, row in served if row.ttl_minutes is not None and position in plan.refreshing]

    def _read(self, work: Callable[[Connection], T]) -> T:
        """Run reads in one transaction; again in a newer one if another thread has read ahead of it."""
        while True:
            try:
                with self._database.read() as connection:
                    return work(connection)
            except SnapshotTooOldError:
                continue


def _name(path: Any) -> str:
    name = fspath(path) if isinstance(path, str | PathLike) else None
    if not isinstance(name, str) or not name or "\0" in name:
        raise InvalidInputError(f'path must be the path of a file or ":memory:", got {path!r}')
    return name
