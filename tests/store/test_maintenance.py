"""check, backup, purge, and settling a file on opening."""

import random
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from langgraph.store.base import IndexConfig, PutOp

from langmem_ext import text
from langmem_ext.errors import InvalidInputError, NotAStoreError, StoreClosedError
from langmem_ext.store import FaissStore
from tests.store.helpers import ALICE, BOB, Counting, index


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with ten items, closed."""
    path = tmp_path / "m.db"
    with FaissStore.from_conn_string(path, index=index()) as store:
        store.batch([PutOp(ALICE, str(n), {"text": f"text {n}"}) for n in range(10)])
    return path


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_a_sound_store_passes_its_check(path: Path) -> None:
    with FaissStore.from_conn_string(path, index=index()) as store:
        store.search(ALICE, query="text 1")
        report = store.check()
        assert report.ok
        assert (report.items, report.namespaces, report.vectors, report.texts) == (10, 1, 10, 10)
        assert report.shelves == 1


@pytest.mark.parametrize(
    ("damage", "layer"),
    [
        ("UPDATE texts SET tokens = 'something else' WHERE item_id < 3", "texts"),
        ("DELETE FROM vectors WHERE id < 200000", "vectors"),
        ("UPDATE vectors SET vector = x'00' WHERE id < 200000", "vectors"),
        ("INSERT INTO vectors VALUES (99 << 16, 'text', x'00', x'00')", "vectors"),
        ("INSERT INTO texts VALUES (99, 'ghost', '', '', NULL, '[]')", "texts"),
        ("INSERT INTO namespaces VALUES (99, 'nobody', 1, 0)", "items"),
        ("UPDATE namespaces SET revision = 1", "items"),
    ],
)
def test_what_can_be_derived_is_found_wrong_and_repaired(path: Path, damage: str, layer: str) -> None:
    edit(path, damage)
    with FaissStore.from_conn_string(path, index=index()) as store:
        report = store.check()
        assert not report.ok
        assert {problem.layer for problem in report.problems} == {layer}
        repaired = store.check(repair=True)
        assert repaired.ok
        assert repaired.repaired >= 1
        assert [item.key for item in store.search(ALICE, query="text 1", limit=1)] == ["1"]
        assert [item.key for item in store.search_lexical(ALICE, "text 1", limit=1)] == ["1"]


def test_damaged_vectors_are_found_without_an_embedding_function_and_need_one_to_be_repaired(path: Path) -> None:
    edit(path, "UPDATE vectors SET vector = x'00' WHERE id < 200000")
    with FaissStore.from_conn_string(path) as store:
        assert [problem.layer for problem in store.check(repair=True).problems] == ["vectors"]
    with FaissStore.from_conn_string(path, index=index()) as store:
        assert store.check(repair=True).ok


def test_items_written_without_an_index_are_no_damage(path: Path) -> None:
    with FaissStore.from_conn_string(path) as store:
        store.put(ALICE, "bare", {"text": "no vector yet"})
        assert store.check().ok


def test_repair_embeds_what_was_written_without_an_index(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    with FaissStore.from_conn_string(path) as store:
        store.put(ALICE, "k", {"text": "tea"})
    with FaissStore.from_conn_string(path, index=index()) as store:
        assert store.search(ALICE, query="tea") == []
        assert store.check(repair=True).ok
        assert len(store.search(ALICE, query="tea")) == 1


def test_memory_that_differs_from_the_file_is_found(path: Path) -> None:
    with FaissStore.from_conn_string(path, index=index()) as store:
        store.search(ALICE, query="text 1")
        edit(path, "UPDATE vectors SET vector = (SELECT vector FROM vectors ORDER BY id DESC LIMIT 1)")
        assert "memory" in {problem.layer for problem in store.check().problems}


def test_damaged_pages_are_a_report_and_no_crash(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(8192 * 3)
        file.write(b"\xff" * 8192)
    with FaissStore.from_conn_string(path) as store:
        report = store.check(repair=True)
        assert {problem.layer for problem in report.problems} >= {"file"}


def test_a_backup_taken_while_others_write_is_whole(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with FaissStore.from_conn_string(path, index=index()) as store:
        stop = threading.Event()

        def write() -> None:
            number = 0
            while not stop.is_set():
                store.batch([PutOp(BOB, f"{number}{side}", {"text": f"pair {number}"}) for side in "ab"])
                number += 1

        thread = threading.Thread(target=write)
        thread.start()
        try:
            store.backup(target)
        finally:
            stop.set()
            thread.join()
        with pytest.raises(InvalidInputError, match="exists"):
            store.backup(target)
        with pytest.raises(NotAStoreError, match="folder"):
            store.backup(tmp_path / "nowhere" / "copy.db")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir() if "part" in entry.name] == []
    with FaissStore.from_conn_string(target, index=index()) as copy:
        assert copy.check().ok
        assert len(copy.search(BOB, limit=10_000)) % 2 == 0
        assert len(copy.search(ALICE, query="text 1")) == 10


@pytest.mark.parametrize("seed", [1, 2])
def test_purged_bytes_are_in_no_file(seed: int, tmp_path: Path) -> None:
    """Whatever was deleted or replaced, between whatever stays, of whatever length."""
    generator = random.Random(seed)
    secret = "swordfish"
    with FaissStore.from_conn_string(tmp_path / "m.db", index=index(), synchronous="normal") as store:
        for n in range(400):
            who = ("memories", f"user{generator.randrange(5)}")
            long = generator.choice([1, 5, 40, 400, 3000])
            if n % 2:
                store.put(who, f"{n}", {"text": f"filler {n} " * long})
            else:
                store.put(("memories", "mallory") if n % 7 == 0 else who, f"{secret}{n}", {"text": f"{secret} " * long})
        secrets = store.search((), filter={"text": {"$gt": secret}}, limit=1000)
        gone = [PutOp(item.namespace, item.key, None) for item in secrets]
        for op in generator.sample(gone, len(gone)):
            store.batch([op])
        store.purge()
        assert len(gone) == 200
        for file in (tmp_path / "m.db", tmp_path / "m.db-wal"):
            content = file.read_bytes()
            assert secret.encode() not in content
            assert b"mallory" not in content
        assert len(store.search((), limit=1000)) == 200
        assert store.check().ok


def test_new_files_are_private(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_vectors_of_another_size_are_refused(path: Path) -> None:
    other = IndexConfig(dims=3, embed=lambda texts: [[1.0, 0.0, 0.0] for _ in texts])
    with pytest.raises(InvalidInputError, match="16 numbers"):
        FaissStore.from_conn_string(path, index=other)


def test_texts_are_analysed_again_when_the_analysis_has_changed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(path, "UPDATE texts SET tokens = 'old analysis'")
    with FaissStore.from_conn_string(path) as store:
        assert store.search_lexical(ALICE, "text 3") == []
    monkeypatch.setattr(text, "ANALYSIS_VERSION", text.ANALYSIS_VERSION + 1)
    with FaissStore.from_conn_string(path) as store:
        assert store.search_lexical(ALICE, "text 3")[0].key == "3"


def test_a_closed_store_says_so(path: Path) -> None:
    store = FaissStore.from_conn_string(path)
    store.close()
    store.close()
    with pytest.raises(StoreClosedError):
        store.get(ALICE, "1")
    with pytest.raises(StoreClosedError):
        store.put(ALICE, "1", {})


def test_an_unchanged_text_is_not_embedded_again_after_reopening(path: Path) -> None:
    embed = Counting()
    with FaissStore.from_conn_string(path, index=index(embed)) as store:
        store.batch(
            [
                PutOp(ALICE, "1", {"text": "text 1", "seen": True}),
                PutOp(ALICE, "2", {"text": "new"}),
                PutOp(BOB, "3", {"text": "new"}),
            ]
        )
        assert embed.asked == ["new"]
        assert store.search(ALICE, query="text 1", limit=1)[0].value == {"text": "text 1", "seen": True}
