"""One score out of many: how words, characters, dates, vectors, speakers and times are put together. Pure.

::

    mx(s) = s / max s            z(s) = (s - mean) / standard deviation, over the candidates
    fused = z( mx(words + date·dates) + character·mx(characters) )  +  w·z(cosine + feedback·nearest)
    fused += std(fused)·( speaker·[said by the one speaker named] + focus·(time·[inside a time named] + telling) )
    fused += std(fused)·length·z(log length)
    telling = asks·[ends in a question, without "I"] + personal·[says "I"]

`words` counts, besides the question's own, the words for the concepts that it speaks of (`langmem_ext.concepts`).

A sum of scaled scores keeps how much better the best is than the next, which votes by rank throw away: fusing by
reciprocal rank measured 2 to 14 points below this wherever one list is much weaker than the other.

The vectors weigh the more, the less of the question the words of any memory say: ``w = share / coverage``, up to a
bound; coverage is the best score by words as a share of the bound that BM25 can't reach. They weigh nothing where the
embedder does not understand the question's script (see `probe`). `nearest` is the mean cosine with the messages nearest
to the question: Rocchio's feedback without a user (Li et al., "Pseudo Relevance Feedback with Deep Language Models and
Dense Retrievers", 2023), which helps long questions that say much beside the point.

`telling` knows nothing of the question: some messages tell something, others keep a conversation going, and evidence is
found among the first.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from langgraph.store.base import BaseStore
from numpy.typing import NDArray

from langmem_ext.lexical import QueryAnalysis, analyse_query
from langmem_ext.lexical.documents import ASKS, PERSONAL
from langmem_ext.longterm.probe import Script, embedder_of, understands
from langmem_ext.longterm.settings import RecallSettings
from langmem_ext.operations import Operation
from langmem_ext.protocols import Candidates
from langmem_ext.records import MemoryRecord
from langmem_ext.text import normalise
from langmem_ext.times import TimeSpan

Floats = NDArray[np.float64]

_DAY = 86_400.0


def standard(values: Floats) -> Floats:
    """Return standard scores; zeros where all values are equal."""
    spread = float(values.std()) if values.size else 0.0
    return (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)


def scaled(values: Floats) -> Floats:
    """Return values divided by the greatest; zeros where none is positive."""
    greatest = float(values.max(initial=0.0))
    return values / greatest if greatest > 0 else np.zeros_like(values)


def trusts_vectors(store: BaseStore, query: str, settings: RecallSettings) -> Operation[bool]:
    """Tell whether the vectors should be asked about a question.

    Args:
        store: The store that holds the vectors; its embedder is probed once.
        query: The question.
        settings: Weights of recall; a fixed weight decides without a probe.
    """
    if settings.dense is not None:
        return settings.dense > 0
    embeddings = embedder_of(store)
    if embeddings is None:
        return False
    return (yield from understands(embeddings, script_of(analyse_query(query))))


def script_of(analysis: QueryAnalysis) -> Script:
    """Tell whether a question is mostly in an unspaced script."""
    return "unspaced" if analysis.unspaced / 2 > analysis.subjects else "spaced"


def dense_weight(candidates: Candidates, settings: RecallSettings) -> float:
    """Return the weight of the vectors against the words: the greater, the less the words cover; 0 without vectors."""
    if np.isnan(candidates.dense).all():
        return 0.0
    if settings.dense is not None:
        return settings.dense
    return settings.dense_share / max(candidates.coverage, settings.dense_share / settings.dense_most)


def fuse(candidates: Candidates, query: str, spans: Sequence[TimeSpan], settings: RecallSettings) -> Floats:
    """Return one score for each candidate; higher is better, 0 about average.

    Args:
        candidates: What the store found, with every list's score.
        query: The question.
        spans: Times that the question names.
        settings: Weights of recall.

    Returns:
        Shape ``(n,)``.
    """
    analysis = analyse_query(query)
    focus = min(1.0, settings.focus / max(analysis.weight, 1.0)) ** 2
    words = candidates.words.astype(np.float64) + settings.date * candidates.dates
    character = settings.character_unspaced if script_of(analysis) == "unspaced" else settings.character
    fused = standard(scaled(words) + character * scaled(candidates.characters.astype(np.float64)))
    weight = dense_weight(candidates, settings)
    if weight > 0:
        fused += weight * _dense(candidates, settings)
    spread = float(fused.std()) if fused.size else 0.0
    if spread == 0.0:
        spread = 1.0  # nothing tells the candidates apart but who and when
    if len(candidates.named) == 1:
        fused += spread * settings.speaker * _said_by(candidates)
    fused += spread * focus * (_telling(candidates, settings) + settings.length * _longer(candidates))
    if spans:
        fused += spread * focus * settings.time * _inside(candidates, spans)
    return fused


def _dense(candidates: Candidates, settings: RecallSettings) -> Floats:
    """Standard scores of the cosines; a candidate without a vector is as near as the average."""
    cosines = candidates.dense.astype(np.float64)
    if candidates.feedback is not None:
        cosines += settings.feedback * candidates.feedback
    known = ~np.isnan(cosines)
    found = np.zeros_like(cosines)
    found[known] = standard(cosines[known])
    return found


def _said_by(candidates: Candidates) -> Floats:
    folded = {speaker: normalise(speaker).strip() in candidates.named for speaker in set(candidates.speakers)}
    return np.asarray([folded[speaker] for speaker in candidates.speakers], np.float64)


def _telling(candidates: Candidates, settings: RecallSettings) -> Floats:
    """How much each candidate looks like a message that tells something, in standard deviations of the scores."""
    raised = np.zeros(len(candidates.keys))
    if candidates.marks is not None:
        raised[candidates.marks & (ASKS | PERSONAL) == ASKS] += settings.asks
        raised[candidates.marks & PERSONAL > 0] += settings.personal
    return raised


def _longer(candidates: Candidates) -> Floats:
    if candidates.lengths is None:
        return np.zeros(len(candidates.keys))
    return standard(np.log1p(candidates.lengths.astype(np.float64)))


def _inside(candidates: Candidates, spans: Sequence[TimeSpan]) -> Floats:
    inside = np.zeros(candidates.times.size, np.bool_)
    for span in spans:
        start, end = span.to_ts()
        inside |= (candidates.times >= start) & (candidates.times < end)
    return inside.astype(np.float64)


def boost(scores: Floats, records: Sequence[MemoryRecord], now: datetime, settings: RecallSettings) -> Floats:
    """Raise and lower scores, by small shares, for importance, recency and use.

    Recency and use count for what was distilled only: what was said long ago is asked for as often as what was said
    last, and a message that one question found is no likelier to answer the next.

    Each is taken as the distance from the mean of these records, so that what is the same for all changes nothing, and
    multiplies the distance of a score above the lowest, so that a bad match stays one. To that distance belongs one
    standard deviation (or one, where all scores are the same), so that a tie is decided, too.

    Args:
        scores: Fused scores, shape ``(n,)``.
        records: One for each score.
        now: The moment of the question.
        settings: Weights of recall.
    """
    if not records:
        return scores
    importance = np.asarray([record.importance for record in records])
    ages = np.asarray([max(0.0, (now - record.occurred_at).total_seconds()) for record in records]) / _DAY
    recency = np.exp2(-ages / settings.recency_half_life_days)
    uses = np.log1p(np.asarray([record.access_count for record in records], np.float64))
    said = [record.kind == "message" for record in records]
    recency[said] = uses[said] = 0.0
    share = (
        settings.importance * (importance - importance.mean())
        + settings.recency * (recency - recency.mean())
        + settings.use * (scaled(uses) - scaled(uses).mean())
    )
    ground = float(scores.min()) - (float(scores.std()) or 1.0)
    boosted: Floats = ground + (scores - ground) * (1.0 + share)
    return boosted
