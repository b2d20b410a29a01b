"""Streaming and the async path: one implementation, every stream mode, first-hand tokens, named runs."""

import asyncio
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


async def _stream(agent: Any, given: Any, mode: Any, *, asynchronous: bool) -> list[Any]:
    """Everything that a run streams, in one of its two forms."""
    if asynchronous:
        return [event async for event in agent.astream(given, thread("t"), context=ALICE, stream_mode=mode)]
    return list(agent.stream(given, thread("t"), context=ALICE, stream_mode=mode))


def _tokens(events: list[Any]) -> list[str]:
    spoken = [chunk for chunk, about in events if about["langgraph_node"] in SPEAKING]
    return [str(chunk.content) for chunk in spoken if isinstance(chunk, AIMessageChunk) and chunk.content]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize(
    ("settings", "script", "node"),
    [
        ({}, ["You like lakes"], "analyse"),
        ({}, [search("lakes"), "You like lakes"], "analyse"),
        ({"max_searches": 1}, [search("lakes"), "You like lakes"], "answer"),
        ({"analysis": "recall"}, ["You like lakes"], "answer"),
        ({"max_model_calls": 1}, ["You like lakes"], "answer"),
    ],
    ids=["at_once", "after_a_search", "after_the_last_search", "from_the_recall", "at_the_cap"],
)
async def test_the_answers_tokens_stream_as_the_model_gives_them(
    settings: dict[str, Any], script: list[Any], node: str, asynchronous: bool
) -> None:
    agent = create_memory_agent(Script(responses=script), store=InMemoryStore(), update="off", **settings)
    events = await _stream(agent, QUESTION, "messages", asynchronous=asynchronous)
    assert [token.strip() for token in _tokens(events)] == ["You", "like", "lakes"]
    assert {about["langgraph_node"] for chunk, about in events if chunk.content == "You"} == {node}


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_tokens_arrive_before_the_model_has_finished(asynchronous: bool) -> None:
    """First-hand: the stream is not the finished answer cut into pieces."""
    seen: list[str] = []
    ahead: list[int] = []

    class Watching(Script):
        def _stream(self, *args: Any, **kwargs: Any) -> Any:
            for chunk in super()._stream(*args, **kwargs):
                ahead.append(len(seen))
                yield chunk

        async def _astream(self, *args: Any, **kwargs: Any) -> Any:
            async for chunk in super()._astream(*args, **kwargs):
                ahead.append(len(seen))
                await asyncio.sleep(0.02)
                yield chunk

    agent = create_memory_agent(Watching(responses=["你喜欢高山湖泊"]), store=InMemoryStore(), update="off")
    if asynchronous:
        async for chunk, _ in agent.astream(QUESTION, thread("t"), context=ALICE, stream_mode="messages"):
            seen.append(str(getattr(chunk, "content", "")))
        assert max(ahead) > 0
    else:
        for chunk, _ in agent.stream(QUESTION, thread("t"), context=ALICE, stream_mode="messages"):
            seen.append(str(getattr(chunk, "content", "")))
    assert "".join(seen) == "你喜欢高山湖泊"
    assert len(ahead) > 5


async def test_several_stream_modes_at_once_and_events() -> None:
    model = Script(responses=[search("lakes"), "You like lakes", search("lakes"), "You like lakes"])
    agent = create_memory_agent(model, store=InMemoryStore(), update="off")
    events = list(agent.stream(QUESTION, context=ALICE, stream_mode=["updates", "messages"], subgraphs=True))
    assert {mode for _, mode, _ in events} == {"updates", "messages"}
    names = [e["name"] async for e in agent.astream_events(QUESTION, context=ALICE, version="v2")]
    assert {"analyse", "search_memory", "answer", "update_memory"} <= set(names)


@pytest.mark.parametrize("mode", MODES)
async def test_every_stream_mode_works_in_both_forms(mode: Any) -> None:
    counts = []
    for asynchronous in (False, True):
        model = Script(responses=[search("lakes"), "You like lakes"])
        agent = create_memory_agent(model, store=InMemoryStore(), update="off", checkpointer=InMemorySaver())
        counts.append(len(await _stream(agent, QUESTION, mode, asynchronous=asynchronous)))
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
        events = await _stream(agent, given, "messages", asynchronous=asynchronous)
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
    nodes = ["analyse", "search_memory", "analyse", "answer", "update_memory"]
    assert handler.names[0] == "travel_agent"
    assert [name for name in handler.names if name in nodes] == nodes
