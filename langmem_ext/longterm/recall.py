"""Recall: from a question to the few records that matter, without a model call, with a trace of every step.

plan → main context → topic index → keyword index → candidates → rank → rerank → cover → fit. Each step is a function
that says what it found, kept and dropped.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langgraph.store.base import GetOp, Item

from langmem_ext import namespaces
from langmem_ext.longterm import covering, fitting, ranking
from langmem_ext.longterm.candidates import hybrid_candidates
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.indexes import Named, look_up
from langmem_ext.longterm.plan import Bound, Plan, make_plan
from langmem_ext.longterm.stored import record_in
from langmem_ext.operations import Operation, ask, batch
from langmem_ext.protocols import Candidates
from langmem_ext.records import Kind, MemoryRecord, Recall, RecallStep, render
from langmem_ext.tracing import traced

_NOTED = 8
"""Records of a recall whose use is noted: one that fills a large context uses what it found first."""
_SPARE = 16
"""Records that are loaded beyond the limit, to replace what is covered or said twice."""


@dataclass(slots=True)
class Tracer:
    """Collects the steps of one recall."""

    steps: list[RecallStep] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, asked: str = "") -> Iterator[dict[str, Any]]:
        """Time a step; what the body puts into the dictionary becomes the step's fields."""
        fields: dict[str, Any] = {"asked": asked}
        began = time.perf_counter()
        yield fields
        elapsed = (time.perf_counter() - began) * 1000
        self.steps.append(RecallStep(name=name, milliseconds=round(elapsed, 3), **fields))


@dataclass(slots=True)
class Ranked:
    """Records under consideration, best first, with their scores."""

    records: list[MemoryRecord]
    scores: list[float]

    def without(self, drop: Collection[str]) -> "Ranked":
        """The same without some ids."""
        kept = [place for place, record in enumerate(self.records) if record.id not in drop]
        return Ranked([self.records[place] for place in kept], [self.scores[place] for place in kept])


@traced
def recall(
    core: Core,
    query: str,
    *,
    before: Bound = None,
    after: Bound = None,
    as_of: Bound = None,
    now: Bound = None,
    kinds: Sequence[Kind] | Kind | None = None,
    topic: str | None = None,
    thread_id: str | None = None,
    keywords: Sequence[str] = (),
    limit: int = 8,
    token_budget: int | None = None,
    exclude: Collection[str] = (),
    count: bool = True,
) -> Operation[Recall]:
    """Find what matters for a question.

    Args:
        query: The question, or whatever the memory should speak to, 1 to 32,000 characters.
        before: Only what happened up to then, inclusive; a bare date is the whole day, "2025-09" the whole month.
        after: Only what happened from then on, inclusive.
        as_of: What was believed then (recorded time), corrections since then unknown.
        now: What "last week" in the query is relative to; default the memory's clock.
        kinds: Only these kinds.
        topic: Only records that the topic index names under this topic.
        thread_id: Only what was said in this conversation, and what was derived from it alone.
        keywords: Keywords to look up besides those of the query.
        limit: Records at most, 1 to 1000.
        token_budget: Tokens of `Recall.text()` at most.
        exclude: Ids not to load, because the main context has them.
        count: Whether to count what comes back as used; False for someone who only looks at how it is found.

    Returns:
        Records best first, their scores, the tokens they cost and the trace. Times are hard bounds when given as
        arguments; read out of the query they only raise what falls inside.

    Raises:
        InvalidInputError: An argument can't be meant; the message says what to pass.
    """
    tracer = Tracer()
    with tracer.step("plan") as step:
        plan = make_plan(
            core,
            query,
            before=before,
            after=after,
            as_of=as_of,
            now=now,
            kinds=kinds,
            topic=topic,
            thread_id=thread_id,
            keywords=keywords,
            limit=limit,
            token_budget=token_budget,
            exclude=exclude,
        )
        step["asked"] = plan.describe()
        step["detail"] = {"keywords": list(plan.keywords), "times": [span.text for span in plan.spans]}
    found = yield from find(core, plan, tracer)
    if count:
        core.note_use(list(found.ids())[:_NOTED], plan.now)
    return found


def find(core: Core, plan: Plan, tracer: Tracer | None = None) -> Operation[Recall]:
    """Carry out a plan without counting what comes back as used: what the engine itself looks up is no use."""
    tracer = tracer or Tracer()
    with tracer.step("main_context", "what is in the context already is not loaded again") as step:
        step["found"] = len(plan.exclude)
    named = yield from _indexes(core, plan, tracer)
    candidates = yield from _candidates(core, plan, tracer)
    ranked = yield from _rank(core, plan, named, candidates, tracer)
    ranked = yield from _rerank(core, plan, ranked, tracer)
    ranked = _cover(core, named, ranked, tracer)
    chosen, tokens = _fit(core, plan, ranked, tracer)
    return Recall(query=plan.query, records=chosen.records, scores=chosen.scores, tokens=tokens, trace=tracer.steps)


def _indexes(core: Core, plan: Plan, tracer: Tracer) -> Operation[Named]:
    """Look the question's keywords up; what the indexes name but the plan excludes is gone after this step."""
    with tracer.step("keyword_index", ", ".join(plan.keywords)) as step:
        named = yield from look_up(core, plan.keywords)
        step["found"] = len(named.by_record)
        step["kept"] = named.entries()
        step["detail"] = {"keywords": {word: ids for word, ids in named.by_keyword.items() if ids}}
    with tracer.step("topic_index", "summaries of the topics that the question's keywords name") as step:
        summaries = named.summaries()
        step["found"] = len(summaries)
        step["kept"] = summaries
    tracer.steps[-2:] = reversed(tracer.steps[-2:])  # the topic is looked at first, then its entries
    return named


def _candidates(core: Core, plan: Plan, tracer: Tracer) -> Operation[Candidates]:
    with tracer.step("candidates", "words, characters, dates, vectors") as step:
        candidates = yield from hybrid_candidates(core, plan)
        step["found"] = candidates.total
        step["kept"] = []
        step["detail"] = {
            "coverage": round(candidates.coverage, 3),
            "weight": round(ranking.dense_weight(candidates, core.settings), 3),
            "searchable": candidates.total,
            "candidates": len(candidates.keys),
            "words": int(np.count_nonzero(candidates.words)),
            "characters": int(np.count_nonzero(candidates.characters)),
            "dates": int(np.count_nonzero(candidates.dates)),
            "dense": int(np.count_nonzero(~np.isnan(candidates.dense))),
        }
    return candidates


def _rank(core: Core, plan: Plan, named: Named, candidates: Candidates, tracer: Tracer) -> Operation[Ranked]:
    """Fuse the lists, add what the indexes name, load the best and apply the boosts."""
    with tracer.step("rank", "fused lists, boosted by index, importance, recency and use") as step:
        fused = ranking.fuse(candidates, plan.query, plan.spans, core.settings)
        scores = dict(zip(candidates.keys, fused.tolist(), strict=True))
        bonus = core.settings.index_bonus * ((float(np.std(fused)) if fused.size else 0.0) or 1.0)
        floor = min(scores.values(), default=0.0)
        if plan.topic is None:
            for record_id in named.by_record:
                scores[record_id] = scores.get(record_id, floor) + bonus * named.strength(record_id)
        depth = max(core.settings.depth, plan.limit + _SPARE)
        best = sorted(scores, key=lambda key: -scores[key])[: depth + len(plan.exclude)]
        ranked, missing = yield from _load(core, plan, best, scores)
        step["found"] = len(scores)
        step["kept"] = [record.id for record in ranked.records]
        step["dropped"] = missing
        step["detail"] = {"scores": {r.id: round(s, 4) for r, s in zip(ranked.records, ranked.scores, strict=True)}}
    return ranked


def _load(
    core: Core, plan: Plan, keys: Sequence[str], scores: dict[str, float]
) -> Operation[tuple[Ranked, dict[str, str]]]:
    """Load records by key and order them by boosted score; say which were dropped and why."""
    leaves = core.records_leaf, core.leaf(namespaces.USAGE)
    found = yield from batch(core.store, [GetOp(leaf, key, refresh_ttl=False) for leaf in leaves for key in keys])
    got = [item if isinstance(item, Item) else None for item in found]
    items, usage = got[: len(keys)], got[len(keys) :]
    dropped: dict[str, str] = {}
    kept: list[tuple[MemoryRecord, float]] = []
    for key, item, use in zip(keys, items, usage, strict=True):
        reason = _refuse(plan, item)
        if reason or item is None:
            dropped[key] = reason
        else:
            kept.append((record_in(item, use), scores[key]))
    records = [record for record, _ in kept]
    boosted = ranking.boost(np.asarray([score for _, score in kept]), records, plan.now, core.settings)
    order = np.argsort(-boosted, kind="stable")
    return Ranked([records[place] for place in order], [float(boosted[place]) for place in order]), dropped


def _refuse(plan: Plan, item: Item | None) -> str:
    """Say why a stored record may not come back, or nothing."""
    if item is None:
        return "forgotten meanwhile"
    if not plan.admits(item.value):
        return "outside the asked time, kind or belief"
    if item.value["id"] in plan.exclude:
        return "already in the main context"
    return ""


def _rerank(core: Core, plan: Plan, ranked: Ranked, tracer: Tracer) -> Operation[Ranked]:
    """Let the reranker, where there is one, reorder the best; what it leaves out is dropped."""
    reranker = core.reranker
    if reranker is None or not ranked.records:
        return ranked
    with tracer.step("rerank", type(reranker).__name__) as step:
        documents = [Document(page_content=record.text, id=record.id) for record in ranked.records]
        result = yield from ask(
            lambda: reranker.compress_documents(documents, plan.query),
            lambda: reranker.acompress_documents(documents, plan.query),
        )
        by_id = {record.id: record for record in ranked.records}
        order = [str(document.id) for document in result if document.id in by_id]
        records = [by_id[record_id] for record_id in order]
        step["found"] = len(documents)
        step["kept"] = [record.id for record in records]
        kept = set(order)
        step["dropped"] = {record_id: "left out by the reranker" for record_id in by_id if record_id not in kept}
    return Ranked(records, [1.0 / (1 + place) for place in range(len(records))])


def _cover(core: Core, named: Named, ranked: Ranked, tracer: Tracer) -> Ranked:
    """Leave out what others of these say already."""
    with tracer.step("cover", "entries that a chosen summary covers are not loaded again") as step:
        dropped = covering.covered(ranked.records, named.by_keyword, core.settings)
        step["found"] = len(ranked.records)
        step["dropped"] = dropped
        left = ranked.without(dropped)
        step["kept"] = [record.id for record in left.records]
    return left


def _fit(core: Core, plan: Plan, ranked: Ranked, tracer: Tracer) -> tuple[Ranked, int]:
    """Choose within the limit and the token budget, without near-duplicates."""
    asked = f"at most {plan.limit} records" + (f" and {plan.token_budget} tokens" if plan.token_budget else "")
    with tracer.step("fit", asked) as step:
        choice = fitting.fit(
            ranked.records,
            ranked.scores,
            cost=lambda record: core.counter(render(record)) + 1,
            limit=plan.limit,
            budget=plan.token_budget,
            settings=core.settings,
        )
        chosen = Ranked(
            [ranked.records[place] for place in choice.places], [ranked.scores[place] for place in choice.places]
        )
        step["found"] = len(ranked.records)
        step["kept"] = [record.id for record in chosen.records]
        step["dropped"] = choice.dropped
        step["detail"] = {"tokens": choice.tokens}
    return chosen, choice.tokens
