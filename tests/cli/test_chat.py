"""The endless conversation, driven in a pseudo-terminal as a person does, and behind pipes as a script does."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from langmem_ext import LongTermMemory, open_store
from langmem_ext.testing import ScriptedChatModel
from tests.cli.conftest import Cli, Result
from tests.cli.terminal import Terminal

PROMPT = "you › "
Talk = Callable[..., Result]


def log_of(home: Path, user: str = "alice", thread: str = "chat") -> list[str]:
    with open_store(str(home / ".langmem-ext" / "memory.db")) as store:
        return [record.content for record in LongTermMemory(store, ("memories", user)).log(thread)]


@pytest.fixture
def talk(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Talk:
    """Pipe lines into a chat of this process."""

    def call(said: str, *options: object) -> Result:
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        return cli("chat", "--user", "alice", *options)

    return call


def test_a_second_run_remembers_the_first_which_ctrl_c_ended(tmp_path: Path) -> None:
    with Terminal(tmp_path, "chat", "--user", "alice", "--thread", "monday") as first:
        first.wait_for(PROMPT)
        first.type("我对花生过敏。\n")
        first.wait_for(PROMPT, times=2)
        first.interrupt()
        assert first.end(pressing=True) == 0
    assert "Traceback" not in first.shown
    with Terminal(tmp_path, "chat", "--user", "alice", "--thread", "tuesday") as second:
        second.wait_for(PROMPT)
        second.type("我对什么过敏?\n")
        second.wait_for(PROMPT, times=2)
        second.type("\x04")
        assert second.end() == 0
    answer = second.shown.partition("我对什么过敏?")[2]
    assert "花生" in answer


def test_ctrl_c_while_it_answers_loses_nothing(tmp_path: Path) -> None:
    with Terminal(tmp_path, "chat", "--user", "alice") as terminal:
        terminal.wait_for(PROMPT)
        terminal.type("I am allergic to peanuts.\n")
        terminal.wait_for("agent › ")
        terminal.interrupt()
        assert terminal.end() == 0
    assert "Traceback" not in terminal.shown
    assert log_of(tmp_path)[0] == "I am allergic to peanuts."


def test_behind_pipes_only_the_answers_are_printed(talk: Talk, tmp_path: Path) -> None:
    result = talk("I am allergic to peanuts.\n\n   \nWhat am I allergic to?\n")
    assert result.code == 0
    assert result.err == ""
    assert "\x1b" not in result.out
    assert len(result.out.splitlines()) == 2
    assert "peanuts" in result.out.splitlines()[-1]
    assert len(log_of(tmp_path)) == 4


def test_odd_messages_are_handled_turns(talk: Talk, tmp_path: Path) -> None:
    result = talk("long " * 40_000 + "\n" + "control \x07\x1b[31m characters\n" + "half a pair \ud83d\n")
    assert result.code == 0
    assert result.err == ""
    assert not set(result.out) & {"\x1b", "\x07"}
    assert len(log_of(tmp_path)) == 6
    assert max(map(len, log_of(tmp_path))) >= 190_000


def test_the_trace_shows_the_nodes_of_a_turn(talk: Talk) -> None:
    out = talk("What am I allergic to?\n", "--trace").out
    assert all(part in out for part in ("analyse", "update_memory", "keyword_index"))


def test_a_conversation_goes_on_in_its_own_thread(talk: Talk, tmp_path: Path) -> None:
    talk("My name is Alice.\n")
    talk("My cat is called Momo.\n")
    assert len(log_of(tmp_path)) == 4
    assert log_of(tmp_path, thread="work") == []


def test_a_failing_model_is_one_line_and_the_conversation_goes_on(
    talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ScriptedChatModel(responses=[ConnectionError("no route"), "I am back."])
    monkeypatch.setattr("langmem_ext.cli.talking.chat_model", lambda _name: model)
    result = talk("I am allergic to peanuts.\nAre you there?\n")
    assert result.code == 0
    assert result.err.splitlines()[0] == "langmem-ext: no answer: ConnectionError: no route"
    assert "I am back." in result.out
    assert log_of(tmp_path)[:2] == ["I am allergic to peanuts.", "Are you there?"]
