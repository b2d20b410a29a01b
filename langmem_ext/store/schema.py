"""The tables of a store's file, and the named migrations that make them.

Every migration runs in one transaction together with its record, so a file is never between two of them. A file that
records a migration this code does not know was written by newer code and is refused.
"""

import sqlite3
from collections.abc import Callable

from langmem_ext.errors import StoreVersionError

APPLICATION_ID = 0x4C4D6578
"""Marks a SQLite file as a store of ours (bytes 68 to 71 of the file: "LMex")."""
PAGE_SIZE = 8192
"""Five vectors of 384 dimensions fit one page; with SQLite's 4096 only two do, and a quarter of the page is wasted."""
ITS_VECTORS = "v.id BETWEEN i.id << 16 AND (i.id << 16) + 65535"
"""Joins `vectors v` to `items i`."""
ORDINAL_BITS = 16
"""A vector's row id is ``item id << 16 | ordinal``: rows of one item are neighbours, and no second index is needed."""
MAX_VECTORS_PER_ITEM = 1 << ORDINAL_BITS

Migration = Callable[[sqlite3.Connection], None]
_MIGRATIONS: dict[str, Migration] = {}


def migration(name: str) -> Callable[[Migration], Migration]:
    """Register a migration; they run in the order in which they are registered, each once per file."""

    def register(function: Migration) -> Migration:
        if name in _MIGRATIONS:
            raise ValueError(f"two migrations are called {name!r}")
        _MIGRATIONS[name] = function
        return function

    return register


def applied(connection: sqlite3.Connection) -> set[str]:
    """Return the names of the migrations that the file records; empty for a new file."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'").fetchone()
    return {name for (name,) in connection.execute("SELECT name FROM migrations")} if known else set()


def pending(connection: sqlite3.Connection) -> list[str]:
    """Return the migrations still to run.

    Raises:
        StoreVersionError: The file records a migration that this code does not know.
    """
    done = applied(connection)
    if unknown := sorted(done - _MIGRATIONS.keys()):
        raise StoreVersionError(
            f"the file was written by a newer langmem_ext (it records {', '.join(unknown)}); "
            "upgrade the package, or open a backup made by this version"
        )
    return [name for name in _MIGRATIONS if name not in done]


def migrate(connection: sqlite3.Connection) -> None:
    """Run what is pending, one transaction each; safe to be called by several processes at once."""
    for name in pending(connection):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if name in pending(connection):  # nobody else ran it while we waited for the lock
                _MIGRATIONS[name](connection)
                connection.execute("INSERT INTO migrations (name) VALUES (?)", (name,))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def vector_ids(item_id: int) -> tuple[int, int]:
    """Return the first and the last row id that vectors of an item can have."""
    first = item_id << ORDINAL_BITS
    return first, first + MAX_VECTORS_PER_ITEM - 1


_TABLES = """
CREATE TABLE migrations (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE clock (stamp INTEGER NOT NULL, item INTEGER NOT NULL, namespace INTEGER NOT NULL);
INSERT INTO clock VALUES (0, 0, 0);
CREATE TABLE namespaces (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    floor INTEGER NOT NULL
);
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    namespace_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER,
    ttl_minutes REAL,
    UNIQUE (namespace_id, key)
);
CREATE INDEX items_by_time ON items (namespace_id, updated_at);
CREATE INDEX items_by_expiry ON items (namespace_id, expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE vectors (id INTEGER PRIMARY KEY, path TEXT NOT NULL, text_hash BLOB NOT NULL, vector BLOB NOT NULL);
CREATE TABLE texts (
    item_id INTEGER PRIMARY KEY,
    tokens TEXT NOT NULL,
    speaker TEXT NOT NULL,
    sequence TEXT NOT NULL,
    time REAL,
    paths TEXT NOT NULL
);
CREATE TABLE tombstones (
    namespace_id INTEGER NOT NULL,
    stamp INTEGER NOT NULL,
    item_id INTEGER NOT NULL,
    PRIMARY KEY (namespace_id, stamp)
) WITHOUT ROWID
"""


@migration("0001_initial")
def _initial(connection: sqlite3.Connection) -> None:
    """Create the tables.

    `clock` has one row: the last stamp (microseconds since the epoch, strictly increasing) and the last ids given
    out. A namespace's `revision` is the stamp of its last change; tombstones up to `floor` have been dropped.
    """
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
