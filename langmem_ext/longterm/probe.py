"""Does an embedder understand a language? Asked once of every embedder, with pairs of sentences of our own.

The two sentences of a pair say the same without sharing a content word. An embedder that compares meanings finds the
partner of each among all; one that hashes words, or was trained on another language, finds it no better than by chance.
Trusting an English embedder on Chinese questions loses more than half of the evidence that words alone find.
"""

import threading
import weakref
from typing import Literal, TypeAlias

import numpy as np
from langchain_core.embeddings import Embeddings
from langgraph.store.base import BaseStore

from langmem_ext.operations import Operation, ask

Script: TypeAlias = Literal["spaced", "unspaced"]

PASS = 0.6
"""Share of partners that must be found. Chance is one in twelve."""

PAIRS: dict[Script, tuple[tuple[str, str], ...]] = {
    "spaced": (
        ("The physician advised rest.", "A doctor told him to take it easy."),
        ("Our automobile broke down.", "The car stopped working."),
        ("She purchased a house.", "They saw her buy a home."),
        ("It rained heavily.", "The weather was very wet."),
        ("He is afraid of heights.", "Tall ladders scare him."),
        ("The child is sleeping.", "A baby has gone to bed."),
        ("My salary was increased.", "I got a raise at work."),
        ("We ate at an Italian place.", "Pizza and pasta for dinner."),
        ("The dog needs a walk.", "Take the puppy outside."),
        ("Her flight was cancelled.", "The airline grounded the plane."),
        ("He plays the violin.", "Music lessons on a string instrument."),
        ("They got married in spring.", "The wedding took place in April."),
    ),
    "unspaced": (
        ("医生建议他好好休息。", "大夫让他多歇着。"),
        ("我们的汽车抛锚了。", "轿子坏在半路，开不动。"),
        ("她买下一套房子。", "女士购置新居。"),
        ("昨天雨下得很大。", "天气十分潮湿，到处积水。"),
        ("他害怕高处。", "爬上楼顶会让人恐惧。"),
        ("孩子睡着了。", "宝宝已经进入梦乡。"),
        ("老板给我加薪了。", "工资涨了不少。"),
        ("晚饭吃的是意大利菜。", "披萨和通心粉真美味。"),
        ("该带狗出去走走。", "小犬需要遛一遛。"),
        ("她的航班取消了。", "飞机没有起飞。"),
        ("他会拉小提琴。", "学习弦乐器的音乐课。"),
        ("两人春天结婚。", "婚礼在四月举行。"),
    ),
}

_known: dict[int, tuple[weakref.ref[Embeddings], dict[Script, float]]] = {}
_guard = threading.Lock()


def embedder_of(store: BaseStore) -> Embeddings | None:
    """Return the embedder of a store, by the attribute that LangGraph's stores keep it in."""
    embeddings = getattr(store, "embeddings", None)
    return embeddings if isinstance(embeddings, Embeddings) else None


def understands(embeddings: Embeddings, script: Script) -> Operation[bool]:
    """Tell whether an embedder compares meanings in a kind of script.

    The first question about an embedder and script embeds 24 short sentences in one call; the answer is kept for as
    long as the embedder object lives. Two threads that ask at once may both embed.
    """
    found = _remembered(embeddings)
    if script not in found:
        sentences = [sentence for pair in zip(*PAIRS[script], strict=True) for sentence in pair]
        vectors = yield from ask(
            lambda: embeddings.embed_documents(sentences),
            lambda: embeddings.aembed_documents(sentences),
        )
        found[script] = partners_found(np.asarray(vectors, np.float64))
    return found[script] >= PASS


def partners_found(vectors: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Return the share of sentences whose nearest neighbour on the other side is their partner.

    Args:
        vectors: All first sentences, then all second ones, shape ``(2·pairs, dims)``.
    """
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(norms > 0, norms, 1)
    first, second = np.split(unit, 2)
    cosines = first @ second.T
    partner = np.diagonal(cosines)
    rivals = np.where(np.eye(len(first), dtype=bool), -np.inf, cosines)
    return float(np.mean([partner > rivals.max(axis=1), partner > rivals.max(axis=0)]))


def _remembered(embeddings: Embeddings) -> dict[Script, float]:
    """Return what is known of this very object; by identity, because many embedders can't be hashed."""
    with _guard:
        known = _known.get(id(embeddings))
        if known is None or known[0]() is not embeddings:
            key = id(embeddings)
            known = (weakref.ref(embeddings, lambda gone: _forget(key, gone)), {})
            _known[key] = known
        return known[1]


def _forget(key: int, gone: weakref.ref[Embeddings]) -> None:
    known = _known.get(key)
    if known is not None and known[0] is gone:
        del _known[key]
