"""The page's documentation shows it: its pictures are there and small, every view is named."""

from langmem_ext.ui.english import EN
from tests.test_readme import ROOT

PAGE = "docs/ui.md"


def test_its_pictures_are_small() -> None:
    pictures = list((ROOT / "docs/images").glob("ui-*.png"))
    assert {picture.name for picture in pictures} >= {"ui-timeline.png", "ui-recall.png", "ui-talk-zh.png"}
    assert all(picture.stat().st_size < 200_000 for picture in pictures)


def test_it_names_every_view() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for view in ("timeline", "topics", "record", "recall", "talk", "health"):
        assert f"| {EN[view]} |" in text
