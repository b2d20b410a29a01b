"""What a store can offer beyond LangGraph's `BaseStore`, as protocols: the seam between `store` and `longterm`.

The engine takes any `BaseStore`. Where a store offers one of these it is used; where not, the engine does the same
with the five base operations (less well or more slowly, never differently in what it may return). Nothing here
imports anything of ours.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from langgraph.store.base import SearchItem
from numpy.typing import NDArray

Scores: TypeAlias = NDArray[np.float32]

FEEDBACK = 4
"""How many of the items nearest to a query by vector `Candidates.feedback` compares with."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What a store found for one query in one namespace, every list's raw score for every candidate.

    The candidates are the union of the best of each list (lexical with dates, characters, dense) among the items
    that pass the filter. All arrays have shape ``(n,)`` and share their order; none is a view of store memory.

    Attributes:
        keys: Item keys.
        words: Windowed BM25 over stemmed words, float32, 0 where nothing matched.
        dates: Summed idf of the date tokens that query and item share, float32.
        characters: Windowed BM25 over character n-grams, float32.
        dense: Cosine of query and item vector, float32; NaN where the item has no vector or none was asked for.
        speakers: Who said it, as stored; "" where unknown.
        times: Event time in seconds since the epoch, float64; NaN where unknown.
        total: How many items of the namespace passed the filter.
        named: The speakers that the query names (folded), of those that occur in the namespace.
        coverage: How much of the query's words the best item says, 0 to 1; 1 where the store does not say.
        lengths: How many indexed terms each candidate has, float32; None where the store does not say.
        marks: What kind of utterance each is, bits of `langmem_ext.lexical.documents` (it asks, it speaks of the
            speaker), uint8; None where the store does not say.
        feedback: Mean cosine of the item's vector and those of the `FEEDBACK` items nearest to the query, float32, NaN
            as in `dense`; None where the store does not say.
    """

    keys: Sequence[str]
    words: Scores
    dates: Scores
    characters: Scores
    dense: Scores
    speakers: Sequence[str]
    times: NDArray[np.float64]
    total: int
    named: frozenset[str] = field(default_factory=frozenset)
    coverage: float = 1.0
    lengths: Scores | None = None
    marks: NDArray[np.uint8] | None = None
    feedback: Scores | None = None


@runtime_checkable
class SupportsLexical(Protocol):
    """BM25 over the indexed text of a namespace prefix."""

    def search_lexical(
        self,
        namespace: tuple[str, ...],
        query: str,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the name BaseStore.search uses
        limit: int = 10,
        offset: int = 0,
    ) -> list[SearchItem]:
        """Return matching items, best first, `score` set."""
        ...

    async def asearch_lexical(
        self,
        namespace: tuple[str, ...],
        query: str,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        limit: int = 10,
        offset: int = 0,
    ) -> list[SearchItem]:
        """Async twin of `search_lexical`."""
        ...


@runtime_checkable
class SupportsCandidates(Protocol):
    """Hybrid candidates of exactly one namespace (no prefix), filter applied before any list is cut."""

    def search_candidates(
        self,
        namespace: tuple[str, ...],
        query: str,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        limit: int = 200,
        dense: bool = True,
    ) -> Candidates:
        """Return the union of the best `limit` of each list; `dense=False` asks for no embedding of the query."""
        ...

    async def asearch_candidates(
        self,
        namespace: tuple[str, ...],
        query: str,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        limit: int = 200,
        dense: bool = True,
    ) -> Candidates:
        """Async twin of `search_candidates`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Ordered:
    """A page of a namespace in the order of a number.

    Attributes:
        items: The page.
        numbers: The number of every item that matches, in the same order, float64; NaN where it has none.
    """

    items: list[SearchItem]
    numbers: NDArray[np.float64]


@runtime_checkable
class SupportsOrdered(Protocol):
    """Pages of exactly one namespace in the order of a field, filtered; see `FaissStore.search_ordered`."""

    def search_ordered(
        self,
        namespace: tuple[str, ...],
        by: str,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        contains: tuple[str, str] | None = None,
        keys: Sequence[str] | None = None,
        ascending: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> Ordered:
        """Return a page, and the number by which it is ordered for all that match."""
        ...

    async def asearch_ordered(
        self,
        namespace: tuple[str, ...],
        by: str,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        contains: tuple[str, str] | None = None,
        keys: Sequence[str] | None = None,
        ascending: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> Ordered:
        """Async twin of `search_ordered`."""
        ...


@runtime_checkable
class SupportsCounts(Protocol):
    """How many items there are, without reading them."""

    def count_items(self, prefix: tuple[str, ...]) -> dict[tuple[str, ...], int]:
        """Return how many items each namespace at and below the prefix holds."""
        ...

    async def acount_items(self, prefix: tuple[str, ...]) -> dict[tuple[str, ...], int]:
        """Async twin of `count_items`."""
        ...


@runtime_checkable
class SupportsExclusive(Protocol):
    """Mutual exclusion by name, across every thread and process that has the same store open."""

    def exclusive(self, name: str, *, blocking: bool = True) -> AbstractContextManager[bool]:
        """Hold the lock `name` inside the context; gives False, holding nothing, when `blocking=False` and it is taken.

        The operating system or the server releases it when its holder dies.
        """
        ...


@runtime_checkable
class SupportsPurge(Protocol):
    """Erasing deleted bytes from the store's own files."""

    def purge(self) -> None:
        """Return when no file of the store (database, log, snapshots) holds bytes of what was deleted before."""
        ...
