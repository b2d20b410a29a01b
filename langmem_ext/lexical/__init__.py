"""The lexical index of one namespace: BM25 over windows of neighbouring messages, in memory, rebuilt from token rows.

    query      a question, analysed: terms, character n-grams, dates
    vocabulary words, their stems and their character n-grams
    postings   which documents hold which key, in sorted segments
    terms      which keys a question looks for
    documents  columns: lengths, times, speakers, neighbours
    bm25       the formula
    index      `LexicalIndex`, which ties them together

It imports numpy, and of ours `text`, `concepts` and `stopwords` alone.
"""

from langmem_ext.lexical.index import LexicalCandidates, LexicalIndex
from langmem_ext.lexical.query import QueryAnalysis, analyse_query

__all__ = ["LexicalCandidates", "LexicalIndex", "QueryAnalysis", "analyse_query"]
