"""`PostgresMemoryStore`: the store of this package on PostgreSQL."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

from langgraph.store.base import IndexConfig, Result, SearchItem, TTLConfig
from langgraph.store.postgres import PostgresStore

from langmem_ext.errors import InvalidInputError
from langmem_ext.protocols import Candidates, Ordered
from langmem_ext.store import listing
from langmem_ext.store.browsing import Listing
from langmem_ext.store.checking import CheckReport
from langmem_ext.store.embedding import Embedder
from langmem_ext.store.hybrid import HybridStore
from langmem_ext.store.moving import StoredItem
from langmem_ext.store.planning import Plan
from langmem_ext.store.postgres import browsing, moving, reading, schema, writing
from langmem_ext.store.postgres.checking import check_store
from langmem_ext.store.postgres.connecting import Connection, Connections
from langmem_ext.store.postgres.finding import Finder
from langmem_ext.store.postgres.locks import hold
from langmem_ext.store.postgres.shelf import Shelf
from langmem_ext.store.reading import Search
from langmem_ext.store.rows import decode_namespace
from langmem_ext.store.shelves import Shelves
from langmem_ext.store.sweeping import Sweeper
from langmem_ext.store.texts import Fields, compile_fields
from langmem_ext.store.writing import Put, VectorSource

DEFAULT_MEMORY_BUDGET = 192 * 2**20
"""Bytes of full text held in this process: about a thousand users with some hundred memories each."""
DEFAULT_SHELF_ROWS = 100_000
"""Texts of one namespace up to which it is held, after having been read once, which takes seconds for that many."""
DEFAULT_POOL_SIZE = 10
DEFAULT_POOL_TIMEOUT = 10.0
DEFAULT_PATIENCE = 30.0


class PostgresMemoryStore(HybridStore, PostgresStore):
    """LangGraph's `PostgresStore` with what recall needs: full text, hybrid candidates, filters that are exact.

    It is its own context manager, sync and async, one class for both; async calls wait for the server in worker
    threads. Rows lie in LangGraph's own tables `store` and `store_vectors`; an existing database of LangGraph's is
    taken over when first opened. Three tables beside them hold the analysed texts and the state of each namespace.

    A put that returned is committed. A batch is one transaction; of concurrent ones that write to one namespace, each
    waits for the one before. Each search sees every commit that returned before it began, by whichever process. Any
    number of threads, asyncio tasks, processes and machines may use one database at once.

    What breaks off because the server restarts is tried again, for `patience` seconds: all writes are upserts and
    deletes by key, so doing one twice changes nothing.

    Args:
        url: ``postgresql://user:password@host:5432/database``, or what else libpq reads.
        index: LangGraph's `IndexConfig`. Vectors are searched exactly, within the namespace; pgvector's approximate
            index is made and used with ``{"ann_index_config": {"kind": "hnsw"}}``, for namespaces far beyond 100,000.
        ttl: LangGraph's `TTLConfig`. Expired items are never served; `sweep_ttl` or the sweeper deletes them.
        pool_size: Connections at most; locks come on top.
        pool_timeout: Seconds to wait for a free connection.
        patience: Seconds to keep trying while the server is away.
        memory_budget: Bytes of full text to hold in this process; the namespace in use is held whatever its size.
        shelf_rows: Texts of one namespace up to which it is held; of a larger one each search ranks the few thousand
            that the server names.

    Raises:
        StoreUnavailableError: The server can't be reached, refuses, or has no pgvector.
        StoreError: The tables are missing and can't be made.
        StoreVersionError: A newer version of this package has set the database up.
        InvalidInputError: An argument that can't be meant, or `dims` that differ from the database's.
    """

    supports_ttl = True

    def __init__(
        self,
        url: str,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        pool_size: int = DEFAULT_POOL_SIZE,
        pool_timeout: float = DEFAULT_POOL_TIMEOUT,
        patience: float = DEFAULT_PATIENCE,
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
        shelf_rows: int = DEFAULT_SHELF_ROWS,
    ) -> None:
        _check_numbers(pool_size=pool_size, pool_timeout=pool_timeout, patience=patience)
        _check_numbers(memory_budget=memory_budget, shelf_rows=shelf_rows)
        configured: Any = None if index is None else {"ann_index_config": {"kind": "flat"}} | dict(index)
        self._fields = compile_fields((index or {}).get("fields") or ["$"])
        self._embedder = None if index is None else Embedder(index)
        self._shelves: Shelves[str, Shelf] = Shelves(Shelf, memory_budget)
        self.connections = Connections(url, size=pool_size, wait=pool_timeout, patience=patience)
        try:
            PostgresStore.__init__(self, self.connections.pool, index=configured, ttl=ttl)
            self._sweeper = Sweeper(self.sweep_ttl)
            self.setup()
            self._finder = Finder(self._shelves, self._vector_type, self.approximate, shelf_rows)
        except BaseException:
            self.connections.close()
            raise

    @classmethod
    def from_conn_string(cls, conn_string: str, **options: Any) -> Self:  # type: ignore[override]
        """Open a store; the arguments are those of the class. Use it in ``with``, ``async with``, or `close` it."""
        return cls(conn_string, **options)

    @property
    def dims(self) -> int | None:
        """Size of the vectors; None without an embedding function."""
        return None if self._embedder is None else self._embedder.dims

    @property
    def fields(self) -> Fields:
        """What is indexed of a value unless a put says otherwise."""
        return self._fields

    @property
    def approximate(self) -> bool:
        """Whether vectors are searched by an approximate index."""
        config: Any = self.index_config or {}
        return config.get("ann_index_config", {}).get("kind", "hnsw") != "flat" if config else False

    @property
    def _vector_type(self) -> str | None:
        config: Any = self.index_config
        return None if config is None else str(config["ann_index_config"].get("vector_type", "vector"))

    def setup(self) -> None:
        """Make what this code and this configuration need. Opening has done it; once more is harmless."""
        schema.settle(self)

    def make_tables(self) -> None:
        """Run LangGraph's own migrations; `setup` calls this while it holds the lock for it."""
        PostgresStore.setup(self)

    def close(self) -> None:
        """Stop the sweeper and close all connections. Idempotent; any later use raises `StoreClosedError`."""
        self._sweeper.stop()
        self.connections.close()
        self._shelves.clear()

    def __del__(self) -> None:
        """Leave it to `close`: LangGraph's finalizer waits for a sweeper of its own."""

    def exclusive(self, name: str, *, blocking: bool = True) -> AbstractContextManager[bool]:
        """Hold the lock `name` across every thread, process and machine that uses this database.

        Args:
            name: Any text. Not reentrant.
            blocking: Whether to wait while it is taken.

        Returns:
            A context manager that gives True, or False (holding nothing) when it is taken and `blocking` is False.
            It is an advisory lock of a transaction; the server releases it when its holder or the connection dies.
        """
        return hold(self.connections, name, blocking=blocking)

    def check(self, *, repair: bool = False) -> CheckReport:
        """Compare items, full text, vectors and the rows of namespaces with each other.

        Args:
            repair: Whether to rebuild what is derived: analyse texts again, embed what has no fitting vector (needs
                `index`), settle the namespaces. Items are never changed.

        Returns:
            Counts, and the problems found; after a repair those that remain, and how many were repaired.
        """
        return check_store(self, self._embedder, repair=repair)

    @property
    def shelf_count(self) -> int:
        """How many namespaces this process holds the full text of."""
        return len(self._shelves)

    def sweep_ttl(self) -> int:
        """Delete expired items and return how many there were."""
        return self.connections.run(writing.sweep, transaction=True)

    def start_ttl_sweeper(self, sweep_interval_minutes: float | None = None) -> None:  # type: ignore[override]
        """Sweep in a daemon thread until `stop_ttl_sweeper` or `close`; does nothing if one is running.

        Args:
            sweep_interval_minutes: Minutes between sweeps; default that of the `TTLConfig`, else 5.
        """
        self._sweeper.start(sweep_interval_minutes or (self.ttl_config or {}).get("sweep_interval_minutes") or 5)

    def stop_ttl_sweeper(self, timeout: float | None = None) -> bool:
        """Stop the sweeper; gives whether it has stopped within `timeout` seconds."""
        return self._sweeper.stop(timeout)

    def stored_namespaces(self) -> dict[str, int]:
        """Return how many items each namespace holds; see `langmem_ext.store.moving`."""
        return self.connections.run(moving.namespaces)

    def stored_vector_size(self) -> int | None:
        """Return how many numbers the stored vectors have; None where there is no table of vectors."""
        return self.connections.run(schema.vector_size)

    def read_stored(self, path: str, *, after: str | None = None) -> list[StoredItem]:
        """Return the next items of one namespace as they lie in the tables, in the order of the keys."""
        return self.connections.run(lambda connection: moving.read(connection, path, after))

    def find_stored(self, path: str, keys: Sequence[str]) -> list[StoredItem]:
        """Return the items under some keys of one namespace as they lie in the tables."""
        return self.connections.run(lambda connection: moving.find(connection, path, keys))

    def write_stored(self, items: Sequence[StoredItem]) -> None:
        """Write items of one namespace as they are, in one transaction.

        Raises:
            InvalidInputError: A value or key with NUL or a lone surrogate, which PostgreSQL can't hold.
        """
        writing.check(items)
        kind = self._vector_type or "vector"
        self.connections.run(lambda connection: moving.write(connection, items, kind), transaction=True)

    def _stored_vectors(self, puts: Sequence[Put]) -> Mapping[tuple[str, str], Mapping[bytes, bytes]]:
        writing.check(puts)
        return self.connections.run(lambda connection: writing.stored_vectors(connection, puts))

    def _ordered(self, listing: Listing) -> Ordered:
        return self.connections.run(lambda connection: browsing.ordered(connection, listing))

    def _counts(self, path: str) -> dict[tuple[str, ...], int]:
        return self.connections.run(lambda connection: browsing.counts(connection, path))

    def _find_words(self, search: Search) -> list[SearchItem]:
        found = self.connections.run(lambda connection: self._finder.words(connection, search))
        return [row.search_item(score) for row, score in found]

    def _find_candidates(self, search: Search) -> Candidates:
        return self.connections.run(lambda connection: self._finder.candidates(connection, search))

    def _execute(self, plan: Plan, source: VectorSource | None) -> list[Result]:
        writing.check(plan.puts)
        results: list[Result] = [None] * plan.size
        reads = len({path for path, _ in plan.gets.values()}) + len(plan.searches) + len(plan.listings)
        if reads:
            snapshot = reads > 1
            refreshed = self.connections.run(
                lambda connection: self._run_reads(connection, plan, results, snapshot=snapshot), transaction=snapshot
            )
            if refreshed and not self.connections.read_only:
                self.connections.run(lambda connection: writing.refresh(connection, refreshed))
        if plan.puts:
            self.connections.run(
                lambda connection: writing.apply(connection, plan.puts, source, self._vector_type), transaction=True
            )
        return results

    def _run_reads(
        self, connection: Connection, plan: Plan, results: list[Result], *, snapshot: bool
    ) -> list[tuple[str, str]]:
        """Fill in the results of all reads; gives the items whose time to live begins anew."""
        if snapshot:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        served: list[tuple[int, reading.Row]] = []
        rows = reading.get(connection, plan.gets.values())
        for position, item in plan.gets.items():
            if item in rows:
                results[position] = rows[item].item()
                served.append((position, rows[item]))
        for position, found in self._finder.search(connection, plan.searches).items():
            results[position] = [row.search_item(score) for row, score in found]
            served += [(position, row) for row, _ in found]
        for position, op in plan.listings.items():
            paths = reading.live_namespaces(connection, listing.fixed_prefix(op))
            results[position] = listing.listed(map(decode_namespace, paths), op)
        return [
            (row.path, row.key)
            for position, row in served
            if row.ttl_minutes is not None and position in plan.refreshing
        ]


def _check_numbers(**numbers: object) -> None:
    for name, number in numbers.items():
        positive = 1 if name == "pool_size" else 0
        if not isinstance(number, int | float) or isinstance(number, bool) or number < positive:
            raise InvalidInputError(f"{name} must be a number of at least {positive}, got {number!r}")
