"""Export and import: a whole memory as JSON lines, there and back without loss."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.store.memory import InMemoryStore

from langmem_ext import LongTermMemory
from langmem_ext.cli.jsonlines import dump, load, read_memory, write_memory
from langmem_ext.errors import InvalidInputError
from tests.cli.conftest import Cli

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)


def lived_in() -> LongTermMemory:
    """A memory with a log, distilled records, a summary, a revision, a retirement and an undone one."""
    memory = LongTermMemory(InMemoryStore(), ("memories", "alice"))
    said = [
        HumanMessage("我想去瑞士徒步,预算 2 万人民币。", id="m1"),
        AIMessage("好的。", id="m2"),
        HumanMessage("I would like to stay in a guesthouse with a view.", id="m3"),
    ]
    memory.observe(said, thread_id="trip")
    memory.update()
    memory.consolidate()
    memory.remember("Alice likes tea", id="tea", keywords=["tea"], topic="drinks", data={"likes": ["tea"]})
    memory.revise("tea", "Alice likes green tea")
    memory.remember("Alice has a cat", id="cat")
    memory.retire("cat")
    memory.undo("cat")
    memory.recall("tea")
    memory.remember("saves the uses of what was recalled", id="last")
    return memory


def lines_of(memory: LongTermMemory) -> list[str]:
    return list(dump(read_memory(memory), NOW))


def test_a_memory_comes_back_whole() -> None:
    memory = lived_in()
    copy = LongTermMemory(InMemoryStore(), ("memories", "alice"))
    write_memory(copy.store, copy.namespace, load(lines_of(memory), "file"))
    assert lines_of(copy) == lines_of(memory)
    assert copy.stats() == memory.stats()
    assert copy.history("tea") == memory.history("tea")
    assert copy.messages("trip") == memory.messages("trip")
    assert copy.keywords() == memory.keywords()
    assert copy.topics() == memory.topics()
    assert copy.get("tea") == memory.get("tea")


def test_a_copy_goes_on_where_the_original_was() -> None:
    memory = lived_in()
    copy = LongTermMemory(InMemoryStore(), ("memories", "someone", "else"))
    write_memory(copy.store, copy.namespace, load(lines_of(memory), "file"))
    assert copy.update().added == []
    assert copy.consolidate().summaries == []
    assert copy.undo("tea").content == "Alice likes tea"
    assert memory.history("tea")[-1].live


@settings(max_examples=25)
@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=8), st.text())
def test_any_text_survives(contents: list[str], extra: str) -> None:
    memory = LongTermMemory(InMemoryStore())
    memory.remember_many([{"content": content, "data": {"extra": extra}} for content in contents])
    file = io.BytesIO("".join(lines_of(memory)).encode())
    entries = load(io.TextIOWrapper(file, encoding="utf-8", newline="\n"), "file")
    copy = LongTermMemory(InMemoryStore())
    write_memory(copy.store, copy.namespace, entries)
    assert read_memory(copy) == read_memory(memory)


def test_an_interrupted_import_is_finished_by_repeating_it() -> None:
    memory = lived_in()
    entries = load(lines_of(memory), "file")
    copy = LongTermMemory(InMemoryStore(), ("memories", "alice"))
    write_memory(copy.store, copy.namespace, entries[:3])
    assert write_memory(copy.store, copy.namespace, entries) == len(entries) - 3
    assert write_memory(copy.store, copy.namespace, entries) == 0
    assert lines_of(copy) == lines_of(memory)


def test_nothing_is_overwritten() -> None:
    memory = lived_in()
    other = LongTermMemory(InMemoryStore(), ("memories", "alice"))
    other.remember("someone else's tea", id="tea")
    before = lines_of(other)
    with pytest.raises(InvalidInputError, match="in this memory already"):
        write_memory(other.store, other.namespace, load(lines_of(memory), "file"))
    assert lines_of(other) == before


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        "{}",
        '{"leaf": ["records"], "key": "x", "value": {"id": "x", "content": "x"}}',
        '{"leaf": ["records"], "key": "x", "value": []}',
        '{"leaf": ["records", "..", "bob"], "key": "x", "value": {}}',
        '{"leaf": ["log", "a.b"], "key": "x", "value": {}}',
        '{"leaf": ["secrets"], "key": "x", "value": {}}',
        '{"leaf": ["usage"], "key": "", "value": {}}',
        '{"leaf": ["usage"], "key": 5, "value": {}}',
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_named_by_its_number(line: str) -> None:
    lines = lines_of(lived_in())
    with pytest.raises(InvalidInputError, match=r"^backup\.jsonl line 3: .*nothing was written"):
        load([*lines[:2], line + "\n", *lines[2:]], "backup.jsonl")


def test_several_bad_lines_are_named_together() -> None:
    lines = lines_of(lived_in())
    with pytest.raises(InvalidInputError, match=r"line 2: not JSON.*bad as well: 4, 5"):
        load([lines[0], "x\n", lines[1], "x\n", "x\n"], "file")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "is empty"),
        (["\n"], "is empty"),
        (["hello\n"], "line 1: not JSON"),
        (['{"some": "json"}\n'], "header"),
        (['{"langmem_ext": 2, "items": 0}\n'], "newer"),
        (['{"langmem_ext": 1, "items": 3}\n'], "incomplete"),
    ],
)
def test_what_is_no_whole_export_is_refused(lines: list[str], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        load(lines, "file")


def test_the_commands_move_a_memory_between_stores(cli: Cli, tmp_path: Path) -> None:
    record_id = cli("remember", "预算 2 万人民币", "--user", "alice", "--keyword", "预算", "--json").json["id"]
    cli("revise", record_id, "预算 3 万人民币", "--user", "alice")
    file = tmp_path / "alice.jsonl"
    assert cli("export", "--user", "alice", "--output", file).code == 0
    assert file.stat().st_mode & 0o077 == 0
    written = file.read_text(encoding="utf-8").splitlines()
    assert cli("export", "--user", "alice").out.splitlines()[1:] == written[1:]
    other = ("--user", "lin", "--store", tmp_path / "other.db")
    assert cli("import", file, *other).code == 0
    assert cli("export", *other).out.splitlines()[1:] == written[1:]
    assert len(cli("history", record_id, *other, "--json").json) == 2
    assert cli("recall", "预算", *other).code == 0


def test_a_bad_file_is_refused_by_the_command_and_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    cli("remember", "Alice likes tea", "--user", "alice")
    lines = cli("export", "--user", "alice").out.splitlines()
    file = tmp_path / "bad.jsonl"
    file.write_text("\n".join([*lines, json.dumps({"leaf": ["records"]})]), encoding="utf-8")
    result = cli("import", file, "--user", "bob")
    assert result.code == 2
    assert f"line {len(lines) + 1}" in result.err
    assert cli("list", "--user", "bob", "--json").json == []
