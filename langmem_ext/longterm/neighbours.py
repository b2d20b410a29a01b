"""What is known around new messages: the memories that they may change, repeat or contradict.

Looked for around *each* message, not just around the last one: by words and vectors, by the concepts it speaks of
(which join "budget" and 预算), and among what was learnt last ("I moved to Berlin" shares no word with "lives in
Paris"; what is new is worth a look whatever its words).
"""

from collections.abc import Sequence

from langgraph.store.base import SearchOp

from langmem_ext import namespaces
from langmem_ext.concepts import concepts
from langmem_ext.keywords import canonical_keyword
from langmem_ext.longterm.candidates import hybrid_candidates
from langmem_ext.longterm.core import Core, get_items, search_items
from langmem_ext.longterm.plan import Plan
from langmem_ext.longterm.ranking import fuse
from langmem_ext.longterm.reading import records
from langmem_ext.longterm.stored import record_in
from langmem_ext.operations import Operation, batch
from langmem_ext.records import STATEMENTS, MemoryRecord

_PER_MESSAGE = 5
"""Known memories looked up around each new message."""
_PER_CONCEPT = 32
"""Latest entries of the keyword index looked at under each concept."""


def neighbours(core: Core, messages: Sequence[MemoryRecord]) -> Operation[list[MemoryRecord]]:
    """Return what is known around messages, the nearest first, at most `distillation.neighbours`."""
    policy = core.distillation
    if not policy.neighbours:
        return []
    texts = [message.content[: policy.neighbour_query] for message in messages]
    ids: dict[str, None] = {}
    for text in texts:
        ids.update(dict.fromkeys((yield from _nearest(core, text))))
    ids.update(dict.fromkeys((yield from _named(core, texts))))
    latest = {record.id: record for record in (yield from records(core, kinds=STATEMENTS, limit=policy.neighbours))}
    ids.update(dict.fromkeys(latest))
    chosen = list(ids)[: policy.neighbours]
    items = yield from get_items(core, core.records_leaf, [key for key in chosen if key not in latest])
    known = latest | {item.key: record_in(item) for item in items if item}
    return [known[key] for key in chosen if key in known]


def _nearest(core: Core, text: str) -> Operation[list[str]]:
    """Return the ids of what says most nearly the same; by words alone where embedding fails."""
    found = yield from hybrid_candidates(core, Plan(text, core.now(), kinds=STATEMENTS))
    scores = fuse(found, text, (), core.settings)
    return [found.keys[place] for place in (-scores).argsort(kind="stable")[:_PER_MESSAGE]]


def _named(core: Core, texts: Sequence[str]) -> Operation[list[str]]:
    """Return the ids of the facts that the keyword index names under the concepts of the texts, the latest first."""
    words = dict.fromkeys(canonical_keyword(label) for text in texts for label in concepts(text))
    leaves = [core.leaf(namespaces.KEYWORDS, namespaces.label(word)) for word in words if word]
    results = yield from batch(core.store, [SearchOp(leaf, limit=_PER_CONCEPT, refresh_ttl=False) for leaf in leaves])
    found = [
        item.key
        for leaf, result in zip(leaves, results, strict=True)
        for item in search_items(result)
        if item.namespace == leaf and item.value.get("kind") in STATEMENTS
    ]
    return found[: core.distillation.neighbours]
