"""The README is true: its blocks of code run, and its printout is the demo's own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import piped

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh-CN.md")
PAGES = (*READMES, "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md", *map(str, Path("docs").glob("*.md")))
VARIES = (
    (re.compile(r"([Pp]rocess|进程) \d+"), r"\1 N"),
    (re.compile(r"\d+ KB"), "N KB"),
    (re.compile(r"[─\s]+"), " "),
)
"""What differs from one run to the next: process numbers, the size of a file, and the lines around them."""


def blocks(readme: str, language: str) -> list[str]:
    text = (ROOT / readme).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def examples() -> list[str]:
    return [f"{readme}:{number}" for readme in READMES for number in range(len(blocks(readme, "python")))]


def unchanging(printed: str) -> str:
    for pattern, constant in VARIES:
        printed = pattern.sub(constant, printed)
    return printed.strip()


@pytest.mark.parametrize("example", examples())
def test_every_block_of_code_runs(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme, number = example.split(":")
    monkeypatch.chdir(tmp_path)
    code = blocks(readme, "python")[int(number)]
    exec(compile(code, example, "exec"), {})  # noqa: S102 - our own README
    assert re.search("25,000|2.5 万|peanuts|花生|Momo|团子", capsys.readouterr().out)


@pytest.mark.parametrize("readme", READMES)
def test_the_three_ways_in_are_short_and_the_same_in_both_languages(readme: str) -> None:
    found = blocks(readme, "python")
    assert len(found) == 4
    for code in found[:3]:
        assert len([line for line in code.splitlines() if line.strip()]) <= 12
    imports = [re.findall(r"^(?:from|import) .*", code, flags=re.MULTILINE) for code in found]
    assert imports == [
        re.findall(r"^(?:from|import) .*", code, flags=re.MULTILINE) for code in blocks(READMES[0], "python")
    ]


def test_the_comparison_is_dated_and_has_the_same_rows_in_both_languages() -> None:
    english, chinese = ((ROOT / readme).read_text(encoding="utf-8") for readme in READMES)
    assert re.search(r"Checked on \d+ \w+ 20\d\d", english)
    assert re.search(r"20\d\d年\d+月\d+日核对", chinese)
    tables = [re.findall(r"^\|.*\|$", text, flags=re.MULTILINE) for text in (english, chinese)]
    assert [row.count("|") for row in tables[0]] == [row.count("|") for row in tables[1]]
    assert [row.count("†") for row in tables[0]] == [row.count("†") for row in tables[1]]


@pytest.mark.parametrize(
    ("readme", "lang"),
    [("README.md", "en"), pytest.param("README.zh-CN.md", "zh", marks=pytest.mark.slow)],
)
def test_the_printout_is_the_demos_own(readme: str, lang: str, tmp_path: Path) -> None:
    (shown,) = blocks(readme, "text")
    printed = piped(tmp_path, "demo", "--lang", lang, COLUMNS="80", TMPDIR=str(tmp_path))
    assert unchanging(shown) == unchanging(printed.stdout), "run tests/test_readme.py as a script to write it anew"


def test_both_commands_stand_at_the_top() -> None:
    for readme in READMES:
        first = blocks(readme, "sh")[0]
        assert "make demo" in first
        assert "make test" in first


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


def test_every_shell_command_exists(tmp_path: Path) -> None:
    """Each ``langmem-ext COMMAND`` in a README is a command, each option an option of it."""
    from langmem_ext.cli.app import app

    commands = {str(command.name) for command in app.registered_commands}
    named = {
        match
        for readme in READMES
        for block in blocks(readme, "sh")
        for match in re.findall(r"langmem-ext ([a-z]+)", block)
    }
    assert named <= commands


def rewrite() -> None:
    """Put the demo's present printout into the READMEs."""
    for readme, lang in (("README.md", "en"), ("README.zh-CN.md", "zh")):
        command = [sys.executable, "-m", "langmem_ext.cli", "demo", "--lang", lang]
        printed = subprocess.run(
            command, capture_output=True, encoding="utf-8", check=True, env={"COLUMNS": "80"}
        ).stdout
        lines = "\n".join(line.rstrip() for line in printed.splitlines())
        path = ROOT / readme
        text = path.read_text(encoding="utf-8")
        parts = re.split(r"(<!-- demo:\w+ -->\n```text\n).*?(```\n<!-- /demo -->)", text, flags=re.DOTALL)
        path.write_text(f"{parts[0]}{parts[1]}{lines}\n{parts[2]}{parts[3]}", encoding="utf-8")


if __name__ == "__main__":
    rewrite()
