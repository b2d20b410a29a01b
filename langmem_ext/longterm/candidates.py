"""Where the candidates of a recall come from: the store's own hybrid search, or what any `BaseStore` can give.

Whichever it is, the result is the same `Candidates`, ranked by the same code. A store without hybrid search is asked
only for what every store gets right (equality, and similarity where it has vectors); the rest of the filter is checked
here before any list is cut, and the words are scored here over the items that came.
"""

import logging
from collections.abc import Sequence

import numpy as np
from langgraph.store.base import Item, SearchItem, SearchOp

from langmem_ext.errors import EmbeddingError
from langmem_ext.lexical import LexicalIndex
from langmem_ext.longterm.core import Core, get_items, scan, search_items
from langmem_ext.longterm.plan import Plan
from langmem_ext.longterm.ranking import trusts_vectors
from langmem_ext.namespaces import TOPICS, label
from langmem_ext.operations import Operation, ask, batch
from langmem_ext.protocols import Candidates, SupportsCandidates
from langmem_ext.records import FOREVER
from langmem_ext.text import analyse

logger = logging.getLogger("langmem_ext")

_FIRST_PAGE = 200
_GROWTH = 4


def hybrid_candidates(core: Core, plan: Plan) -> Operation[Candidates]:
    """Return the candidates of a plan, by vector too where the embedder is to be trusted with the question.

    Where the embedding function fails, words find without it.
    """
    try:
        dense = yield from trusts_vectors(core.store, plan.query, core.settings)
    except Exception as error:  # noqa: BLE001 - the embedding function is a third party's
        logger.warning("embedding failed (%s); recall by words alone", type(error).__name__)
        dense = False
    try:
        return (yield from find_candidates(core, plan, dense=dense))
    except EmbeddingError as error:
        logger.warning("embedding failed (%s); recall by words alone", type(error).__name__)
        return (yield from find_candidates(core, plan, dense=False))


def find_candidates(core: Core, plan: Plan, *, dense: bool) -> Operation[Candidates]:
    """Return the candidates of a plan, with every list's score; nothing that the plan's filter excludes."""
    store = core.store
    if plan.topic is not None:
        items = yield from topic_items(core, plan)
        return score_items(plan.query, items, dense=dense)
    if isinstance(store, SupportsCandidates):
        leaf, limit, condition = core.records_leaf, core.settings.candidates, plan.filter()
        return (
            yield from ask(
                lambda: store.search_candidates(leaf, plan.query, filter=condition, limit=limit, dense=dense),
                lambda: store.asearch_candidates(leaf, plan.query, filter=condition, limit=limit, dense=dense),
            )
        )
    found = yield from _plain_search(core, plan)
    return score_items(plan.query, found, dense=dense)


def topic_items(core: Core, plan: Plan) -> Operation[list[Item]]:
    """Return the admitted records that the topic index names under the plan's topic."""
    leaf = core.leaf(TOPICS, label((plan.topic or "").casefold()))
    entries = yield from scan(core, leaf)
    ids = list(dict.fromkeys(entry.key for entry in entries))
    items = yield from get_items(core, core.records_leaf, ids)
    return [item for item in items if item and plan.admits(item.value)]


def _plain_search(core: Core, plan: Plan) -> Operation[list[SearchItem]]:
    """Ask a plain store for ever more neighbours until enough of them pass the filter or all have been seen.

    A store without vectors gives items in no order that matters, so all of them are read, up to a limit.
    """
    equal = {} if plan.as_of else {"believed_until": FOREVER}
    limit, wanted = _FIRST_PAGE, core.settings.candidates
    while True:
        op = SearchOp(core.records_leaf, query=plan.query, filter=equal or None, limit=limit, refresh_ttl=False)
        (result,) = yield from batch(core.store, [op])
        items = search_items(result)
        admitted = [item for item in items if item.namespace == core.records_leaf and plan.admits(item.value)]
        ranked = bool(items) and items[0].score is not None
        enough = (len(admitted) >= wanted) if ranked else (limit >= core.settings.scan_limit)
        if enough or len(items) < limit:
            return admitted
        limit *= _GROWTH


def score_items(query: str, items: Sequence[Item], *, dense: bool) -> Candidates:
    """Score items that are at hand: a lexical index over just these, and the similarity that came with them."""
    index = LexicalIndex()
    for slot, item in enumerate(items):
        value = item.value
        index.put(
            slot,
            analyse(str(value.get("text", ""))),
            speaker=str(value.get("speaker") or ""),
            sequence=str(value.get("thread_id") or ""),
            time=float(value["occurred_ts"]),
        )
    slots = np.arange(len(items), dtype=np.int64)
    lexical = index.scores(query, slots)
    near = [item.score if dense and isinstance(item, SearchItem) else None for item in items]
    return Candidates(
        keys=[item.key for item in items],
        words=lexical.words,
        dates=lexical.dates,
        characters=lexical.characters,
        dense=np.asarray([np.nan if cosine is None else cosine for cosine in near], dtype=np.float32),
        speakers=[str(item.value.get("speaker") or "") for item in items],
        times=np.asarray([float(item.value["occurred_ts"]) for item in items], dtype=np.float64),
        total=len(items),
        named=lexical.named,
        coverage=lexical.coverage,
        lengths=lexical.lengths,
        marks=lexical.marks,
    )
