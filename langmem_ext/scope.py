"""What a door reads from the run it is used in: whose memory, in which store, which conversation, what time it is.

All of it comes from the run's context, its configuration and the factory's arguments; nothing comes from messages or
from the arguments of a tool, so whatever a model is talked into, it stays in its own user's memory.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, TypedDict

from langchain_core.documents import BaseDocumentCompressor
from langchain_core.language_models import BaseChatModel
from langgraph.config import get_config
from langgraph.runtime import get_runtime
from langgraph.store.base import BaseStore
from pydantic import BaseModel

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm import DistillationSettings, LongTermMemory, RecallSettings
from langmem_ext.times import parse_bound

USER_NAMESPACE = ("memories", "{user_id}")
"""The namespace of `langmem_ext.namespaces.user_namespace`, as a template."""

_FIELD = re.compile(r"\{(\w+)\}")
_KEPT = 128


class MemoryOptions(TypedDict, total=False):
    """Settings of the memories behind a door; see `LongTermMemory`."""

    model: BaseChatModel | str | None
    timezone: str | tzinfo
    clock: Callable[[], datetime]
    settings: RecallSettings
    distillation: DistillationSettings
    reranker: BaseDocumentCompressor
    counter: Callable[[str], int]
    redact: Callable[[str], str] | None
    schemas: Sequence[type[BaseModel]]


class Run:
    """The values of one run, and its store.

    A value comes from the run's context, else from ``config["configurable"]``; the `user_id`, where a server has
    authenticated the user, from nowhere else.

    Args:
        context: The run's context, a mapping or any object with attributes; None where there is none.
        store: The store of the run's graph.
        configurable: ``config["configurable"]``.
        user: Identity of the user, where a server has authenticated them.
    """

    def __init__(
        self, context: object, store: BaseStore | None, configurable: Mapping[str, Any], user: str | None = None
    ) -> None:
        self._context = context
        self._configurable = configurable
        self._user = user
        self.store = store

    def get(self, name: str) -> Any:
        """Return a value by name, None where the run has none."""
        if name == "user_id" and self._user is not None:
            return self._user
        context = self._context
        value = context.get(name) if isinstance(context, Mapping) else getattr(context, name, None)
        return self._configurable.get(name) if value is None else value

    @property
    def thread_id(self) -> str:
        """The conversation: `thread_id` of the run, "default" without one."""
        return str(self.get("thread_id") or "default")

    @property
    def now(self) -> datetime | date | str | None:
        """The time the run is said to happen at; None is the clock's."""
        value = self.get("now")
        return value if isinstance(value, datetime | date | str) else None


def current_run(runtime: Any = None) -> Run:
    """Return the run this code is executed in; outside of one, a run without values.

    Args:
        runtime: LangGraph's `Runtime` where the caller has it; else it is taken from the current configuration.
    """
    try:
        configurable = get_config().get("configurable", {})
    except RuntimeError:  # outside of any run
        configurable = {}
    if runtime is None and configurable:
        runtime = get_runtime()
    user = getattr(getattr(runtime, "server_info", None), "user", None)
    return Run(
        getattr(runtime, "context", None),
        getattr(runtime, "store", None),
        configurable,
        None if user is None else str(user.identity),
    )


class Memories:
    """Handles of memories by store, namespace and time; the most recent 128, as they hold unsaved access statistics.

    Safe to share between threads.

    Args:
        options: Arguments of `LongTermMemory`.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._handles: OrderedDict[tuple[int, tuple[str, ...], str], LongTermMemory] = OrderedDict()
        self._lock = threading.Lock()

    def open(
        self, store: BaseStore, namespace: tuple[str, ...], now: datetime | date | str | None = None
    ) -> LongTermMemory:
        """Return the handle of a memory, the same one as before where it is still kept; `now` stops its clock."""
        key = (id(store), namespace, str(now or ""))
        with self._lock:
            memory = self._handles.get(key)
            if memory is None:
                memory = LongTermMemory(store, namespace, **self._options)
                moment = parse_bound(now, edge="start", zone=memory.zone)
                if moment is not None:
                    memory.clock = lambda: moment
                self._handles[key] = memory
            self._handles.move_to_end(key)
            if len(self._handles) > _KEPT:
                self._handles.popitem(last=False)
            return memory


class MemoryScope:
    """The memories that a door opens: one for each namespace that its template gives in a run.

    Args:
        namespace: Root namespace; parts such as ``"{user_id}"`` are filled from the run. A text is one part.
        store: The store; None is the store of the run's graph.
        options: Settings of the memories.

    Safe to share between threads.

    Raises:
        InvalidInputError: The namespace, or the store, is not one.
    """

    def __init__(self, namespace: tuple[str, ...] | str, store: BaseStore | None, options: MemoryOptions) -> None:
        self.template = (namespace,) if isinstance(namespace, str) else namespace
        namespaces.root(_sample(self.template))
        if store is not None and not isinstance(store, BaseStore):
            raise InvalidInputError(f"store must be a LangGraph BaseStore or None, got {type(store).__name__}")
        self.store = store
        self.options = options
        self._memories = Memories(options)

    def memory(self, run: Run) -> LongTermMemory:
        """Return the memory of a run.

        Raises:
            InvalidInputError: There is no store, or the run lacks a value that the namespace names.
        """
        store = self.store or run.store
        if store is None:
            raise InvalidInputError(
                "there is no store: pass store=… to the factory, or compile the graph (create_agent) with store=…"
            )
        return self._memories.open(store, self.namespace(run), run.now)

    def namespace(self, run: Run) -> tuple[str, ...]:
        """Return the namespace of a run.

        Raises:
            InvalidInputError: The run lacks a value that the namespace names.
        """
        return tuple(self._part(part, run) for part in self.template)

    def _part(self, part: str, run: Run) -> str:
        names = _FIELD.findall(part)
        if not names:
            return part
        values = {name: run.get(name) for name in names}
        missing = [name for name, value in values.items() if value is None or not str(value)]
        if missing:
            raise InvalidInputError(
                f"the namespace {self.template!r} needs {missing} from the run: pass context={{{missing[0]!r}: …}} "
                f'(with a context_schema) or config={{"configurable": {{{missing[0]!r}: …}}}}'
            )
        return namespaces.user_namespace(_FIELD.sub(lambda match: str(values[match[1]]), part))[1]


def _sample(template: Any) -> Any:
    """Return a namespace such as a template gives, to be checked; what is no template comes back as it is."""
    if not isinstance(template, tuple):
        return template
    return tuple(_FIELD.sub("x", part) if isinstance(part, str) else part for part in template)
