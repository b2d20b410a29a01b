"""Answer a question with the best sentences a prompt quotes, and tell which aspects of it no sentence speaks of.

A question is taken apart into aspects: the concepts and intents it names (`langmem_ext.longterm.extract`), and its
other keywords. A sentence speaks of an aspect by any word for it, in either language. Sentences are chosen greedily
until each aspect is spoken of, each fact once.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from langmem_ext.longterm.extract import concepts, sentences
from langmem_ext.offline import phrasing
from langmem_ext.offline.reading import Note, Prompt, asks
from langmem_ext.text import features, keywords

MAX_ITEMS = 5
_MAX_ASPECTS = 12
_LONG_SENTENCE = 40
_SAME = 0.6
_WEAK = 0.4
"""A sentence is left out when it scores less than this share of the best one."""
_ASSISTANT = 0.4
"""What an assistant said counts less than what the user said."""

_ROLES: Final = frozenset({"", "user", "assistant", "tool", "system"})

_INTENTS: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "like": r"(?<!would )(?<!'d )(?<!’d )\b(?:lik|lov|enjoy|prefer|fond|keen|favou?rite|hobb)\w*|"
        r"喜欢|喜爱|爱好|热爱|偏好|最爱|兴趣",
        "worry": r"\b(?:worr|afraid|fear|concern|anxious|nervous)\w*|担心|害怕|顾虑|担忧|焦虑",
        "wish": r"\b(?:want|wish|hope|hoping|would like|i'd like|plan(?:ning)? to|intend)\b|希望|想要|想去|打算|愿望",
        "name": r"\b(?:name|named|called)\b|名字|我叫|叫做|姓名|姓什么",
        "live": r"\b(?:live|lives|living in|reside|moved to|home town|hometown|address)\b|住在|居住|家在|搬到|地址",
        "book": r"\b(?:book|reserv)\w*|订好|订了|预订|预定|已订",
        "allergy": r"\ballerg\w*|过敏",
        "job": r"\b(?:work as|works as|job|occupation|profession|employed)\b|职业|工作是|做什么工作|从事|上班",
        "birthday": r"\b(?:birthday|was born|date of birth)\b|生日|出生",
        "age": r"\b(?:how old|years old|my age)\b|几岁|多大|\d+\s*岁",
    }.items()
}
_OF_SOMEONE: Final = frozenset({"name", "live", "job", "birthday", "age"})
"""Intents that answer nothing unless the sentence is about the one who is asked about."""
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
_CLAUSE: Final = re.compile(r"[;；\n]+")
_COMMA: Final = re.compile(r"[,，]+")
_WHEN: Final = re.compile(r"\bwhen\b|\bwhat (?:date|day|time)\b|什么时候|何时|哪[天年]|几[号点月]", re.IGNORECASE)


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


@dataclass(frozen=True, slots=True)
class Finding:
    """What a prompt has to say on its question.

    Attributes:
        chosen: The sentences to answer with, in the order of the question's aspects.
        missing: Aspects that no sentence speaks of.
        coverage: Share of the aspects' weight that is spoken of; 0 for a question without aspects.
    """

    chosen: list[Sentence]
    missing: list[Aspect]
    coverage: float


def find(prompt: Prompt) -> Finding:
    """Choose the sentences that answer a prompt's question."""
    pool = _pool(prompt)
    question = _asking(prompt.question)
    asked = aspects(question)
    if not asked:
        return Finding([], [], 0.0)
    spoken = _spoken(asked, pool, question)
    missing = [aspect for place, aspect in enumerate(asked) if not spoken[place]]
    total = sum(aspect.weight for aspect in asked)
    coverage = 1 - sum(aspect.weight for aspect in missing) / total
    return Finding(_choose(asked, spoken, len(pool)), missing, coverage)


def _spoken(asked: Sequence[Aspect], pool: Sequence[Sentence], question: str) -> dict[int, list[Sentence]]:
    """Return the sentences that speak of each aspect, by its place; only those that can answer.

    Where a subject that is asked for is spoken of, other sentences are beside the point. Where no subject is, "like"
    and "worry" may still answer, but "name" would answer with someone else's, as would anything about a named person.
    """
    spoken = {place: [one for one in pool if aspect.matches(one)] for place, aspect in enumerate(asked)}
    subjects = [place for place, aspect in enumerate(asked) if not aspect.intent]
    heads = {one for place in subjects if asked[place].head for one in spoken[place]}
    about = heads or {one for place in subjects for one in spoken[place]}
    strict = any(aspect.intent in _OF_SOMEONE for aspect in asked) or _names_someone(
        [asked[p] for p in subjects], question
    )
    if subjects and (about or strict):
        return {place: [one for one in said if one in about] for place, said in spoken.items()}
    return spoken


def _names_someone(subjects: Sequence[Aspect], question: str) -> bool:
    """Whether a subject is written as a proper name within the question."""
    return any(f" {subject.name.capitalize()}" in question for subject in subjects)


def answer(prompt: Prompt, finding: Finding) -> str:
    """Say what was found, or that nothing was."""
    tongue = prompt.language
    if not finding.chosen:
        return phrasing.nothing([aspect.name for aspect in aspects(_asking(prompt.question))][:4], tongue)
    show = bool(_WHEN.search(prompt.question)) or any(sentence.note.id for sentence in finding.chosen)
    items = [(_told(sentence), sentence.note.day if show else None) for sentence in finding.chosen]
    return phrasing.found(_joined(items), tongue)


def _asking(text: str) -> str:
    """Return the sentences of a message that ask; all of it where none does."""
    return " ".join(sentence for sentence in sentences(text) if asks(sentence)) or text


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


def _pool(prompt: Prompt) -> list[Sentence]:
    """Return every sentence that may answer: remembered, said earlier, or in the rolling summary; none that asks."""
    summary = [Note(prompt.summary, kind="summary")] if prompt.summary else []
    notes = [*prompt.memories, *reversed(prompt.conversation), *summary]
    pool: list[Sentence] = []
    seen: set[str] = set()
    for rank, note in enumerate(notes):
        if note.speaker in {"tool", "system"} or (note.speaker == "assistant" and phrasing.own_words(note.text)):
            continue
        for text in _clauses(note.text):
            if text not in seen and not asks(text):
                seen.add(text)
                words = features(f"{text} {note.speaker}" if note.speaker not in _ROLES else text)
                pool.append(Sentence(text, note, rank, words, frozenset(concepts(text))))
    names = _names(note.speaker for note in notes)
    return [one for one in pool if _tells(one.text, names)]


def _names(speakers: Iterable[str]) -> frozenset[str]:
    """Return the words of the names among speakers."""
    return frozenset(word for speaker in set(speakers) - _ROLES for word in keywords(speaker, 3))


def _tells(text: str, names: frozenset[str]) -> bool:
    """Whether a sentence has any content besides the name of whom it is said to ("Wow, Anna!" has none)."""
    return any(character.isdigit() for character in text) or not names.issuperset(keywords(text, 8))


def _clauses(text: str) -> Iterable[str]:
    """Cut a text into sentences, and long Chinese ones at their commas."""
    for part in _CLAUSE.split(text):
        for sentence in sentences(part):
            long = len(sentence) > _LONG_SENTENCE and not sentence.isascii()
            yield from (piece.strip() for piece in (_COMMA.split(sentence) if long else [sentence]) if piece.strip())


def _choose(asked: Sequence[Aspect], spoken: dict[int, list[Sentence]], size: int) -> list[Sentence]:
    """Take the best sentence again and again, until no aspect is left that a good one speaks of."""
    weight = {place: asked[place].weight * math.log(1 + size / len(said)) for place, said in spoken.items() if said}
    score: dict[Sentence, float] = {}
    for place, said in spoken.items():
        for sentence in said:
            score[sentence] = score.get(sentence, 0.0) + weight[place] * sentence.trust
    ordered = sorted(score, key=lambda sentence: -score[sentence])
    open_places = set(weight)
    best = score[ordered[0]] if ordered else 0.0
    chosen: list[Sentence] = []
    for sentence in ordered:
        if len(chosen) == MAX_ITEMS or score[sentence] < _WEAK * best:
            break
        speaks = {place for place in weight if sentence in spoken[place]}
        fresh = not any(_same(sentence, other) for other in chosen)
        if fresh and (speaks & open_places or score[sentence] >= (1 - _WEAK) * best):
            chosen.append(sentence)
            open_places -= speaks
    order = {sentence: min(place for place in weight if sentence in spoken[place]) for sentence in chosen}
    return sorted(chosen, key=lambda sentence: (order[sentence], sentence.rank))


def _same(one: Sentence, other: Sentence) -> bool:
    """Whether two sentences say the same: most of the shorter one's words are in the longer one."""
    shared = len(one.words & other.words)
    return shared >= _SAME * max(1, min(len(one.words), len(other.words)))


def _told(sentence: Sentence) -> str:
    """Phrase a sentence for the user: in the second person where they said it, with the name where another did."""
    text = phrasing.compact(sentence.text)
    speaker = sentence.note.speaker
    if speaker in {"", "user", "assistant"}:
        return phrasing.to_you(text) if speaker != "assistant" else text
    return f"{speaker}: {text}"


def _joined(items: Sequence[tuple[str, date | None]]) -> list[tuple[str, date | None]]:
    """Say each thing once."""
    return list(dict.fromkeys(items))
