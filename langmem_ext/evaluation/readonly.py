"""A store that takes no writes, so that every question meets the same memory and none sees another."""

from collections.abc import Iterable
from typing import Any

from langgraph.store.base import BaseStore, Op, PutOp, Result

from langmem_ext.protocols import Candidates, SupportsCandidates


class ReadOnlyStore(BaseStore):
    """Reads from another store and drops what is put; as safe to share as the store behind it.

    Args:
        store: A store with hybrid candidates, as `open_store` gives.
    """

    def __init__(self, store: BaseStore) -> None:
        if not isinstance(store, SupportsCandidates):
            raise TypeError(f"the store must offer search_candidates, got {type(store).__name__}")
        self._store = store
        self._candidates: SupportsCandidates = store

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Run what reads; a write gives None, as if it had been done."""
        given = list(ops)
        results = iter(self._store.batch([op for op in given if not isinstance(op, PutOp)]))
        return [None if isinstance(op, PutOp) else next(results) for op in given]

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Async twin of `batch`."""
        given = list(ops)
        results = iter(await self._store.abatch([op for op in given if not isinstance(op, PutOp)]))
        return [None if isinstance(op, PutOp) else next(results) for op in given]

    def search_candidates(self, namespace: tuple[str, ...], query: str, **options: Any) -> Candidates:
        """Search the store behind."""
        return self._candidates.search_candidates(namespace, query, **options)

    async def asearch_candidates(self, namespace: tuple[str, ...], query: str, **options: Any) -> Candidates:
        """Async twin of `search_candidates`."""
        return await self._candidates.asearch_candidates(namespace, query, **options)
