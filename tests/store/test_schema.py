"""Migrations, and files of other versions."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from langmem_ext.errors import StoreVersionError
from langmem_ext.store import FaissStore, schema
from tests.store.helpers import ALICE


@pytest.fixture
def migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_MIGRATIONS", dict(schema._MIGRATIONS))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "m.db"
    with FaissStore.from_conn_string(path) as store:
        store.put(ALICE, "k", {"text": "tea"})
    return path


@pytest.mark.usefixtures("migrations")
def test_an_old_file_is_brought_up_to_date_once(path: Path) -> None:
    runs = []

    @schema.migration("9999_note")
    def _note(connection: sqlite3.Connection) -> None:
        runs.append(1)
        connection.execute("CREATE TABLE note (text TEXT)")

    for _ in range(2):
        with FaissStore.from_conn_string(path) as store:
            item = store.get(ALICE, "k")
            assert item is not None
    assert runs == [1]


@pytest.mark.usefixtures("migrations")
def test_a_failing_migration_leaves_the_file_as_it_was(path: Path) -> None:
    @schema.migration("9999_bad")
    def _bad(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (done TEXT)")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        FaissStore.from_conn_string(path)
    with closing(sqlite3.connect(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert "half" not in tables
        assert connection.execute("SELECT name FROM migrations").fetchall() == [("0001_initial",)]


def test_two_migrations_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two migrations"):
        schema.migration("0001_initial")(lambda _: None)


def test_a_file_of_newer_code_is_refused_and_left_as_it_was(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO migrations VALUES ('2099_from_the_future')")
    before = path.read_bytes()
    with pytest.raises(StoreVersionError, match="2099_from_the_future"):
        FaissStore.from_conn_string(path)
    assert path.read_bytes() == before


def test_many_may_create_one_file_at_once(tmp_path: Path) -> None:
    errors: list[BaseException] = []
    barrier = threading.Barrier(8)

    def create(number: int) -> None:
        barrier.wait()
        try:
            with FaissStore.from_conn_string(tmp_path / "m.db") as store:
                store.put(ALICE, str(number), {"n": number})
        except BaseException as error:  # noqa: BLE001 - reported below
            errors.append(error)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with FaissStore.from_conn_string(tmp_path / "m.db") as store:
        assert len(store.search(ALICE)) == 8
