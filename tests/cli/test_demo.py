"""The demo tells its whole story, in both languages, at any width, and leaves nothing behind unless asked."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.terminal import Terminal, piped

SHOWN = ("2026-09-30", "2026-10-01", "type", "topic", "timestamp", "keywords", "importance")
SAID = {"zh": ("喜欢高山湖泊", "预算", "住宿"), "en": ("alpine lakes", "budget", "accommodation")}
ANSWERS = {"zh": ("2 万", "民宿"), "en": ("20,000", "guesthouse")}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_second_process_answers_from_what_the_first_one_heard(tmp_path: Path, lang: str) -> None:
    result = piped(tmp_path, "demo", "--lang", lang, TMPDIR=str(tmp_path), COLUMNS="80")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    for part in (*SHOWN, *SAID[lang]):
        assert part in result.stdout
    answer = result.stdout[result.stdout.rindex("╭") :]
    for part in ANSWERS[lang]:
        assert part in answer
    assert "\x1b" not in result.stdout
    assert max(map(cell_len, result.stdout.splitlines())) <= 80
    processes = set(re.findall(r"(?:process|进程) (\d+)", result.stdout))
    assert len(processes) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_kept_store_can_be_used_afterwards(tmp_path: Path) -> None:
    with Terminal(tmp_path, "demo", "--keep", TMPDIR=str(tmp_path), COLUMNS="120") as terminal:
        assert terminal.end() == 0
    assert "\x1b[" in terminal.shown
    (store,) = Path(tmp_path).glob("*/memory.db")
    found = piped(tmp_path, "recall", "预算", "--user", "小林", "--store", store)
    assert "2 万" in found.stdout


def test_an_unknown_model_ends_it_with_one_line(tmp_path: Path) -> None:
    result = piped(tmp_path, "demo", "--model", "nobody:nothing", TMPDIR=str(tmp_path))
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
