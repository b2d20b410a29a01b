"""Distillation without a model: what is found in the words themselves, in the form that a model would return.

The engine checks and applies both alike, so a memory without a model works by the same rules: quotes, evidence,
revisions that can be undone.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from langmem_ext.longterm.core import Core
from langmem_ext.longterm.dating import dated, event_span, iso
from langmem_ext.longterm.fact_rules import FactKind
from langmem_ext.longterm.facts import Fact, facts
from langmem_ext.longterm.log import stated
from langmem_ext.longterm.policy import DistillationSettings
from langmem_ext.longterm.salience import choose, importance
from langmem_ext.longterm.schemas import MAX_OPERATIONS, EntryKeywords, Insight, MemoryOperation, SummaryDraft
from langmem_ext.longterm.topics import keywords_of, topic_of
from langmem_ext.longterm.utterances import read
from langmem_ext.records import MemoryRecord
from langmem_ext.text import features, language

_ENTRY_KEYWORDS = 6
_SUMMARY_KEYWORDS = 22
_SAME = 0.8
"""Overlap of words (Jaccard) from which two statements say the same."""
_RELATED = 0.34
"""Overlap from which a statement of change is taken to be about a known memory: a third of the words of both."""


def statements(messages: Sequence[MemoryRecord], zone: tzinfo | None = None) -> dict[int, list[Fact]]:
    """Return what people state in messages by the patterns of `facts`, by the message's number, from 1.

    Args:
        messages: Of the log.
        zone: Zone of the days that they name; None is that of each message's own time.
    """
    found: dict[int, list[Fact]] = {}
    for number, message in enumerate(messages, 1):
        if stated(message) and (told := facts(message.content, message.speaker or "")):
            days = zone or message.occurred_at.tzinfo or UTC
            found[number] = [_dated(fact, message.occurred_at, days) for fact in told]
    return found


def _dated(fact: Fact, said: datetime, zone: tzinfo) -> Fact:
    """Add the date that a fact names; what is planned for a date, or happened at one, is an event."""
    relation = next((key for key in fact.data if key != "user"), "")
    span = None if relation in _TIMELESS else event_span(fact.quote, relation, said, zone)
    if span is None:
        return fact
    kind: FactKind = "event" if relation in _HAPPENING else fact.kind
    return replace(fact, kind=kind, content=dated(fact.content, span), data=fact.data | {"date": iso(span)})


_TIMELESS = frozenset({"habit", "birthday", "age", "name", "contact", "answer_style"})
_HAPPENING = frozenset({"plans", "did", "booked", "appointment", "gave_up", "changed_to"})


def extract_operations(told: Mapping[int, Sequence[Fact]], known: Sequence[MemoryRecord]) -> list[MemoryOperation]:
    """Return the changes that statements make to what is known.

    Args:
        told: What `statements` found.
        known: What is known around them; operations name them by number, from 1.
    """
    operations: list[MemoryOperation] = []
    said: list[frozenset[str]] = []
    used: set[int] = set()
    slots: dict[tuple[str, str], int] = {}
    for number, found in told.items():
        for fact in found:
            words = features(fact.content)
            if any(_overlap(words, earlier) >= _SAME for earlier in said):
                continue
            said.append(words)
            slot = (fact.slot, fact.data.get("user", ""))
            if fact.slot and slot in slots:
                operations[slots[slot]] = _restated(operations[slots[slot]], number, fact)
                continue
            operation = _operation(number, fact, words, known, used)
            if operation.target is not None:
                used.add(operation.target)
            slots[slot] = len(operations)
            operations.append(operation)
    return operations[:MAX_OPERATIONS]


def _operation(
    number: int, fact: Fact, words: frozenset[str], known: Sequence[MemoryRecord], used: set[int]
) -> MemoryOperation:
    """Say it again, change or end what it is about, or add it."""
    proposed = MemoryOperation(
        action="add",
        message=number,
        quote=fact.quote,
        kind=fact.kind,
        content=fact.content,
        data=dict(fact.data),
        keywords=list(fact.keywords),
        importance=fact.importance,
        occurred_at=fact.data.get("date") if fact.kind == "event" else None,
    )
    nearest, overlap = _nearest(words, known, used)
    if nearest and overlap >= _SAME and fact.stance == "states":
        return proposed.model_copy(update={"action": "reinforce", "target": nearest})
    slot = _same_slot(fact, known, used)
    if slot:
        return proposed.model_copy(update={"action": "retire" if fact.stance == "ends" else "revise", "target": slot})
    if nearest and overlap >= _RELATED and fact.stance != "states":
        return proposed.model_copy(
            update={"action": "retire" if fact.stance == "ends" else "revise", "target": nearest}
        )
    return proposed


def _restated(operation: MemoryOperation, number: int, fact: Fact) -> MemoryOperation:
    """Let what was said last of what a person has one of stand for what was said before it."""
    return operation.model_copy(
        update={
            "message": number,
            "quote": fact.quote,
            "content": fact.content,
            "occurred_at": fact.data.get("date") if fact.kind == "event" else None,
            "data": dict(fact.data),
            "keywords": list(fact.keywords),
        }
    )


def _same_slot(fact: Fact, known: Sequence[MemoryRecord], used: set[int]) -> int | None:
    """Return the known memory of what a person has one of (a budget, a residence), if there is one."""
    if not fact.slot:
        return None
    relation = fact.data.keys() - {"user", "date"}
    for number, record in enumerate(known, 1):
        data = record.data if isinstance(record.data, dict) else {}
        if number not in used and relation & data.keys() and data.get("user") == fact.data.get("user"):
            return number
    return None


def _nearest(words: frozenset[str], known: Sequence[MemoryRecord], used: set[int]) -> tuple[int | None, float]:
    scored = [
        (_overlap(words, features(record.content)), -number)
        for number, record in enumerate(known, 1)
        if number not in used
    ]
    if not scored:
        return None, 0.0
    overlap, number = max(scored)
    return -number, overlap


def _overlap(words: frozenset[str], other: frozenset[str]) -> float:
    union = len(words | other)
    return len(words & other) / union if union else 0.0


def extract_summary(core: Core, entries: Sequence[MemoryRecord]) -> SummaryDraft | None:
    """Return a digest of entries by their most telling sentences; None where nothing was stated."""
    return digest_entries(entries, core.counter, core.distillation)


def digest_entries(
    entries: Sequence[MemoryRecord], counter: Callable[[str], int], policy: DistillationSettings
) -> SummaryDraft | None:
    """Return what `extract_summary` does, without a memory at hand."""
    texts = [read(entry.content) for entry in entries]
    said = [utterance for text in texts for utterance in text]
    if not any(utterance.states for utterance in said):
        return None
    total = sum(counter(entry.content) for entry in entries)
    share = min(policy.summary_tokens, int(total * policy.summary_share))
    chosen = choose(said, 2 * total if total <= policy.summary_whole else max(share, policy.summary_least))
    if not chosen:
        return None
    label = topic_of(said)
    return SummaryDraft(
        topic=label,
        content=join_sentences(chosen),
        keywords=list(dict.fromkeys([label, *keywords_of(said, _SUMMARY_KEYWORDS)])),
        importance=round(max(importance(sentence) for sentence in chosen), 2),
        entries=[
            EntryKeywords(entry=n, keywords=keywords_of(text, _ENTRY_KEYWORDS)) for n, text in enumerate(texts, 1)
        ],
    )


def join_sentences(chosen: Sequence[str]) -> str:
    """Join sentences that may lack their full stop, as each language does."""
    chinese = language(" ".join(chosen)) == "zh"
    stop, space = ("。", "") if chinese else (".", " ")
    closed = [sentence if sentence[-1] in ".!?。！？…!?" else sentence + stop for sentence in chosen]
    return space.join(closed)


def extract_insights(entries: Sequence[MemoryRecord]) -> list[Insight]:
    """Return what comes up again and again: keywords that at least three distilled entries share.

    A count of words is no understanding, and the insight says no more than it has counted.
    """
    named = Counter(word for entry in entries for word in dict.fromkeys(entry.keywords))
    insights: list[Insight] = []
    told: set[frozenset[int]] = set()
    for word, count in named.most_common():
        if count < _OFTEN or len(insights) == _INSIGHTS:
            break
        numbers = frozenset(number for number, entry in enumerate(entries, 1) if word in entry.keywords)
        if numbers in told:
            continue
        told.add(numbers)
        insights.append(_insight(word, sorted(numbers), entries))
    return insights


_OFTEN = 3
_INSIGHTS = 5
_SHOWN = 3


def _insight(word: str, numbers: Sequence[int], entries: Sequence[MemoryRecord]) -> Insight:
    evidence = [entries[number - 1] for number in numbers]
    shown = [entry.content.rstrip(".。") for entry in sorted(evidence, key=lambda entry: -entry.importance)[:_SHOWN]]
    if language(shown[0]) == "zh":
        content = f"多次提到“{word}”({len(numbers)} 条记录):{';'.join(shown)}。"
    else:
        content = f'"{word}" comes up again and again ({len(numbers)} records): {"; ".join(shown)}.'
    strongest = max(entry.importance for entry in evidence)
    return Insight(content=content, entries=list(numbers), keywords=[word], importance=strongest)
