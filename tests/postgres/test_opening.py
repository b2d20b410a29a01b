"""Opening a server's store: set up once by whoever comes first, taken over from LangGraph, refused in plain words."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from langgraph.store.postgres import PostgresStore
from langgraph.store.postgres.base import PostgresIndexConfig

from langmem_ext import open_store
from langmem_ext.errors import (
    InvalidInputError,
    StoreClosedError,
    StoreError,
    StoreUnavailableError,
    StoreVersionError,
)
from langmem_ext.store.postgres import PostgresMemoryStore
from tests.store.helpers import ALICE, index

pytestmark = pytest.mark.network_loopback

URL = "postgresql://127.0.0.1/db"
OPEN = """
import sys
from langmem_ext import open_store
from tests.store.helpers import ALICE, index
with open_store(sys.argv[1], index=index()) as store:
    store.put(ALICE, sys.argv[2], {"text": "tea " + sys.argv[2]})
"""


def theirs_index() -> PostgresIndexConfig:
    given = index()
    return PostgresIndexConfig(dims=given["dims"], embed=given["embed"], fields=given["fields"])


def with_password(url: str, password: str) -> str:
    user, _, place = url.partition("@")
    return f"{user.rpartition(':')[0]}:{password}@{place}"


def test_a_url_opens_langgraphs_store_with_what_recall_needs(database: str) -> None:
    with open_store(database, index=index()) as store:
        assert isinstance(store, PostgresStore)
        store.put(ALICE, "k", {"text": "hiking in the Alps", "主题": "徒步"})
        assert store.search(ALICE, query="hiking in the Alps")[0].score == pytest.approx(1)
        assert [item.key for item in store.search_lexical(ALICE, "hike", filter={"主题": "徒步"})] == ["k"]
    with pytest.raises(StoreClosedError):
        store.get(ALICE, "k")


@pytest.mark.slow
def test_ten_processes_that_open_at_once_set_up_once(database: str) -> None:
    children = [subprocess.Popen([sys.executable, "-c", OPEN, database, str(n)]) for n in range(10)]
    assert [child.wait() for child in children] == [0] * 10
    with open_store(database, index=index()) as store:
        assert {item.key for item in store.search(ALICE, limit=99)} == {str(n) for n in range(10)}
        assert len(store.search(ALICE, query="tea 3", limit=99)) == 10
        store.setup()


def test_ten_threads_that_open_at_once_set_up_once(database: str) -> None:
    def work(n: int) -> None:
        with open_store(database, index=index()) as store:
            store.put(ALICE, str(n), {"text": f"tea {n}"})

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(work, range(10)))
    with open_store(database, index=index()) as store:
        assert len(store.search(ALICE, query="tea 3", limit=99)) == 10


def test_what_langgraphs_own_store_has_put_is_taken_over(database: str) -> None:
    with PostgresStore.from_conn_string(database, index=theirs_index()) as theirs:
        theirs.setup()
        theirs.put(ALICE, "k", {"text": "hiking in the Alps"})
        theirs.put(ALICE, "unindexed", {"text": "hiking in Norway"}, index=False)
        created = theirs.get(ALICE, "k").created_at  # type: ignore[union-attr]
    with open_store(database, index=index()) as store:
        assert [item.key for item in store.search_lexical(ALICE, "hike")] == ["k"]
        assert store.search(ALICE, query="hiking in the Alps", limit=1)[0].key == "k"
        assert {item.key for item in store.search(("memories",))} == {"k", "unindexed"}
        store.put(ALICE, "k", {"text": "rowing"})
        item = store.get(ALICE, "k")
        assert item is not None
        assert item.created_at == created
        assert store.search_lexical(ALICE, "hike") == []
    with PostgresStore.from_conn_string(database, index=theirs_index()) as theirs:
        assert theirs.search(ALICE, query="rowing", limit=1)[0].value == {"text": "rowing"}


def test_vectors_of_another_size_are_refused(database: str) -> None:
    open_store(database, index=index()).close()
    with pytest.raises(InvalidInputError, match="16 numbers"):
        open_store(database, index={"dims": 3, "embed": lambda texts: [[1.0, 0, 0] for _ in texts]})


def test_a_newer_database_is_refused(database: str) -> None:
    open_store(database).close()
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE store_settings SET value = '99' WHERE name = 'version'")
    with pytest.raises(StoreVersionError, match="upgrade"):
        open_store(database)


def test_texts_are_analysed_again_when_the_analysis_has_changed(database: str) -> None:
    with open_store(database, index=index()) as store:
        store.put(ALICE, "k", {"text": "hiking"})
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE store_settings SET value = '0' WHERE name = 'analysis_version'")
        connection.execute("UPDATE store_texts SET tokens = 'nonsense'")
    with open_store(database, index=index()) as store:
        assert [item.key for item in store.search_lexical(ALICE, "hike")] == ["k"]


def test_a_wrong_password_is_said_without_showing_it(database: str) -> None:
    with pytest.raises(StoreUnavailableError, match="password authentication failed") as caught:
        open_store(with_password(database, "secret-guess"))
    assert "secret-guess" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://127.0.0.1:1/db?connect_timeout=2", "can't use postgresql://127.0.0.1:1/db"),
        ("postgresql://user:secret@127.0.0.1:port/db", "port"),
        ("postgresql://127.0.0.1/db?no_such_parameter=1", "must be like"),
        ("postgresql://127.0.0.1/db?pool_size=many", "pool_size"),
        ("postgresql://127.0.0.1/db?pool_size=0", "pool_size"),
    ],
)
def test_urls_that_lead_nowhere_say_why(url: str, message: str) -> None:
    with pytest.raises((StoreUnavailableError, InvalidInputError), match=message) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_a_server_without_pgvector_is_told_apart(database: str) -> None:
    """Where nobody may create the extension, searching by meaning is refused, and words alone work."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP EXTENSION IF EXISTS vector CASCADE")
        connection.execute("DROP ROLE IF EXISTS modest")
        connection.execute("CREATE ROLE modest LOGIN PASSWORD 'modest'")
        connection.execute("GRANT ALL ON SCHEMA public TO modest")
    url = _as_role(database, "modest")
    try:
        with pytest.raises(StoreError, match=r"pgvector|CREATE EXTENSION"):
            open_store(url, index=index())
        with open_store(url) as store:
            store.put(ALICE, "k", {"text": "hiking"})
            assert [item.key for item in store.search_lexical(ALICE, "hike")] == ["k"]
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("DROP OWNED BY modest CASCADE")
            connection.execute("DROP ROLE modest")


def _as_role(url: str, role: str) -> str:
    return f"postgresql://{role}:{role}@{url.partition('@')[2]}"


@pytest.mark.parametrize("package", ["psycopg", "psycopg_pool", "langgraph.store.postgres"])
def test_a_missing_extra_is_named(package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from langmem_ext import open_store; open_store({URL!r})"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "MissingExtraError: a store on PostgreSQL needs" in done.stderr
    assert 'pip install "langmem-ext[postgres]"' in done.stderr


def test_nothing_of_it_is_imported_before_such_a_url_is_opened() -> None:
    code = (
        "import sys; from langmem_ext import open_store; open_store(':memory:').close();"
        "assert not {'psycopg', 'psycopg_pool', 'langgraph.store.postgres'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_exhausted_pool_says_how_to_enlarge_it(database: str) -> None:
    with open_store(f"{database}?pool_size=1&pool_timeout=0.3&patience=0") as store:
        assert isinstance(store, PostgresMemoryStore)
        with ThreadPoolExecutor(1) as threads:
            slow = threads.submit(store.connections.run, lambda c: c.execute("SELECT pg_sleep(2)").fetchone())
            while store.connections.pool.get_stats()["pool_available"]:
                pass
            with pytest.raises(StoreUnavailableError, match=r"all 1 are in use.*pool_size=2"):
                store.get(ALICE, "k")
            slow.result()
        assert store.get(ALICE, "k") is None


@pytest.mark.parametrize("value", [{"text": "a\0b"}, {"deep": [{"n": "\0"}]}, {"a\0": 1}, {"text": "\ud800"}])
def test_nul_and_lone_surrogates_are_refused_by_name(database: str, value: dict[str, Any]) -> None:
    with open_store(database, index=index()) as store:
        with pytest.raises(InvalidInputError, match="'bad'"):
            store.put(ALICE, "bad", value)
        store.put(ALICE, "good", {"text": "\\u0000 is only spelled", "n": "\\\\u0000"})
        assert [item.key for item in store.search(ALICE)] == ["good"]
        assert store.search(ALICE, filter={"text": {"$gt": "\\\0"}})
        assert store.search(ALICE, filter={"text": {"$lt": "\\u0000 is\ud800"}})
        assert store.get(ALICE, "bad\0") is None
        with pytest.raises(InvalidInputError):
            store.put(ALICE, "bad\0", {})
