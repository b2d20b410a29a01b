"""The demo tells its whole story, in both languages, at any width, and leaves nothing behind unless asked."""

import re
from pathlib import Path

from rich.cells import cell_len

from tests.cli.conftest import Cli
from tests.cli.terminal import Terminal, piped

SHOWN = ("2026-09-30", "2026-10-01", "type", "topic", "timestamp", "keywords", "importance")
SAID = {"zh": ("喜欢高山湖泊", "预算", "住宿"), "en": ("alpine lakes", "budget", "accommodation")}
ANSWERS = {"zh": ("2 万", "景观民宿"), "en": ("20,000", "guesthouse")}


def test_the_second_process_answers_from_what_the_first_one_heard(tmp_path: Path) -> None:
    result = piped(tmp_path, "demo", TMPDIR=str(tmp_path), COLUMNS="80")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert all(part in result.stdout for part in (*SHOWN, *SAID["zh"]))
    story, _, answer = result.stdout.rpartition("─\n")
    assert all(part in answer.splitlines()[0] for part in ANSWERS["zh"])
    assert "\x1b" not in result.stdout
    assert max(map(cell_len, story.splitlines())) <= 80
    assert len(set(re.findall(r"进程 (\d+)", story))) == 2
    assert "未载入:#1 #4 #5 #6" in story
    assert list(tmp_path.iterdir()) == []


def test_the_english_story_is_kept_on_request_and_coloured_in_a_terminal(cli: Cli, tmp_path: Path) -> None:
    with Terminal(tmp_path, "demo", "--lang", "en", "--keep", TMPDIR=str(tmp_path), COLUMNS="120") as terminal:
        assert terminal.end() == 0
    assert "\x1b[" in terminal.shown
    shown = re.sub(r"\x1b\[[0-9;]*m", "", terminal.shown)
    assert all(part in shown for part in (*SHOWN, *SAID["en"]))
    answer = shown.rpartition("─\r\n")[2]
    assert all(part in answer for part in ANSWERS["en"])
    assert "not loaded: #1 #4 #5 #6" in shown
    (store,) = tmp_path.glob("langmem-ext-demo-*/memory.db")
    assert "20,000" in cli("recall", "budget", "--user", "Lin", "--store", store).out


def test_an_unknown_model_ends_it_with_one_line(tmp_path: Path) -> None:
    result = piped(tmp_path, "demo", "--model", "nobody:nothing", TMPDIR=str(tmp_path))
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
