"""Distilling off the hot path: a worker on a thread, or one on an event loop, that coalesces what it is asked for.

The log is the queue: a job is only the name of a memory and a thread whose watermark lags, so a job that is lost with
the process is found again from the log by whoever is asked for that memory next. Several workers, in one process or in
many, may serve one memory: they take turns by the store's locks, and what one has distilled the others skip.
"""

import asyncio
import atexit
import logging
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from langmem_ext.errors import StoreClosedError
from langmem_ext.longterm.consolidate import consolidate
from langmem_ext.longterm.engine import LongTermMemory
from langmem_ext.longterm.reflect import reflect
from langmem_ext.longterm.update import update
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, arun, run

logger = logging.getLogger("langmem_ext")

_PATIENCE = 20
"""Debounces that a job waits at most while it is asked for again and again."""
_FAREWELL = 5.0
"""Seconds that the end of the process waits for the job at hand; what is cut off is found again from the log."""


def distil(memory: LongTermMemory, thread_id: str | None, meter: Meter) -> Operation[list[str]]:
    """Update a memory from its log, digest the sessions that are over, and reflect where that is due.

    Nothing that fails here raises: what could not be distilled stays pending in the log.

    Args:
        memory: Whose log.
        thread_id: Only this conversation; None is all.
        meter: Counts and caps model calls.

    Returns:
        What went wrong, without user text.
    """
    warnings: list[str] = []

    def attempt(step: Operation[Any]) -> Operation[Any]:
        try:
            report = yield from step
        except StoreClosedError:
            raise
        except Exception as error:  # noqa: BLE001 - store, model and embedder are third parties; the log has it all
            logger.warning("memory update failed, its range stays pending: %s", type(error).__name__)
            warnings.append(f"memory update failed, its range stays pending: {type(error).__name__}")
            return None
        warnings.extend(report.warnings)
        return report

    try:
        yield from attempt(update(memory, thread_id=thread_id, meter=meter))
        digested = yield from attempt(consolidate(memory, thread_id=thread_id, due_only=True, meter=meter))
        if digested and digested.messages:  # a session is over: the moment to look back
            yield from attempt(reflect(memory, due_only=True, meter=meter))
    except StoreClosedError:
        logger.info("the store was closed; what was not distilled stays pending in its log")
        warnings.append("the store was closed; what was not distilled stays pending in its log")
    return warnings


@dataclass(slots=True)
class Job:
    """A memory that is to be distilled, and when: after a quiet moment, but not put off for ever."""

    memory: LongTermMemory
    thread_id: str | None
    due: float
    latest: float


@dataclass(slots=True)
class Jobs:
    """The jobs that wait, coalesced by memory and thread. Not safe for threads by itself.

    Attributes:
        debounce: Seconds of quiet before a job is due.
    """

    debounce: float
    _waiting: dict[tuple[tuple[str, ...], int, str | None], Job] = field(default_factory=dict)
    _seen: "weakref.WeakSet[LongTermMemory]" = field(default_factory=weakref.WeakSet)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, memory: LongTermMemory, thread_id: str | None) -> None:
        """Ask for a thread; the first job of a memory takes all of its threads, for what an earlier process left."""
        first = memory not in self._seen
        self._seen.add(memory)
        whole, part = ((memory.namespace, id(memory.store), thread) for thread in (None, thread_id))
        key = whole if first or whole in self._waiting else part
        now = time.monotonic()
        job = self._waiting.setdefault(key, Job(memory, key[2], now, now + _PATIENCE * self.debounce))
        job.due = min(now + self.debounce, job.latest)

    def take(self, *, hurry: bool) -> Job | None:
        """Return the job that is due first, and forget it here; None where none is due."""
        key = min(self._waiting, key=lambda key: self._waiting[key].due, default=None)
        if key is None or not (hurry or self._waiting[key].due <= time.monotonic()):
            return None
        return self._waiting.pop(key)

    def rest(self) -> float | None:
        """Return the seconds until a job is due; None where none waits."""
        due = min((job.due for job in self._waiting.values()), default=None)
        return None if due is None else max(0.0, due - time.monotonic())


class BackgroundUpdates:
    """Distils memories on a thread of its own, which is started when first needed. May be used from any thread.

    At the end of the process the job at hand is waited for, for a few seconds; jobs that wait are not begun. Call
    `drain` before to have everything distilled.

    Args:
        debounce: Seconds of quiet in a memory before it is distilled, so that a burst of turns is one update.
        meter: Makes the meter of one job, with its caps; None counts without a cap.
    """

    def __init__(self, *, debounce: float = 0.5, meter: Callable[[], Meter] = Meter) -> None:
        self._jobs = Jobs(debounce)
        self._meter = meter
        self._changed = threading.Condition()
        self._hurry = 0
        self._busy = False
        self._closed = False
        self._worker: threading.Thread | None = None
        _open_workers.add(self)

    def submit(self, memory: LongTermMemory, thread_id: str | None = None) -> None:
        """Ask for a thread of a memory (None is all) to be distilled; a closed worker leaves it to the next process."""
        with self._changed:
            if self._closed:
                return
            self._jobs.add(memory, thread_id)
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, name="langmem-ext-update", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def drain(self, timeout: float | None = None) -> bool:
        """Run everything that waits now, and wait for it; return False where `timeout` seconds were not enough."""
        with self._changed:
            self._hurry += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: self._closed or not (self._jobs or self._busy), timeout)
            finally:
                self._hurry -= 1

    def close(self, timeout: float | None = None) -> bool:
        """Begin no more jobs and wait for the one at hand; return False where `timeout` seconds were not enough."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._busy, timeout)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                for warning in run(distil(job.memory, job.thread_id, self._meter())):
                    logger.info("%s", warning)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _next(self) -> Job | None:
        """Wait until a job is due and take it; None once closed."""
        with self._changed:
            while not self._closed:
                job = self._jobs.take(hurry=self._hurry > 0)
                if job is not None:
                    self._busy = True
                    return job
                self._changed.wait(self._jobs.rest())
        return None


class AsyncBackgroundUpdates:
    """Distils memories in a task of the running event loop, for stores and models that live on one.

    Belongs to one event loop: every method is called there. Use it as ``async with``, or call `aclose`.

    Args:
        debounce: Seconds of quiet in a memory before it is distilled.
        meter: Makes the meter of one job; None counts without a cap.
    """

    def __init__(self, *, debounce: float = 0.5, meter: Callable[[], Meter] = Meter) -> None:
        self._jobs = Jobs(debounce)
        self._meter = meter
        self._changed = asyncio.Condition()
        self._hurry = 0
        self._busy = False
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    async def submit(self, memory: LongTermMemory, thread_id: str | None = None) -> None:
        """Ask for a thread of a memory (None is all) to be distilled; a closed worker leaves it to the next one."""
        if self._closed:
            return
        self._jobs.add(memory, thread_id)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name="langmem-ext-update")
        await self._notify()

    async def drain(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109 - the twin of the thread's drain
        """Run everything that waits now, and wait for it; return False where `timeout` seconds were not enough."""
        self._hurry += 1
        try:
            async with asyncio.timeout(timeout), self._changed:
                self._changed.notify_all()
                await self._changed.wait_for(lambda: self._closed or not (self._jobs or self._busy))
        except TimeoutError:
            return False
        finally:
            self._hurry -= 1
        return True

    async def aclose(self) -> None:
        """Begin no more jobs and wait for the one at hand."""
        self._closed = True
        await self._notify()
        if self._task is not None:
            await self._task

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _work(self) -> None:
        while (job := await self._next()) is not None:
            try:
                for warning in await arun(distil(job.memory, job.thread_id, self._meter())):
                    logger.info("%s", warning)
            finally:
                self._busy = False
            await self._notify()

    async def _next(self) -> Job | None:
        """Wait until a job is due and take it; None once closed."""
        while not self._closed:
            job = self._jobs.take(hurry=self._hurry > 0)
            if job is not None:
                self._busy = True
                return job
            try:
                async with asyncio.timeout(self._jobs.rest()), self._changed:
                    await self._changed.wait()
            except TimeoutError:
                continue
        return None


_open_workers: "weakref.WeakSet[BackgroundUpdates]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Let no worker be torn from the middle of a write by the end of the interpreter."""
    for worker in list(_open_workers):
        worker.close(_FAREWELL)
