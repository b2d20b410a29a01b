"""The lexical index: what it finds, what it must not feel, and that order and removal leave no trace."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from langmem_ext.lexical import LexicalIndex, analyse_query
from langmem_ext.lexical.documents import ASKS, PERSONAL
from langmem_ext.text import analyse

MINUTE = 60.0
DAY = 86_400.0

words = st.lists(
    st.sampled_from(["violin", "lake", "train", "旅行", "预算", "zurich", "guitar", "cook"]), min_size=1, max_size=6
)
Talk = list[tuple[list[str], str, int]]
talks = st.lists(st.tuples(words, st.sampled_from(["", "a", "b"]), st.integers(0, 300)), min_size=1, max_size=25)


def index_of(*texts: str, sequence: str = "s", gap: float = MINUTE) -> LexicalIndex:
    index = LexicalIndex()
    for slot, text in enumerate(texts):
        index.put(slot, analyse(text), sequence=sequence, time=slot * gap)
    return index


def ranked(index: LexicalIndex, query: str, mask: NDArray[np.bool_] | None = None) -> list[int]:
    slots: list[int] = index.search(query, mask=mask, limit=50)[0].tolist()
    return slots


def words_of(index: LexicalIndex, query: str, mask: NDArray[np.bool_] | None = None) -> dict[int, float]:
    found = index.candidates(query, mask=mask, limit=50)
    return {slot: score for slot, score in zip(found.slots.tolist(), found.words.tolist(), strict=True) if score > 0}


@pytest.mark.parametrize(
    ("query", "slot"),
    [("hiking", 0), ("LAKES", 0), ("预算是多少", 1), ("累", 2), ("iphone", 3), ("手机", 3), ("預算", 1)],
)
def test_words_are_found_in_every_form(query: str, slot: int) -> None:
    texts = ("She hikes to the lake", "我这次旅行的预算是五千元", "徒步三天，很累", "新的iPhone手机拍照很清楚")
    assert ranked(index_of(*texts), query)[0] == slot


def test_nothing_in_common_is_not_found() -> None:
    index = index_of("She hikes to the lake", "我这次旅行的预算")
    assert [ranked(index, query) for query in ("quantum", "量", "", "the of", "的是")] == [[]] * 5
    assert index.candidates("quantum", mask=None, limit=5).slots.size == 0
    assert ranked(LexicalIndex(), "lake") == []


def test_a_message_is_found_by_what_its_neighbours_say_and_below_them() -> None:
    scores = words_of(
        index_of("Any plans for the violin?", "Yes, on Friday!", "sunny today", "bread", "cheese"), "violin"
    )
    assert scores[0] > scores[1] > scores[2] > 0
    assert 3 not in scores


@pytest.mark.parametrize(("sequence", "gap"), [("", MINUTE), ("s", 2 * 3600.0)])
def test_without_a_conversation_or_hours_apart_there_are_no_neighbours(sequence: str, gap: float) -> None:
    assert set(words_of(index_of("violin", "Friday", sequence=sequence, gap=gap), "violin")) == {0}


def test_neighbours_follow_time_and_not_the_order_of_arrival() -> None:
    index = LexicalIndex()
    for slot, (text, minute) in enumerate([("violin", 0), ("bread", 50), ("cheese", 100), ("Friday", 1)]):
        index.put(slot, analyse(text), sequence="s", time=minute * MINUTE)
    scores = words_of(index, "violin")
    assert scores[3] > scores[1]


def test_the_future_can_not_be_felt_in_the_past() -> None:
    texts = ["bread", "cheese", "the violin", "violin lesson", "violin strings"]
    mask = np.array([True, True, False, False, False])
    assert words_of(index_of(*texts), "violin", mask) == {}
    assert words_of(index_of(*texts), "cheese", mask) == words_of(index_of(*texts[:2]), "cheese")


@settings(max_examples=30, deadline=None)
@given(talks, st.data())
def test_what_a_mask_excludes_was_never_there(talk: Talk, data: st.DataObject) -> None:
    keep = data.draw(st.lists(st.booleans(), min_size=len(talk), max_size=len(talk)))
    whole, part = LexicalIndex(), LexicalIndex()
    for slot, (said, sequence, minute) in enumerate(talk):
        for index in (whole, part) if keep[slot] else (whole,):
            index.put(slot, analyse(" ".join(said)), sequence=f"{sequence}{slot}", time=minute * MINUTE)
    masked = whole.candidates("violin 旅行 lake", mask=np.array(keep), limit=50)
    alone = part.candidates("violin 旅行 lake", mask=None, limit=50)
    assert masked.slots.tolist() == alone.slots.tolist()
    np.testing.assert_allclose(masked.words, alone.words, rtol=1e-5)
    np.testing.assert_allclose(masked.characters, alone.characters, rtol=1e-5)


@settings(max_examples=30, deadline=None)
@given(talks, st.integers(0, 2**16), st.data())
def test_order_of_arrival_questions_between_and_removals_change_nothing(
    talk: Talk, seed: int, data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.integers(0, len(talk) - 1)))
    steady, restless = LexicalIndex(), LexicalIndex()
    rows = [
        (analyse(" ".join(said)), sequence, minute * MINUTE + slot / 100)
        for slot, (said, sequence, minute) in enumerate(talk)
    ]
    for slot, (row, sequence, time) in enumerate(rows):
        restless.put(slot, row, sequence=sequence, time=time)
        if slot % 3 == 0:
            restless.search("violin", mask=None, limit=3)
    for slot in random.Random(seed).sample(sorted(gone), len(gone)):
        restless.remove(slot)
    for slot, (row, sequence, time) in enumerate(rows):
        if slot not in gone:
            steady.put(slot, row, sequence=sequence, time=time)
    one, other = (index.candidates("violin 旅行 cooking", mask=None, limit=50) for index in (steady, restless))
    assert one.slots.tolist() == other.slots.tolist()
    np.testing.assert_allclose(one.words, other.words, rtol=1e-5)
    np.testing.assert_array_equal(one.marks, other.marks)


def test_removed_documents_are_gone_and_unknown_ones_ignored() -> None:
    index = index_of("violin", "violin lesson")
    index.remove(0)
    assert ranked(index, "violin") == [1]
    index.remove(1)
    index.remove(7)
    assert ranked(index, "violin") == []


def test_coverage_is_the_share_of_a_question_that_the_best_document_says() -> None:
    index = index_of("the violin lesson", "bread", "她下周去旅行", sequence="")
    covered = [
        index.candidates(query, mask=None, limit=5).coverage for query in ("quantum", "quantum violin", "violin")
    ]
    assert 0 == covered[0] < covered[1] < covered[2] < 1
    assert (
        index.candidates("旅行", mask=None, limit=5).coverage
        > index.candidates("去哪旅行", mask=None, limit=5).coverage
    )
    assert LexicalIndex().candidates("violin", mask=None, limit=5).coverage == 0


@pytest.mark.parametrize(
    ("query", "slot"),
    [
        ("Does she have any pets?", 0),
        ("预算是多少", 1),
        ("What was the budget?", 1),
        ("她养了什么宠物", 0),
        ("住宿", 2),
    ],
)
def test_a_question_finds_other_words_for_what_it_speaks_of_in_both_languages(query: str, slot: int) -> None:
    index = index_of("My dog loves the snow", "一共花费五千元", "We booked a hotel", "bread", "红色的门", sequence="")
    assert words_of(index, query).keys() == {slot}


def test_the_word_itself_counts_more_than_another_of_its_kind() -> None:
    scores = words_of(index_of("the dog ran", "the cat ran", "bread", "cheese", "milk", sequence=""), "my dog")
    assert scores[0] > scores[1] > 0


def test_an_answer_takes_more_from_its_question_than_it_gives_back() -> None:
    texts = ("sunny today", "Where is the violin?", "In the attic", "bread", "cheese")
    scores = words_of(index_of(*texts), "violin")
    assert scores[1] > scores[2] > scores[0]


@pytest.mark.parametrize(
    "query", ["What did she say on May 7?", "on the 7th of May", "2023-05-07", "5月7日她说了什么", "五月七号"]
)
def test_dates_of_a_question_are_looked_up_in_the_times_of_messages(query: str) -> None:
    index = LexicalIndex()
    for slot, stamp in enumerate((1_683_417_600, 1_683_417_600 + 9 * DAY, 1_690_000_000, math.nan)):
        index.put(slot, analyse("bread"), time=stamp)
    found = index.scores(query, np.arange(4))
    assert found.dates[0] > found.dates[1] > 0
    assert found.dates[3] == 0


@pytest.mark.parametrize("query", ["May I come?", "We march on", "I may go", "the second violin", "三明治", "7 apples"])
def test_words_that_only_look_like_months_are_no_dates(query: str) -> None:
    assert not analyse_query(query).dates


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("What does Caroline like?", {"caroline"}),
        ("CAROLINE's dog", {"caroline"}),
        ("小明喜欢什么", {"小明"}),
        ("Ann and Caroline", {"caroline"}),
        ("what did the user say", set()),
        ("", set()),
    ],
)
def test_speakers_are_named_by_whole_words_or_chinese_names(query: str, named: set[str]) -> None:
    index = LexicalIndex()
    for slot, speaker in enumerate(["Caroline", "小明", "user", "", "7"]):
        index.put(slot, analyse("bread"), speaker=speaker)
    assert index.candidates(query, mask=None, limit=5).named == named


def test_marks_tell_questions_and_what_people_say_of_themselves_apart() -> None:
    index = index_of("Where do you live?", "In the north", "I like it", "你住哪儿呢", "我住北方")
    assert index.scores("x", np.arange(5)).marks.tolist() == [ASKS, 0, PERSONAL, ASKS, PERSONAL]


def test_given_slots_are_reported_in_any_case() -> None:
    index = index_of("violin", "bread", sequence="")
    found = index.candidates("violin", mask=None, limit=5, also=np.array([1]))
    assert found.slots.tolist() == [0, 1]
    assert found.words[1] == 0


def test_misspelt_words_are_found_by_their_characters() -> None:
    found = index_of("She plays the saxophone", "bread", sequence="").candidates("saxophon player", mask=None, limit=5)
    assert found.slots.tolist() == [0]
    assert found.characters[0] > 0


def test_many_documents_are_ranked_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = [f"w{number}" for number in range(400)]
    draw = random.Random(5)
    index = LexicalIndex()
    for slot in range(3_000):
        text = " ".join(draw.choices(vocabulary, weights=range(400, 0, -1), k=12))
        index.put(slot, analyse(text), sequence=f"t{slot // 50}", time=slot * MINUTE)
    exact = index.candidates("w3 w399 w380", mask=None, limit=20)
    monkeypatch.setattr("langmem_ext.lexical.bm25._MANY", 100)
    fast = index.candidates("w3 w399 w380", mask=None, limit=20)
    best = set(exact.slots[np.argsort(-exact.words)[:10]].tolist())
    assert len(best & set(fast.slots[np.argsort(-fast.words)[:10]].tolist())) >= 8


def test_any_query_is_answered() -> None:
    index = index_of("violin", "旅行")
    for query in ("\ud800", "\x00", "x" * 100_000, "旅" * 5_000, "violin " * 3_000):
        found = index.candidates(query, mask=None, limit=5)
        assert set(found.slots.tolist()) <= {0, 1}
        assert np.isfinite(found.words).all()


def test_memory_is_accounted_for() -> None:
    index = index_of("violin")
    before = index.nbytes
    index.put(1, analyse("bread and cheese " * 200))
    assert index.nbytes > before


def test_a_search_finds_the_words_themselves_alone() -> None:
    index = index_of("my budget is small", "我的预算不多")
    assert index.search("budget", mask=None, limit=5)[0].tolist() == [0]
    assert index.search("预算", mask=None, limit=5)[0].tolist() == [1]
