"""The models of the loop's benchmark: they cost no time of their own and note what they were shown."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.tool import tool_call
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langgraph.store.base import Op, PutOp, Result
from pydantic import PrivateAttr

from langmem_ext import FaissStore
from langmem_ext.offline import ExtractiveChatModel
from langmem_ext.tokens import count_message, count_tools

_SEARCHER = "search_memory"


class NotingModel(BaseChatModel):
    """Answers at once, and adds up calls, tokens and the time it took itself.

    Attributes:
        answer: What it answers; a function of the number of answers so far, or a text.
        searches: Whether it calls `search_memory` before each answer, as a model does whose memory is a tool.
    """

    answer: Any = "I see."
    searches: bool = False

    _prompts: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _sizes: list[int] = PrivateAttr(default_factory=list)
    _known: dict[str, int] = PrivateAttr(default_factory=dict)
    _seconds: list[float] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "noting"

    @property
    def sizes(self) -> list[int]:
        """Input tokens of each call so far, tool schemas included."""
        return self._sizes

    @property
    def seconds(self) -> list[float]:
        """Time of each call so far."""
        return self._seconds

    @property
    def busy(self) -> list[float]:
        """Processor time of each call so far: as good as its time, for it waits for nothing."""
        return self._seconds

    @property
    def last_prompt(self) -> list[BaseMessage]:
        """What the last call was shown."""
        return self._prompts[-1]

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        """Bind tools; they are counted."""
        return self.bind(tools=list(tools), **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - BaseChatModel's signature
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        began = time.perf_counter()
        self._prompts[:] = [list(messages)]
        self._sizes.append(sum(map(self._size, messages)) + count_tools(kwargs.get("tools", [])))
        message = self._message(messages)
        self._seconds.append(time.perf_counter() - began)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _size(self, message: BaseMessage) -> int:
        """Count a message once: a buffer shows the same ones in every turn."""
        if message.id is None:
            return count_message(message)
        key = f"{message.id}:{len(str(message.content))}"
        if key not in self._known:
            self._known[key] = count_message(message)
        return self._known[key]

    def _message(self, messages: Sequence[BaseMessage]) -> AIMessage:
        if self.searches and messages[-1].type == "human":
            query = str(messages[-1].content)[:300]
            return AIMessage(
                "", tool_calls=[tool_call(name=_SEARCHER, args={"query": query}, id=f"c{len(self._sizes)}")]
            )
        make: Callable[[int], str] | str = self.answer
        return AIMessage(make if isinstance(make, str) else make(len(self._sizes)))


class TimedOfflineModel(ExtractiveChatModel):
    """The offline model, whose own time is noted: answers, and structured output for an update."""

    _seconds: list[float] = PrivateAttr(default_factory=list)
    _busy: list[float] = PrivateAttr(default_factory=list)

    @property
    def seconds(self) -> list[float]:
        """Time of each call so far."""
        return self._seconds

    @property
    def busy(self) -> list[float]:
        """Processor time of each call so far."""
        return self._busy

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        began, busy = time.perf_counter(), time.thread_time()
        try:
            return super()._generate(*args, **kwargs)
        finally:
            self._seconds.append(time.perf_counter() - began)
            self._busy.append(time.thread_time() - busy)


class ReadOnlyStore(FaissStore):
    """A store that forgets what is put into it, so that every question meets the same memory."""

    def batch(self, ops: Any) -> list[Result]:
        """Run what reads."""
        given: list[Op] = list(ops)
        results = iter(super().batch([op for op in given if not isinstance(op, PutOp)]))
        return [None if isinstance(op, PutOp) else next(results) for op in given]
