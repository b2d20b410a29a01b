"""The tables beside LangGraph's `store` and `store_vectors`, made once, by one of those that open the store.

    store_namespaces  a row for each namespace: the stamp of its last change; `floor`, that of its last deletion
    store_texts       the analysed text of each indexed item; `terms` (GIN) finds rows by word
    store_settings    versions of these tables and of the analysis

Every primary key begins with the namespace, so all rows of one lie on one node of a distributed table.
"""

import time
from typing import TYPE_CHECKING

from psycopg import errors

from langmem_ext.errors import InvalidInputError, StoreError, StoreVersionError
from langmem_ext.store.postgres.connecting import Connection
from langmem_ext.store.postgres.texts import adopt, reanalyse

if TYPE_CHECKING:
    from langmem_ext.store.postgres.store import PostgresMemoryStore

VERSION = 1
_SETUP_LOCK = 0x4C4D6578
_POLL_SECONDS = 0.05
_VERSION, _ANALYSIS = "version", "analysis_version"
_TABLES = """
CREATE TABLE IF NOT EXISTS store_settings (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE IF NOT EXISTS store_namespaces (
    prefix text PRIMARY KEY,
    stamp timestamptz NOT NULL,
    floor timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS store_namespaces_idx ON store_namespaces (prefix text_pattern_ops);
CREATE TABLE IF NOT EXISTS store_texts (
    prefix text NOT NULL,
    key text NOT NULL,
    tokens text NOT NULL,
    speaker text NOT NULL,
    sequence text NOT NULL,
    time double precision,
    paths text NOT NULL,
    terms text[] NOT NULL,
    PRIMARY KEY (prefix, key),
    FOREIGN KEY (prefix, key) REFERENCES store (prefix, key) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS store_texts_terms_idx ON store_texts USING gin (terms);
CREATE INDEX IF NOT EXISTS store_texts_place_idx ON store_texts (prefix, sequence, time);
CREATE INDEX IF NOT EXISTS store_time_idx ON store (prefix, updated_at);
INSERT INTO store_namespaces SELECT prefix, max(updated_at), max(updated_at) FROM store GROUP BY prefix
    ON CONFLICT (prefix) DO NOTHING
"""


def settle(store: "PostgresMemoryStore") -> None:
    """Bring the database to what this code and this configuration need; any number may do so at once.

    Raises:
        StoreVersionError: A newer version of the package made the tables.
        StoreError: They are not there and can't be made: no permission, no pgvector, a read-only replica.
        InvalidInputError: The vectors stored have another size.
    """
    if store.connections.run(lambda connection: _settled(store, connection)):
        return
    with store.connections.locking() as connection:
        if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            raise StoreError(
                f"{store.connections.place} is a read-only replica without the tables of this version; "
                "open the primary once, which makes them"
            )
        _lock(connection)
        try:
            if not _settled(store, connection):
                _make(store, connection)
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_SETUP_LOCK,))


def _lock(connection: Connection) -> None:
    """Take the lock by asking again and again.

    A statement that waits for it would hold a snapshot, and LangGraph's CREATE INDEX CONCURRENTLY waits for those.
    """
    while connection.execute("SELECT pg_try_advisory_lock(%s)", (_SETUP_LOCK,)).fetchone() != (True,):
        time.sleep(_POLL_SECONDS)


def settings(connection: Connection) -> dict[str, str]:
    """Return what `store_settings` holds; empty where there is no such table."""
    if connection.execute("SELECT to_regclass('store_settings')").fetchone() == (None,):
        return {}
    return dict(connection.execute("SELECT name, value FROM store_settings").fetchall())


def vector_size(connection: Connection) -> int | None:
    """Return how many numbers the stored vectors have; None where there is no table of vectors."""
    row = connection.execute(
        "SELECT atttypmod FROM pg_attribute WHERE attrelid = to_regclass('store_vectors') AND attname = 'embedding'"
    ).fetchone()
    return int(row[0]) if row else None


def _settled(store: "PostgresMemoryStore", connection: Connection) -> bool:
    from langmem_ext.text import ANALYSIS_VERSION  # noqa: PLC0415 - the module is large

    found = settings(connection)
    if int(found.get(_VERSION, 0)) > VERSION:
        raise StoreVersionError(
            f"{store.connections.place} was set up by a newer langmem_ext (version {found[_VERSION]} of its tables); "
            "upgrade the package"
        )
    dims = vector_size(connection)
    wanted = store.dims
    if wanted is not None and dims is not None and dims != wanted:
        raise InvalidInputError(
            f'{store.connections.place} holds vectors of {dims} numbers, but index["dims"] is {wanted}; open it with '
            "the embedding it was written with, or copy the items into a new database"
        )
    current = {_VERSION: str(VERSION), _ANALYSIS: str(ANALYSIS_VERSION)}
    return (
        current.items() <= found.items() and (wanted is None or dims == wanted) and not _lacks_index(store, connection)
    )


def _lacks_index(store: "PostgresMemoryStore", connection: Connection) -> bool:
    """Tell whether an approximate index was asked for and is not there."""
    if not store.approximate:
        return False
    return connection.execute("SELECT to_regclass('store_vectors_embedding_idx')").fetchone() == (None,)


def _make(store: "PostgresMemoryStore", connection: Connection) -> None:
    try:
        store.make_tables()
    except (errors.FeatureNotSupported, errors.UndefinedFile) as error:
        raise StoreError(
            f"{store.connections.place} has no pgvector, which searching by meaning needs: install it on the server "
            '(package "postgresql-NN-pgvector", image "pgvector/pgvector"), or open the store without an index'
        ) from error
    except errors.InsufficientPrivilege as error:
        raise StoreError(
            f"this user may not set up {store.connections.place}; let its owner open the store once, or run "
            "CREATE EXTENSION vector as a superuser"
        ) from error
    with connection.transaction():
        _extend(connection)
        found = settings(connection)
        _bring_texts_up(store, connection, found)


def _extend(connection: Connection) -> None:
    """Make our tables, and change LangGraph's where they hold less than we need: minutes are no integers."""
    minutes = (
        "SELECT data_type FROM information_schema.columns WHERE table_name = 'store' AND column_name = 'ttl_minutes'"
    )
    if connection.execute(minutes).fetchone() == ("integer",):
        connection.execute("ALTER TABLE store ALTER COLUMN ttl_minutes TYPE double precision")
    if vector_size(connection) is not None:
        connection.execute("ALTER TABLE store_vectors ADD COLUMN IF NOT EXISTS text_hash bytea")
    for statement in _TABLES.split(";"):
        connection.execute(statement.encode())


def _bring_texts_up(store: "PostgresMemoryStore", connection: Connection, found: dict[str, str]) -> None:
    from langmem_ext.text import ANALYSIS_VERSION  # noqa: PLC0415

    if _VERSION not in found:
        adopt(connection, store.fields)
    elif found.get(_ANALYSIS) != str(ANALYSIS_VERSION):
        reanalyse(connection)
    for name, value in ((_VERSION, VERSION), (_ANALYSIS, ANALYSIS_VERSION)):
        connection.execute(
            "INSERT INTO store_settings VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value",
            (name, str(value)),
        )
