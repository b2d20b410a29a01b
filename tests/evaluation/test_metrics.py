"""Metrics: known values, and what holds for any input."""

import pytest
from hypothesis import given, settings, strategies as st

from langmem_ext.evaluation.metrics import METRICS, scores, token_f1


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("in Graz", "Graz", 2 / 3),
        ("The Graz!", "graz", 1.0),
        ("花生", "花生", 1.0),
        ("对花生过敏", "花生", 4 / 7),
        ("对花生過敏", "对花生过敏", 1.0),
        ("2 万 yuan", "2万yuan", 1.0),
        ("", "Graz", 0.0),
        ("Vienna", "Graz", 0.0),
    ],
)
def test_f1_counts_words_and_chinese_characters(answer: str, gold: str, expected: float) -> None:
    assert token_f1(answer, gold) == pytest.approx(expected)


@settings(max_examples=40)
@given(st.text(max_size=40), st.text(max_size=40))
def test_f1_is_symmetric_and_between_0_and_1(one: str, other: str) -> None:
    assert 0 <= token_f1(one, other) <= 1
    assert token_f1(one, other) == token_f1(other, one)
    assert token_f1(one, one) == 1


def test_a_ranking_is_scored_by_what_it_found_and_where() -> None:
    found = dict(zip(METRICS, scores(["x", "a", "y", "z", "w", "b"], {"a", "b"}), strict=True))
    assert found["recall@5"] == 0.5
    assert found["recall@10"] == 1.0
    assert found["mrr"] == 0.5
    assert found["ndcg@10"] == pytest.approx((1 / 1.58496 + 1 / 2.80735) / (1 + 1 / 1.58496), abs=1e-4)
    assert scores([], {"a"}) == [0.0] * len(METRICS)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 30).map(str), unique=True), st.sets(st.integers(0, 30).map(str), min_size=1))
def test_scores_lie_between_0_and_1_and_recall_grows_with_depth(ranking: list[str], gold: set[str]) -> None:
    found = scores(ranking, gold)
    assert all(0 <= value <= 1 + 1e-9 for value in found)
    assert found[0] <= found[1] <= found[2]
