"""The SQLite file: opening it safely, transactions, connections per thread of work, fork and close.

Knows tables only through `schema`. Everything that reaches SQLite goes through `Database.read` and `Database.write`,
which turn SQLite's errors into those of `langmem_ext.errors`.
"""

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from langmem_ext.errors import (
    InvalidInputError,
    NotAStoreError,
    StoreClosedError,
    StoreCorruptError,
    StoreError,
)
from langmem_ext.store import schema
from langmem_ext.store.files import check_file, create_private

MEMORY = ":memory:"
Synchronous = Literal["full", "normal"]

_BUSY_SECONDS = 60.0
_IDLE_READERS = 8
_CHECKPOINT_PAGES = 4096  # 32 MiB of log: in bulk, a page is copied back once and not once per batch
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}

_open_databases: "weakref.WeakSet[Database]" = weakref.WeakSet()
_abandoned: list[sqlite3.Connection] = []  # a forked child must never close its parent's connections


class Database:
    """One open store file, or a private database in memory.

    Threads share it freely: readers borrow a connection each and see a snapshot; writers queue on one lock, then on
    SQLite's. A database in memory has one connection, which readers and writers take in turns. After a fork the
    child starts with fresh connections (a database in memory can't follow and says so).
    """

    def __init__(self, path: str, *, synchronous: Synchronous, after_fork: Callable[[], None]) -> None:
        if synchronous not in {"full", "normal"}:
            raise InvalidInputError(f'synchronous must be "full" or "normal", got {synchronous!r}')
        self.path = path
        self.in_memory = path == MEMORY
        self._synchronous = synchronous
        self._after_fork = after_fork
        self._closed: str | None = None
        self._renew()
        if not self.in_memory:
            check_file(Path(path))
        self._writer: sqlite3.Connection | None = None
        with translated(path):
            self._writer = self._prepare()
        _open_databases.add(self)

    def _renew(self) -> None:
        """Make fresh locks and an empty pool."""
        self._write_lock = threading.RLock()
        self._pool_lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []

    def _prepare(self) -> sqlite3.Connection:
        """Open the writing connection, refuse what isn't ours, migrate; close it again if any of that fails."""
        if not self.in_memory:
            create_private(Path(self.path))
        connection = self._connect()
        try:
            _refuse_foreign(connection, self.path)
            schema.pending(connection)
            connection.execute(f"PRAGMA page_size = {schema.PAGE_SIZE}")
            _retry_busy(lambda: schema.migrate(connection))
            if not self.in_memory:
                _retry_busy(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchone())
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give a connection inside a read transaction: everything read in it is of one moment."""
        if self.in_memory:
            with self._write_lock, translated(self.path):
                yield self._writing_connection()
            return
        connection = self._borrow()
        try:
            with translated(self.path):
                connection.execute("BEGIN")
                try:
                    yield connection
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
        finally:
            self._give_back(connection)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give the writing connection inside a transaction; commit at the end, roll back on any error."""
        with self._write_lock, translated(self.path):
            connection = self._writing_connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # the first error is the one to report
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                raise

    @contextmanager
    def maintain(self) -> Iterator[sqlite3.Connection]:
        """Give the writing connection outside a transaction, for VACUUM, checkpoints and backups."""
        with self._write_lock, translated(self.path):
            yield self._writing_connection()

    def _writing_connection(self) -> sqlite3.Connection:
        if self._writer is None:
            if self._closed is not None:
                raise StoreClosedError(self._closed)
            self._writer = self._connect()  # first use in a forked child
        return self._writer

    def _borrow(self) -> sqlite3.Connection:
        with self._pool_lock:
            if self._closed is not None:
                raise StoreClosedError(self._closed)
            if self._idle:
                return self._idle.pop()
        with translated(self.path):
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._pool_lock:
            if self._closed is None and len(self._idle) < _IDLE_READERS:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close every connection; waits for a running write. Idempotent; readers still at work close their own."""
        with self._write_lock, self._pool_lock:
            self._closed = self._closed or "the store is closed; open it again with FaissStore.from_conn_string"
            connections, self._idle = self._idle, []
            if self._writer is not None:
                connections.append(self._writer)
                self._writer = None
            for connection in connections:
                connection.close()
        _open_databases.discard(self)

    def forget_parent(self) -> None:
        """Drop what a forked child inherited. Runs in the child before any of its own code."""
        _abandoned.extend(self._idle)
        if self._writer is not None:
            _abandoned.append(self._writer)
        self._writer = None
        self._renew()
        self._after_fork()
        if self.in_memory:
            self._closed = "a ':memory:' store does not follow into a forked process; open a file instead"


def _after_fork() -> None:
    for database in list(_open_databases):
        database.forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translation(error, path) from error
    except UnicodeDecodeError as error:  # SQLite quotes damaged names in its messages as they are
        raise StoreCorruptError(
            f"the database {path!r} is damaged (text that is no UTF-8); restore a backup, the file is untouched"
        ) from error


def _translation(error: sqlite3.Error, path: str) -> StoreError:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # the primary code
    if code in _CORRUPT:
        return StoreCorruptError(f"the database {path!r} is damaged ({error}); restore a backup, the file is untouched")
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        return NotAStoreError(f"can't open {path!r} for writing ({error}); check the permissions of file and folder")
    if code in _FULL:
        return StoreError(f"writing to {path!r} failed and was rolled back ({error}); is the disk full?")
    if code == sqlite3.SQLITE_BUSY:
        return StoreError(f"{path!r} stayed locked by another process for {_BUSY_SECONDS:.0f} s; nothing was written")
    return StoreError(f"SQLite failed on {path!r}: {error}")


def _refuse_foreign(connection: sqlite3.Connection, path: str) -> None:
    """Refuse another application's file; both answers are of one moment, for another opener may be creating ours."""
    connection.execute("BEGIN")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.execute("ROLLBACK")
    if application != schema.APPLICATION_ID and (application or tables):
        raise NotAStoreError(f"{path!r} is a SQLite database of another application; pass another path")


def _retry_busy(action: Callable[[], object]) -> None:
    """Repeat what SQLite refuses at once instead of waiting: the first change to WAL by several processes."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            action()
        except sqlite3.OperationalError as error:
            busy = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in {
                sqlite3.SQLITE_BUSY,
                sqlite3.SQLITE_LOCKED,
            }
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
