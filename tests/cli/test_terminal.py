"""Every command as a person meets it: in a pseudo-terminal, with colours, prompts and an exit code."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from langmem_ext.cli.app import app
from tests.cli.terminal import COMMAND, Terminal, environment, piped

SHELL = """
import json
from langmem_ext.cli import run
while True:
    print("READY", flush=True)
    arguments = json.loads(input())
    if arguments is None:
        break
    print(f"EXIT {run(arguments)}", flush=True)
"""
"""Runs one command line after the other in one process, so that twenty commands cost one start."""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ID = re.compile(r"id ([a-z2-7]{12})\b")
DATA = [
    {
        "name": "bees",
        "docs": [{"id": "d1", "text": "I keep bees in Graz.", "speaker": "", "time": "2026-01-05", "session": "s"}],
        "queries": [{"q": "Where do I keep bees?", "gold": ["d1"], "answer": "in Graz"}],
    }
]


class Shell(Terminal):
    """A terminal in which commands are typed one after the other."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, command=[sys.executable, "-c", SHELL], COLUMNS="100")
        self.home = home
        self.driven: set[str] = set()
        self.wait_for("READY")

    def run(self, *arguments: object, says: str, code: int = 0, answers: str | None = None) -> str:
        """Type a command, answer its prompt, and return what it showed; it must say `says` and end in `code`."""
        begin = len(self.shown)
        ready, exits = self.shown.count("READY"), self.shown.count("EXIT ")
        self.driven.add(str(arguments[0]))
        self.type(json.dumps([str(argument) for argument in arguments]) + "\n")
        if answers is not None:
            self.wait_for("[y/N]", times=self.shown.count("[y/N]") + 1)
            self.type(answers + "\n")
        self.wait_for("EXIT ", times=exits + 1)
        self.wait_for("READY", times=ready + 1)
        shown = self.shown[begin:].partition("\n")[2]
        assert f"EXIT {code}" in shown
        assert says in COLOUR.sub("", shown), shown
        assert "Traceback" not in shown
        return shown


def look(shell: Shell, first: str) -> None:
    alice = ("--user", "alice")
    assert COLOUR.search(shell.run("recall", "Which lakes?", *alice, "--trace", says="mountain lakes"))
    assert COLOUR.search(shell.run("list", *alice, says="1 records"))
    shell.run("show", first, *alice, says="importance")
    shell.run("history", first, *alice, says="mountain lakes")
    shell.run("topics", *alice, says="nature")
    shell.run("keywords", *alice, says="lake")
    shell.run("stats", *alice, says="records of kind")
    shell.run("profile", *alice, says="nothing is in the profile")


def change(shell: Shell, first: str) -> None:
    alice = ("--user", "alice")
    shell.run("revise", first, "Alice likes deep lakes", *alice, says="deep lakes")
    shell.run("undo", first, *alice, says="mountain lakes")
    shell.run("pin", first, *alice, says="mountain lakes")
    shell.run("retire", first, *alice, says="superseded")
    shell.run("undo", first, *alice, says="mountain lakes")


def keep(shell: Shell, first: str) -> None:
    alice, folder = ("--user", "alice"), shell.home
    shell.run("consolidate", *alice, says="0")
    shell.run("export", *alice, "-o", folder / "a.jsonl", says="written to")
    shell.run("import", folder / "a.jsonl", "--user", "bob", says="written into")
    shell.run("check", folder / ".langmem-ext" / "memory.db", says="everything agrees")
    (folder / "data.json").write_text(json.dumps(DATA), encoding="utf-8")
    shell.run("eval", folder / "data.json", says="overall")
    shell.run("forget", first, *alice, says="interrupted", answers="n", code=130)
    shell.run("forget", first, *alice, says="1", answers="y")
    shell.run("show", first, *alice, says="no record", code=1)


def test_every_command_works_in_a_terminal(tmp_path: Path) -> None:
    with Shell(tmp_path) as shell:
        options = ("--user", "alice", "--topic", "nature", "--keyword", "lakes")
        found = ID.search(COLOUR.sub("", shell.run("remember", "Alice likes mountain lakes", *options, says="id ")))
        assert found
        look(shell, found[1])
        change(shell, found[1])
        keep(shell, found[1])
        shell.type("null\n")
        shell.end()
    elsewhere = {"chat", "demo", "mcp", "migrate", "ui"}  # below, and conversations in files of their own
    known = {str(command.name) for command in app.registered_commands if not command.hidden}
    assert known - elsewhere == shell.driven


def test_the_page_is_served_until_ctrl_c(tmp_path: Path) -> None:
    with Terminal(tmp_path, "ui", "--user", "alice", "--port", "0", COLUMNS="200") as terminal:
        terminal.wait_for("http://127.0.0.1:")
        terminal.interrupt()
        assert terminal.end(pressing=True) in {0, 130}
    assert "Traceback" not in terminal.shown


def test_an_mcp_server_ends_with_its_input(tmp_path: Path) -> None:
    with Terminal(tmp_path, "mcp", "--user", "alice") as terminal:
        terminal.type("\x04")
        assert terminal.end() == 0
    assert "Traceback" not in terminal.shown


def test_a_store_is_moved_with_a_bar_and_verified(tmp_path: Path) -> None:
    assert piped(tmp_path, "remember", "Alice likes mountain lakes", "--user", "alice").returncode == 0
    old, new = tmp_path / ".langmem-ext" / "memory.db", tmp_path / "new.db"
    with Terminal(tmp_path, "migrate", str(old), str(new), COLUMNS="100") as terminal:
        assert terminal.end() == 0
    assert "Traceback" not in terminal.shown
    assert "mountain lakes" in piped(tmp_path, "list", "--user", "alice", "--store", str(new)).stdout


@pytest.mark.parametrize("arguments", [["--help"], ["recall", "--help"]])
def test_help_is_coloured_in_a_terminal_and_plain_in_a_pipe(arguments: list[str], tmp_path: Path) -> None:
    with Terminal(tmp_path, *arguments, COLUMNS="100") as terminal:
        assert terminal.end() == 0
    assert COLOUR.search(terminal.shown)
    assert not COLOUR.search(piped(tmp_path, *arguments).stdout)


def test_no_color_is_respected_in_a_terminal(tmp_path: Path) -> None:
    with Terminal(tmp_path, "demo", "--lang", "en", NO_COLOR="1", COLUMNS="100") as terminal:
        assert terminal.end() == 0
    assert not re.search(r"\x1b\[(?:3|4|9)\d", terminal.shown)


@pytest.mark.parametrize(("shell", "defines"), [("bash", "complete "), ("zsh", "#compdef"), ("fish", "complete ")])
def test_completion_is_offered_for_the_usual_shells(tmp_path: Path, shell: str, defines: str) -> None:
    """By name, as typer takes one where it does not look which shell it was started from."""
    done = piped(tmp_path, "--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.returncode == 0, done.stderr
    assert defines in done.stdout
    assert "langmem-ext" in done.stdout or "langmem_ext" in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_completion_finds_out_which_shell_it_is_for(tmp_path: Path) -> None:
    command = f"{shlex.join(COMMAND)} --show-completion; exit $?"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=environment(tmp_path), check=False
    )
    assert done.returncode == 0, done.stderr
    assert "complete " in done.stdout
