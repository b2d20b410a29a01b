"""One at a time: an operation that no other thread or process runs meanwhile under the same name in one memory."""

import asyncio
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TypeVar

from langgraph.store.base import BaseStore

from langmem_ext.longterm.core import Core
from langmem_ext.operations import Operation, Request, ask
from langmem_ext.protocols import SupportsExclusive

T = TypeVar("T")

_PATIENCE = 60.0
"""Seconds after which who waits for a lock gives up."""

_local_locks: weakref.WeakKeyDictionary[BaseStore, dict[str, threading.Lock]] = weakref.WeakKeyDictionary()
_local_guard = threading.Lock()


@contextmanager
def _local_exclusive(store: BaseStore, name: str) -> Iterator[bool]:
    """Exclude other users of the same store object in this process: all that a plain `BaseStore` allows."""
    with _local_guard:
        lock = _local_locks.setdefault(store, {}).setdefault(name, threading.Lock())
    held = lock.acquire(blocking=False)
    try:
        yield held
    finally:
        if held:
            lock.release()


def _try_lock(core: Core, name: str) -> AbstractContextManager[bool]:
    full_name = "/".join((*core.namespace, name))
    if isinstance(core.store, SupportsExclusive):
        return core.store.exclusive(full_name, blocking=False)
    return _local_exclusive(core.store, full_name)


def exclusively(core: Core, name: str, body: Callable[[], Operation[T]]) -> Operation[T]:
    """Run an operation while no other thread or process runs one under the same name in this memory.

    It polls (1 ms to 50 ms) instead of blocking. On an event loop the lock, which is a file for some stores, is taken
    and given back on a thread, and a cancelled task leaves none behind.

    Raises:
        TimeoutError: The lock was not free within a minute.
    """
    deadline = time.monotonic() + _PATIENCE
    pause = 0.001
    while True:
        lock = _try_lock(core, name)
        if (yield Request(lock.__enter__, partial(_enter_on_thread, lock))):
            return (yield from _holding(lock, body))
        yield from ask(partial(_leave, lock))
        if time.monotonic() > deadline:
            raise TimeoutError(f"another worker has held {name!r} of {core.namespace!r} for over {_PATIENCE:.0f} s")
        yield Request(partial(time.sleep, pause), partial(asyncio.sleep, pause))
        pause = min(pause * 1.5, 0.05)


def _leave(lock: AbstractContextManager[bool]) -> None:
    lock.__exit__(None, None, None)


async def _enter_on_thread(lock: AbstractContextManager[bool]) -> bool:
    """Take a lock on a thread; where the task is cancelled meanwhile, the thread gives it back."""
    entering = asyncio.ensure_future(asyncio.to_thread(lock.__enter__))
    try:
        return await asyncio.shield(entering)
    except asyncio.CancelledError:
        loop = asyncio.get_running_loop()
        entering.add_done_callback(lambda _entered: loop.run_in_executor(None, _leave, lock))
        raise


def _holding(lock: AbstractContextManager[bool], body: Callable[[], Operation[T]]) -> Operation[T]:
    """Run an operation and give the lock back, also where it is closed, which is where it can't wait for that."""
    try:
        result = yield from body()
    except GeneratorExit:
        try:
            asyncio.get_running_loop().run_in_executor(None, _leave, lock)
        except RuntimeError:  # no event loop: the sync driver
            _leave(lock)
        raise
    except BaseException:
        yield from ask(partial(_leave, lock))
        raise
    yield from ask(partial(_leave, lock))
    return result
