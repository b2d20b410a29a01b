"""Wrapping as Chinese and English are written."""

from hypothesis import given, settings, strategies as st
from rich.cells import cell_len

from langmem_ext.cli.flow import units, wrap

ALPHABET = st.one_of(st.sampled_from("ab 1,。万民宿(「.\n"), st.characters(exclude_categories=["C"]))
TEXT = st.text(alphabet=ALPHABET, max_size=80)


@settings(max_examples=50)
@given(TEXT, st.integers(2, 30))
def test_no_line_is_too_wide_and_no_character_is_lost(text: str, width: int) -> None:
    lines = list(wrap(text, width))
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@settings(max_examples=50)
@given(TEXT.map(lambda text: text.replace("\n", " ")))
def test_the_pieces_are_the_line(text: str) -> None:
    assert "".join(units(text)) == text


def test_an_amount_stays_with_its_unit() -> None:
    assert list(wrap("预算约 2 万人民币", 8)) == ["预算约", "2 万人民", "币"]


def test_a_full_stop_stays_with_its_sentence() -> None:
    assert list(wrap("希望住民宿。", 10)) == ["希望住民", "宿。"]


def test_english_breaks_between_words() -> None:
    assert list(wrap("around the Jungfrau, on foot", 14)) == ["around the", "Jungfrau, on", "foot"]
