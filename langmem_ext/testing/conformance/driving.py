"""Drives a store's sync and async halves through one interface, so that every behaviour is written down once."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from typing import Any, TypeAlias, TypeVar

from langgraph.store.base import BaseStore, Op, Result, SearchItem

T = TypeVar("T")

Opened: TypeAlias = BaseStore | AbstractContextManager[BaseStore] | AbstractAsyncContextManager[BaseStore]
StoreFactory: TypeAlias = Callable[..., Opened]
"""``factory(index=…, ttl=…)`` opens the same place every time: a store, or a (async) context manager that gives one."""
OpenStore: TypeAlias = Callable[..., AbstractContextManager[BaseStore]]
"""``open_store(index=…, ttl=…)`` as the tests see it: always a context manager, always driven by sync calls."""


class AsyncDriver(BaseStore):
    """Looks like a sync store; every call runs the async twin on an event loop of its own.

    Not thread-safe: one event loop, driven by the thread that calls.
    """

    def __init__(self, store: BaseStore, runner: asyncio.Runner) -> None:
        """Take over `store`, which belongs to the loop of `runner`."""
        self.store = store
        self.supports_ttl = store.supports_ttl
        self.ttl_config = store.ttl_config
        self._runner = runner

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end on the store's loop."""
        return self._runner.run(work)

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Run `abatch`."""
        return self.run(self.store.abatch(ops))

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Run `abatch` where a loop runs already."""
        return await self.store.abatch(ops)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Run `aget`."""
        return self.run(self.store.aget(*args, **kwargs))

    def put(self, *args: Any, **kwargs: Any) -> None:
        """Run `aput`."""
        self.run(self.store.aput(*args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> None:
        """Run `adelete`."""
        self.run(self.store.adelete(*args, **kwargs))

    def search(self, *args: Any, **kwargs: Any) -> list[SearchItem]:
        """Run `asearch`."""
        return self.run(self.store.asearch(*args, **kwargs))

    def list_namespaces(self, *args: Any, **kwargs: Any) -> list[tuple[str, ...]]:
        """Run `alist_namespaces`."""
        return self.run(self.store.alist_namespaces(*args, **kwargs))

    def search_lexical(self, *args: Any, **kwargs: Any) -> list[SearchItem]:
        """Run `asearch_lexical`."""
        found: list[SearchItem] = self.run(self.store.asearch_lexical(*args, **kwargs))  # type: ignore[attr-defined]
        return found

    def search_candidates(self, *args: Any, **kwargs: Any) -> Any:
        """Run `asearch_candidates`."""
        return self.run(self.store.asearch_candidates(*args, **kwargs))  # type: ignore[attr-defined]

    def sweep_ttl(self) -> int:
        """Run `sweep_ttl`, which is a coroutine on stores that are async only."""
        swept = self.store.sweep_ttl()  # type: ignore[attr-defined]
        count: int = self.run(swept) if inspect.iscoroutine(swept) else swept
        return count


def unwrapped(store: BaseStore) -> BaseStore:
    """Return the store under test itself."""
    return store.store if isinstance(store, AsyncDriver) else store


@contextmanager
def drive_sync(opened: Opened) -> Iterator[BaseStore]:
    """Enter what a factory returned and give the store itself."""
    if isinstance(opened, AbstractContextManager):
        with opened as store:
            yield store
    elif isinstance(opened, BaseStore):
        yield opened
    else:
        raise TypeError(f"store_factory gave {type(opened).__name__}, which `with` can't enter; has_sync must be False")


@contextmanager
def drive_async(opened: Opened) -> Iterator[AsyncDriver]:
    """Enter what a factory returned, with `async with` where it can, and give the store behind an `AsyncDriver`."""
    with asyncio.Runner() as runner:
        if not isinstance(opened, AbstractAsyncContextManager):
            with drive_sync(opened) as store:
                yield AsyncDriver(store, runner)
            return
        entered = runner.run(_enter(opened))
        try:
            yield AsyncDriver(entered, runner)
        finally:
            runner.run(_leave(opened))


async def _enter(opened: AbstractAsyncContextManager[BaseStore]) -> BaseStore:
    return await opened.__aenter__()


async def _leave(opened: AbstractAsyncContextManager[BaseStore]) -> None:
    await opened.__aexit__(None, None, None)
