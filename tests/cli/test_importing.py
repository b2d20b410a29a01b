"""`import --from`: the files of other systems, by the command."""

import json
import sqlite3
from pathlib import Path

from tests.cli.conftest import Cli
from tests.importers.samples import export, mem0, sqlite_store


def test_the_command_imports_each_kind_of_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "conversations.json").write_text(json.dumps(export()))
    (tmp_path / "mem0.json").write_text(json.dumps(mem0()))
    sqlite_store(tmp_path / "store.db")
    cases = {
        "chatgpt": ("conversations.json", 4, 1),
        "mem0": ("mem0.json", 0, 3),
        "langgraph": ("store.db", 0, 7),
        "langmem": ("store.db", 0, 5),
    }
    for kind, (file, messages, records) in cases.items():
        arguments = ("import", tmp_path / file, "--from", kind, "--user", kind)
        report = cli(*arguments, "--json").json
        assert (report["messages"], report["records"]) == (messages, records), kind
        again = cli(*arguments)
        assert again.code == 0
        assert f"0 messages and 0 memories imported, {messages + records} were there already" in again.out
        assert "not imported: " in again.out
    before = cli("import", tmp_path / "store.db", "--from", "langgraph", "--namespace", "memories/bob", "--json").json
    assert before["records"] == 0
    assert cli("recall", "tea", "--user", "langmem").code == 0


def test_the_command_refuses_what_it_can_not_read(cli: Cli, tmp_path: Path) -> None:
    sqlite_store(tmp_path / "store.db")
    (tmp_path / "text.db").write_text("no database " * 100)
    cases = [
        ("chatgpt", "text.db", "is not JSON"),
        ("langgraph", "text.db", "can't be read as what was asked for"),
        ("langgraph", "none.db", "there is no file"),
        ("sql-history", "store.db", "no table 'message_store'"),
        ("chatgpt", "none.json", "can't be read"),
        ("unknown", "store.db", "is not one of"),
    ]
    for kind, file, reason in cases:
        result = cli("import", tmp_path / file, "--from", kind, "--user", "alice")
        assert result.code == 2, kind
        assert reason in result.err
    assert not (tmp_path / "none.db").exists()
    sqlite3.connect(tmp_path / "empty.db").executescript("CREATE TABLE other (x)").connection.close()
    assert "no store of LangGraph" in cli("import", tmp_path / "empty.db", "--from", "langmem").err
