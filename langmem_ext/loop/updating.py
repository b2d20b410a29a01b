"""Which background worker serves an agent, and waiting for it."""

import weakref
from typing import Any

from langgraph.graph.state import CompiledStateGraph

from langmem_ext.longterm.background import BackgroundUpdates

Agent = CompiledStateGraph[Any, Any, Any, Any]

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
