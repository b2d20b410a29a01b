"""What texts are about: keywords, concepts and topic labels, without a model. Pure functions."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from langmem_ext.concepts import ACTIVITIES, BROADER, concepts, most_often
from langmem_ext.keywords import most_mentioned
from langmem_ext.longterm.places import Place, places
from langmem_ext.longterm.utterances import Utterance, read

GENERAL: Final = "general"
"""The topic of texts that are about nothing in particular."""

_STANCES: Final = frozenset(
    {
        "喜欢", "希望", "担心", "打算", "计划", "觉得", "看看", "想要", "准备", "决定", "考虑", "已经", "害怕", "不再",
        "改成", "改为", "换成",
        "worried", "plan", "planning", "booked", "prefer", "enjoy",
    }
)  # fmt: skip
"""Words that say how a speaker stands to what they speak of; the kind of a fact says it better."""

_NOT_A_LABEL: Final = re.compile(r"[^\w]+")


def keywords(text: str, limit: int = 12) -> list[str]:
    """Return what a text is about, in its own words first, then as concepts and places in English.

    Args:
        text: Any text.
        limit: How many at most; concepts and places take up to half of them.

    Returns:
        Canonical keywords such as ``民宿``, then labels such as ``accommodation`` and the broader ``travel``.
    """
    return keywords_of(read(text), limit)


def keywords_of(said: Sequence[Utterance], limit: int) -> list[str]:
    """Return what sentences are about, as `keywords` does."""
    named = dict.fromkeys(place.label for utterance in said for place in utterance.places)
    narrow = most_often(label for utterance in said for label in utterance.concepts)
    wider = (BROADER[label] for label in narrow if label in BROADER)
    labels = list(dict.fromkeys([*named, *narrow, *wider]))
    mentioned = [mention for utterance in said for mention in utterance.mentions]
    own = [word for word in most_mentioned(mentioned, 2 * limit) if word not in _STANCES]
    labels = [label for label in labels if label not in own]
    share = min(len(labels), max(limit // 2, limit - len(own)))
    return [*own[: limit - share], *labels[:share]]


def topic(texts: Iterable[str]) -> str:
    """Name what texts are about with one label.

    The label joins the place named most often with the activity said most often, and near the place rather than far
    from it: ``switzerland_hiking``. Without a place it is the leading concept, or two that are equally strong; without
    a concept the salient keyword in its own script; without that `GENERAL`. What is stated counts more than what is
    asked.

    Args:
        texts: The messages or sentences.

    Returns:
        A label in snake_case, never empty, at most 80 characters.
    """
    return topic_of([utterance for text in texts for utterance in read(text)])


def topic_of(said: Sequence[Utterance]) -> str:
    """Name what sentences are about, as `topic` does."""
    named: list[Place] = []
    weights: defaultdict[str, float] = defaultdict(float)
    for utterance in said:
        named += utterance.places
        weight = (0.5 if utterance.asks else 1.0) + (0.5 if utterance.places else 0.0)
        for label in dict.fromkeys(utterance.concepts):
            weights[label] += weight
            if label in BROADER:
                weights[BROADER[label]] += weight
    if named:
        return f"{_main_place(named)}_{_main_activity(weights) or 'travel'}"
    leading = _leading(weights)
    return "_".join(leading) if leading else _salient(said)


def _main_place(named: Sequence[Place]) -> str:
    """Return the place named most often: the country where several of its places are named."""
    countries = Counter(place.country for place in named)
    country, _ = countries.most_common(1)[0]
    inside = {place.label for place in named if place.country == country}
    return inside.pop() if len(inside) == 1 else country


def _main_activity(weights: Mapping[str, float]) -> str | None:
    """Return the strongest activity; among the other concepts one that is said at least twice as often wins."""
    activities = [label for label in weights if label in ACTIVITIES]
    others = [label for label in weights if label not in ACTIVITIES and BROADER.get(label, label) != "travel"]
    best = max(activities, key=weights.__getitem__, default=None)
    other = max(others, key=weights.__getitem__, default=None)
    if other is None or weights.get("travel", 0.0) >= weights[other]:
        return best
    if best is None:
        return other if weights[other] > 1 else None
    return other if weights[other] > 2 * weights[best] else best


def _leading(weights: Mapping[str, float]) -> list[str]:
    ranked = sorted(weights, key=lambda label: (-weights[label], label not in ACTIVITIES))
    if len(ranked) > 1 and weights[ranked[1]] >= weights[ranked[0]] and BROADER.get(ranked[1]) != ranked[0]:
        return ranked[:2]
    return ranked[:1]


def _salient(said: Sequence[Utterance]) -> str:
    for word in most_mentioned((mention for utterance in said for mention in utterance.mentions), 3):
        label = _NOT_A_LABEL.sub("_", word).strip("_")
        if label and not label.isdecimal():
            return label[:80]
    return GENERAL


def is_topical(keyword: str, topic: str | None) -> bool:
    """Whether a keyword speaks of a topic as a whole: a word of its label in either language, or a broader concept.

    ``瑞士`` and ``travel`` say no more than the topic ``switzerland_hiking`` does; ``budget`` does.
    """
    parts = set((topic or "").casefold().split("_"))
    labels = {*keyword.split(), *concepts(keyword), *(place.label for place in places(keyword))}
    return not labels.isdisjoint(parts | set(BROADER.values()))
