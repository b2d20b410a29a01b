"""The page on chains is true in both languages: its blocks run, one after the other, and say what they promise."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ("docs/chains.md", "docs/chains.zh-CN.md")


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_run_in_order(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    printed = []
    for number, block in enumerate(blocks(page, "python")):
        exec(compile(block, f"{page}:{number}", "exec"), names)  # noqa: S102 - our own page
        printed.append(capsys.readouterr().out)
    assert len(printed) == 5
    for expected, text in zip(["Momo", "Momo", "500", "500", "1 memories imported"], printed, strict=True):
        assert expected in text


def test_both_languages_show_the_same_blocks() -> None:
    english, chinese = ([re.sub(r"#.*|\"[^\"]*\"", "", block) for block in blocks(page, "python")] for page in PAGES)
    names = re.compile(r"\b(alice|lin|wang)\b")
    assert [names.sub("x", block) for block in english] == [names.sub("x", block) for block in chinese]


def test_every_deprecated_class_has_a_way() -> None:
    from langchain_classic import memory as classic

    gone = {"ConversationStringBufferMemory", "SimpleMemory", "MotorheadMemory", "ZepMemory"}
    classes = {name for name in classic.__all__ if name.endswith("Memory")} - gone
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert {name for name in classes if f"`{name}`" not in text} == set()
