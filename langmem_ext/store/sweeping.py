"""The thread that deletes expired items from time to time."""

import logging
import threading
from collections.abc import Callable

from langmem_ext.errors import InvalidInputError, StoreClosedError, StoreError

_logger = logging.getLogger("langmem_ext")


class Sweeper:
    """At most one daemon thread that calls `sweep` at an interval. Start and stop it from any thread."""

    def __init__(self, sweep: Callable[[], int]) -> None:
        self._sweep = sweep
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, minutes: float) -> None:
        """Begin, unless it is running."""
        if not minutes > 0:
            raise InvalidInputError(f"sweep_interval_minutes must be a positive number, got {minutes!r}")
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(self._stop, minutes * 60), name="langmem-ext-ttl-sweeper", daemon=True
            )
            self._thread.start()

    def _run(self, stop: threading.Event, seconds: float) -> None:
        while not stop.wait(seconds):
            try:
                self._sweep()
            except StoreClosedError:
                return
            except StoreError:
                _logger.warning("sweeping expired items failed; trying again in %.0f s", seconds, exc_info=True)

    def stop(self, timeout: float | None = None) -> bool:
        """End it; gives whether it has ended within `timeout` seconds (None: wait)."""
        with self._lock:
            thread = self._thread
            self._stop.set()
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()
