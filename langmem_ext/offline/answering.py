"""Answer a question with the best sentences a prompt quotes, and tell which aspects of it no sentence speaks of.

A sentence speaks of an aspect (`langmem_ext.offline.aspects`) by any word for it, in either language. Sentences are
chosen greedily until each aspect is spoken of, each fact once.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from langmem_ext.concepts import concept_mentions, concepts
from langmem_ext.keywords import keywords, mentions, most_mentioned
from langmem_ext.longterm.fact_rules import slots
from langmem_ext.longterm.facts import facts
from langmem_ext.longterm.sentences import sentences
from langmem_ext.offline import phrasing
from langmem_ext.offline.aspects import Aspect, Sentence, aspects, occasions
from langmem_ext.offline.reading import Note, Prompt, asks
from langmem_ext.text import features, features_of, stems, words_and_runs

MAX_ITEMS = 5
_LONG_SENTENCE = 40
_SAME = 0.6
_WEAK = 0.4
"""A sentence is left out when it scores less than this share of the best one."""

_ROLES: Final = frozenset({"", "user", "assistant", "tool", "system"})

_OF_SOMEONE: Final = frozenset({"name", "live", "job", "birthday", "age"})
"""Intents that answer nothing unless the sentence is about the one who is asked about."""
_CLAUSE: Final = re.compile(r"[;；\n]+")
_COMMA: Final = re.compile(r"[,，]+")
_FORMER: Final = re.compile(
    r"\b(?:before|used to|previously|formerly|earlier|originally|history|changed?)\b|"
    r"以前|之前|原来|原先|曾经|过去|变化|历史",
    re.IGNORECASE,
)
_WHEN: Final = re.compile(r"\bwhen\b|\bwhat (?:date|day|time)\b|什么时候|何时|哪[天年]|几[号点月]", re.IGNORECASE)


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
    asked = aspects(question) or occasions(question, prompt.now)
    if not asked:
        return Finding([], [], 0.0)
    spoken = _current(_spoken(asked, pool, question), prompt)
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
        return phrasing.nothing([aspect.name for aspect in finding.missing][:4], tongue)
    show = bool(_WHEN.search(prompt.question)) or any(sentence.note.id for sentence in finding.chosen)
    items = [(_told(sentence), _day(sentence.note) if show else None) for sentence in finding.chosen]
    return phrasing.found(list(dict.fromkeys(items)), tongue)


def _day(note: Note) -> date | None:
    """Return when a note was said; the date of an event is when it happens."""
    return None if note.kind == "event" else note.day


def _asking(text: str) -> str:
    """Return the sentences of a message that ask; all of it where none does."""
    return " ".join(sentence for sentence in sentences(text) if asks(sentence)) or text


def _pool(prompt: Prompt) -> list[Sentence]:
    """Return every sentence that may answer: remembered, said earlier, or in the rolling summary; none that asks."""
    summary = [Note(prompt.summary, kind="summary")] if prompt.summary else []
    notes = [*prompt.memories, *reversed(prompt.conversation), *summary]
    names = _names(note.speaker for note in notes)
    pool: list[Sentence] = []
    seen: set[str] = set()
    for rank, note in enumerate(notes):
        if note.speaker in {"tool", "system"} or (note.speaker == "assistant" and phrasing.own_words(note.text)):
            continue
        for text in _clauses(note.text):
            if text not in seen and not asks(text):
                seen.add(text)
                pool += _read(text, note, rank, names)
    return [*pool, *_from_profile(prompt, pool)]


def _read(text: str, note: Note, rank: int, names: frozenset[str]) -> list[Sentence]:
    """Read a clause, once for all that is asked of it; nothing comes of one that tells nothing.

    That is one without any content besides the name of whom it is said to: "Wow, Anna!".
    """
    words, runs = words_and_runs(text)
    stemmed = stems(words)
    if not any(map(str.isdigit, text)) and names.issuperset(most_mentioned(mentions(words, stemmed, runs), 8)):
        return []
    said = features_of(words, stemmed, runs)
    if note.speaker not in _ROLES:
        said |= features(note.speaker)
    return [Sentence(text, note, rank, said, frozenset(concept_mentions(stemmed, runs)))]


def _from_profile(prompt: Prompt, pool: Sequence[Sentence]) -> list[Sentence]:
    """Return what only the core profile says: what was said is better told in the words in which it was."""
    found: list[Sentence] = []
    for name, value in prompt.profile:
        words = features(value)
        if name == "user" or any(words <= one.words for one in pool):
            continue
        text = phrasing.of_profile(name, value, prompt.language)
        note = Note(text, kind="profile")
        found.append(Sentence(text, note, len(pool), features(text), frozenset(concepts(text))))
    return found


def _names(speakers: Iterable[str]) -> frozenset[str]:
    """Return the words of the names among speakers."""
    return frozenset(word for speaker in set(speakers) - _ROLES for word in keywords(speaker, 3))


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


def _current(spoken: dict[int, list[Sentence]], prompt: Prompt) -> dict[int, list[Sentence]]:
    """Leave out what is no longer so: of what a person has one of (a residence), the profile or the last word counts.

    Unless that is what is asked: "where did I live before?".
    """
    if _FORMER.search(prompt.question):
        return spoken
    told = {sentence: _slots(sentence) for said in spoken.values() for sentence in said}
    last = {slots()[name]: (date.max, True, value) for name, value in prompt.profile if name in slots()}
    for sentence, facts_told in told.items():
        for slot, value, changed in facts_told:
            word = (sentence.note.day or date.min, changed, value)
            last[slot] = max(last.get(slot, word), word)
    current = {one for one, said in told.items() if all(last[slot][2] == value for slot, value, _ in said)}
    return {place: [one for one in said if one in current] or said for place, said in spoken.items()}


def _slots(sentence: Sentence) -> list[tuple[str, str, bool]]:
    """Return what a sentence of the user's says they have one of, and whether it says that this has changed."""
    if sentence.note.speaker not in _ROLES:
        return []
    return [
        (fact.slot, next(value for key, value in fact.data.items() if key != "user"), fact.stance != "states")
        for fact in facts(sentence.text, "user")
        if fact.slot
    ]


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
