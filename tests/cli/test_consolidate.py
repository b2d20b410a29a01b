"""`langmem-ext consolidate`: one user, everyone, again and again until it is told to stop."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langmem_ext import LongTermMemory, open_store
from langmem_ext.cli.distilling import duration
from langmem_ext.namespaces import user_namespace
from langmem_ext.offline import HashingEmbeddings
from tests.cli.conftest import Cli
from tests.cli.terminal import COMMAND, PATIENCE, Terminal, environment

USERS = ("alice", "bob.smith", "log", "王芳")


def hear(home: Path, *users: str, count: int = 2, thread: str = "t") -> None:
    folder = home / ".langmem-ext"
    folder.mkdir(exist_ok=True)
    embeddings = HashingEmbeddings()
    index: Any = {"dims": embeddings.dims, "embed": embeddings, "fields": ["text"]}
    with open_store(str(folder / "memory.db"), index=index) as store:
        for user in users:
            memory = LongTermMemory(store, user_namespace(user))
            said = [HumanMessage(f"I like mountain lake number {n}", id=f"{user}{thread}{n}") for n in range(count)]
            memory.observe(said, thread_id=thread, occurred_at="2026-01-05")


def pending(cli: Cli, user: str) -> int:
    return int(cli("stats", "--user", user, "--json").json["pending"])


def test_everyone_is_distilled_with_all(cli: Cli, tmp_path: Path) -> None:
    hear(tmp_path, *USERS)
    result = cli("consolidate", "--all", "--json")
    assert (result.code, result.err) == (0, "")
    assert sorted(done["user"] for done in result.json) == sorted(USERS)
    assert all(len(done["consolidate"]["summaries"]) == 1 for done in result.json)
    assert all(pending(cli, user) == 0 for user in USERS)
    again = cli("consolidate", "--all")
    assert (again.code, again.out.split()[0]) == (0, "4")


def test_only_one_user_is_distilled_by_default(cli: Cli, tmp_path: Path) -> None:
    hear(tmp_path, *USERS)
    result = cli("consolidate", "--user", "alice")
    assert "2 records added" in result.out
    assert "2 messages digested into 1 summaries" in result.out
    assert (pending(cli, "alice"), pending(cli, "log")) == (0, 2)


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("10m", 600), ("1.5h", 5400), ("1d", 86_400)])
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "0s", "ten minutes", "1e9d", "10 m", "inf"])
def test_what_is_no_duration_is_refused_before_anything_is_done(cli: Cli, tmp_path: Path, text: str) -> None:
    hear(tmp_path, "alice")
    result = cli("consolidate", "--user", "alice", f"--every={text}")
    assert (result.code, "--every needs a time" in result.err) == (2, True)
    assert pending(cli, "alice") == 2


def test_a_thread_of_everyone_is_refused(cli: Cli, tmp_path: Path) -> None:
    hear(tmp_path, "alice")
    assert cli("consolidate", "--all", "--thread", "t").code == 2


def test_what_comes_while_it_runs_is_distilled_in_the_next_round(cli: Cli, tmp_path: Path) -> None:
    hear(tmp_path, "alice")
    process = subprocess.Popen(
        [*COMMAND, "consolidate", "--all", "--every", "1s", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert (first["user"], len(first["consolidate"]["summaries"])) == ("alice", 1)
        hear(tmp_path, "bob", thread="u")
        second = json.loads(process.stdout.readline())
        assert (second["user"], len(second["update"]["added"])) == ("bob", 2)
        process.send_signal(signal.SIGTERM)
        rest, complaints = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert (process.returncode, rest, complaints) == (0, "", "")


def test_ctrl_c_in_a_terminal_stops_after_the_range_at_hand_and_the_next_run_goes_on(cli: Cli, tmp_path: Path) -> None:
    hear(tmp_path, "alice", count=600)
    with Terminal(tmp_path, "consolidate", "--user", "alice") as terminal:
        terminal.wait_for("alice: update")
        terminal.wait_for("/600")
        terminal.interrupt()
        assert terminal.end() == 130
    assert "stopped; what is left stays pending" in terminal.shown
    assert "Traceback" not in terminal.shown
    left = pending(cli, "alice")
    assert 0 < left < 600
    assert cli("consolidate", "--user", "alice").code == 0
    assert pending(cli, "alice") == 0
