"""What a question looks for in an index: its terms, as ranges of keys of the postings, each with its weight."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from langmem_ext.concepts import members
from langmem_ext.lexical.postings import run_range, word_key
from langmem_ext.lexical.query import QueryAnalysis
from langmem_ext.lexical.vocabulary import Vocabulary, grams
from langmem_ext.stopwords import FUNCTION_CHARACTERS

Range: TypeAlias = tuple[int, int]
Term: TypeAlias = tuple[list[Range], float]
"""The ranges of keys that match a term of a question, and its weight."""

_LONGEST_RUN = 3
"""Characters of a Chinese word that are looked up: the length of the n-grams that the index holds."""
_CONCEPT = 0.5
"""What other words for what the question speaks of count, against 1 for its own: who asks about pets may mean the dog,
who asks about the budget the 预算. Measured alike from 0.4 to 0.8."""


def word_terms(analysis: QueryAnalysis, vocabulary: Vocabulary) -> list[Term]:
    """Return the stems of a question, its characters and pairs of unspaced script, and words for its concepts."""
    terms: list[Term] = [(_stem(stem, vocabulary), count) for stem, count in analysis.stems.items()]
    terms += _runs(analysis.runs, sizes=(1, 2))
    return terms + [(_concept(label, vocabulary), _CONCEPT) for label in analysis.concepts]


def character_terms(analysis: QueryAnalysis, vocabulary: Vocabulary) -> list[Term]:
    """Return the character n-grams of a question."""
    counts: dict[str, float] = {}
    for word, count in analysis.words.items():
        for gram in grams(word):
            counts[gram] = counts.get(gram, 0.0) + count
    terms: list[Term] = [(_keys(vocabulary.with_gram(gram)), count) for gram, count in counts.items()]
    return terms + _runs(analysis.runs, sizes=(1, 2, 3))


def _keys(words: Iterable[int]) -> list[Range]:
    keys = [word_key(number) for number in words]
    return [(key, key + 1) for key in keys]


def _stem(stem: str, vocabulary: Vocabulary) -> list[Range]:
    return _keys(vocabulary.with_stem(stem))


def _concept(label: str, vocabulary: Vocabulary) -> list[Range]:
    words, runs = members()[label]
    ranges = [span for word in words for span in _stem(word, vocabulary)]
    return ranges + [run_range(run[:_LONGEST_RUN]) for run in runs]


def _runs(runs: Iterable[str], sizes: tuple[int, ...]) -> list[Term]:
    """Return the n-grams of runs with their counts; those of function characters alone are none."""
    counts = Counter(
        run[place : place + size] for run in runs for size in sizes for place in range(len(run) - size + 1)
    )
    return [([run_range(gram)], count) for gram, count in counts.items() if not FUNCTION_CHARACTERS.issuperset(gram)]
