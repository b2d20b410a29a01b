"""`HybridStore`: what every store of this package does alike, whatever keeps its rows.

    operations ─ plan ─ embed queries ─ embed new texts ─ execute ─ results

A subclass says how a checked plan is executed and how the two searches run; all of that blocks, and is run in a worker
thread where an event loop waits. Checking, embedding and the two forms, sync and async, are written here, once.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from langgraph.store.base import BaseStore, Op, PutOp, Result, SearchItem, SearchOp

from langmem_ext.errors import InvalidInputError
from langmem_ext.operations import Operation, arun, ask, run
from langmem_ext.protocols import Candidates
from langmem_ext.store.browsing import Browsing
from langmem_ext.store.checking import CheckReport
from langmem_ext.store.embedding import Embedder
from langmem_ext.store.moving import Movable
from langmem_ext.store.planning import Plan, plan_batch, plan_search
from langmem_ext.store.reading import Search
from langmem_ext.store.texts import Fields
from langmem_ext.store.vectors import Rows
from langmem_ext.store.writing import Put, VectorSource


class HybridStore(Browsing, BaseStore, Movable):
    """A `BaseStore` with full text and hybrid candidates; one class for sync and async, and its own context manager.

    A subclass sets `_fields` and `_embedder` before it is used, and implements the abstract methods.
    """

    _fields: Fields
    _embedder: Embedder | None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await arun(ask(self.close))

    @abstractmethod
    def setup(self) -> None:
        """Bring what is stored to what this code and this configuration need; opening has done it."""

    @abstractmethod
    def close(self) -> None:
        """Close the store; any later use raises `StoreClosedError`."""

    @abstractmethod
    def exclusive(self, name: str, *, blocking: bool = True) -> AbstractContextManager[bool]:
        """Hold a lock by name; see `langmem_ext.protocols.SupportsExclusive`."""

    @abstractmethod
    def sweep_ttl(self) -> int:
        """Delete expired items and return how many there were."""

    @abstractmethod
    def check(self, *, repair: bool = False) -> CheckReport:
        """Compare what is derived with the items, and rebuild it if asked to."""

    @abstractmethod
    def _execute(self, plan: Plan, source: VectorSource | None) -> list[Result]:
        """Run a checked batch: reads see the state before it, writes are all done or none."""

    @abstractmethod
    def _stored_vectors(self, puts: Sequence[Put]) -> Mapping[tuple[str, str], Mapping[bytes, bytes]]:
        """Return the vectors stored for texts that the puts write again, by item and text hash."""

    @abstractmethod
    def _find_words(self, search: Search) -> list[SearchItem]:
        """Run a search by words."""

    @abstractmethod
    def _find_candidates(self, search: Search) -> Candidates:
        """Collect the candidates of a search by words, and by vector where it has one."""

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Run operations: all reads in one snapshot of the state before the batch, all writes in one transaction.

        Args:
            ops: LangGraph's operations; of several puts of one item the last counts.

        Returns:
            One result for each operation.

        Raises:
            InvalidInputError: An argument that can't be meant; nothing was written.
            InvalidNamespaceError: A namespace LangGraph does not allow; nothing was written.
            EmbeddingError: The embedding function failed; nothing was written.
            StoreError: The store could not be read or written; nothing was written.
        """
        return run(self._batch(list(ops)))

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Async twin of `batch`: embeds with the async methods, reads and writes in a worker thread."""
        return await arun(self._batch(list(ops)))

    def search_lexical(
        self,
        namespace: tuple[str, ...],
        query: str,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the name BaseStore.search uses
        limit: int = 10,
        offset: int = 0,
    ) -> list[SearchItem]:
        """Find items by their words: BM25 over the indexed text, English stemmed, Chinese by characters.

        Args:
            namespace: Prefix of the namespaces to search; statistics are those of each namespace.
            query: Text; items that share no word with it are not found.
            filter: As in `search`; applied before ranking.
            limit: How many to return.
            offset: How many of the best to skip.

        Returns:
            Matching items, best first, `score` set.
        """
        return run(self._search_lexical(namespace, query, filter, limit, offset))

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
        return await arun(self._search_lexical(namespace, query, filter, limit, offset))

    def search_candidates(
        self,
        namespace: tuple[str, ...],
        query: str,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        limit: int = 200,
        dense: bool = True,
    ) -> Candidates:
        """Collect the union of the best `limit` of each list (words, dates, characters, vectors) with all scores.

        Args:
            namespace: Exactly this namespace, no prefix.
            query: Text.
            filter: As in `search`; applied before any list is cut.
            limit: How many of each list.
            dense: Whether to embed the query; without an index nothing is embedded.

        Returns:
            `Candidates`; dense scores are within 0.0005 of the exact cosine.
        """
        return run(self._search_candidates(namespace, query, filter, limit, dense=dense))

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
        return await arun(self._search_candidates(namespace, query, filter, limit, dense=dense))

    def _batch(self, ops: list[Op]) -> Operation[list[Result]]:
        embeds = self._embedder is not None
        if any(isinstance(op, PutOp) for op in ops):  # texts are analysed: too much work for an event loop
            plan = yield from ask(lambda: plan_batch(ops, self._fields, embeds=embeds))
        else:
            plan = plan_batch(ops, self._fields, embeds=embeds)
        yield from self._embed_queries(plan)
        source = yield from self._embed_puts(plan)
        return (yield from ask(lambda: self._execute(plan, source)))

    def _embed_queries(self, plan: Plan) -> Operation[None]:
        vectors: dict[str, Rows] = {}
        for position, query in plan.queries.items():
            if query not in vectors and self._embedder is not None:
                vectors[query] = yield from self._embedder.query(query)
            plan.searches[position] = plan.searches[position].by_vector(vectors[query])

    def _embed_puts(self, plan: Plan) -> Operation[VectorSource | None]:
        embedder = self._embedder
        puts = [put for put in plan.puts if put.texts]
        if embedder is None or not puts:
            return None
        kept = yield from ask(lambda: self._stored_vectors(puts))
        missing = {
            text.hash: text.text
            for put in puts
            for text in put.texts
            if text.hash not in kept.get((put.path, put.key), {})
        }
        rows = yield from embedder.documents(list(missing.values()))
        return VectorSource(rows, {text_hash: row for row, text_hash in enumerate(missing)}, kept)

    def _search_lexical(
        self,
        namespace: tuple[str, ...],
        query: str,
        filter: dict[str, Any] | None,  # noqa: A002
        limit: int,
        offset: int,
    ) -> Operation[list[SearchItem]]:
        search = plan_search(SearchOp(namespace, filter, limit, offset)).by_words(_text(query))
        return (yield from ask(lambda: self._find_words(search)))

    def _search_candidates(
        self,
        namespace: tuple[str, ...],
        query: str,
        filter: dict[str, Any] | None,  # noqa: A002
        limit: int,
        *,
        dense: bool,
    ) -> Operation[Candidates]:
        search = plan_search(SearchOp(namespace, filter, limit)).by_words(_text(query))
        if dense and self._embedder is not None:
            search = search.by_vector((yield from self._embedder.query(query)))
        return (yield from ask(lambda: self._find_candidates(search)))


def _text(query: Any) -> str:
    if not isinstance(query, str):
        raise InvalidInputError(f"query must be a string, got a {type(query).__name__}")
    return query
