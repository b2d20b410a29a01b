"""What a question asks about, and whether a sentence speaks of it.

A question is taken apart into aspects: the concepts and intents it names (`langmem_ext.concepts`), its other
keywords, and the time it is about where it names nothing else.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from langmem_ext.concepts import concepts
from langmem_ext.keywords import keywords
from langmem_ext.longterm.dating import event_span
from langmem_ext.offline.reading import Note
from langmem_ext.text import features
from langmem_ext.times import TimeSpan

_MAX_ASPECTS: Final = 12
_ASSISTANT: Final = 0.4
"""What an assistant said counts less than what the user said."""

_INTENTS: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "like": r"(?<!would )(?<!'d )(?<!’d )\b(?:lik|lov|enjoy|prefer|fond|keen|favou?rite|hobb)\w*|"
        r"喜欢|喜爱|爱好|热爱|偏好|最爱|兴趣",
        "worry": r"\b(?:worr|afraid|fear|concern|anxious|nervous)\w*|担心|害怕|顾虑|担忧|焦虑",
        "wish": r"\b(?:want|wish|hope|hoping|would like|i'd like|plan(?:ning)? to|intend)\b|希望|想要|想去|打算|愿望",
        "name": r"\b(?:name|named|called)\b|名字|我叫|叫做|姓名|姓什么",
        "live": r"\b(?:live|lives|living in|reside|moved to|home ?town|address)\b|住在|住哪|居住|家在|搬到|地址",
        "book": r"\b(?:book|reserv)\w*|订好|订了|预订|预定|已订",
        "allergy": r"\ballerg\w*|过敏",
        "job": r"\b(?:work as|works as|job|occupation|profession|employed)\b|职业|工作是|做什么工作|从事|上班",
        "birthday": r"\b(?:birthday|was born|date of birth)\b|生日|出生",
        "age": r"\b(?:how old|years old|my age)\b|几岁|多大|\d+\s*岁",
    }.items()
}
_GENERIC: Final = frozenset(
    """
    安排 情况 计划 打算 事情 问题 内容 方面 相关 信息 细节 具体 上次 以前 之前 最近 今天 昨天 明天 一共 全部 所有
    哪天 哪年 哪里 哪儿 哪家 哪位 几点 几号 几月 几天 几岁 多久 什么样 怎么样 要求
    arrangement plan detail information info situation thing time last today yesterday tomorrow recently everything
    user again current currently latest far day week month year kind type favourite favorite old new
    """.split()  # noqa: SIM905 - a list of words is read, and edited, as words
)
"""Words of a question that say nothing about its subject."""
_CALLED: Final = re.compile(r"(?<=.)叫$")
"""A dictionary takes 猫叫 (to meow) out of 我的猫叫什么; it is the cat that is asked about."""
_HEAD_EN: Final = re.compile(r"\b(?:for|of|on|in|during|at|from|about|with)\b", re.IGNORECASE)
_TAIL_ZH: Final = re.compile(r"(?:是?(?:怎样|怎么样|什么样|什么|如何)的?|的)$")
_TAIL: Final = 16
_STOPS: Final = " \t\n?？!！。."
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing a question asks about.

    Attributes:
        name: The word of the question, for queries and for saying what was not found.
        head: Whether it is asked for, rather than what it is asked about.
        intent: Name of its intent; "" for a subject.
        matches: Tells whether a sentence speaks of it.
    """

    name: str
    head: bool
    intent: str
    matches: Callable[["Sentence"], bool]

    @property
    def weight(self) -> float:
        """What it counts."""
        return 2.0 if self.head and not self.intent else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """A sentence that may answer, with what it speaks of."""

    text: str
    note: Note
    rank: int
    words: frozenset[str]
    concepts: frozenset[str]

    @property
    def trust(self) -> float:
        """Weight of its source: by who spoke, by place in the recall."""
        return (_ASSISTANT if self.note.speaker == "assistant" else 1.0) / (1 + 0.02 * self.rank)


def aspects(question: str) -> list[Aspect]:
    """Take a question apart into what it asks about."""
    head = _head(question)
    found: dict[str, Aspect] = {}
    for name, pattern in _INTENTS.items():
        if match := pattern.search(question):
            found[name] = Aspect(match[0], match[0].casefold() in head, name, _by_intent(pattern))
    named: set[str] = set()
    for raw in keywords(question, _MAX_ASPECTS):
        word = _CALLED.sub("", raw)
        if word in _GENERIC or any(pattern.fullmatch(word) for pattern in _INTENTS.values()):
            continue
        labels = frozenset(concepts(word)) - named
        key = min(labels) if labels else word
        named |= labels
        found.setdefault(key, Aspect(word, word in head, "", _by_word(word, labels)))
    for label in concepts(question):
        if label not in named and label not in found:
            found[label] = Aspect(label.replace("_", " "), False, "", _by_concept(label))  # noqa: FBT003 - a field
    return list(found.values())


def occasions(question: str, now: datetime) -> list[Aspect]:
    """Return the time that a question asks about which asks about nothing else: "what do I have next week?".

    "In December" may mean the last one or the next.
    """
    zone = now.tzinfo or UTC
    past, coming = (event_span(question, relation, now, zone) for relation in ("did", "plans"))
    named = [span for span in (past, coming) if span is not None]
    if not named:
        return []
    return [Aspect(named[0].text, True, "", lambda one: any(_happens(span, one) for span in named))]  # noqa: FBT003


def _happens(span: TimeSpan, sentence: "Sentence") -> bool:
    """Whether what a sentence tells happens in a span: on the date it names, else on that of its note."""
    day = _named_day(sentence.text) or sentence.note.day
    if day is None or span.start is None or span.end is None:
        return False
    return span.start.date() <= day <= (span.end - timedelta(microseconds=1)).date()


def _named_day(text: str) -> date | None:
    match = _ISO.search(text)
    try:
        return date.fromisoformat(match[0]) if match else None
    except ValueError:
        return None


def _by_intent(pattern: re.Pattern[str]) -> Callable[[Sentence], bool]:
    return lambda sentence: bool(pattern.search(sentence.text))


def _by_word(word: str, labels: frozenset[str]) -> Callable[[Sentence], bool]:
    words = features(word)
    return lambda sentence: bool(words and words <= sentence.words) or not labels.isdisjoint(sentence.concepts)


def _by_concept(label: str) -> Callable[[Sentence], bool]:
    return lambda sentence: label in sentence.concepts


def _head(question: str) -> str:
    """Return what is asked for, without what it is asked about: after the last 的, before the first preposition."""
    folded = question.casefold().rstrip(_STOPS)
    folded = folded[:-_TAIL] + _TAIL_ZH.sub("", folded[-_TAIL:])
    if "的" in folded:
        before, _, after = folded.rpartition("的")
        return after if len(after) > 1 else before
    return _HEAD_EN.split(folded, maxsplit=1)[0]
