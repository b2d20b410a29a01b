"""Updating memory off the hot path: one worker thread per agent, coalescing, nothing lost.

The log is the queue: a job is only the name of a memory and a thread whose watermark lags, so a job that is lost with
the process is found again from the log.
"""

import logging
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from langgraph.graph.state import CompiledStateGraph

from langmem_ext.longterm import LongTermMemory
from langmem_ext.longterm.consolidate import consolidate
from langmem_ext.longterm.update import update
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, run

logger = logging.getLogger("langmem_ext")

Agent = CompiledStateGraph[Any, Any, Any, Any]


def distil(memory: LongTermMemory, thread_id: str | None, meter: Meter) -> Operation[list[str]]:
    """Update a memory from its log and digest the sessions that are over; return what went wrong.

    Nothing that fails here raises: what could not be distilled stays pending in the log.
    """
    warnings: list[str] = []
    for step in (
        lambda: update(memory, thread_id=thread_id, meter=meter),
        lambda: consolidate(memory, thread_id=thread_id, due_only=True, meter=meter),
    ):
        try:
            report: Any = yield from step()
            warnings.extend(report.warnings)
        except Exception as error:  # noqa: BLE001 - store, model and embedder are third parties; the log has it all
            logger.warning("memory update failed, its range stays pending: %s", type(error).__name__)
            warnings.append(f"memory update failed, its range stays pending: {type(error).__name__}")
    return warnings


class BackgroundUpdates:
    """Updates memories on a thread of its own.

    Requests for one memory and thread coalesce while they wait. May be used from any thread.

    Args:
        debounce: Seconds of quiet in a memory before it is updated, so that a burst of turns is one update.
        meter: Makes the meter of one update, with its caps.
    """

    def __init__(self, *, debounce: float, meter: Callable[[], Meter]) -> None:
        self._debounce = debounce
        self._meter = meter
        self._due: dict[tuple[tuple[str, ...], int, str | None], tuple[float, LongTermMemory]] = {}
        self._seen: weakref.WeakSet[LongTermMemory] = weakref.WeakSet()
        self._changed = threading.Condition()
        self._hurry = 0
        self._busy = False
        self._worker: threading.Thread | None = None

    def submit(self, memory: LongTermMemory, thread_id: str) -> None:
        """Ask for an update of a thread; the first one of a memory also picks up what an earlier process left."""
        with self._changed:
            whole = memory not in self._seen
            self._seen.add(memory)
            key = (memory.namespace, id(memory.store), None if whole else thread_id)
            self._due[key] = (time.monotonic() + self._debounce, memory)
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, name="langmem-ext-update", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def drain(self, timeout: float | None = None) -> bool:
        """Run everything that is due now and wait for it; return False where `timeout` seconds were not enough."""
        with self._changed:
            self._hurry += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: not self._due and not self._busy, timeout)
            finally:
                self._hurry -= 1

    def _work(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                job = self._next()
                self._busy = True
            memory, thread_id = job
            for warning in run(distil(memory, thread_id, self._meter())):
                logger.warning("%s", warning)

    def _next(self) -> tuple[LongTermMemory, str | None]:
        """Wait, holding the condition, until a job is due; take it."""
        while True:
            now = time.monotonic()
            ready = min(self._due.items(), key=lambda entry: entry[1][0], default=None)
            if ready and (self._hurry or ready[1][0] <= now):
                del self._due[ready[0]]
                return ready[1][1], ready[0][2]
            self._changed.wait(ready[1][0] - now if ready else None)


_updates: weakref.WeakKeyDictionary[Agent, BackgroundUpdates] = weakref.WeakKeyDictionary()


def attach(agent: Agent, updates: BackgroundUpdates) -> None:
    """Note which worker serves an agent."""
    _updates[agent] = updates


def drain(agent: Agent, timeout: float | None = None) -> bool:
    """Wait until an agent's background updates are done, running what is due at once.

    Args:
        agent: Made by `create_memory_agent`.
        timeout: Seconds at most; None waits as long as it takes.

    Returns:
        False where the time was not enough; what is left is found again from the log. An agent that does not update in
        the background has nothing to wait for.
    """
    updates = _updates.get(agent)
    return updates is None or updates.drain(timeout)
