import contextlib
import sqlite3
from pathlib import Path

import pytest

from langmem_ext.errors import NotAStoreError, StoreCorruptError, StoreError
from tests.store.faults.workers import NAMESPACE, open_store, pair

PAGE = 4096


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A closed store of some hundred kilobytes."""
    path = tmp_path / "memory.db"
    with open_store(str(path)) as store:
        for n in range(4, 400, 4):
            store.batch([op for op in pair(n) if op.value is not None])
    return path


def assert_refused_untouched(path: Path, *errors: type[Exception]) -> None:
    before = path.read_bytes()
    with pytest.raises(errors) as refused, open_store(str(path)):
        pass
    assert path.name in str(refused.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("start", "share"), [(16, 0), (100, 0), (PAGE, 0), (0, 0.25), (0, 0.5), (0, 0.9)])
def test_a_truncated_database_is_refused_and_left_as_it_was(database: Path, start: int, share: float) -> None:
    content = database.read_bytes()
    database.write_bytes(content[: start + int(len(content) * share)])
    assert_refused_untouched(database, StoreCorruptError, NotAStoreError)


def test_a_database_without_its_last_page_is_refused_and_left_as_it_was(database: Path) -> None:
    database.write_bytes(database.read_bytes()[:-PAGE])
    assert_refused_untouched(database, StoreCorruptError)


def test_a_text_file_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("这不是数据库 this is no database\n" * 100, encoding="utf-8")
    assert_refused_untouched(path, NotAStoreError)


def test_a_database_of_someone_else_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE items (name TEXT)")
    connection.commit()
    connection.close()
    assert_refused_untouched(path, NotAStoreError)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAStoreError), open_store(str(tmp_path)):
        pass


def test_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"), open_store(str(tmp_path / "nowhere" / "memory.db")):
        pass


def test_damaged_pages_are_reported_and_never_answered_from(database: Path) -> None:
    content = bytearray(database.read_bytes())
    middle = len(content) // 2 // PAGE * PAGE
    content[middle : middle + 8 * PAGE] = b"\xa5" * (8 * PAGE)
    database.write_bytes(content)
    with contextlib.suppress(StoreCorruptError), open_store(str(database)) as store:
        assert not store.check().ok


def test_a_torn_log_gives_the_last_whole_commit(database: Path) -> None:
    with open_store(str(database)) as store:
        store.batch([op for op in pair(1000) if op.value is not None])
        files = {path: path.read_bytes() for path in database.parent.glob("memory.db*") if path.is_file()}
    for path, content in files.items():
        log = path.name.endswith("-wal")
        path.write_bytes(content[: len(content) - 500] if log and len(content) > 500 else content)
    with open_store(str(database)) as store:
        last = [store.get(NAMESPACE, f"{side}1000") for side in ("left", "right")]
        assert (last[0] is None) == (last[1] is None)
        assert store.get(NAMESPACE, "left396") is not None
        assert store.check().ok
