"""Locks by name that hold across machines."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from langmem_ext.errors import InvalidInputError
from langmem_ext.store.postgres.connecting import Connection, Connections, translated


@contextmanager
def hold(connections: Connections, name: object, *, blocking: bool) -> Iterator[bool]:
    """Hold a name inside the context; gives False, holding nothing, if it is taken and `blocking` is False.

    The lock belongs to a transaction, not to a session, so it also holds behind a pooler that shares sessions
    (PgBouncer). A transaction that has only taken it holds no snapshot and keeps no row from being vacuumed.
    """
    if not isinstance(name, str) or not name:
        raise InvalidInputError(f"the name of a lock must be a non-empty string, got {name!r}")
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(digest, signed=True)
    with connections.locking() as connection:
        try:
            with translated(connections.place):
                held = _take(connection, number, blocking=blocking)
            yield held
        finally:
            with suppress(psycopg.Error):  # if the connection is gone, so is the lock
                connection.execute("ROLLBACK")


def _take(connection: Connection, number: int, *, blocking: bool) -> bool:
    connection.execute("BEGIN")
    if blocking:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (number,))
        return True
    return connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (number,)).fetchone() == (True,)
