"""The endless conversation, driven in a pseudo-terminal as a person does, and behind pipes as a script does."""

from pathlib import Path

from langmem_ext import LongTermMemory, open_store
from tests.cli.terminal import Terminal, piped

PROMPT = "you › "


def log_of(home: Path, user: str = "alice", thread: str = "chat") -> list[str]:
    with open_store(str(home / ".langmem-ext" / "memory.db")) as store:
        return [record.content for record in LongTermMemory(store, ("memories", user)).log(thread)]


def test_a_second_run_remembers_the_first(tmp_path: Path) -> None:
    with Terminal(tmp_path, "chat", "--user", "alice", "--thread", "monday") as first:
        first.wait_for(PROMPT)
        first.type("我对花生过敏。\n")
        first.wait_for(PROMPT, times=2)
        first.type("\x04")
        assert first.end() == 0
    with Terminal(tmp_path, "chat", "--user", "alice", "--thread", "tuesday") as second:
        second.wait_for(PROMPT)
        second.type("我对什么过敏?\n")
        second.wait_for(PROMPT, times=2)
        second.type("\x04")
        assert second.end() == 0
    answer = second.shown.partition("我对什么过敏?")[2]
    assert "花生" in answer


def test_ctrl_c_ends_it_cleanly_and_nothing_said_is_lost(tmp_path: Path) -> None:
    with Terminal(tmp_path, "chat", "--user", "alice") as terminal:
        terminal.wait_for(PROMPT)
        terminal.type("I am allergic to peanuts.\n")
        terminal.wait_for(PROMPT, times=2)
        terminal.interrupt()
        assert terminal.end() == 0
    assert "Traceback" not in terminal.shown
    assert "I am allergic to peanuts." in log_of(tmp_path)


def test_ctrl_c_while_it_answers_loses_nothing(tmp_path: Path) -> None:
    with Terminal(tmp_path, "chat", "--user", "alice") as terminal:
        terminal.wait_for(PROMPT)
        terminal.type("I am allergic to peanuts.\n")
        terminal.wait_for("agent › ")
        terminal.interrupt()
        assert terminal.end() == 0
    assert "Traceback" not in terminal.shown
    assert "I am allergic to peanuts." in log_of(tmp_path)


def test_behind_pipes_only_the_answers_are_printed(tmp_path: Path) -> None:
    result = piped(
        tmp_path, "chat", "--user", "alice", text="I am allergic to peanuts.\n\n   \nWhat am I allergic to?\n"
    )
    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stdout
    assert "you ›" not in result.stdout
    assert "peanuts" in result.stdout.splitlines()[-1]
    assert len(log_of(tmp_path)) == 4


def test_odd_messages_are_handled_turns(tmp_path: Path) -> None:
    text = "long " * 40_000 + "\n" + "control \x07\x1b[31m characters\n"
    result = piped(tmp_path, "chat", "--user", "alice", text=text)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "\x1b" not in result.stdout
    assert max(map(len, log_of(tmp_path))) >= 190_000


def test_the_trace_shows_the_nodes_of_a_turn(tmp_path: Path) -> None:
    result = piped(tmp_path, "chat", "--user", "alice", "--trace", text="What am I allergic to?\n")
    for node in ("analyse", "update_memory", "keyword_index"):
        assert node in result.stdout


def test_a_conversation_goes_on_in_its_own_thread(tmp_path: Path) -> None:
    piped(tmp_path, "chat", "--user", "alice", text="My name is Alice.\n")
    piped(tmp_path, "chat", "--user", "alice", text="My cat is called Momo.\n")
    assert len(log_of(tmp_path)) == 4
    assert log_of(tmp_path, thread="work") == []


def test_a_failing_model_is_one_line_and_the_message_is_kept(tmp_path: Path) -> None:
    unreachable = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": "http://127.0.0.1:9", "OPENAI_MAX_RETRIES": "0"}
    result = piped(tmp_path, "chat", "--model", "openai:gpt-test", text="I am allergic to peanuts.\n", **unreachable)
    assert result.returncode == 0
    assert "Traceback" not in result.stderr
    assert log_of(tmp_path, "default")[0] == "I am allergic to peanuts."
