"""`LexicalIndex`: put token rows in, ask questions of them."""

import math
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from langmem_ext import text
from langmem_ext.lexical.bm25 import Searchable, bm25
from langmem_ext.lexical.documents import ASKS, PERSONAL, Documents
from langmem_ext.lexical.postings import Postings, begins, position_keys
from langmem_ext.lexical.query import QueryAnalysis, analyse_query
from langmem_ext.lexical.terms import Term, character_terms, word_terms
from langmem_ext.lexical.vocabulary import Vocabulary
from langmem_ext.stopwords import FUNCTION_CHARACTERS
from langmem_ext.text import ROW_SEPARATOR, normalise

Floats = NDArray[np.float32]
Slots = NDArray[np.int64]
Mask = NDArray[np.bool_]

_SPACE = 32
_ROLES = frozenset("user assistant human ai system tool bot agent function developer 用户 助手 系统".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True, eq=False)
class LexicalCandidates:
    """Raw scores of documents for one query; all arrays have shape ``(n,)`` and share their order.

    Attributes:
        slots: The documents.
        words: BM25 of stemmed words and runs over windows; 0 where nothing matches.
        dates: Summed idf of the dates that the query names and the document's time has.
        characters: BM25 of character n-grams over windows.
        lengths: How many terms each document has.
        marks: Bits of what each utterance is: `documents.ASKS`, `PERSONAL`.
        named: The speakers, folded by `normalise`, that the query names.
        coverage: How much of the query the best document says, 0 to 1: its score by words, as a share of the bound.
    """

    slots: Slots
    words: Floats
    dates: Floats
    characters: Floats
    lengths: Floats
    marks: NDArray[np.uint8]
    named: frozenset[str]
    coverage: float


@dataclass(frozen=True, slots=True, eq=False)
class _Lists:
    """What a query scored: arrays over all slots."""

    analysis: QueryAnalysis
    words: Floats
    dates: Floats
    characters: Floats
    coverage: float


class LexicalIndex:
    """Postings of one namespace, in memory.

    Adding is cheap and deferred: rows are taken apart at the next question, all at once. Not thread-safe: who holds it
    serialises its use, questions included.
    """

    def __init__(self) -> None:
        self._pending: dict[int, tuple[str, str, str, float]] = {}
        self._vocabulary = Vocabulary()
        self._postings = Postings()
        self._documents = Documents()

    def put(self, slot: int, tokens: str, *, speaker: str = "", sequence: str = "", time: float = math.nan) -> None:
        """Add a document.

        Args:
            slot: Its number, higher than any before; a changed document is removed and put under a new one.
            tokens: Its row from `langmem_ext.text.analyse`.
            speaker: Who said it, "" where unknown.
            sequence: The conversation that it belongs to, "" where none. Order within it is by time, then by slot.
            time: Seconds since the epoch, NaN where unknown.
        """
        self._pending[slot] = (tokens, speaker, sequence, time)

    def remove(self, slot: int) -> None:
        """Take a document out; unknown slots are ignored."""
        if self._pending.pop(slot, None) is None and 0 <= slot < self._documents.count:
            self._documents.remove(slot)

    def search(self, query: str, *, mask: Mask | None, limit: int) -> tuple[Slots, Floats]:
        """Return the documents that share a term with the query, by plain BM25, best first.

        Args:
            query: A question or words.
            mask: Which slots may be found, shape ``(capacity,)``; None is all.
            limit: How many at most.
        """
        self._absorb()
        asked = replace(analyse_query(query), concepts=())  # other words for the same are recall's affair
        terms = word_terms(asked, self._vocabulary)
        scores, _ = self._bm25(terms, self._documents.words, self._searchable(mask, windows=False))
        best = _best(scores, limit)
        best = best[np.argsort(-scores[best], kind="stable")]
        return best, scores[best]

    def candidates(self, query: str, *, mask: Mask | None, limit: int, also: Slots | None = None) -> LexicalCandidates:
        """Return the union of the best `limit` by words, by dates and by characters, in ascending order of slot.

        `also` gives slots that are reported in any case, such as the nearest by vector.

        What `mask` excludes is not found, lends its neighbours nothing and counts for nothing: the future can't be felt
        in the past.
        """
        lists = self._score(query, mask)
        found = [_best(scores, limit) for scores in (lists.words, lists.dates, lists.characters)]
        slots = np.unique(np.concatenate(found if also is None else [*found, also]))
        return self._report(lists, slots)

    def scores(self, query: str, slots: Slots) -> LexicalCandidates:
        """Return the scores of given documents, in the given order, as `candidates` would."""
        return self._report(self._score(query, None), slots)

    @property
    def nbytes(self) -> int:
        """Estimated memory in bytes."""
        rows = sum(2 * len(row) + 200 for row, *_ in self._pending.values())
        return rows + self._vocabulary.nbytes + self._postings.nbytes + self._documents.nbytes

    def _score(self, query: str, mask: Mask | None) -> "_Lists":
        self._absorb()
        analysis = analyse_query(query)
        searchable = self._searchable(mask, windows=True)
        words, bound = self._bm25(word_terms(analysis, self._vocabulary), self._documents.words, searchable)
        characters = character_terms(analysis, self._vocabulary)
        return _Lists(
            analysis=analysis,
            words=words,
            dates=self._dates(analysis, searchable),
            characters=self._bm25(characters, self._documents.characters, searchable)[0],
            coverage=float(words.max()) / bound if bound > 0 else 0.0,
        )

    def _report(self, lists: "_Lists", slots: Slots) -> LexicalCandidates:
        return LexicalCandidates(
            slots=slots,
            words=lists.words[slots],
            dates=lists.dates[slots],
            characters=lists.characters[slots],
            lengths=self._documents.words[slots],
            marks=self._documents.marks[slots],
            named=self._named(lists.analysis),
            coverage=lists.coverage,
        )

    def _searchable(self, mask: Mask | None, *, windows: bool) -> Searchable:
        count = self._documents.count
        allowed = np.zeros(count + 1, np.float32)
        allowed[:count] = self._documents.alive[:count]
        if mask is not None:
            known = min(count, mask.size)
            allowed[:known] *= mask[:known]
            allowed[known:] = 0
        return Searchable(allowed, self._documents.near() if windows else None)

    def _bm25(self, weighted: list[Term], lengths: Floats, searchable: Searchable) -> tuple[Floats, float]:
        ranges = [(low, high, term) for term, (keys, _) in enumerate(weighted) for low, high in keys]
        count = self._documents.count
        if not ranges:
            return np.zeros(count, np.float32), 0.0
        table = np.asarray(ranges, np.int64)
        terms, documents = self._postings.gather(table[:, 0], table[:, 1], table[:, 2].astype(np.int32))
        weights = np.asarray([weight for _, weight in weighted], np.float32)
        return bm25(terms, documents, weights, lengths[:count], searchable)

    def _dates(self, analysis: QueryAnalysis, searchable: Searchable) -> Floats:
        allowed = searchable.allowed[:-1]
        total = np.zeros(allowed.size, np.float32)
        if not analysis.dates:
            return total
        calendar = self._documents.calendar()
        population = float(allowed.sum())
        for year, month, day in analysis.dates:
            hit = allowed > 0
            if year:
                hit &= calendar // 10_000 == year
            if month:
                hit &= calendar // 100 % 100 == month
            if day:
                hit &= calendar % 100 == day
            matching = np.count_nonzero(hit)
            total[hit] += math.log1p((population - matching + 0.5) / (matching + 0.5))
        return total

    def _named(self, analysis: QueryAnalysis) -> frozenset[str]:
        names = (normalise(name).strip() for name in self._documents.names)
        return frozenset(name for name in names if _names(analysis, name))

    def _absorb(self) -> None:
        """Take the pending rows apart."""
        if not self._pending:
            return
        slots = np.fromiter(self._pending, np.int32, len(self._pending))
        rows, speakers, sequences, times = map(list, zip(*self._pending.values(), strict=True))
        self._pending.clear()
        documents = self._documents
        documents.extend(slots, speakers, sequences, times)
        fields = [(*row.split(ROW_SEPARATOR), "", "")[:3] for row in rows]
        self._absorb_words(slots, [words.split() for words, _, _ in fields])
        self._absorb_runs(slots, [runs for _, runs, _ in fields])
        documents.marks[slots] = [
            _mark(marks, sequence) for (_, _, marks), sequence in zip(fields, sequences, strict=True)
        ]

    def _absorb_words(self, slots: NDArray[np.int32], words: list[list[str]]) -> None:
        counts = np.fromiter(map(len, words), np.int64, len(words))
        ids = np.fromiter(map(self._vocabulary.__getitem__, chain.from_iterable(words)), np.int32, int(counts.sum()))
        documents = np.repeat(slots, counts)
        self._documents.words[slots] = counts
        sums = np.bincount(np.repeat(np.arange(len(words)), counts), self._vocabulary.gram_counts()[ids], len(words))
        self._documents.characters[slots] = sums
        self._postings.add(-1 - ids.astype(np.int64), documents)

    def _absorb_runs(self, slots: NDArray[np.int32], runs: list[str]) -> None:
        if not any(runs):
            return
        codes = np.frombuffer(" ".join([*runs, ""]).encode("utf-32-le"), np.uint32)
        places = np.repeat(np.arange(len(runs)), np.fromiter((len(run) + 1 for run in runs), np.int64, len(runs)))
        keys = position_keys(codes, _SPACE)
        real = codes != _SPACE
        keys, places, codes = keys[real], places[real], codes[real]
        pairs, triples = begins(keys)
        said = ~np.isin(codes, np.fromiter(map(ord, FUNCTION_CHARACTERS), np.uint32))
        self._documents.words[slots] += np.bincount(places, said + pairs.astype(np.int64), len(runs))
        self._documents.characters[slots] += np.bincount(places, said + pairs + triples.astype(np.int64), len(runs))
        self._postings.add(keys, slots[places])


def _mark(marks: str, sequence: str) -> int:
    """Return the bits of a row's marks; what belongs to no conversation was written down as a statement."""
    return (ASKS if text.ASKS in marks else 0) | (PERSONAL if text.PERSONAL in marks or not sequence else 0)


def _names(analysis: QueryAnalysis, name: str) -> bool:
    """Whether a question names a speaker: by first or full name in spaced scripts, by substring in others."""
    if not any(char.isalpha() for char in name) or name in _ROLES:
        return False
    if name.isascii() or name[0] not in analysis.folded:
        return name.split(maxsplit=1)[0] in analysis.spoken
    return name in analysis.folded


def _best(scores: Floats, limit: int) -> Slots:
    """Return the slots of the highest positive scores, in no order."""
    positive = np.flatnonzero(scores > 0)
    if positive.size > limit:
        positive = positive[np.argpartition(-scores[positive], limit - 1)[:limit]]
    return positive
