"""The file of a store before SQLite opens it: what can't be ours is refused untouched, what is new is private."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from langmem_ext.errors import NotAStoreError, StoreCorruptError
from langmem_ext.store.schema import APPLICATION_ID

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100


def check_file(path: Path) -> None:
    """Refuse a path that can't be a store, without opening it in SQLite and without changing it.

    Raises:
        NotAStoreError: A folder, a missing parent folder, an unreadable or read-only file, or no file of ours.
        StoreCorruptError: The file is shorter than its own header says.
    """
    folder = path.parent
    if not folder.is_dir():
        raise NotAStoreError(f"the folder of {str(path)!r} does not exist; create it first")
    if not path.exists():
        if not os.access(folder, os.W_OK | os.X_OK):
            raise NotAStoreError(f"can't create {str(path)!r}: its folder is read-only")
        return
    if not stat.S_ISREG(path.stat().st_mode):
        raise NotAStoreError(f"{str(path)!r} is a folder or a device; pass the path of a file")
    if not os.access(path, os.R_OK | os.W_OK):
        raise NotAStoreError(f"{str(path)!r} is not readable and writable; check its permissions")
    _check_header(path)


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEADER_BYTES)
    except OSError as error:
        raise NotAStoreError(f"can't read {str(path)!r}: {error.strerror}") from error


def _check_header(path: Path) -> None:
    header = _header(path)
    if not header or _beside(path, "-journal").exists():
        return  # new, or a first transaction that SQLite has to roll back before anything can be said
    if not header.startswith(_MAGIC[: len(header)]):
        raise NotAStoreError(f"{str(path)!r} is not a SQLite database; pass another path")
    if len(header) < _HEADER_BYTES:
        raise StoreCorruptError(f"{str(path)!r} was cut off at {len(header)} bytes; restore a backup")
    application = int.from_bytes(header[68:72], "big")
    pages, page_size = int.from_bytes(header[28:32], "big"), int.from_bytes(header[16:18], "big")
    if application != APPLICATION_ID:
        raise NotAStoreError(f"{str(path)!r} is a SQLite database of another application; pass another path")
    wal = _beside(path, "-wal")
    settled = not wal.exists() or wal.stat().st_size == 0  # otherwise the last pages may still be in the log
    expected, size = pages * (page_size if page_size > 1 else 65536), path.stat().st_size
    if settled and size < expected and _header(path) == header:  # else a purge shortened the file meanwhile
        raise StoreCorruptError(f"{str(path)!r} was cut off: {size} bytes instead of {expected}; restore a backup")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def create_private(path: Path) -> None:
    """Create a missing file readable by its owner alone; SQLite gives log and index the same mode."""
    with suppress(FileExistsError):
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except PermissionError as error:
            raise NotAStoreError(f"can't create {str(path)!r}: {error.strerror}") from error
