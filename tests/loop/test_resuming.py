"""Conversations that stop and go on: by thread id, at an interrupt, in another process, after a person's correction."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.store.memory import InMemoryStore

from langmem_ext import FaissStore, create_memory_agent
from tests.loop.fakes import ALICE, Script, ask, memory_of, prompt, search, thread

QUESTION: Any = {"messages": [HumanMessage("What do I like?", id="q")]}
NODES = ["analyse", "search_memory", "answer", "update_memory"]


@contextmanager
def process(folder: Path, model: Script, **settings: Any) -> Iterator[Any]:
    """An agent as a process of its own would make it, over the same two files."""
    with (
        FaissStore.from_conn_string(str(folder / "memory.db")) as store,
        SqliteSaver.from_conn_string(str(folder / "threads.db")) as saver,
    ):
        yield create_memory_agent(model, store=store, checkpointer=saver, **({"update": "off"} | settings))


def test_a_conversation_and_its_memory_go_on_in_another_process(tmp_path: Path) -> None:
    with process(tmp_path, Script(responses=["Noted."])) as agent:
        ask(agent, "I like alpine lakes", "t1")
    model = Script(responses=["As I said.", "Lakes."])
    with process(tmp_path, model) as agent:
        result = ask(agent, "And now?", "t1")
        assert [m.content for m in result["messages"]] == ["I like alpine lakes", "Noted.", "And now?", "As I said."]
        ask(agent, "Which lakes do I like?", "t2")
    assert "I like alpine lakes" in prompt(model.calls[1])


@pytest.mark.parametrize("node", NODES)
def test_a_run_interrupted_before_a_node_goes_on_in_another_process(tmp_path: Path, node: str) -> None:
    script: list[Any] = [search("lakes"), "You like lakes."]
    first, second = Script(responses=script), Script(responses=[])
    with process(tmp_path, first, interrupt_before=[node], max_searches=1) as agent:
        memory_of(agent.store).remember("Alice likes alpine lakes")
        agent.invoke(QUESTION, thread("t"), context=ALICE)
        assert agent.get_state(thread("t")).next == (node,)
    second.responses.extend(script[len(first.calls) :])
    with process(tmp_path, second, max_searches=1) as agent:
        result = agent.invoke(None, thread("t"), context=ALICE)
        assert result["messages"][-1].content == "You like lakes."
        assert result["usage"]["model_calls"] == 2
        logged = [message.content for message in memory_of(agent.store).messages("t")]
    assert logged == ["What do I like?", "You like lakes."]
    last = (first.calls + second.calls)[-1]
    assert "alpine lakes" in prompt(last)


@pytest.mark.parametrize("node", NODES)
async def test_a_run_interrupted_after_a_node_goes_on_on_an_event_loop(tmp_path: Path, node: str) -> None:
    model = Script(responses=[search("lakes"), "You like lakes."])
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "threads.db")) as saver:
        agent = create_memory_agent(
            model, store=InMemoryStore(), update="off", checkpointer=saver, interrupt_after=[node], max_searches=1
        )
        result = await agent.ainvoke(QUESTION, thread("t"), context=ALICE)
        while (await agent.aget_state(thread("t"))).next:
            result = await agent.ainvoke(None, thread("t"), context=ALICE)
    assert result["messages"][-1].content == "You like lakes."
    assert len(model.calls) == 2


def test_a_person_may_correct_a_search_before_it_is_made() -> None:
    store = InMemoryStore()
    memory_of(store).remember_many(
        [{"content": "What do I like? is what Alice asks"}, {"content": "Alice likes alpine lakes"}]
    )
    model = Script(responses=[search("cars"), "Lakes."])
    agent = create_memory_agent(
        model,
        store=store,
        update="off",
        checkpointer=InMemorySaver(),
        interrupt_before=["search_memory"],
        recall_limit=1,
    )
    stopped = agent.invoke(QUESTION, thread("t"), context=ALICE)["messages"][-1]
    agent.update_state(thread("t"), {"messages": [AIMessage(**{**search("lakes").model_dump(), "id": stopped.id})]})
    result = agent.invoke(None, thread("t"), context=ALICE)
    replies = [message for message in result["messages"] if isinstance(message, ToolMessage)]
    assert "alpine lakes" in str(replies[0].content)


def test_a_new_message_while_a_run_is_stopped_takes_its_place() -> None:
    store = InMemoryStore()
    model = Script(responses=[search("lakes"), "Hello."])
    agent = create_memory_agent(
        model, store=store, update="off", checkpointer=InMemorySaver(), interrupt_before=["search_memory"]
    )
    agent.invoke(QUESTION, thread("t"), context=ALICE)
    result = ask(agent, "Never mind. Hello!", "t")
    assert [message.content for message in result["messages"]] == ["What do I like?", "Never mind. Hello!", "Hello."]
    assert [message.content for message in memory_of(store).messages("t")] == [
        "What do I like?",
        "Never mind. Hello!",
        "Hello.",
    ]


def test_a_thread_can_be_branched_from_an_earlier_state() -> None:
    model = Script(responses=["one", "two", "another two"])
    agent = create_memory_agent(model, store=InMemoryStore(), update="off", checkpointer=InMemorySaver())
    ask(agent, "first", "t")
    before = agent.get_state(thread("t")).config
    ask(agent, "second", "t")
    result = agent.invoke({"messages": [HumanMessage("other")]}, before, context=ALICE)
    assert [message.content for message in result["messages"]] == ["first", "one", "other", "another two"]
