"""A chat model that follows a script, and small helpers for driving the loop."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.store.base import BaseStore
from pydantic import Field

from langmem_ext import LongTermMemory
from langmem_ext.loop import Context
from langmem_ext.namespaces import user_namespace

ALICE = Context(user_id="alice", now="2026-03-01T09:00:00+00:00")

Response = str | AIMessage | Exception | Callable[[list[BaseMessage]], "str | AIMessage"]


@dataclass(frozen=True)
class Call:
    """What one call of the model was given."""

    messages: list[BaseMessage]
    tools: list[Any]

    @property
    def text(self) -> str:
        return "\n".join(str(message.content) for message in self.messages)


class Script(BaseChatModel):
    """Answers with its responses in order; the last one is repeated when `repeat` is set."""

    responses: list[Any]
    calls: list[Call] = Field(default_factory=list)
    repeat: bool = False
    takes_tools: bool = True

    @property
    def _llm_type(self) -> str:
        return "script"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        if not self.takes_tools:
            raise NotImplementedError
        return self.bind(tools=list(tools), **kwargs)

    def _next(self, messages: list[BaseMessage], tools: list[Any]) -> AIMessage:
        self.calls.append(Call(list(messages), tools))
        response = self.responses[0] if self.repeat else self.responses.pop(0)
        if isinstance(response, Exception):
            raise response
        if callable(response):
            response = response(messages)
        return AIMessage(response) if isinstance(response, str) else response.model_copy(update={"id": None})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages, kwargs.get("tools", [])))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        message = self._next(messages, kwargs.get("tools", []))
        for word in str(message.content).split():
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=word + " "))
            if run_manager:
                run_manager.on_llm_new_token(word + " ", chunk=chunk)
            yield chunk
        calls = [
            {"name": c["name"], "args": json.dumps(c["args"]), "id": c["id"], "index": n}
            for n, c in enumerate(message.tool_calls)
        ]
        calls += [
            {"name": c["name"], "args": c["args"], "id": c["id"], "index": len(calls) + n}
            for n, c in enumerate(message.invalid_tool_calls)
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=calls, chunk_position="last"))


def thread(name: str, **configurable: Any) -> RunnableConfig:
    """The config of a conversation."""
    return {"configurable": {"thread_id": name, **configurable}}


def ask(agent: Any, text: str, name: str = "t1", context: Context | None = ALICE) -> dict[str, Any]:
    """Say something to an agent and return what comes out."""
    result: dict[str, Any] = agent.invoke({"messages": [HumanMessage(text)]}, thread(name), context=context)
    return result


def memory_of(store: BaseStore, user: str = "alice") -> LongTermMemory:
    """The memory of a user."""
    return LongTermMemory(store, user_namespace(user))


def search(*queries: str, **arguments: Any) -> AIMessage:
    """A model message that searches memory for each query."""
    calls = [{"name": "search_memory", "args": {"query": q, **arguments}, "id": f"s{n}"} for n, q in enumerate(queries)]
    return AIMessage("", tool_calls=calls)


def call(name: str, call_id: str = "c1", **arguments: Any) -> AIMessage:
    """A model message with one tool call."""
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": call_id}])
