"""Care of a whole file: settling it on opening, backup, purge."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from langmem_ext.errors import InvalidInputError, NotAStoreError, StoreError
from langmem_ext.store.database import Database, translated
from langmem_ext.store.derived import reanalyse
from langmem_ext.store.embedding import Embedder

_DIMS = "dims"
_ANALYSIS = "analysis_version"


def settle(database: Database, embedder: Embedder | None) -> None:
    """Make the file fit this code and this configuration: vector size, and texts analysed as they are now.

    Raises:
        InvalidInputError: The file holds vectors of another size.
    """
    from langmem_ext.text import ANALYSIS_VERSION  # noqa: PLC0415 - the module is large

    wanted = {_ANALYSIS: str(ANALYSIS_VERSION)} | ({} if embedder is None else {_DIMS: str(embedder.dims)})
    with database.read() as connection:
        if wanted.items() <= _settings(connection).items():
            return
    with database.write() as connection:
        found = _settings(connection)
        if found.get(_DIMS, wanted.get(_DIMS)) != wanted.get(_DIMS, found.get(_DIMS)) and _any(connection, "vectors"):
            raise InvalidInputError(
                f'{database.path!r} holds vectors of {found[_DIMS]} numbers, but index["dims"] is {wanted[_DIMS]}; '
                "open it with the embedding it was written with, or copy the items into a new store"
            )
        if found.get(_ANALYSIS, wanted[_ANALYSIS]) != wanted[_ANALYSIS]:
            reanalyse(connection)
        connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", wanted.items())


def _settings(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, value FROM settings"))


def vector_size(connection: sqlite3.Connection) -> int | None:
    """Return how many numbers the vectors of this file have; None where it never held any."""
    found = _settings(connection).get(_DIMS)
    return int(found) if found else None


def _any(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None  # noqa: S608 - our own names


def backup(database: Database, target: str) -> None:
    """Copy the database as it is now into a new file, which appears only when it is complete."""
    path = Path(target)
    if path.exists():
        raise InvalidInputError(f"{target!r} exists already; pass the path of a new file")
    if not path.parent.is_dir():
        raise NotAStoreError(f"the folder of {target!r} does not exist; create it first")
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with translated(target):
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            with database.read() as source, closing(sqlite3.connect(draft)) as copy:
                source.backup(copy)
        draft.replace(path)
    except OSError as error:
        raise StoreError(f"can't write the backup {target!r}: {error.strerror}") from error
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def purge(database: Database) -> None:
    """Rewrite the file, and empty its write-ahead log, which holds older states of pages.

    SQLite's `secure_delete` alone is not enough: when pages are split and merged, copies of moved rows can stay behind
    in unused space, and are not found again when the row itself is deleted.

    Raises:
        StoreError: Somebody kept reading an older state, so the log could not be emptied.
    """
    with database.maintain() as connection:
        connection.execute("VACUUM")
        if database.in_memory:
            return
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError("a reader still uses an older state, so deleted bytes may remain in the log; purge again")
