"""Long conversations: every call within the budget, what leaves the window stays findable, pairs stay whole."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from langmem_ext import FaissStore, create_memory_agent
from langmem_ext.testing.models import ScriptedCall
from langmem_ext.tokens import count_messages, count_text, count_tools
from tests.loop.fakes import ALICE, Script, ask, call, memory_of, prompt, search, thread

PLACES = ["Bergen", "苏黎世", "Kyoto", "大理", "Porto", "昆明"]


def _cost(each: ScriptedCall) -> int:
    return count_messages(each.messages) + count_tools(each.tools)


def _whole(messages: list[BaseMessage]) -> bool:
    calls = {c["id"] for m in messages if isinstance(m, AIMessage) for c in m.tool_calls}
    return calls == {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}


turn = st.tuples(
    st.sampled_from(PLACES),
    st.integers(1, 120),
    st.sampled_from(["plain", "search", "tool", "long"]),
)


@settings(max_examples=12, deadline=None)
@given(turns=st.lists(turn, min_size=1, max_size=14), budget=st.integers(1800, 3000))
def test_no_call_is_over_the_budget_and_every_evicted_message_is_found_by_recall(
    turns: list[tuple[str, int, str]], budget: int
) -> None:
    def weather(place: str) -> str:
        """Weather of a place."""
        return f"Weather in {place}: " + "rain " * 150

    store = InMemoryStore()
    model = Script(responses=[])
    agent = create_memory_agent(
        model, store=store, update="off", tools=[weather], checkpointer=InMemorySaver(), context_budget=budget
    )
    said: dict[str, str] = {}
    for number, (place, length, kind) in enumerate(turns):
        text = f"Visit {number} to {place}: " + f"detail{number} " * (length * (60 if kind == "long" else 1))
        said[f"m{number}"] = text
        first = {"search": [search(place)], "tool": [call("weather", f"w{number}", place=place)]}.get(kind, [])
        model.responses.extend([*first, f"Answer {number} about {place}. " + "more " * length])
        result = agent.invoke({"messages": [HumanMessage(text, id=f"m{number}")]}, thread("t"), context=ALICE)
        assert _whole(result["messages"])
    assert max(map(_cost, model.calls)) <= budget
    window = {message.id for message in agent.get_state(thread("t")).values["messages"]}
    memory = memory_of(store)
    for message_id, text in said.items():
        if message_id not in window:
            assert message_id in set(memory.recall(text[:200], limit=20).ids())
    logged = [m for m in memory.messages("t", limit=1000) if isinstance(m, HumanMessage)]
    assert [(m.id, m.content) for m in logged] == list(said.items())


def test_paged_out_turns_leave_the_channel_and_come_back_as_memories() -> None:
    store = InMemoryStore()
    model = Script(responses=["noted " * 30] * 40 + ["It was Olivia."])
    agent = create_memory_agent(
        model, store=store, update="off", checkpointer=InMemorySaver(), context_budget=2000, analysis="recall"
    )
    for number in range(40):
        text = "My sister is called Olivia." if number == 0 else f"Remark {number} on rocks, " + "stone " * 40
        agent.invoke({"messages": [("user", text)]}, thread("t"), context=ALICE)
    state = agent.get_state(thread("t")).values
    assert len(state["messages"]) < 40
    assert state["summary"]
    assert "Olivia" not in str(state["messages"])
    agent.invoke({"messages": [("user", "What is my sister called?")]}, thread("t"), context=ALICE)
    assert "My sister is called Olivia." in prompt(model.calls[-1])


def test_a_model_writes_the_rolling_summary_when_memory_is_updated_inline() -> None:
    fold = "SUMMARY OF OLD TURNS"
    store = InMemoryStore()

    def respond(messages: list[BaseMessage]) -> Any:
        if "<new_messages>" in str(messages[-1].content):
            return {"operations": []}
        return fold if "running <summary>" in str(messages[0].content) else "ok " * 60

    model = Script(responses=[respond] * 400)
    agent = create_memory_agent(model, store=store, checkpointer=InMemorySaver(), context_budget=2500)
    for number in range(14):
        agent.invoke({"messages": [("user", f"{number} " + "word " * 150)]}, thread("t"), context=ALICE)
    assert agent.get_state(thread("t")).values["summary"] == fold
    assert any(f"<summary>\n{fold}\n</summary>" in prompt(each) for each in model.calls[-4:])
    assert max(map(_cost, model.calls)) <= 2500


@pytest.mark.parametrize("text", ["word " * 40_000, "长" * 200_000, "x" * 200_000])
def test_calls_that_distil_a_pasted_document_are_within_the_budget_as_well(text: str) -> None:
    def respond(messages: list[BaseMessage]) -> Any:
        return {"operations": []} if "<new_messages>" in str(messages[-1].content) else "ok"

    store = InMemoryStore()
    model = Script(responses=[respond] * 8)
    ask(create_memory_agent(model, store=store, context_budget=4000), f"START {text} END")
    assert any("<new_messages>" in prompt(each) for each in model.calls)
    assert all("START" in prompt(each) and "END" in prompt(each) for each in model.calls)
    assert max(map(_cost, model.calls)) <= 4000
    assert len(memory_of(store).log("t1")[0].content) == len(text) + 10


@pytest.mark.slow
def test_a_conversation_of_a_million_tokens_runs_in_a_constant_context() -> None:
    turns = 400
    answer = "A long answer about rocks. " * 200
    model = Script(responses=[answer] * turns)
    said, sizes = 0, []
    with FaissStore.from_conn_string(":memory:") as store:
        agent = create_memory_agent(
            model, store=store, update="off", checkpointer=InMemorySaver(), context_budget=8000, analysis="recall"
        )
        for number in range(turns):
            text = f"Question {number}: " + "why is granite hard and basalt dark? " * 180
            agent.invoke({"messages": [("user", text)]}, thread("one"), context=ALICE)
            said += count_text(text) + count_text(answer)
            sizes.append(len(agent.get_state(thread("one")).values["messages"]))
    assert said > 1_000_000
    assert max(map(_cost, model.calls)) <= 8000
    assert max(sizes) < 20
