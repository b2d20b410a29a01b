"""Whose conversation it is: the session that the running chain names, and the lock that one session's summary has.

The session comes from the constructor, else from ``config["configurable"]``: of the chain that calls, or of the run
that it is part of. Nothing comes from what is said.
"""

import asyncio
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from langchain_core.runnables.config import var_child_runnable_config

from langmem_ext.operations import Operation, Request

T = TypeVar("T")

DEFAULT: Final = "default"
"""The session where nothing names one: the whole of a memory that serves a single conversation."""

_CHAINS: Final = "langchain_classic.chains.base"
_NEAR: Final = 12
"""Frames between a chain's `invoke` and the memory it holds: its `prep_inputs`, wrappers around the memory, and us."""


class Caller(NamedTuple):
    """Who is asking.

    Attributes:
        session: The conversation.
        named: Whether anything named it, or it is the default.
        configured: What the run is configured with.
    """

    session: str
    named: bool
    configured: Mapping[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        """What the run is configured with, `user_id` and `session_id` always among it."""
        user = self.configured.get("user_id") or self.session
        return {**self.configured, "session_id": self.session, "user_id": user}


def caller(pinned: str | None) -> Caller:
    """Return who is asking; to be called in the frame of the memory's own method.

    Args:
        pinned: The session that the memory was made for, which goes before any other.
    """
    configured = _configured()
    named = pinned or configured.get("session_id") or configured.get("thread_id")
    return Caller(str(named) if named else DEFAULT, bool(named), configured)


def _configured() -> Mapping[str, Any]:
    values = _of_the_chain()
    if values is None:
        ambient = var_child_runnable_config.get()
        values = ambient.get("configurable") if ambient else None
    return values or {}


def _of_the_chain() -> Mapping[str, Any] | None:
    """Return what the classic chain that is calling was configured with, None where no chain is calling.

    A classic chain hands its memory neither the configuration nor a context with it, so that the only place it can be
    read is the frame of the chain's `invoke`, where it stands merged with that of the run around it.
    """
    module = sys.modules.get(_CHAINS)
    if module is None:
        return None
    entrances = module.Chain.invoke.__code__, module.Chain.ainvoke.__code__
    frame = sys._getframe(1)  # noqa: SLF001 - see above
    for _ in range(_NEAR):
        if frame.f_back is None:
            return None
        frame = frame.f_back
        if frame.f_code in entrances:
            config = frame.f_locals.get("config")
            return config.get("configurable") if isinstance(config, dict) else None
    return None


class Guard:
    """A lock that is not copied with the memory that holds it: the copy has one of its own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __reduce__(self) -> tuple[type["Guard"], tuple[()]]:
        return Guard, ()


def holding(guard: Guard, body: Callable[[], Operation[T]]) -> Operation[T]:
    """Run an operation while no other thread or task runs one under the same guard."""
    yield Request(guard.lock.acquire, partial(_acquire, guard.lock))
    try:
        return (yield from body())
    finally:
        guard.lock.release()


async def _acquire(lock: threading.Lock) -> None:
    """Take a lock without blocking the event loop."""
    pause = 0.0005
    while not lock.acquire(blocking=False):
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.02)
