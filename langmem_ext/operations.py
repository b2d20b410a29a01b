"""One implementation for sync and async: operations, and the two drivers that run them.

A multi-step operation is a generator. It yields a `Request` for each thing that can wait (a batch of store
operations, a model call, an embedding), receives the result where it yielded, and returns its own result. The
operation itself never blocks and never awaits, so the same body serves `recall` and `arecall`; only the two loops
below differ. httpx does this for its authentication flows.

Inside an operation, write ``items = yield from ask(sync_function, async_function)`` or one of the typed helpers
(`batch`, `invoke`). An exception raised by a request is raised at its ``yield``, so `try` works as usual.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeAlias, TypeVar

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.store.base import BaseStore, Op, Result

from langmem_ext.tracing import annotate, traced

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Request:
    """Something an operation waits for, in its two forms; the driver calls exactly one of them."""

    sync: Callable[[], Any]
    asynchronous: Callable[[], Awaitable[Any]]


Operation: TypeAlias = Generator[Request, Any, T]
"""A generator that yields requests and returns a `T`."""


def ask(sync: Callable[[], T], asynchronous: Callable[[], Awaitable[T]] | None = None) -> Operation[T]:
    """Wait for a result; without an async form the sync one runs in a worker thread of the event loop."""
    if asynchronous is None:

        async def asynchronous() -> T:
            return await asyncio.to_thread(sync)

    result: T = yield Request(sync, asynchronous)
    return result


def batch(store: BaseStore, ops: Iterable[Op]) -> Operation[list[Result]]:
    """Run store operations in one batch; an empty batch asks for nothing."""
    ops = list(ops)
    if not ops:
        return []
    return (yield from store_batch(store, ops))


@traced
def store_batch(store: BaseStore, ops: list[Op]) -> Operation[list[Result]]:
    """Run store operations in one batch, in a span of its own."""
    annotate(lambda: Counter(type(op).__name__.removesuffix("Op").lower() for op in ops))
    return (yield from ask(lambda: store.batch(ops), lambda: store.abatch(ops)))


def invoke(runnable: Runnable[Any, T], value: Any, config: RunnableConfig | None = None) -> Operation[T]:
    """Invoke a model or any runnable."""
    return (
        yield from ask(
            lambda: runnable.invoke(value, config),
            lambda: runnable.ainvoke(value, config),
        )
    )


def run(operation: Operation[T]) -> T:
    """Run an operation to its end, blocking."""
    try:
        request = next(operation)
        while True:
            try:
                result = request.sync()
            except Exception as error:  # noqa: BLE001 - handed to the operation, which may handle it
                request = operation.throw(error)
            else:
                request = operation.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        operation.close()


async def arun(operation: Operation[T]) -> T:
    """Run an operation to its end on the running event loop; cancelling the task closes the operation."""
    try:
        request = next(operation)
        while True:
            try:
                result = await request.asynchronous()
            except Exception as error:  # noqa: BLE001 - handed to the operation, which may handle it
                request = operation.throw(error)
            else:
                request = operation.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        with suppress(RuntimeError):  # an operation that yields while closing: nothing left to ask for
            operation.close()


def synchronous(operation: Callable[P, Operation[T]]) -> Callable[P, T]:
    """Turn an operation into a blocking method, to be assigned in a class body."""

    @wraps(operation)
    def method(*args: P.args, **kwargs: P.kwargs) -> T:
        return run(operation(*args, **kwargs))

    method.__name__ = operation.__name__.removeprefix("_")
    return method


def asynchronous(operation: Callable[P, Operation[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Turn an operation into an awaitable method, to be assigned in a class body."""

    @wraps(operation)
    async def method(*args: P.args, **kwargs: P.kwargs) -> T:
        return await arun(operation(*args, **kwargs))

    method.__name__ = "a" + operation.__name__.removeprefix("_")
    return method
