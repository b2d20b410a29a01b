"""The topic and keyword indexes, read: which summary a question's topic has, which entries its keywords name."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from langgraph.store.base import SearchItem, SearchOp

from langmem_ext import namespaces
from langmem_ext.longterm.core import Core, scan, search_items
from langmem_ext.longterm.stored import text_in
from langmem_ext.operations import Operation, batch
from langmem_ext.records import DIGESTS

_PER_KEYWORD = 64


@dataclass(frozen=True, slots=True)
class Named:
    """What the keyword index names for a question.

    Attributes:
        by_record: Record id → the question's keywords that name it, in the question's order.
        by_keyword: Keyword → ids of the records it names.
        kinds: Record id → its kind, as the index entry says.
    """

    by_record: dict[str, list[str]] = field(default_factory=dict)
    by_keyword: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def strength(self, record: str) -> float:
        """Sum over the keywords that name a record, each divided by the root of how many records it names."""
        return sum(1 / math.sqrt(len(self.by_keyword[word])) for word in self.by_record[record])

    def summaries(self) -> list[str]:
        """Ids of the named summaries and reflections, those named by most keywords first."""
        named = [record for record, kind in self.kinds.items() if kind in DIGESTS]
        return sorted(named, key=lambda record: -len(self.by_record[record]))

    def entries(self) -> list[str]:
        """Ids of the other named records, those named by most keywords first."""
        named = [record for record, kind in self.kinds.items() if kind not in DIGESTS]
        return sorted(named, key=lambda record: -len(self.by_record[record]))


def look_up(core: Core, keywords: Iterable[str]) -> Operation[Named]:
    """Ask the keyword index what each canonical keyword names; one batch for all of them."""
    words = list(keywords)
    leaves = [core.leaf(namespaces.KEYWORDS, namespaces.label(word)) for word in words]
    ops = [SearchOp(leaf, limit=_PER_KEYWORD, refresh_ttl=False) for leaf in leaves]
    results = yield from batch(core.store, ops)
    named = Named()
    for word, leaf, result in zip(words, leaves, results, strict=True):
        for item in search_items(result):
            if item.namespace == leaf:
                _note(named, word, item)
    return named


def _note(named: Named, word: str, item: SearchItem) -> None:
    named.by_record.setdefault(item.key, []).append(word)
    named.by_keyword.setdefault(word, []).append(item.key)
    named.kinds[item.key] = str(item.value.get("kind", "fact"))


def topics(core: Core) -> Operation[dict[str, list[str]]]:
    """Return the topic index: topic → ids of its records, summaries first; topics in alphabetical order."""
    entries = yield from scan(core, core.leaf(namespaces.TOPICS))
    found: dict[str, list[tuple[bool, str]]] = {}
    for item in entries:
        topic = text_in(item, "topic")
        found.setdefault(topic, []).append((item.value.get("kind") != "summary", item.key))
    return {topic: [key for _, key in sorted(found[topic])] for topic in sorted(found)}


def keywords(core: Core) -> Operation[dict[str, list[str]]]:
    """Return the keyword index: canonical keyword → ids of the records it names; keywords in alphabetical order."""
    entries = yield from scan(core, core.leaf(namespaces.KEYWORDS))
    found: dict[str, list[str]] = {}
    for item in entries:
        found.setdefault(namespaces.unlabel(item.namespace[-1]), []).append(item.key)
    return {keyword: sorted(found[keyword]) for keyword in sorted(found)}
