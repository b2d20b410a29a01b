"""From a run's config to its memory: whose it is, in which store, at what time."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig
from langgraph.runtime import Runtime, get_runtime
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from langmem_ext.longterm import DistillationSettings, LongTermMemory
from langmem_ext.loop.state import Context
from langmem_ext.namespaces import root, user_namespace
from langmem_ext.scope import Memories

logger = logging.getLogger("langmem_ext")

_READS, _READS_LEAST = 8_000, 100
"""Tokens of what was said that a call of the update reads, at most and at least, unless the application says otherwise;
half of the context budget in between, for instructions and schemas need room as well."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run's memory and settings.

    Attributes:
        memory: The memory of the run's user.
        thread_id: The conversation in its log.
        now: The present moment of this run.
        budget: Tokens of the main context.
        max_searches: Rounds of searching.
    """

    memory: LongTermMemory
    thread_id: str
    now: datetime
    budget: int
    max_searches: int


class Runs:
    """Finds the memory of a run. May be shared by threads.

    Args:
        store: The agent's store; None takes the one that LangGraph injects, else one in this process's memory.
        model: Distils the log; None distils by extraction.
        options: Further arguments of `LongTermMemory`.
        budget: The agent's token budget.
        max_searches: The agent's rounds of searching.
    """

    def __init__(
        self,
        store: BaseStore | None,
        model: BaseChatModel | None,
        options: Mapping[str, Any],
        *,
        budget: int,
        max_searches: int,
    ) -> None:
        self._store = store
        reads = DistillationSettings(window_tokens=min(_READS, max(_READS_LEAST, budget // 2)))
        self._memories = Memories({"model": model, "distillation": reads, **options})
        self._budget = budget
        self._max_searches = max_searches
        self._lock = threading.Lock()

    def of(self, config: RunnableConfig) -> Run:
        """Resolve a run; call it inside a node.

        Raises:
            InvalidInputError: A user id, namespace, thread id or time that can't be meant.
        """
        runtime = get_runtime(Context)
        context = _settings(runtime.context)
        configurable = config.get("configurable", {})
        store = self._store or runtime.store or self._own_store()
        memory = self._memories.open(store, _namespace(runtime, context, configurable), context.now)
        thread = context.thread_id or configurable.get("thread_id") or "default"
        budget = self._budget if context.context_budget is None else context.context_budget
        searches = self._max_searches if context.max_searches is None else context.max_searches
        return Run(memory, str(thread), memory.now(), budget, searches)

    def _own_store(self) -> BaseStore:
        with self._lock:
            if self._store is None:
                logger.warning(
                    "no store was given and the runtime has none: memories live in this process only and end with it; "
                    'pass create_memory_agent(store=langmem_ext.open_store("memory.db")) to keep them'
                )
                self._store = InMemoryStore()
            return self._store


def _settings(given: object) -> Context:
    """Return the run's context; of a parent graph's own context, the fields that have the same names."""
    if isinstance(given, Context):
        return given
    names = [field.name for field in fields(Context)]
    values = given if isinstance(given, Mapping) else {name: getattr(given, name, None) for name in names}
    known: dict[str, Any] = {name: values[name] for name in names if values.get(name) is not None}
    return Context(**known)


def _namespace(runtime: Runtime[Context], context: Context, configurable: Mapping[str, Any]) -> tuple[str, ...]:
    """Return whose memory it is: the server's authenticated user, else what the run's context says."""
    user = runtime.server_info.user if runtime.server_info else None
    if user is not None:
        return user_namespace(user.identity)
    if context.namespace is not None:
        return root(tuple(context.namespace))
    user_id = context.user_id if context.user_id != "default" else configurable.get("user_id") or context.user_id
    return user_namespace(str(user_id))
