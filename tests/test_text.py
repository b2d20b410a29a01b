"""Text analysis: folding, token rows, keywords; any text, both languages."""

import pytest
from hypothesis import given, settings, strategies as st

from langmem_ext.keywords import canonical_keyword, keywords
from langmem_ext.text import ASKS, PERSONAL, ROW_SEPARATOR, analyse, features, language, normalise, stems

anything = st.text(st.characters(codec=None), max_size=200)


def marks(text: str) -> str:
    fields = analyse(text).split(ROW_SEPARATOR)
    return fields[2] if len(fields) == 3 else ""


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("CAFÉ Zürich", "cafe zurich"),
        ("ＢＵＤＧＥＴ５０００", "budget5000"),
        ("預算與旅遊", "预算与旅游"),
        ("don’t", "don't"),
        ("ﬁne Straße Łódź", "fine strasse lodz"),
        ("ЙОД", "йод"),
    ],
)
def test_case_width_accents_and_chinese_scripts_are_folded(text: str, folded: str) -> None:
    assert normalise(text) == folded


@settings(max_examples=50)
@given(anything)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@settings(max_examples=50)
@given(anything)
def test_any_text_has_a_row_of_at_most_three_fields_that_can_be_written_to_a_file(text: str) -> None:
    row = analyse(text)
    row.encode("utf-8")
    assert row.count(ROW_SEPARATOR) <= 2
    assert "\n" not in row
    assert analyse(text) == row
    keywords(text, 5)


def test_a_row_has_content_words_and_runs() -> None:
    assert analyse("Where is the night train to Zürich?").split(ROW_SEPARATOR) == ["night train zurich", "", ASKS]
    assert analyse("新的iPhone，很清楚。").split(ROW_SEPARATOR) == ["iphone", "新的 很清楚"]


@pytest.mark.parametrize("text", ["", "the of and", "\ud800\x00", "😀 …!"])
def test_a_text_without_content_has_an_empty_row(text: str) -> None:
    assert analyse(text) == ""


@pytest.mark.parametrize("text", ["What now?", 'She asked "why?"', "你去吗", "去哪里？", "真的呢！"])
def test_questions_are_marked(text: str) -> None:
    assert ASKS in marks(text)


@pytest.mark.parametrize("text", ["No. Really!", "What? Never.", "我去了。"])
def test_statements_are_not_marked_as_questions(text: str) -> None:
    assert ASKS not in marks(text)


@pytest.mark.parametrize("text", ["I sold it", "that's my boat", "我喜欢茶", "We've moved"])
def test_talk_of_oneself_is_marked(text: str) -> None:
    assert PERSONAL in marks(text)


def test_words_without_end_are_cut() -> None:
    assert len(analyse("x" * 100_000)) <= 64


def test_stems_join_the_forms_of_a_word() -> None:
    assert len(set(stems(["hike", "hikes", "hiking", "hiked"]))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Budget", "budgets"),
        ("CITIES", "city"),
        ("movies", "Movie"),
        ("boxes", "box"),
        ("children", "child"),
        ("ＢＵＤＧＥＴ", "budget"),
        ("預算", "预算"),
        ("Swiss  Alps!", "swiss alp"),
        ("café", "Cafe"),
    ],
)
def test_forms_of_a_keyword_are_one(one: str, other: str) -> None:
    assert canonical_keyword(one) == canonical_keyword(other)


@pytest.mark.parametrize("word", ["bus", "glass", "news", "christmas", "analysis", "gas"])
def test_words_that_only_look_like_plurals_stay(word: str) -> None:
    assert canonical_keyword(word) == word


@settings(max_examples=50)
@given(anything)
def test_a_canonical_keyword_is_its_own(text: str) -> None:
    once = canonical_keyword(text)
    assert canonical_keyword(once).split() == [canonical_keyword(word) for word in once.split()]


def test_keywords_are_what_a_text_is_about() -> None:
    assert keywords("I think we went hiking: the hike to the lake was long, and hikes are fun", 2)[0] == "hiking"
    assert keywords("我们昨天去北京大学参加国庆晚会，国庆很热闹", 1) == ["国庆"]
    assert keywords("the budget of 2000, budgets!", 5) == ["budget"]


def test_keywords_are_bounded_and_distinct() -> None:
    found = keywords(" ".join(f"word{number}" for number in range(50)), 7)
    assert len(found) == len(set(found)) == 7


def test_features_see_the_same_in_texts_that_say_the_same() -> None:
    one, other = features("She hiked to the lakes."), features("she was hiking to a lake")
    assert one == other
    assert len(features("我喜欢喝咖啡。") & features("我喜欢喝咖啡了")) >= 5


def test_the_language_of_a_text_is_that_of_most_of_it() -> None:
    assert language("我用 iPhone 拍照") == "zh"
    assert language("the word 预算 means budget") == "en"
    assert language("") == "en"
