"""Connections to a server: pools, what to try again, and what goes wrong in words that say what to do."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from langmem_ext.errors import (
    InvalidInputError,
    LangMemExtError,
    StoreClosedError,
    StoreError,
    StoreUnavailableError,
)

T = TypeVar("T")
Connection: TypeAlias = psycopg.Connection[Any]

CONNECT_SECONDS = 10
_LOCK_CONNECTIONS = 64
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_TRANSIENT = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleInTransactionSessionTimeout,
)


class Connections:
    """A pool for work and one for locks, which keep a connection as long as they are held. For any thread.

    After a fork the child makes pools of its own.

    Args:
        url: What libpq understands.
        size: Connections for work at most.
        wait: Seconds to wait for a free one.
        patience: Seconds to keep trying while the server is restarting or breaks off; 0 tries once.

    Raises:
        StoreUnavailableError: The server can't be reached, or refuses.
        InvalidInputError: No URL that libpq understands.
    """

    def __init__(self, url: str, *, size: int, wait: float, patience: float) -> None:
        self.place = _place(url)
        self._url = url
        self._size = size
        self._wait = wait
        self._patience = patience
        self._closed = False
        self._guard = threading.Lock()
        self._probe(CONNECT_SECONDS)
        self._open()

    def _open(self) -> None:
        self._process = os.getpid()
        options: dict[str, Any] = {"autocommit": True, "connect_timeout": CONNECT_SECONDS}
        self._work = ConnectionPool(
            self._url, min_size=1, max_size=self._size, timeout=self._wait, kwargs=options, open=True
        )
        self._locks = ConnectionPool(
            self._url, min_size=0, max_size=_LOCK_CONNECTIONS, timeout=self._wait, kwargs=options, open=False
        )

    def _probe(self, seconds: int) -> None:
        """Connect once, for the error that a pool would only log."""
        try:
            psycopg.connect(self._url, connect_timeout=seconds).close()
        except psycopg.OperationalError as error:
            raise StoreUnavailableError(f"can't use {self.place}: {_reason(error)}") from error
        except psycopg.Error as error:
            raise InvalidInputError(f"{self.place} is no PostgreSQL URL: {_reason(error)}") from error

    def close(self) -> None:
        """Close all connections. Idempotent."""
        self._closed = True
        if self._process == os.getpid():
            self._work.close()
            self._locks.close()

    @property
    def pool(self) -> ConnectionPool[Connection]:
        """The pool for work."""
        self._after_fork()
        return self._work

    def _after_fork(self) -> None:
        if self._process != os.getpid():
            with self._guard:
                if self._process != os.getpid():  # the parent's connections are the parent's: leave them alone
                    self._inherited = (self._work, self._locks)
                    self._open()

    def run(self, work: Callable[[Connection], T], *, transaction: bool = False) -> T:
        """Run statements on one connection; again from the beginning where the connection or the server broke off.

        Args:
            work: What to do; it may run several times, and only its last run counts. Without `transaction` each of
                its statements is one of its own.
            transaction: Whether all of it is one transaction.

        Raises:
            StoreError: See `translated`.
        """
        deadline = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._run_once(work, transaction=transaction)
            except StoreUnavailableError:
                if self._closed or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _run_once(self, work: Callable[[Connection], T], *, transaction: bool) -> T:
        with self._connection() as connection, translated(self.place):
            if not transaction:
                return work(connection)
            with connection.transaction():
                return work(connection)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        if self._closed:
            raise StoreClosedError(f"the store at {self.place} has been closed; open it again")
        try:
            connection = self.pool.getconn()
        except PoolTimeout as error:
            self._probe(1 + int(self._wait))  # tells whether it is the server that is missing
            raise StoreUnavailableError(
                f"no connection to {self.place} became free within {self._wait:g} s: all {self._size} are in use; open "
                f"the store with a larger pool (?pool_size={2 * self._size}) or run less at once"
            ) from error
        except PoolClosed as error:
            raise StoreClosedError(f"the store at {self.place} has been closed; open it again") from error
        try:
            yield connection
        finally:
            broken = connection.closed
            self._work.putconn(connection)
            if broken:
                self._work.check()  # the others are probably as dead as this one

    @contextmanager
    def locking(self) -> Iterator[Connection]:
        """Give a connection to hold a lock on; the lock goes with the connection."""
        if self._closed:
            raise StoreClosedError(f"the store at {self.place} has been closed; open it again")
        self._after_fork()
        pool = self._locks
        with translated(self.place):
            with self._guard:
                if pool.closed:
                    pool.open()
            connection = pool.getconn()
        try:
            yield connection
        finally:
            pool.putconn(connection)

    @cached_property
    def read_only(self) -> bool:
        """Whether the server takes no writes, as it was when first asked."""
        return self.run(lambda connection: connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,))


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise what psycopg raises as an error of ours, without stored text.

    Raises:
        StoreUnavailableError: The connection broke, the server is stopping, or two transactions were in each other's
            way: trying again can help.
        StoreError: The server refuses: a read-only replica, no permission, no space, missing tables.
        InvalidInputError: Text that PostgreSQL can't hold.
    """
    try:
        yield
    except LangMemExtError:
        raise
    except (*_TRANSIENT, psycopg.InterfaceError) as error:
        raise StoreUnavailableError(f"{place} broke off ({type(error).__name__}); try again") from error
    except errors.ReadOnlySqlTransaction as error:
        raise StoreError(
            f"{place} is read-only, a replica or a server in recovery; open the primary to write, nothing was written"
        ) from error
    except errors.InsufficientPrivilege as error:
        raise StoreError(
            f"this user may not do that at {place}: {_reason(error)}; grant it, or use the owner"
        ) from error
    except (errors.DiskFull, errors.OutOfMemory, errors.TooManyConnections) as error:
        raise StoreUnavailableError(f"{place} is out of resources: {_reason(error)}; nothing was written") from error
    except (errors.UndefinedTable, errors.UndefinedColumn) as error:
        raise StoreError(f"{place} lacks tables of this store; call setup() as a user who may create them") from error
    except (errors.UntranslatableCharacter, errors.CharacterNotInRepertoire, UnicodeEncodeError) as error:
        raise InvalidInputError("PostgreSQL can't hold NUL or lone surrogates; nothing was written") from error
    except psycopg.OperationalError as error:
        raise StoreUnavailableError(f"the connection to {place} broke off; try again") from error
    except psycopg.Error as error:
        raise StoreError(
            f"{place} failed with {type(error).__name__} (SQLSTATE {error.sqlstate}); nothing was written"
        ) from error


def _reason(error: Exception) -> str:
    """Return what the server or libpq says, in one line; neither says passwords or stored text in these."""
    return " ".join(str(error).split()) or type(error).__name__


def _place(url: str) -> str:
    """Return a URL's host, port and database, for messages: never its password."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error as error:
        reason = re.sub(r"//[^@/]*@", "//…@", _reason(error))
        raise InvalidInputError(
            f'a store URL must be like "postgresql://user:password@host:5432/db": {reason}'
        ) from None
    return f"postgresql://{parts.get('host', '')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"
