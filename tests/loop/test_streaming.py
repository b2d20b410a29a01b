"""Streaming and the async path: one implementation, every stream mode, first-hand tokens, named runs."""

from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessageChunk
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from langmem_ext import create_memory_agent
from tests.loop.fakes import ALICE, Script, memory_of, search, thread

MODES = ["values", "updates", "messages", "custom", "checkpoints", "tasks", "debug"]
SPEAKING = {"analyse", "answer"}
QUESTION = {"messages": [("user", "Which lakes do I like?")]}


def _tokens(events: list[Any]) -> list[str]:
    spoken = [chunk for chunk, about in events if about["langgraph_node"] in SPEAKING]
    return [str(chunk.content) for chunk in spoken if isinstance(chunk, AIMessageChunk) and chunk.content]


def test_the_answers_tokens_stream_as_the_model_gives_them() -> None:
    agent = create_memory_agent(Script(responses=["You like alpine lakes"]), store=InMemoryStore(), update="off")
    events = list(agent.stream(QUESTION, thread("t"), context=ALICE, stream_mode="messages"))
    assert [token.strip() for token in _tokens(events)] == ["You", "like", "alpine", "lakes"]


async def test_the_answers_tokens_stream_on_an_event_loop_too() -> None:
    agent = create_memory_agent(Script(responses=[search("lakes"), "你喜欢湖"]), store=InMemoryStore(), update="off")
    events = [e async for e in agent.astream(QUESTION, thread("t"), context=ALICE, stream_mode="messages")]
    assert _tokens(events) == ["你", "喜", "欢", "湖"]


@pytest.mark.parametrize("mode", MODES)
async def test_every_stream_mode_works_in_both_forms(mode: Any) -> None:
    counts = []
    for asynchronous in (False, True):
        model = Script(responses=[search("lakes"), "You like lakes"])
        agent = create_memory_agent(model, store=InMemoryStore(), update="off", checkpointer=InMemorySaver())
        if asynchronous:
            events = [e async for e in agent.astream(QUESTION, thread("t"), context=ALICE, stream_mode=mode)]
        else:
            events = list(agent.stream(QUESTION, thread("t"), context=ALICE, stream_mode=mode))
        counts.append(len(events))
    assert counts[0] == counts[1]
    assert counts[0] > 0 or mode == "custom"


async def test_a_turn_gives_the_same_on_an_event_loop() -> None:
    outcomes = []
    for asynchronous in (False, True):
        store = InMemoryStore()
        memory_of(store).remember("Alice likes alpine lakes", id="fact")
        model = Script(responses=[search("alpine", "zebra"), "You like lakes"])
        agent = create_memory_agent(model, store=store, update="off")
        if asynchronous:
            result: dict[str, Any] = await agent.ainvoke(QUESTION, thread("t"), context=ALICE)
        else:
            result = agent.invoke(QUESTION, thread("t"), context=ALICE)
        prompts = [[(m.type, m.content) for m in each.messages] for each in model.calls]
        said = [message.content for message in result["messages"]]
        outcomes.append((said, result["usage"], prompts, [m.content for m in memory_of(store).messages("t")]))
    assert outcomes[0] == outcomes[1]


async def test_an_inline_update_is_not_streamed_as_part_of_the_answer() -> None:
    update = {"operations": [{"action": "add", "message": 1, "quote": "I like lakes", "content": "Likes lakes"}]}
    for asynchronous in (False, True):
        store = InMemoryStore()
        agent = create_memory_agent(Script(responses=["Noted", update]), store=store)
        given = {"messages": [("user", "I like lakes")]}
        if asynchronous:
            events: list[Any] = [
                e async for e in agent.astream(given, thread("t"), context=ALICE, stream_mode="messages")
            ]
        else:
            events = list(agent.stream(given, thread("t"), context=ALICE, stream_mode="messages"))
        assert [record.content for record in memory_of(store).records(kinds="fact")] == ["Likes lakes"]
        assert {about["langgraph_node"] for _, about in events} == {"analyse"}


def test_callbacks_see_the_runs_by_name() -> None:
    class Names(BaseCallbackHandler):
        def __init__(self) -> None:
            self.names: list[str] = []

        def on_chain_start(self, *_args: Any, **kwargs: Any) -> None:
            self.names.append(kwargs["name"])

    handler = Names()
    model = Script(responses=[search("lakes"), "ok"])
    agent = create_memory_agent(model, store=InMemoryStore(), update="off", name="travel_agent")
    agent.invoke(QUESTION, {**thread("t"), "callbacks": [handler]}, context=ALICE)
    assert {"travel_agent", "analyse", "search_memory", "answer", "update_memory"} <= set(handler.names)
