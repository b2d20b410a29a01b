"""The last step of a recall: fill a budget of records and tokens by value, without saying anything twice."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from langmem_ext.longterm.settings import RecallSettings
from langmem_ext.records import MemoryRecord
from langmem_ext.text import features, normalise

_SEPARATORS = re.compile(r"[^\w?]+")


@dataclass(slots=True)
class Fit:
    """The choice: places in the given order (best first), their tokens, and why others were left out."""

    places: list[int] = field(default_factory=list)
    tokens: int = 0
    dropped: dict[str, str] = field(default_factory=dict)


def fit(
    records: Sequence[MemoryRecord],
    scores: Sequence[float],
    *,
    cost: Callable[[MemoryRecord], int],
    limit: int,
    budget: int | None,
    settings: RecallSettings,
) -> Fit:
    """Choose records, best value per token first, up to a number and a sum of tokens.

    The value of a record is its distance above the worst score, divided by its tokens to the power
    `settings.length_exponent`: 0 ignores length (no budget, the order of the scores), 1 is the greedy rule of the
    fractional knapsack. What says what a chosen record says is left out: within a token budget whatever overlaps by
    `settings.duplicate_overlap` (Jaccard of words), without one only the same words by the same speaker.

    Args:
        records: Best first.
        scores: One per record, descending.
        cost: Tokens of a record in the prompt.
        limit: Records at most.
        budget: Tokens at most; None is no bound.
        settings: Weights of recall.
    """
    choice = Fit()
    chosen_words: list[frozenset[str]] = []
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    costs = [cost(record) for record in records] if budget is not None else []
    for place in _order(scores, costs, budget, settings):
        record = records[place]
        if len(choice.places) >= limit:
            choice.dropped[record.id] = f"beyond the limit of {limit}"
            continue
        tokens = costs[place] if costs else cost(record)
        if budget is not None and choice.tokens + tokens > budget:
            choice.dropped[record.id] = f"{tokens} tokens, {budget - choice.tokens} left"
            continue
        words = features(record.content) if budget is not None else frozenset({_said(record)})
        prefix = _prefix(words, settings.duplicate_overlap)
        near = sorted({n for word in prefix for n in by_word[word]})
        twin = next((n for n in near if _overlap(words, chosen_words[n]) >= settings.duplicate_overlap), None)
        if twin is not None:
            choice.dropped[record.id] = f"says what {records[choice.places[twin]].id} says"
            continue
        choice.places.append(place)
        choice.tokens += tokens
        for word in prefix:
            by_word[word].append(len(chosen_words))
        chosen_words.append(words)
    choice.places.sort()
    return choice


def _said(record: MemoryRecord) -> str:
    """Return who said what, whatever its case, width, spacing and punctuation; what is asked is not what is said."""
    return _SEPARATORS.sub(" ", normalise(record.text)).strip()


def _prefix(words: frozenset[str], threshold: float) -> list[str]:
    """Return the words by one of which any set that overlaps enough can be found: prefix filtering.

    Sets with a Jaccard overlap of at least t share t·n words of each, so under one order of all words the first
    n - ceil(t·n) + 1 of both meet (Chaudhuri, Ganti and Kaushik, ICDE 2006).
    """
    ordered = sorted(words)
    return ordered[: len(ordered) - math.ceil(threshold * len(ordered)) + 1] or [""]


def _order(scores: Sequence[float], costs: Sequence[int], budget: int | None, settings: RecallSettings) -> list[int]:
    if budget is None or not costs:
        return list(range(len(scores)))
    worst = min(scores)
    values = [
        (score - worst) / max(1, tokens) ** settings.length_exponent
        for score, tokens in zip(scores, costs, strict=True)
    ]
    return sorted(range(len(scores)), key=lambda place: -values[place])


def overlap(text: str, other: str) -> float:
    """Return how much two texts say in the same words: the Jaccard overlap of their features, 0 to 1."""
    return _overlap(features(text), features(other))


def _overlap(words: frozenset[str], other: frozenset[str]) -> float:
    union = len(words | other)
    return len(words & other) / union if union else 1.0
