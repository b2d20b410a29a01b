"""What every memory class here shares: whose session it is, and one body for blocking and awaited calls.

A class says how it loads, saves and clears as operations (`langmem_ext.operations`); the public methods of LangChain's
`BaseMemory` only run them.
"""

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, Self, TypeAlias, cast

from langchain_classic.base_memory import BaseMemory
from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable
from langgraph.store.base import BaseStore
from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm import LongTermMemory
from langmem_ext.memory.enginelog import EngineLog
from langmem_ext.memory.history import StoreChatMessageHistory
from langmem_ext.memory.keys import Inputs, as_text, input_key, output_key, said
from langmem_ext.memory.logs import HistoryLog, LocalLog, Log
from langmem_ext.memory.sessions import Caller, Guard, caller
from langmem_ext.operations import Operation, arun, run
from langmem_ext.scope import USER_NAMESPACE, MemoryOptions, MemoryScope, Run

HistoryFactory: TypeAlias = Callable[[str], BaseChatMessageHistory]
"""Gives the chat history of a session."""

_OPEN: Final = 1024
"""Sessions of a store that a memory keeps a handle on."""


class SessionMemory(BaseMemory):
    """A memory of any number of sessions.

    Attributes:
        memory_key: Name of the variable that is put among a chain's inputs.
        input_key: The input that holds what the user said; None is the only one there is.
        session_id: The session this memory is of; None is that of the run: ``config["configurable"]["session_id"]``,
            else its `thread_id`, else "default".
        store: Makes it durable: any LangGraph store, such as `langmem_ext.open_store` gives.
        namespace: Whose memory it is in the store. ``"{user_id}"`` is that of the run, without one the session's;
            other fields are filled from ``config["configurable"]``.
        options: Settings of the memory in the store, see `LongTermMemory`.

    One instance may be shared by threads and tasks, and serve many sessions.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, populate_by_name=True, hide_input_in_errors=True)

    memory_key: str = "history"
    input_key: str | None = None
    session_id: str | None = Field(default=None, min_length=1)
    store: BaseStore | None = Field(default=None, exclude=True, repr=False)
    namespace: tuple[str, ...] | str = USER_NAMESPACE
    options: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)

    _scope: MemoryScope | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _open_scope(self) -> Self:
        if self.store is not None:
            self._scope = MemoryScope(self.namespace, self.store, cast("MemoryOptions", self.options))
        return self

    @property
    def memory_variables(self) -> list[str]:
        """The variables this memory puts among a chain's inputs."""
        return [self.memory_key]

    # LangChain's interface: both halves of each run one operation

    def load_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return what the memory says to these inputs, under `memory_key`."""
        return run(self._load(inputs, caller(self.session_id)))

    async def aload_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Async twin of `load_memory_variables`."""
        return await arun(self._load(inputs, caller(self.session_id)))

    def save_context(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Remember an exchange: what the user said and the answer."""
        run(self._save(inputs, outputs, caller(self.session_id)))

    async def asave_context(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Async twin of `save_context`."""
        await arun(self._save(inputs, outputs, caller(self.session_id)))

    def clear(self) -> None:
        """Remove everything this memory holds of the session."""
        run(self._clear(caller(self.session_id)))

    async def aclear(self) -> None:
        """Async twin of `clear`."""
        await arun(self._clear(caller(self.session_id)))

    # In LCEL

    def as_runnable(self) -> Runnable[Any, Any]:
        """Return a runnable that gives this memory's variable to its input, for ``RunnablePassthrough.assign``."""
        from langmem_ext.memory.runnables import loader  # noqa: PLC0415 - imports this module's classes

        return loader(self, self.memory_key)

    def as_saver(self) -> Runnable[dict[str, Any], dict[str, Any]]:
        """Return a runnable that saves the exchange in the dict that it is given, and passes the dict on.

        The answer is under `output_key`, "output" without one; what streams through it is not held up.
        """
        from langmem_ext.memory.runnables import saver  # noqa: PLC0415 - imports this module's classes

        return saver(self)

    # What a class says of itself

    @abstractmethod
    def _load(self, inputs: Inputs, who: Caller) -> Operation[dict[str, Any]]:
        """Return the variables that the memory adds to a prompt."""

    @abstractmethod
    def _save(self, inputs: Inputs, outputs: Inputs, who: Caller) -> Operation[None]:
        """Keep an exchange."""

    @abstractmethod
    def _clear(self, who: Caller) -> Operation[None]:
        """Forget the caller's session."""

    def _memory(self, who: Caller) -> LongTermMemory:
        """Return the caller's memory in the store."""
        if self._scope is None:
            raise InvalidInputError("this memory has no store; pass store=open_store(…)")
        return self._scope.memory(Run(None, None, who.values))


class ChatMemory(SessionMemory):
    """A memory of what was said, message by message.

    Attributes:
        output_key: The output that is the answer; None is the only one there is, else "output".
        return_messages: Whether the variable is a list of messages; else it is a text.
        human_prefix: Who the user is in the text.
        ai_prefix: Who the assistant is in the text.
        given_history: `chat_memory` as it was passed: a chat history, which is of one session, or a function that
            gives the chat history of a session.

    Raises:
        InvalidInputError: Both `chat_memory` and `store`.
    """

    output_key: str | None = None
    return_messages: bool = False
    human_prefix: str = "Human"
    ai_prefix: str = "AI"
    given_history: BaseChatMessageHistory | HistoryFactory | None = Field(default=None, alias="chat_memory", repr=False)

    _sessions: "_Sessions" = PrivateAttr(default_factory=lambda: _Sessions())  # noqa: PLW0108 - defined below

    @model_validator(mode="after")
    def _check_history(self) -> Self:
        if self.given_history is not None and self.store is not None:
            raise InvalidInputError(
                "pass either chat_memory= or store=; langmem_ext.importers brings a chat history into a store"
            )
        self._sessions.single = isinstance(self.given_history, BaseChatMessageHistory)
        return self

    @property
    def chat_memory(self) -> BaseChatMessageHistory:
        """The session's messages, as LangChain's chat history."""
        return self._log(caller(self.session_id)).history

    @chat_memory.setter
    def chat_memory(self, history: BaseChatMessageHistory | HistoryFactory) -> None:
        self.given_history = history
        self._sessions = _Sessions(single=isinstance(history, BaseChatMessageHistory))

    # Views

    @property
    def buffer_as_messages(self) -> list[BaseMessage]:
        """The messages that the memory shows."""
        return run(self._shown(self._log(caller(self.session_id))))

    async def abuffer_as_messages(self) -> list[BaseMessage]:
        """Async twin of `buffer_as_messages`."""
        return await arun(self._shown(self._log(caller(self.session_id))))

    @property
    def buffer_as_str(self) -> str:
        """The same as text."""
        return self._text(self.buffer_as_messages)

    async def abuffer_as_str(self) -> str:
        """Async twin of `buffer_as_str`."""
        return self._text(await self.abuffer_as_messages())

    def _text(self, messages: list[BaseMessage]) -> str:
        return as_text(messages, self.human_prefix, self.ai_prefix)

    # The operations

    def _load(self, inputs: Inputs, who: Caller) -> Operation[dict[str, Any]]:  # noqa: ARG002 - asks for no question
        messages = yield from self._shown(self._log(who))
        return {self.memory_key: messages if self.return_messages else self._text(messages)}

    def _save(self, inputs: Inputs, outputs: Inputs, who: Caller) -> Operation[None]:
        messages = self._exchange(inputs, outputs)
        log = self._log(who)
        yield from log.append(messages)
        yield from self._tidy(log)

    def _clear(self, who: Caller) -> Operation[None]:
        yield from self._log(who).clear()

    @abstractmethod
    def _shown(self, log: Log) -> Operation[list[BaseMessage]]:
        """Return the messages that the memory shows."""

    def _kept(self, log: Log) -> Operation[list[BaseMessage]]:
        """Return what `chat_memory` shows of a log in a store, which keeps everything: all, or what was not pruned."""
        return (yield from log.everything())

    def _tidy(self, log: Log) -> Operation[None]:  # noqa: ARG002 - there may be nothing to do
        """Do what is due after an exchange was appended."""
        yield from ()

    def _exchange(self, inputs: Inputs, outputs: Inputs) -> list[BaseMessage]:
        question = inputs[input_key(inputs, self.memory_variables, self.input_key)]
        answer = outputs[output_key(outputs, self.output_key, type(self).__name__)]
        return [*said(question, HumanMessage), *said(answer, AIMessage)]

    def _log(self, who: Caller) -> Log:
        """Return the log of the caller's session, opened once."""
        sessions: _Sessions = (self.__pydantic_private__ or {})["_sessions"]  # sooner than the attribute
        key: Any = who.session
        if self.store is not None:
            key = (*self._memory(who).namespace, key)
        elif sessions.single:
            if self.session_id is None and who.named:
                sessions.check(who.session)
            key = None
        return sessions.logs.get(key) or sessions.open(key, lambda: self._open(who), bounded=self.store is not None)

    def _open(self, who: Caller) -> Log:
        if self.store is not None:
            log = EngineLog(StoreChatMessageHistory(self._memory(who), who.session))
            log.history.view = lambda: self._kept(log)
            return log
        if self.given_history is None:
            return LocalLog()
        if isinstance(self.given_history, BaseChatMessageHistory):
            return HistoryLog(self.given_history)
        return HistoryLog(self.given_history(who.session))


class _Sessions:
    """The logs that a memory has open.

    Args:
        single: Whether there is one log for all, because one chat history was given.
    """

    def __init__(self, *, single: bool = False) -> None:
        self.single = single
        self.logs: OrderedDict[Any, Log] = OrderedDict()
        self._opening = Guard()
        self._served: str | None = None

    def open(self, key: Any, make: Callable[[], Log], *, bounded: bool) -> Log:
        """Open a log that is not open yet; of those in a store, which hold nothing, the oldest are closed."""
        with self._opening.lock:
            log = self.logs.get(key) or self.logs.setdefault(key, make())
            while bounded and len(self.logs) > _OPEN:
                self.logs.popitem(last=False)
        return log

    def check(self, session: str) -> None:
        """Refuse to mix sessions in the one chat history that was given."""
        if self._served is None:
            self._served = session
        elif self._served != session:
            raise InvalidInputError(
                f"this memory was given one chat_memory, which has served session {self._served!r}; session "
                f"{session!r} would be mixed with it: pass chat_memory=lambda session_id: …, or store="
            )
