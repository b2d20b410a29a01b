"""Metrics of a ranking and of an answer. Pure functions."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from langmem_ext.text import words_and_runs

METRICS: Final = ("recall@5", "recall@10", "recall@20", "ndcg@10", "mrr")
"""What `scores` returns, in order."""
_CUTS: Final = (5, 10, 20)
_NDCG: Final = 10
_ARTICLES: Final = frozenset({"a", "an", "the"})


def scores(ranking: Sequence[str], gold: Collection[str]) -> list[float]:
    """Return the `METRICS` of a ranking: found gold in the first k over gold, binary NDCG, reciprocal rank.

    Args:
        ranking: Ids, best first, none twice.
        gold: Ids of the evidence, at least one.
    """
    hits = np.array([key in gold for key in ranking], dtype=float)
    discounts = 1 / np.log2(np.arange(2, _NDCG + 2))
    gained = float(hits[:_NDCG] @ discounts[: len(hits[:_NDCG])])
    ideal = float(discounts[: len(gold)].sum())
    first = np.flatnonzero(hits)
    recalls = [float(hits[:cut].sum()) / len(gold) for cut in _CUTS]
    return [*recalls, gained / ideal, 1 / (1 + int(first[0])) if first.size else 0.0]


def tokens(text: str) -> list[str]:
    """Cut a text into what answers are compared by: folded words without articles, and single Chinese characters."""
    words, runs = words_and_runs(text)
    return [word for word in words if word not in _ARTICLES] + [character for run in runs for character in run]


def token_f1(answer: str, gold: str) -> float:
    """Return the harmonic mean of token precision and recall, 0 to 1, as SQuAD defines it (arXiv:1606.05250).

    Words count as they are, without articles, case and punctuation; Chinese counts by character.
    """
    said, expected = Counter(tokens(answer)), Counter(tokens(gold))
    if not said or not expected:
        return float(said == expected)
    shared = (said & expected).total()
    return 2 * shared / (said.total() + expected.total())
