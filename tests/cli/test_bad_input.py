"""Bad input is one line on stderr and exit code 2: never a traceback, nothing written."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Result


def refused(result: Result) -> str:
    assert result.code == 2
    assert result.out == ""
    assert len(result.err.splitlines()) == 1
    assert result.err.startswith("langmem-ext: ")
    assert "Traceback" not in result.err
    return result.err


COMMANDS = [["remember", "x"], ["recall", "x"], ["chat"], ["stats"], ["profile"], ["export"]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_a_foreign_file_is_refused_and_left_as_it_was(cli: Cli, tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "notes.db"
    file.write_text("these are no memories\n" * 100)
    before = file.read_bytes()
    assert str(file) in refused(cli(*command, "--store", file))
    assert file.read_bytes() == before


def test_another_programs_database_is_refused_and_left_as_it_was(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.commit()
    connection.close()
    before = file.read_bytes()
    refused(cli("remember", "x", "--store", file))
    assert file.read_bytes() == before


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_a_folder_is_no_store(cli: Cli, tmp_path: Path, command: list[str]) -> None:
    refused(cli(*command, "--store", tmp_path))


def _as_somebody(*arguments: object) -> Result:
    """Run the command as a user for whom permissions hold: as root they don't, unless its capabilities are given up."""
    drop = "-dac_override,-dac_read_search"
    unprivileged = ["setpriv", "--bounding-set", drop, "--inh-caps", drop] if os.geteuid() == 0 else []
    command = [*unprivileged, sys.executable, "-m", "langmem_ext.cli", *map(str, arguments)]
    done = subprocess.run(command, input="hello\n", capture_output=True, text=True, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may read and write anywhere")
@pytest.mark.parametrize("command", [["remember", "x"], ["chat"]], ids=["remember", "chat"])
def test_a_folder_or_file_without_permission_is_refused_and_left_as_it_was(
    cli: Cli, tmp_path: Path, command: list[str]
) -> None:
    file = tmp_path / "memory.db"
    cli("remember", "I like tea", "--store", file)
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    refused(_as_somebody(*command, "--store", locked / "memory.db"))
    file.chmod(0o000)
    assert str(file) in refused(_as_somebody(*command, "--store", file))
    file.chmod(0o600)
    assert list(locked.iterdir()) == []
    assert [record["content"] for record in cli("list", "--json", "--store", file).json] == ["I like tea"]


def test_a_missing_folder_is_refused(cli: Cli, tmp_path: Path) -> None:
    refused(cli("remember", "x", "--store", tmp_path / "nowhere" / "memory.db"))


def test_looking_at_a_store_that_is_not_there_makes_none(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "memory.db"
    for command in (["recall", "x"], ["list"], ["show", "x"], ["history", "x"], ["stats"], ["export"], ["consolidate"]):
        refused(cli(*command, "--store", file))
    refused(cli("check", file))
    assert not file.exists()


@pytest.mark.parametrize("option", ["--model", "--embed"])
@pytest.mark.parametrize("name", ["no-such-model", "nobody:nothing", "openai:", ""])
def test_an_unknown_model_is_refused(cli: Cli, option: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    cli("remember", "x")
    assert option in refused(cli("consolidate", option, name))
    assert option in refused(cli("chat", option, name))


@pytest.mark.parametrize(
    "arguments",
    [
        ["recall", ""],
        ["recall", "x", "--before", "soon"],
        ["recall", "x", "--limit", "0"],
        ["recall", "x", "--limit", "many"],
        ["recall", "x", "--kind", "rumour"],
        ["recall"],
        ["remember", ""],
        ["remember", "x", "--importance", "2"],
        ["remember", "x", "--user", ""],
        ["list", "--limit", "100000"],
        ["list", "--offset", "-1"],
        ["forget", "--yes"],
        ["forget", "x", "--all", "--yes"],
        ["import", "no-such-file.jsonl"],
        ["no-such-command"],
        ["list", "--no-such-option"],
    ],
)
def test_arguments_that_can_not_be_meant_are_refused(cli: Cli, arguments: list[str]) -> None:
    cli("remember", "Alice likes tea")
    refused(cli(*arguments))
    assert [record["content"] for record in cli("list", "--json").json] == ["Alice likes tea"]


@pytest.mark.parametrize("command", ["show", "history", "undo"])
def test_an_unknown_record_is_exit_code_1(cli: Cli, command: str) -> None:
    cli("remember", "x")
    result = cli(command, "no-such-id")
    assert result.code == 1
    assert len(result.err.splitlines()) == 1


def test_a_lone_surrogate_and_a_very_long_text_are_stored(cli: Cli) -> None:
    assert cli("remember", "half a pair: \ud83d, and on").code == 0
    assert cli("remember", "long " * 40_000).code == 0
    assert len(cli("list", "--json").json) == 2
    assert cli("list").code == 0


def test_a_bug_is_reported_in_one_line_and_with_its_place_on_request(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_settings: object) -> None:
        raise ZeroDivisionError("by accident")

    cli("remember", "x")
    monkeypatch.setattr("langmem_ext.cli.looking.opened_memory", broken)
    result = cli("list")
    assert result.code == 3
    assert "ZeroDivisionError" in result.err
    assert "Traceback" not in result.err
    monkeypatch.setenv("LANGMEM_EXT_DEBUG", "1")
    assert "Traceback" in cli("list").err
