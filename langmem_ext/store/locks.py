"""Locks by name that hold across threads and processes, released by the operating system when their holder dies.

A name has a file in the folder ``<database>.locks`` while it is held. Without `fcntl` (Windows) a byte of the file
is locked instead, and the file stays.
"""

import errno
import hashlib
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from langmem_ext.errors import InvalidInputError

if sys.platform == "win32":
    import msvcrt
    import time

    _POLL_SECONDS = 0.05
else:
    import fcntl


class NamedLocks:
    """The named locks of one store. Not reentrant: a thread that asks again for what it holds waits for itself."""

    def __init__(self, database: str | None) -> None:
        self._folder = None if database is None else Path(f"{database}.locks")
        self._lock = threading.Lock()
        self._local: dict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def hold(self, name: str, *, blocking: bool) -> Iterator[bool]:
        """Hold a name inside the context; gives False, holding nothing, if it is taken and `blocking` is False."""
        _check_name(name)
        if self._folder is None:
            with self._hold_locally(name, blocking=blocking) as held:
                yield held
            return
        file = self._acquire(self._folder, name, blocking=blocking)
        try:
            yield file is not None
        finally:
            if file is not None:
                _release(file, self._file(self._folder, name))

    @contextmanager
    def _hold_locally(self, name: str, *, blocking: bool) -> Iterator[bool]:
        with self._lock:
            lock = self._local[name]
        held = lock.acquire(blocking=blocking)
        try:
            yield held
        finally:
            if held:
                lock.release()

    @staticmethod
    def _file(folder: Path, name: str) -> Path:
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return folder / digest

    def _acquire(self, folder: Path, name: str, *, blocking: bool) -> int | None:
        path = self._file(folder, name)
        while True:
            file = _open(folder, path)
            try:
                if not _lock(file, blocking=blocking):
                    os.close(file)
                    return None
                if _is_current(file, path):
                    return file
            except BaseException:
                os.close(file)
                raise
            os.close(file)  # its last holder removed it while we waited: lock the one that took its place


def _open(folder: Path, path: Path) -> int:
    """Open a lock's file, making it and, where it is the first, the folder."""
    flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0)
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        folder.mkdir(mode=0o700, exist_ok=True)
        return os.open(path, flags, 0o600)


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name:
        raise InvalidInputError(f"the name of a lock must be a non-empty string, got {name!r}")


if sys.platform == "win32":

    def _lock(file: int, *, blocking: bool) -> bool:
        while True:
            try:
                msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            except OSError:
                if not blocking:
                    return False
                time.sleep(_POLL_SECONDS)
            else:
                return True

    def _is_current(file: int, path: Path) -> bool:  # noqa: ARG001 - nobody removes files here
        return True

    def _release(file: int, path: Path) -> None:  # noqa: ARG001 - the file stays
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
        os.close(file)

else:

    def _lock(file: int, *, blocking: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if blocking else fcntl.LOCK_NB))
        except OSError as error:
            if error.errno in {errno.EAGAIN, errno.EACCES}:
                return False
            raise
        return True

    def _is_current(file: int, path: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(file), path.stat())
        except FileNotFoundError:
            return False

    def _release(file: int, path: Path) -> None:
        with suppress(FileNotFoundError):  # somebody cleaned the folder up
            path.unlink()
        os.close(file)
