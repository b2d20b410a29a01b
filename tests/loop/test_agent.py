"""The loop: what each node does, in which order, and what comes out."""

from typing import Any, Literal

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.store.memory import InMemoryStore

from langmem_ext import create_memory_agent
from langmem_ext.errors import CapReachedError, ContextBudgetError, InvalidInputError
from tests.loop.fakes import ALICE, Script, ask, call, memory_of, prompt, search, thread


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


def test_the_graph_has_the_four_nodes_and_searches_again_from_search_memory() -> None:
    agent = create_memory_agent(Script(responses=[]), store=InMemoryStore())
    assert isinstance(agent, CompiledStateGraph)
    drawing = agent.get_graph()
    assert set(drawing.nodes) == {"__start__", "analyse", "search_memory", "answer", "update_memory", "__end__"}
    edges = {(edge.source, edge.target) for edge in drawing.edges}
    assert {("analyse", "search_memory"), ("search_memory", "analyse"), ("analyse", "answer")} <= edges
    assert {("answer", "update_memory"), ("update_memory", "__end__")} <= edges


def test_schemas_name_what_goes_in_and_out_and_what_a_run_is_given() -> None:
    agent = create_memory_agent(Script(responses=[]), store=InMemoryStore())
    assert set(agent.get_input_jsonschema()["properties"]) == {"messages"}
    assert {"messages", "usage", "recalls"} <= set(agent.get_output_jsonschema()["properties"])
    assert {"user_id", "thread_id", "now", "context_budget"} <= set(
        (agent.get_context_jsonschema() or {})["properties"]
    )


def test_a_turn_without_a_search_is_one_model_call(store: InMemoryStore) -> None:
    model = Script(responses=["Hello Alice."])
    result = ask(create_memory_agent(model, store=store, update="off"), "Hello")
    assert result["messages"][-1].content == "Hello Alice."
    assert len(model.calls) == 1
    assert result["usage"]["model_calls"] == 1
    assert result["usage"]["input_tokens"] > 0


def test_what_was_said_in_one_conversation_is_recalled_in_another(store: InMemoryStore) -> None:
    model = Script(responses=["Noted.", "You like alpine lakes."])
    agent = create_memory_agent(model, store=store, update="off")
    ask(agent, "I like alpine lakes", "t1")
    ask(agent, "Which lakes do I like?", "t2")
    assert "I like alpine lakes" in prompt(model.calls[1])
    assert "<memories>" in prompt(model.calls[1])


def test_several_searches_run_together_and_their_results_reach_the_model(store: InMemoryStore) -> None:
    memory_of(store).remember_many([{"content": "Alice has a budget of 900 euros"}, {"content": "Alice 住在民宿"}])
    model = Script(responses=[search("budget of Alice", "民宿 住宿"), "900 euros, a guesthouse."])
    agent = create_memory_agent(model, store=store, update="off", recall_limit=1)
    result = ask(agent, "Tell me about my plans")
    tools = [message for message in result["messages"] if isinstance(message, ToolMessage)]
    assert [message.tool_call_id for message in tools] == ["s0", "s1"]
    assert all(message.status == "success" for message in tools)
    assert "900 euros" in prompt(model.calls[1])
    assert "民宿" in prompt(model.calls[1])
    assert result["messages"][-1].content == "900 euros, a guesthouse."
    assert len(result["recalls"]) == 3


def test_a_memory_that_is_in_the_context_is_not_loaded_again(store: InMemoryStore) -> None:
    memory_of(store).remember("Alice has a budget of 900 euros")
    model = Script(responses=[search("budget"), search("euros budget"), "ok"])
    ask(create_memory_agent(model, store=store, update="off"), "What is my budget?")
    assert prompt(model.calls[-1]).count("900 euros") == 1


def test_searching_stops_after_max_searches_and_the_answer_sees_what_was_found(store: InMemoryStore) -> None:
    memory_of(store).remember("Bob owes Alice 40 francs", id="debt")
    model = Script(responses=[search("zebra"), search("Bob owes"), "40 francs"])
    agent = create_memory_agent(model, store=store, update="off", max_searches=2, recall_limit=1)
    memory_of(store).remember("quite another question, literally")
    result = ask(agent, "quite another question, literally")
    assert len(model.calls) == 3
    assert model.calls[-1].tools == []
    assert not any(isinstance(message, ToolMessage) for message in model.calls[-1].messages)
    assert "Bob owes Alice 40 francs" in prompt(model.calls[-1])
    assert result["messages"][-1].content == "40 francs"


def test_with_analysis_recall_there_is_one_call_and_no_memory_tool(store: InMemoryStore) -> None:
    memory_of(store).remember("Alice likes mountain lakes")
    model = Script(responses=["lakes"])
    ask(create_memory_agent(model, store=store, update="off", analysis="recall"), "Which lakes do I like?")
    assert len(model.calls) == 1
    assert model.calls[0].tools == []
    assert "Alice likes mountain lakes" in prompt(model.calls[0])


def test_a_model_that_takes_no_tools_answers_from_the_recall(store: InMemoryStore) -> None:
    memory_of(store).remember("Alice likes mountain lakes")
    model = Script(responses=["lakes"], takes_tools=False)
    result = ask(create_memory_agent(model, store=store, update="off"), "Which lakes do I like?")
    assert result["messages"][-1].content == "lakes"
    assert "Alice likes mountain lakes" in prompt(model.calls[0])


def test_an_endpoint_that_refuses_tools_is_answered_without_them(store: InMemoryStore) -> None:
    model = Script(responses=[ValueError("this model does not support tools"), "hello", "again"])
    agent = create_memory_agent(model, store=store, update="off")
    assert ask(agent, "hi")["messages"][-1].content == "hello"
    assert ask(agent, "hi again")["messages"][-1].content == "again"
    assert [len(each.tools) for each in model.calls] == [2, 0, 0]


def test_unknown_tools_and_wrong_arguments_come_back_as_messages_that_say_so(store: InMemoryStore) -> None:
    wrong = AIMessage(
        "",
        tool_calls=[
            {"name": "search_web", "args": {}, "id": "a"},
            {"name": "search_memory", "args": {"query": "x", "before": "soon"}, "id": "b"},
            {"name": "search_memory", "args": {"q": "x"}, "id": "c"},
        ],
        invalid_tool_calls=[
            {"name": "search_memory", "args": '{"query": ', "id": "d", "error": None, "type": "invalid_tool_call"}
        ],
    )
    model = Script(responses=[wrong, "sorry"])
    result = ask(create_memory_agent(model, store=store, update="off"), "hi")
    replies = {m.tool_call_id: m for m in result["messages"] if isinstance(m, ToolMessage)}
    assert {message.status for message in replies.values()} == {"error"}
    assert "search_memory" in replies["a"].content
    assert "soon" in replies["b"].content
    assert "query" in replies["c"].content
    assert "JSON" in replies["d"].content
    assert result["messages"][-1].content == "sorry"


def test_the_applications_own_tools_run_between_searches_and_answer(store: InMemoryStore) -> None:
    def exchange_rate(currency: str) -> str:
        """Today's rate."""
        return f"1 {currency} = 7.9 yuan"

    model = Script(responses=[call("exchange_rate", currency="CHF"), "7.9 yuan"])
    agent = create_memory_agent(model, store=store, update="off", tools=[exchange_rate])
    assert "tools" in agent.get_graph().nodes
    result = ask(agent, "How much is a franc?")
    assert [message.type for message in result["messages"]] == ["human", "ai", "tool", "ai"]
    assert result["messages"][2].content == "1 CHF = 7.9 yuan"
    logged = memory_of(store).messages("t1")
    assert [message.type for message in logged] == ["human", "ai", "tool", "ai"]
    assert isinstance(logged[1], AIMessage)
    assert logged[1].tool_calls[0]["name"] == "exchange_rate"


def test_own_tools_and_memory_tools_in_one_message_are_all_answered(store: InMemoryStore) -> None:
    def clock() -> str:
        """Time of day."""
        return "noon"

    both = AIMessage(
        "",
        tool_calls=[
            {"name": "clock", "args": {}, "id": "own"},
            {"name": "search_memory", "args": {"query": "lunch"}, "id": "mem"},
        ],
    )
    model = Script(responses=[both, "noon"])
    agent = create_memory_agent(model, store=store, update="off", tools=[clock], checkpointer=InMemorySaver())
    result = ask(agent, "Lunch?")
    assert {m.tool_call_id for m in result["messages"] if isinstance(m, ToolMessage)} == {"own", "mem"}
    assert result["messages"][-1].content == "noon"
    logged = memory_of(store).messages("t1")
    assert [c["name"] for m in logged if isinstance(m, AIMessage) for c in m.tool_calls] == ["clock"]
    model.responses.append("evening")
    again = ask(agent, "And dinner?")["messages"]
    assert [c["name"] for m in again if isinstance(m, AIMessage) for c in m.tool_calls] == ["clock"]


@pytest.mark.parametrize("analysis", ["model", "recall"])
def test_own_tools_work_with_either_analysis(store: InMemoryStore, analysis: Literal["model", "recall"]) -> None:
    def clock() -> str:
        """Time of day."""
        return "noon"

    model = Script(responses=[call("clock"), "It is noon."])
    agent = create_memory_agent(model, store=store, update="off", tools=[clock], analysis=analysis)
    assert ask(agent, "What time is it?")["messages"][-1].content == "It is noon."


def test_recalled_text_is_not_logged_and_so_not_learnt_again(store: InMemoryStore) -> None:
    memory_of(store).remember("Alice likes mountain lakes")
    model = Script(responses=[search("lakes"), "You like lakes."])
    ask(create_memory_agent(model, store=store, update="off"), "What do I like?")
    assert [message.content for message in memory_of(store).messages("t1")] == ["What do I like?", "You like lakes."]


def test_a_conversation_resumes_by_its_thread_id(store: InMemoryStore) -> None:
    model = Script(responses=["one", "two"])
    agent = create_memory_agent(model, store=store, update="off", checkpointer=InMemorySaver())
    ask(agent, "first")
    result = ask(agent, "second")
    assert [message.content for message in result["messages"]] == ["first", "one", "second", "two"]
    assert [str(m.content) for m in model.calls[1].messages if m.type != "system"] == ["first", "one", "second"]
    assert [message.content for message in memory_of(store).messages("t1")] == ["first", "one", "second", "two"]


def test_the_same_message_twice_is_answered_and_logged_once(store: InMemoryStore) -> None:
    model = Script(responses=["one"])
    agent = create_memory_agent(model, store=store, update="off", checkpointer=InMemorySaver())
    config = thread("t")
    for _ in range(2):
        result = agent.invoke({"messages": [HumanMessage("hi", id="m1")]}, config, context=ALICE)
        assert result["messages"][-1].content == "one"
    assert len(memory_of(store).messages("t")) == 2


def test_a_run_can_be_interrupted_before_the_answer_and_resumed(store: InMemoryStore) -> None:
    model = Script(responses=[search("lakes"), "lakes"])
    agent = create_memory_agent(
        model, store=store, update="off", checkpointer=InMemorySaver(), interrupt_before=["search_memory"]
    )
    config = thread("t")
    agent.invoke({"messages": [("user", "What do I like?")]}, config, context=ALICE)
    assert agent.get_state(config).next == ("search_memory",)
    result = agent.invoke(None, config, context=ALICE)
    assert result["messages"][-1].content == "lakes"


def test_without_a_context_it_works_for_the_default_user(store: InMemoryStore) -> None:
    model = Script(responses=["hi"])
    create_memory_agent(model, store=store, update="off").invoke({"messages": [("user", "hello")]})
    assert [m.content for m in memory_of(store, "default").messages("default")] == ["hello", "hi"]


def test_the_user_may_be_named_in_the_configurable_part_of_the_config(store: InMemoryStore) -> None:
    model = Script(responses=["hi"])
    config = thread("t9", user_id="carol")
    create_memory_agent(model, store=store, update="off").invoke({"messages": [("user", "hello")]}, config)
    assert [m.content for m in memory_of(store, "carol").messages("t9")] == ["hello", "hi"]


def test_without_a_store_memories_live_in_the_process_and_a_warning_says_so(caplog: pytest.LogCaptureFixture) -> None:
    model = Script(responses=["ok", "lakes"])
    agent = create_memory_agent(model, update="off")
    ask(agent, "I like alpine lakes", "t1")
    ask(agent, "Which lakes do I like?", "t2")
    assert "I like alpine lakes" in prompt(model.calls[1])
    assert "this process only" in caplog.text


def test_the_moment_of_the_run_is_the_one_that_messages_are_logged_at(store: InMemoryStore) -> None:
    model = Script(responses=["ok"])
    ask(create_memory_agent(model, store=store, update="off"), "hello")
    (first, _) = memory_of(store).log("t1")
    assert first.occurred_at.isoformat() == "2026-03-01T09:00:00+00:00"
    assert "2026-03-01" in model.calls[0].messages[0].content


def test_the_core_profile_is_always_in_the_context(store: InMemoryStore) -> None:
    memory_of(store).remember("Alice is a vet", kind="profile", data={"profession": "vet"})
    model = Script(responses=["ok", "ok"])
    agent = create_memory_agent(model, store=store, update="off")
    ask(agent, "zzz")
    assert '<profile>\n{"profession": "vet"}\n</profile>' in prompt(model.calls[0])


def test_calls_and_tokens_are_capped_and_the_last_call_is_kept_for_the_answer(store: InMemoryStore) -> None:
    model = Script(responses=[search("a"), search("b"), "done"])
    agent = create_memory_agent(model, store=store, update="off", max_searches=9, max_model_calls=3)
    result = ask(agent, "go")
    assert result["usage"]["model_calls"] == 3
    assert model.calls[2].tools == []
    assert result["messages"][-1].content == "done"
    only = Script(responses=["done"])
    ask(create_memory_agent(only, store=store, update="off", max_model_calls=1), "go")
    assert only.calls[0].tools == []


@pytest.mark.parametrize(("cap", "offered"), [(100_000, [2, 2, 2, 0]), (2_200, [2, 0]), (1_500, [0]), (400, [0])])
def test_a_search_is_offered_where_the_cap_of_tokens_leaves_an_answer(
    store: InMemoryStore, cap: int, offered: list[int]
) -> None:
    model = Script(responses=[*[search(f"lakes {n}") for n in range(len(offered) - 1)], "done"])
    result = ask(create_memory_agent(model, store=store, update="off", max_tokens=cap), "go")
    assert [len(each.tools) for each in model.calls] == offered
    assert result["messages"][-1].content == "done"
    assert result["usage"]["input_tokens"] + result["usage"]["output_tokens"] <= cap


def test_past_the_cap_of_tokens_the_turn_ends_before_the_call(store: InMemoryStore) -> None:
    model = Script(responses=[])
    with pytest.raises(CapReachedError, match="100"):
        ask(create_memory_agent(model, store=store, update="off", max_tokens=100), "go")
    assert model.calls == []
    assert [message.content for message in memory_of(store).messages("t1")] == ["go"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"update": "sometimes"},
        {"analysis": "none"},
        {"max_searches": -1},
        {"max_model_calls": 0},
        {"model": 42},
        {"model": "nonsense:model"},
        {"context_budget": 0},
    ],
)
def test_arguments_that_cannot_be_meant_are_refused_when_the_agent_is_made(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        create_memory_agent(**{"model": Script(responses=[]), "store": InMemoryStore(), **arguments})


def test_a_budget_that_cannot_hold_the_instructions_is_refused_when_the_agent_is_made() -> None:
    with pytest.raises(ContextBudgetError, match="system"):
        create_memory_agent(
            Script(responses=[]), store=InMemoryStore(), system_prompt="rule " * 3000, context_budget=2000
        )


def test_a_tool_that_takes_the_name_of_a_memory_tool_is_refused() -> None:
    def search_memory(query: str) -> str:
        """Mine."""
        return query

    with pytest.raises(InvalidInputError, match="search_memory"):
        create_memory_agent(Script(responses=[]), store=InMemoryStore(), tools=[search_memory])


@pytest.mark.parametrize("messages", [[], [("ai", "hi")], [("user", "")], [("user", "  ")]])
def test_a_run_without_anything_to_answer_says_so(store: InMemoryStore, messages: list[tuple[str, str]]) -> None:
    agent = create_memory_agent(Script(responses=[]), store=store)
    with pytest.raises(InvalidInputError, match="message"):
        agent.invoke({"messages": messages}, context=ALICE)


def test_lone_surrogates_and_very_long_messages_are_ordinary_turns(store: InMemoryStore) -> None:
    model = Script(responses=["ok", "ok"])
    agent = create_memory_agent(model, store=store, update="off", checkpointer=InMemorySaver(), context_budget=4000)
    ask(agent, "broken \ud800 text")
    assert "broken � text" in prompt(model.calls[0])
    ask(agent, "长" * 200_000)
    assert len(memory_of(store).log("t1")[2].content) == 200_000
    assert "search_log(message_id=" in prompt(model.calls[1])


def test_as_a_subgraph_it_takes_store_and_user_from_its_parent(store: InMemoryStore) -> None:
    from dataclasses import dataclass

    from langgraph.graph import MessagesState, StateGraph

    @dataclass
    class Session:
        user_id: str
        plan: str = "pro"

    model = Script(responses=["hi"])
    parent = StateGraph(MessagesState, context_schema=Session)
    parent.add_node("agent", create_memory_agent(model, update="off"))
    parent.set_entry_point("agent")
    graph = parent.compile(store=store)
    result = graph.invoke({"messages": [HumanMessage("hello")]}, context=Session("dora"))
    assert result["messages"][-1].content == "hi"
    assert [m.content for m in memory_of(store, "dora").messages("default")] == ["hello", "hi"]
