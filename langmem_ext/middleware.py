"""`MemoryMiddleware`: long-term memory for an agent made by `langchain.agents.create_agent`.

Before the model: the new messages go to the log, and what they bring to mind is recalled. Around each model call: the
recalled pages and the conversation, within one token budget. After the agent: the answer goes to the log, and the log
is distilled. It adds its pages to what a call shows and never changes the agent's messages, so it composes with
middleware that does.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, Literal, NotRequired, TypeAlias, Unpack, cast

from langchain.agents.middleware.types import (
    AgentMiddleware,
    AgentState,
    ModelRequest,
    ModelResponse,
    PrivateStateAttr,
)
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore

from langmem_ext.context import MainContext
from langmem_ext.errors import InvalidInputError, StoreError
from langmem_ext.longterm import LongTermMemory
from langmem_ext.longterm.background import BackgroundUpdates, distil
from langmem_ext.longterm.log import message_text, observe
from langmem_ext.longterm.recall import recall
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, arun, run
from langmem_ext.prompts import REFERENCE_NOTE
from langmem_ext.records import MemoryRecord
from langmem_ext.scope import USER_NAMESPACE, MemoryOptions, MemoryScope, Run, current_run
from langmem_ext.text import language
from langmem_ext.tokens import count_text
from langmem_ext.tools import create_manage_memory_tool, create_search_log_tool, create_search_memory_tool

logger = logging.getLogger("langmem_ext")

ToolName: TypeAlias = Literal["search_memory", "search_log", "manage_memory"]
UpdateMode: TypeAlias = Literal["inline", "background", "off"]

_FACTORIES: Final[dict[str, Callable[..., BaseTool]]] = {
    "search_memory": create_search_memory_tool,
    "search_log": create_search_log_tool,
    "manage_memory": create_manage_memory_tool,
}
_UNBOUND: Final = 10**9
_MODES: Final = ("inline", "background", "off")
_QUERY: Final = 4_000
"""Characters of the newest message that are used to recall."""


class MemoryState(AgentState[Any]):
    """The agent's state, with what this middleware notes in it; neither input nor output of the agent.

    Attributes:
        memory_pages: What was recalled for the newest question: its message id, the records and scores, as JSON.
        memory_logged: Id of the last message that is in the log.
    """

    memory_pages: NotRequired[Annotated[dict[str, Any], PrivateStateAttr]]
    memory_logged: NotRequired[Annotated[str, PrivateStateAttr]]


class MemoryMiddleware(AgentMiddleware[AgentState[Any], Any, Any]):
    """Gives an agent a memory that outlasts its conversations.

    Example:
        >>> from langchain.agents import create_agent
        >>> from langgraph.store.memory import InMemoryStore
        >>> from langmem_ext import MemoryMiddleware
        >>> from langmem_ext.offline import ExtractiveChatModel
        >>> agent = create_agent(ExtractiveChatModel(), middleware=[MemoryMiddleware()], store=InMemoryStore())
        >>> alice = {"configurable": {"user_id": "alice"}}
        >>> _ = agent.invoke({"messages": [("user", "My budget is 500 euros.")]}, alice)
        >>> answer = agent.invoke({"messages": [("user", "What is my budget?")]}, alice)
        >>> "500 euros" in answer["messages"][-1].text
        True

    Whose memory it is comes from the run alone: `user_id` in its context or ``config["configurable"]``. The
    conversation is its `thread_id`. One instance serves any number of runs, threads and tasks.

    Place it after middleware that redacts (`PIIMiddleware`), so that the log never sees what was redacted, and before
    middleware that removes messages (`SummarizationMiddleware`), so that nothing is removed before it is in the log.

    Args:
        namespace: Root of the memory; ``"{user_id}"`` and the like are filled from the run.
        store: The store; None is the one given to `create_agent`.
        limit: Memories recalled for a question at most.
        memory_budget: Tokens of recalled memories at most.
        context_budget: Tokens of one model call at most, tool schemas included; None is no bound.
        tools: Memory tools that the model gets.
        update: When the log is distilled: "inline" before the run ends, "background" after it, "off" never.
        max_model_calls: Model calls of one update at most; None is no cap.
        max_tokens: Tokens of one update at most; None is no cap.
        options: Settings of the memory, see `LongTermMemory`; `model` distils, without one distillation is extraction.

    Raises:
        InvalidInputError: An argument can't be meant.
    """

    state_schema = MemoryState

    def __init__(
        self,
        namespace: tuple[str, ...] | str = USER_NAMESPACE,
        *,
        store: BaseStore | None = None,
        limit: int = 8,
        memory_budget: int = 2_000,
        context_budget: int | None = 32_000,
        tools: Sequence[ToolName] = ("search_memory", "search_log"),
        update: UpdateMode = "inline",
        max_model_calls: int | None = None,
        max_tokens: int | None = None,
        **options: Unpack[MemoryOptions],
    ) -> None:
        super().__init__()
        unknown = [name for name in tools if name not in _FACTORIES]
        if unknown:
            raise InvalidInputError(f"tools must be some of {list(_FACTORIES)}, got {tools!r}")
        if update not in _MODES:
            raise InvalidInputError(f"update must be one of {list(_MODES)}, got {update!r}")
        _check_positive(limit=limit, memory_budget=memory_budget, context_budget=context_budget or _UNBOUND)
        self._scope = MemoryScope(namespace, store, options)
        self._limit = limit
        self._memory_budget = memory_budget
        self._context_budget = context_budget or _UNBOUND
        self._caps = (max_model_calls, max_tokens)
        self._update = update
        self._background = BackgroundUpdates(debounce=0.5, meter=self._meter)
        self.tools = [_FACTORIES[name](namespace, store=store, **options) for name in tools]

    # The hooks: both halves of each run one operation

    def before_model(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Log the new messages and recall what they bring to mind."""
        return run(self._prepare(state, current_run(runtime)))

    async def abefore_model(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Async twin of `before_model`."""
        return await arun(self._prepare(state, current_run(runtime)))

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Show the model the recalled pages and the conversation, within the budget."""
        return handler(self._shown(request))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Async twin of `wrap_model_call`."""
        return await handler(self._shown(request))

    def after_agent(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Log the answer and distil the log."""
        return run(self._finish(state, current_run(runtime)))

    async def aafter_agent(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Async twin of `after_agent`."""
        return await arun(self._finish(state, current_run(runtime)))

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until background updates are done; return False where `timeout` seconds were not enough."""
        return self._background.drain(timeout)

    # The operations

    def _prepare(self, state: AgentState[Any], current: Run) -> Operation[dict[str, Any]]:
        memory = self._scope.memory(current)
        changes = yield from _log(memory, state, current.thread_id)
        question = _newest_question(state["messages"])
        known = cast("MemoryState", state).get("memory_pages", {})
        if question is not None and known.get("question") != question.id:
            changes["memory_pages"] = yield from self._recall(memory, question, state["messages"])
        return changes

    def _recall(
        self, memory: LongTermMemory, question: HumanMessage, messages: Sequence[BaseMessage]
    ) -> Operation[dict[str, Any]]:
        """Recall for a question; a store that fails costs the pages, not the turn."""
        pages: dict[str, Any] = {"question": question.id, "records": [], "scores": []}
        query = message_text(question)[:_QUERY]
        if not query.strip():
            return pages
        here = [message.id for message in messages if message.id]
        try:
            found = yield from recall(memory, query, limit=self._limit, token_budget=self._memory_budget, exclude=here)
        except StoreError as error:
            logger.warning("recall failed, the turn goes on without it: %s", type(error).__name__)
            return pages
        records = [record.model_dump(mode="json") for record in found.records]
        return pages | {"records": records, "scores": found.scores}

    def _shown(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        """Return the request with pages, the note on what they are, and no more of the conversation than fits."""
        pages = cast("MemoryState", request.state).get("memory_pages", {})
        records = [MemoryRecord.model_validate(record) for record in pages.get("records", ())]
        note = REFERENCE_NOTE[language(_text(request.messages))]
        system = f"{request.system_prompt}\n\n{note}" if request.system_prompt else note
        context = MainContext(
            self._context_budget,
            system=system,
            tools=request.tools,
            counter=self._scope.options.get("counter", count_text),
        )
        context.add_messages(request.messages)
        context.add_pages(records, pages.get("scores"), about=_text(request.messages))
        rendered = context.render()
        return request.override(
            system_message=_with_note(request.system_message, note),
            messages=cast("list[AnyMessage]", [one for one in rendered if not isinstance(one, SystemMessage)]),
        )

    def _finish(self, state: AgentState[Any], current: Run) -> Operation[dict[str, Any]]:
        memory = self._scope.memory(current)
        changes = yield from _log(memory, state, current.thread_id)
        if self._update == "inline":
            for warning in (yield from distil(memory, current.thread_id, self._meter())):
                logger.warning("%s", warning)
        elif self._update == "background":
            self._background.submit(memory, current.thread_id)
        return changes

    def _meter(self) -> Meter:
        return Meter(*self._caps)


def _check_positive(**values: int) -> None:
    for name, value in values.items():
        if type(value) is not int or value < 1:
            raise InvalidInputError(f"{name} must be a whole number from 1, got {value!r}")


def _log(memory: LongTermMemory, state: AgentState[Any], thread_id: str) -> Operation[dict[str, Any]]:
    """Append what is new in the state to the log; a message that is there already is not stored again."""
    messages = state["messages"]
    ids = [message.id for message in messages]
    last = cast("MemoryState", state).get("memory_logged")
    new = messages[ids.index(last) + 1 :] if last in ids else messages
    spoken = [message for message in new if _is_spoken(message)]
    if spoken:
        yield from observe(memory, spoken, thread_id=thread_id)
    return {"memory_logged": messages[-1].id} if messages and messages[-1].id else {}


def _is_spoken(message: BaseMessage) -> bool:
    """Whether a message belongs to the conversation: said by someone, and not a summary of what was said."""
    if not isinstance(message, HumanMessage | AIMessage | ToolMessage) or "lc_source" in message.additional_kwargs:
        return False
    return bool(message_text(message))


def _newest_question(messages: Sequence[BaseMessage]) -> HumanMessage | None:
    human = (message for message in reversed(messages) if isinstance(message, HumanMessage) and _is_spoken(message))
    return next(human, None)


def _text(messages: Sequence[BaseMessage]) -> str:
    question = _newest_question(messages)
    return message_text(question)[:_QUERY] if question is not None else ""


def _with_note(system: SystemMessage | None, note: str) -> SystemMessage:
    """Append the note to the agent's own system message, whose content may be blocks."""
    if system is None:
        return SystemMessage(note)
    if isinstance(system.content, str):
        return system.model_copy(update={"content": f"{system.content}\n\n{note}"})
    return system.model_copy(update={"content": [*system.content, {"type": "text", "text": note}]})
