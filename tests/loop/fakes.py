"""Small helpers for driving the loop: a scripted model, its prompts as text, users and conversations."""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.store.base import BaseStore

from langmem_ext import LongTermMemory
from langmem_ext.loop import Context
from langmem_ext.namespaces import user_namespace
from langmem_ext.testing import ScriptedChatModel
from langmem_ext.testing.models import ScriptedCall

ALICE = Context(user_id="alice", now="2026-03-01T09:00:00+00:00")


class Script(ScriptedChatModel):
    """A scripted model that may be one that takes no tools."""

    takes_tools: bool = True

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        if not self.takes_tools:
            raise NotImplementedError
        return super().bind_tools(tools, **kwargs)


def prompt(call: ScriptedCall) -> str:
    """Everything that a call of the model was shown."""
    return "\n".join(str(message.content) for message in call.messages)


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
