"""Which sentences say most of what texts say, and how much a message matters, without understanding them.

Pure and deterministic, in Chinese and English: whatever comes back was said.
"""

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from langmem_ext.concepts import concepts
from langmem_ext.longterm.facts import facts
from langmem_ext.longterm.sentences import is_greeting, is_question, sentences
from langmem_ext.longterm.utterances import Utterance, read
from langmem_ext.tokens import count_text

_FIRST_PERSON: Final = re.compile(r"\b(?:i|i'm|i've|i'd|i'll|my|we|our)\b|我|咱|本人", re.IGNORECASE)
_SPECIFIC: Final = re.compile(r"\d|[$€£¥]|[一二两三四五六七八九十百千万]+[个月日号点元块万天周年岁]")
_EMPHASIS: Final = re.compile(
    r"\b(?:important|remember|must|never|always|allerg\w+|deadline|urgent|promise\w*|decided|don't forget|emergency)\b|"
    r"重要|记住|务必|一定要|千万|过敏|截止|紧急|答应|决定|别忘",
    re.IGNORECASE,
)

_ASKED: Final = 0.35
"""Weight of a question in a summary: it tells what was wanted, not what holds."""
_PERSONAL: Final = 1.3
"""Weight of a statement in the first person."""
_CONCRETE: Final = 1.15
"""Weight of a sentence with a number, an amount or a place."""
_REPEATED: Final = 0.25
"""What a feature still counts when a chosen sentence has said it; SumBasic (Nenkova and Vanderwende, 2005) squares its
probability to the same end."""


def _weight(said: Utterance) -> float:
    weight = _ASKED if said.asks else 1.0
    if _FIRST_PERSON.search(said.text):
        weight *= _PERSONAL
    if said.places or _SPECIFIC.search(said.text):
        weight *= _CONCRETE
    return weight


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sentence that may be chosen, and what it costs and weighs."""

    said: Utterance
    weight: float
    tokens: int

    def score(self, values: Mapping[str, float]) -> float:
        """Return its worth: what its features count, damped by length so that a long one has no advantage.

        The sum is exact: a set of words has another order in every process, and a plain sum another last bit, which
        would break ties in another way each time.
        """
        features = self.said.features
        return self.weight * math.fsum(values[feature] for feature in features) / math.sqrt(len(features) + 2)


def _values(candidates: Sequence[_Candidate]) -> dict[str, float]:
    """Return what each feature counts: said in several sentences, but not in all of them."""
    spread = Counter(feature for candidate in candidates for feature in candidate.said.features)
    total = len(candidates)
    return {feature: (1 + math.log(count)) * math.log(1 + total / count) for feature, count in spread.items()}


def summarise(texts: Iterable[str], max_tokens: int) -> list[str]:
    """Choose the sentences that say most of what texts say.

    Args:
        texts: Messages or entries, in order.
        max_tokens: Tokens at most, by `langmem_ext.tokens.count_text`, one for each separator included; at least 1.

    Returns:
        The chosen sentences, verbatim, each once, in the order of the texts. Where no sentence fits, the beginning of
        the best one; nothing only where the texts hold nothing but greetings.
    """
    return choose([said for text in texts for said in read(text)], max_tokens)


def choose(said: Sequence[Utterance], max_tokens: int) -> list[str]:
    """Choose among sentences as `summarise` does.

    Greedy choice by the value of what a sentence adds; values are computed again only for sentences that reach the top,
    so the time is near linear in the number of sentences.
    """
    distinct: dict[str, Utterance] = {}
    for utterance in said:
        if utterance.features and not utterance.greets:
            distinct.setdefault(utterance.text, utterance)
    candidates = [_Candidate(one, _weight(one), count_text(one.text) + 1) for one in distinct.values()]
    values = _values(candidates)
    heap = [(-candidate.score(values), place) for place, candidate in enumerate(candidates)]
    heapq.heapify(heap)
    best = heap[0][1] if heap else 0
    chosen: list[int] = []
    left = max_tokens
    while heap and left > 0:
        _, place = heapq.heappop(heap)
        candidate = candidates[place]
        if candidate.tokens > left:
            continue
        score = -candidate.score(values)
        if heap and score > heap[0][0]:
            heapq.heappush(heap, (score, place))
            continue
        chosen.append(place)
        left -= candidate.tokens
        for feature in candidate.said.features:
            values[feature] *= _REPEATED
    if not chosen and candidates:
        return [_shortened(candidates[best].said.text, max_tokens)]
    return [candidates[place].said.text for place in sorted(chosen)]


def _shortened(text: str, max_tokens: int) -> str:
    """Return the longest beginning of a text that fits, found by halving; at least one character."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if count_text(text[:middle]) <= max_tokens:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip()


def importance(text: str) -> float:
    """Estimate how much a message matters for later, from what can be seen without understanding it.

    Args:
        text: The message.

    Returns:
        0 to 1: greetings below 0.1, questions and chatter about 0.2, statements 0.3 to 0.6, facts that matter (health,
        money, bookings, who someone is) what the most important of them counts, up to 0.95.
    """
    said = [sentence for sentence in sentences(text) if not is_greeting(sentence)]
    if not said:
        return 0.05
    stated = [sentence for sentence in said if not is_question(sentence)]
    if not stated:
        return 0.2
    known = facts(text)
    if known:
        strongest = max(fact.importance for fact in known)
        return min(0.95, strongest + 0.02 * (len(known) - 1))
    whole = " ".join(stated)
    score = 0.25
    score += 0.1 if _FIRST_PERSON.search(whole) else 0.0
    score += 0.1 if _SPECIFIC.search(whole) else 0.0
    score += 0.05 if concepts(whole) else 0.0
    score += 0.2 if _EMPHASIS.search(whole) else 0.0
    return round(score, 2)
