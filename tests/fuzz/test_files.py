"""Whatever is in a file we read: only documented errors come out, and nothing is harmed by reading it."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from langchain_core.messages import HumanMessage

from langmem_ext import LongTermMemory, open_store
from langmem_ext.cli.jsonlines import dump, load, read_memory, write_memory
from langmem_ext.cli.main import run
from langmem_ext.errors import InvalidInputError, LangMemExtError, StoreError
from langmem_ext.offline import HashingEmbeddings
from tests.fuzz import strategies as any_of

ROOT = ("memories", "alice")
INDEX: Any = {"dims": 32, "embed": HashingEmbeddings(dims=32), "fields": ["text"]}


def lived_in(path: str) -> None:
    """A store with a log, memories, a revision, summaries and indexes, some of it in pages that overflow."""
    with open_store(path, index=INDEX) as store:
        memory = LongTermMemory(store, ROOT)
        memory.observe([HumanMessage(f"我去瑞士徒步,预算 {n} francs", id=f"m{n}") for n in range(40)], thread_id="t")
        memory.update()
        memory.consolidate()
        kept = memory.remember("Alice likes tea " * 800, keywords=["tea"], topic="drinks", data={"likes": ["tea"]})
        memory.revise(kept.id, "Alice likes green tea")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("origin") / "memory.db"
    lived_in(str(path))
    return path


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("export") / "memory.db"
    lived_in(str(path))
    with open_store(str(path), index=INDEX) as store:
        memory = LongTermMemory(store, ROOT)
        return list(dump(read_memory(memory), memory.now()))


flips = st.lists(st.tuples(st.integers(0, 2**31), st.integers(1, 255)), min_size=1, max_size=12)


def use(path: Path) -> None:
    """Read all there is in every way, then write, check and repair."""
    with open_store(str(path), index=INDEX) as store:
        memory = LongTermMemory(store, ROOT)
        for action in (
            lambda: memory.recall("瑞士 tea budget"),
            lambda: memory.records(limit=1_000),
            memory.stats,
            memory.topics,
            lambda: memory.log("t"),
            lambda: store.search(ROOT, limit=1_000),
            lambda: memory.remember("written afterwards"),
            memory.update,
            store.check,
            lambda: store.check(repair=True),
        ):
            try:
                action()
            except LangMemExtError:
                continue


@given(flips=flips, header=st.booleans())
@settings(max_examples=40)
def test_flipped_bytes_of_a_database_are_an_error_of_ours_or_none(
    database: Path, tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], header: bool
) -> None:
    path = tmp_path_factory.mktemp("flipped") / "memory.db"
    content = bytearray(database.read_bytes())
    for place, mask in flips:
        content[place % (100 if header else len(content))] ^= mask
    path.write_bytes(content)
    try:
        use(path)
    except StoreError:
        return


@given(cut=st.integers(0, 2**31), rest=st.binary(max_size=64))
@settings(max_examples=30)
def test_a_cut_database_is_refused_and_left_as_it_was(
    database: Path, tmp_path_factory: pytest.TempPathFactory, cut: int, rest: bytes
) -> None:
    path = tmp_path_factory.mktemp("cut") / "memory.db"
    content = database.read_bytes()
    path.write_bytes(before := content[: 1 + cut % (len(content) - 5_000)] + rest)
    with pytest.raises(StoreError), open_store(str(path), index=INDEX):
        pass
    assert path.read_bytes() == before


encodable = any_of.texts.map(lambda text: text.encode("utf-8", "replace").decode())
values = st.one_of(
    encodable,
    st.binary(max_size=40),
    st.sampled_from(
        ["{}", "null", "[]", "5", '{"id": "x"}', '{"id": 1, "kind": "fact", "believed_until": "x"}', "[" * 9_000]
    ),
)


@given(rows=st.lists(st.tuples(encodable, values, st.binary(max_size=140)), min_size=1, max_size=6))
@settings(max_examples=25)
def test_rows_that_someone_else_wrote_are_an_error_of_ours_or_none(
    database: Path, tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, Any, bytes]]
) -> None:
    """The file is sound SQLite and our schema; what is in its columns is not."""
    path = tmp_path_factory.mktemp("foreign") / "memory.db"
    path.write_bytes(database.read_bytes())
    connection = sqlite3.connect(path)
    for number, (key, value, vector) in enumerate(rows):
        which = (number * 7 % 40 + 1,)
        connection.execute("UPDATE OR IGNORE items SET value = ? WHERE id = ?", (value, *which))
        connection.execute("UPDATE OR IGNORE items SET key = ? WHERE id = ?", (key, *which))
        connection.execute("UPDATE OR IGNORE vectors SET vector = ?", (vector,))
    connection.commit()
    connection.close()
    try:
        use(path)
    except StoreError:
        return


def mutated(lines: list[str], changes: list[tuple[int, str, Any]]) -> list[str]:
    """Change, drop, double or replace lines of an export."""
    result = list(lines)
    for place, change, value in changes:
        at = place % max(1, len(result))
        if change == "drop":
            result[at : at + 1] = []
        elif change == "double":
            result.insert(at, result[at])
        elif change == "text":
            result[at : at + 1] = [str(value)]
        elif change == "cut":
            result[at : at + 1] = [result[at][: len(result[at]) // 2]]
        elif result:
            entry = _object(result[at])
            names = sorted(entry) or ["leaf"]
            entry[names[place % len(names)]] = value
            try:
                result[at] = json.dumps(entry) + "\n"
            except (TypeError, ValueError):
                result[at] = "{}\n"
        if not result:
            return result
    return result


def _object(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, 10_000),
            st.sampled_from(["drop", "double", "text", "cut", "field"]),
            st.one_of(any_of.texts, any_of.json),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=100)
def test_a_changed_export_is_read_or_refused_whole(lines: list[str], changes: list[tuple[int, str, Any]]) -> None:
    given_lines = mutated(lines, changes)
    with open_store(":memory:", index=INDEX) as store:
        try:
            write_memory(store, ROOT, load(given_lines, "file"))
        except InvalidInputError:
            assert store.search((), limit=1_000) == []
            return
        memory = LongTermMemory(store, ROOT)
        for action in (
            memory.records,
            memory.stats,
            memory.topics,
            lambda: memory.recall("tea"),
            lambda: memory.log("t"),
        ):
            try:
                action()
            except LangMemExtError:
                continue
        assert store.check().ok


@given(content=st.one_of(st.binary(max_size=400), any_of.texts.map(lambda text: text.encode("utf-8", "surrogatepass"))))
@settings(max_examples=30)
def test_any_file_can_be_given_to_the_command_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    file = folder / "given"
    file.write_bytes(content)
    assert run(["import", str(file), "--store", str(folder / "new.db")]) == 2
    if content:
        assert run(["stats", "--store", str(file)]) == 2
        assert run(["check", str(file)]) in {1, 2}
        assert file.read_bytes() == content
