"""The command that opens the page: whose memory it takes, what it says where it can't."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import langmem_ext.ui
from langmem_ext import LongTermMemory
from tests.cli.conftest import Cli


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Take the place of the server; what it would have served is here."""
    seen: dict[str, Any] = {}

    def serve(memory: LongTermMemory, *, ready: Callable[[str], None], **options: Any) -> None:
        seen.update(options, contents=[record.content for record in memory.records()])
        ready("http://127.0.0.1:8642/enter?token=one")
        ready("http://127.0.0.1:8642/enter?token=two")

    monkeypatch.setattr(langmem_ext.ui, "serve_page", serve)
    return seen


@pytest.mark.parametrize("user", ["a.lice/爱", "records"])  # the second is the name of a part of every memory
def test_the_only_user_of_a_store_needs_no_name(user: str, cli: Cli, served: dict[str, Any]) -> None:
    cli("remember", "Alice likes tea", "--user", user)
    result = cli("ui")
    assert result.code == 0
    assert "open http://127.0.0.1:8642/enter?token=one" in result.out
    assert "token=two" in result.out
    assert served["contents"] == ["Alice likes tea"]
    assert (served["user"], served["host"], served["port"]) == (user, "127.0.0.1", 8642)


def test_of_several_users_one_must_be_named(cli: Cli, served: dict[str, Any]) -> None:
    for user in ("alice", "bob"):
        cli("remember", f"{user} likes tea", "--user", user)
    result = cli("ui")
    assert result.code == 2
    assert "2 users; name one with --user: alice, bob" in result.err
    assert served == {}
    assert cli("ui", "--user", "bob").code == 0
    assert served["contents"] == ["bob likes tea"]


def test_a_new_store_begins_with_the_default_user(cli: Cli, served: dict[str, Any], tmp_path: Path) -> None:
    assert cli("ui", "--store", tmp_path / "new.db").code == 0
    assert (served["user"], served["contents"]) == ("default", [])


def test_listening_to_others_is_warned_of(cli: Cli, served: dict[str, Any]) -> None:
    assert "reached by others" in cli("ui", "--host", "192.168.1.5").err
    for host in ("127.0.0.1", "localhost", "::1"):
        assert cli("ui", "--host", host).err == ""


def test_without_the_extra_the_command_names_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)
    for name in [name for name in sys.modules if name.startswith("langmem_ext.ui")]:
        monkeypatch.delitem(sys.modules, name)
    result = cli("ui")
    assert result.code == 2
    assert 'pip install "langmem-ext[ui]"' in result.err
