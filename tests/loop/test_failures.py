"""A real client over HTTP and everything that goes wrong with one: an answer or a clear error, nothing said lost."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.base import BaseStore, IndexConfig
from langgraph.store.memory import InMemoryStore

from langmem_ext import FaissStore, create_memory_agent
from langmem_ext.errors import ModelOutputError
from langmem_ext.testing import Fault, OpenAIProtocolServer
from tests.loop.fakes import ALICE, ask, call, memory_of, search, thread

pytestmark = pytest.mark.network_loopback


@pytest.fixture
def server() -> Iterator[OpenAIProtocolServer]:
    with OpenAIProtocolServer([]) as running:
        yield running


def _model(server: OpenAIProtocolServer, **settings: Any) -> ChatOpenAI:
    given = {"model": "scripted", "base_url": server.url, "api_key": "none", "max_retries": 0, "timeout": 20} | settings
    return ChatOpenAI(**given)


def _agent(server: OpenAIProtocolServer, store: BaseStore, **settings: Any) -> Any:
    model = settings.pop("model", None) or _model(server)
    return create_memory_agent(model, store=store, checkpointer=InMemorySaver(), **({"update": "off"} | settings))


def _said(store: InMemoryStore) -> list[Any]:
    return [message.content for message in memory_of(store).messages("t1")]


def test_a_turn_with_searches_goes_through_a_real_client(server: OpenAIProtocolServer) -> None:
    store = InMemoryStore()
    memory_of(store).remember("Alice has a budget of 900 euros")
    update = {"operations": [{"action": "add", "message": 1, "quote": "my budget", "content": "Asked for a budget"}]}
    server.add(search("budget in euros", "预算"), "900 euros", update)
    result = ask(_agent(server, store, update="inline"), "What is my budget?")
    assert result["messages"][-1].content == "900 euros"
    assert result["warnings"] == []
    assert len(memory_of(store).records(kinds="fact")) == 2
    offered = [tool["function"]["name"] for tool in server.requests[0].body["tools"]]
    assert offered == ["search_memory", "search_log"]


async def test_a_turn_streams_through_a_real_client(server: OpenAIProtocolServer) -> None:
    server.add("You like alpine lakes")
    agent = _agent(server, InMemoryStore())
    given = {"messages": [("user", "What do I like?")]}
    events = [e async for e in agent.astream(given, thread("t1"), context=ALICE, stream_mode="messages")]
    assert "".join(str(chunk.content) for chunk, _ in events) == "You like alpine lakes"
    assert len(events) > 3


@pytest.mark.parametrize("fault", [Fault.rate_limited(0.0), Fault.server_error()], ids=["429", "500"])
def test_a_refusal_that_passes_is_waited_for(server: OpenAIProtocolServer, fault: Fault) -> None:
    server.add(fault, "hello")
    result = ask(_agent(server, InMemoryStore(), model=_model(server, max_retries=2)), "hi")
    assert result["messages"][-1].content == "hello"


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        (Fault.server_error(), {}),
        (Fault.rate_limited(), {}),
        (Fault.hang(5.0), {"timeout": 0.3}),
        (Fault.dropped(), {}),
    ],
    ids=["500", "429", "timeout", "dropped"],
)
@pytest.mark.parametrize("analysis", ["model", "recall"])
async def test_a_failing_call_is_a_clear_error_and_the_next_turn_works(
    server: OpenAIProtocolServer, fault: Fault, settings: dict[str, Any], analysis: str, asynchronous: bool
) -> None:
    store = InMemoryStore()
    server.add(fault, "hello again")
    agent = _agent(server, store, model=_model(server, **settings), analysis=analysis)

    async def say(text: str) -> Any:
        given = {"messages": [HumanMessage(text)]}
        if asynchronous:
            return await agent.ainvoke(given, thread("t1"), context=ALICE)
        return agent.invoke(given, thread("t1"), context=ALICE)

    with pytest.raises(Exception, match=r"(?i)error|limit|timed out|connection|incomplete|peer closed"):
        await say("hi")
    assert _said(store) == ["hi"]
    result = await say("are you there?")
    assert result["messages"][-1].content == "hello again"
    assert _said(store) == ["hi", "are you there?", "hello again"]


def test_a_stream_that_breaks_off_loses_no_message(server: OpenAIProtocolServer) -> None:
    store = InMemoryStore()
    server.add(Fault.dropped(), "hello again")
    agent = _agent(server, store)
    with pytest.raises(Exception, match=r"(?i)closed|incomplete|error|connection"):
        list(agent.stream({"messages": [("user", "hi")]}, thread("t1"), context=ALICE, stream_mode="messages"))
    assert ask(agent, "again?")["messages"][-1].content == "hello again"
    assert _said(store) == ["hi", "again?", "hello again"]


def test_a_failed_turn_can_be_resumed_without_saying_it_again(server: OpenAIProtocolServer) -> None:
    store = InMemoryStore()
    server.add(search("lakes"), Fault.server_error(), "lakes")
    agent = _agent(server, store)
    with pytest.raises(Exception, match="500"):
        ask(agent, "What do I like?")
    assert agent.invoke(None, thread("t1"), context=ALICE)["messages"][-1].content == "lakes"
    assert _said(store) == ["What do I like?", "lakes"]


def test_arguments_that_are_no_json_come_back_to_the_model_as_a_message(server: OpenAIProtocolServer) -> None:
    server.add(Fault.malformed_arguments(), "sorry")
    result = ask(_agent(server, InMemoryStore()), "hi")
    (reply,) = [message for message in result["messages"] if isinstance(message, ToolMessage)]
    assert reply.status == "error"
    assert "JSON" in str(reply.content)
    assert result["messages"][-1].content == "sorry"
    assert server.requests[1].body["messages"][-1]["role"] == "tool"


def test_arguments_that_stream_as_no_json_come_back_to_the_model_as_well(server: OpenAIProtocolServer) -> None:
    server.add(Fault.malformed_arguments(), "sorry")
    given = {"messages": [("user", "hi")]}
    events = list(_agent(server, InMemoryStore()).stream(given, thread("t1"), context=ALICE, stream_mode="messages"))
    assert "".join(str(chunk.content) for chunk, about in events if about["langgraph_node"] == "analyse") == "sorry"


def test_a_tool_that_does_not_exist_comes_back_to_the_model_as_a_message(server: OpenAIProtocolServer) -> None:
    server.add(call("launch_rocket", where="moon"), "sorry")
    result = ask(_agent(server, InMemoryStore()), "hi")
    assert result["messages"][-1].content == "sorry"
    assert "launch_rocket" in str(server.requests[1].body["messages"][-1]["content"])


def test_an_empty_answer_is_asked_for_again_and_then_a_clear_error(server: OpenAIProtocolServer) -> None:
    store = InMemoryStore()
    server.add(Fault.empty_answer(), "hello", Fault.empty_answer(), Fault.empty_answer(), "there")
    agent = _agent(server, store)
    assert ask(agent, "hi")["messages"][-1].content == "hello"
    with pytest.raises(ModelOutputError, match="empty answer twice"):
        ask(agent, "and now?")
    assert ask(agent, "now?")["messages"][-1].content == "there"
    assert _said(store) == ["hi", "hello", "and now?", "now?", "there"]


def test_structured_output_that_is_no_json_costs_only_the_update(server: OpenAIProtocolServer) -> None:
    store = InMemoryStore()
    update: list[Any] = ["certainly! here it is"]

    def respond(messages: list[BaseMessage]) -> Any:
        return update[0] if "<new_messages>" in str(messages[1].content) else "Noted"

    server.add(*[respond] * 8)
    agent = _agent(server, store, update="inline")
    result = ask(agent, "I like lakes")
    assert result["messages"][-1].content == "Noted"
    assert "stays pending" in result["warnings"][0]
    update[0] = {"operations": []}
    assert ask(agent, "hi")["warnings"] == []
    assert memory_of(store).stats().pending == 0


def test_a_model_without_tool_calling_answers_from_the_recall(server: OpenAIProtocolServer) -> None:
    class Refusing(ChatOpenAI):
        def bind_tools(self, *_args: Any, **_kwargs: Any) -> Any:
            raise NotImplementedError

    store = InMemoryStore()
    memory_of(store).observe([HumanMessage("I like alpine lakes")], thread_id="old")
    server.add("lakes")
    model = Refusing(model="scripted", base_url=server.url, api_key="none")
    result = ask(_agent(server, store, model=model), "Which lakes do I like?")
    assert result["messages"][-1] == AIMessage(**result["messages"][-1].model_dump(exclude={"type"}))
    assert "tools" not in server.requests[0].body
    assert "I like alpine lakes" in str(server.requests[0].body["messages"])


def test_chat_and_embeddings_of_a_real_client_remember_from_one_conversation_to_the_next(tmp_path: Path) -> None:
    with OpenAIProtocolServer(["Noted.", "Lakes."]) as server, _vectors(server, tmp_path) as store:
        agent = _agent(server, store)
        ask(agent, "我喜欢高山湖泊", "monday")
        ask(agent, "我喜欢什么样的湖?", "tuesday")
        chats = [request for request in server.requests if request.path.endswith("/chat/completions")]
        assert "我喜欢高山湖泊" in str(chats[1].body["messages"])
        assert any(request.path.endswith("/embeddings") for request in server.requests)


def test_embeddings_that_fail_cost_no_answer_and_no_memory(tmp_path: Path) -> None:
    faults = [Fault.server_error()] * 8
    with (
        OpenAIProtocolServer(["Noted.", *["Lakes."] * 8], embedding_faults=faults) as server,
        _vectors(server, tmp_path) as store,
    ):
        agent = _agent(server, store, update="inline", update_model=None)
        ask(agent, "I like alpine lakes", "monday")
        for day in range(8):  # long enough for the faults to pass
            assert ask(agent, "Which lakes do I like?", f"day {day}")["messages"][-1].content == "Lakes."
        chats = [request for request in server.requests if request.path.endswith("/chat/completions")]
        assert "I like alpine lakes" in str(chats[-1].body["messages"])
        assert [record.content for record in memory_of(store).log("monday")] == ["I like alpine lakes", "Noted."]


def _vectors(server: OpenAIProtocolServer, folder: Path) -> AbstractContextManager[FaissStore]:
    """A store whose vectors come from the server."""
    settings: dict[str, Any] = {"base_url": server.url, "api_key": "none", "max_retries": 0}
    embed = OpenAIEmbeddings(model="scripted", check_embedding_ctx_length=False, **settings)
    return FaissStore.from_conn_string(
        str(folder / "memory.db"), index=IndexConfig(dims=384, embed=embed, fields=["text"])
    )
