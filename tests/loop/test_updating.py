"""Distillation after a turn: inline, in the background, off; whatever fails, the turn stands and the log has it all."""

import threading
from typing import Any

from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from langmem_ext import create_memory_agent
from langmem_ext.loop import drain
from tests.loop.fakes import ALICE, Script, ask, memory_of

UPDATE = {
    "operations": [{"action": "add", "message": 1, "quote": "alpine lakes", "content": "Alice likes alpine lakes"}]
}
NOTHING: dict[str, Any] = {"operations": []}


def test_an_inline_update_has_learnt_when_the_turn_is_over() -> None:
    store = InMemoryStore()
    result = ask(create_memory_agent(Script(responses=["Noted", UPDATE]), store=store), "I like alpine lakes")
    assert [record.content for record in memory_of(store).records(kinds="fact")] == ["Alice likes alpine lakes"]
    assert result["usage"]["model_calls"] == 2
    assert memory_of(store).stats().pending == 0


def test_a_failing_update_costs_nothing_but_the_update() -> None:
    store = InMemoryStore()
    model = Script(responses=["Noted", RuntimeError("down"), "Again", UPDATE])
    agent = create_memory_agent(model, store=store, checkpointer=InMemorySaver())
    result = ask(agent, "I like alpine lakes")
    assert result["messages"][-1].content == "Noted"
    assert "RuntimeError" in " ".join(result["warnings"])
    assert memory_of(store).stats().pending == 2
    assert ask(agent, "and rivers")["warnings"] == []
    assert memory_of(store).stats().pending == 0
    assert memory_of(store).records(kinds="fact")


def test_without_an_update_model_distillation_is_extraction() -> None:
    store = InMemoryStore()
    model = Script(responses=["Noted"])
    ask(create_memory_agent(model, store=store, update_model=None), "I like alpine lakes")
    assert len(model.calls) == 1
    assert memory_of(store).stats().pending == 0


def test_off_logs_and_does_not_distil() -> None:
    store = InMemoryStore()
    ask(create_memory_agent(Script(responses=["Noted"]), store=store, update="off"), "I like alpine lakes")
    assert memory_of(store).stats().pending == 2


def test_background_updates_coalesce_and_drain_waits_for_them() -> None:
    store = InMemoryStore()
    updater = Script(responses=[UPDATE, NOTHING, NOTHING])
    model = Script(responses=["Noted"] * 3)
    agent = create_memory_agent(
        model, store=store, update="background", update_model=updater, debounce=3600.0, checkpointer=InMemorySaver()
    )
    for text in ("I like alpine lakes", "and rivers", "and snow"):
        ask(agent, text)
    assert updater.calls == []
    assert drain(agent, timeout=30)
    assert len(updater.calls) == 1
    assert memory_of(store).stats().pending == 0
    assert memory_of(store).records(kinds="fact")


def test_a_background_update_does_not_hold_up_the_turn() -> None:
    store = InMemoryStore()
    free = threading.Event()

    def slow(_messages: Any) -> dict[str, Any]:
        free.wait(30)
        return NOTHING

    agent = create_memory_agent(
        Script(responses=["Noted"]),
        store=store,
        update="background",
        update_model=Script(responses=[slow]),
        debounce=0.0,
    )
    assert ask(agent, "I like alpine lakes")["messages"][-1].content == "Noted"
    assert not drain(agent, timeout=0.05)
    free.set()
    assert drain(agent, timeout=30)


def test_what_one_process_did_not_distil_the_next_one_finds_in_the_log() -> None:
    store = InMemoryStore()
    for name in ("t1", "t2"):
        dying = create_memory_agent(Script(responses=["Noted"]), store=store, update="background", debounce=3600.0)
        ask(dying, "I like alpine lakes", name)
    updater = Script(responses=[NOTHING] * 3)
    agent = create_memory_agent(
        Script(responses=["Hi"]), store=store, update="background", update_model=updater, debounce=0.0
    )
    ask(agent, "hello", "t3")
    assert drain(agent, timeout=30)
    assert memory_of(store).stats().pending == 0
    assert len(updater.calls) == 3


def test_a_background_update_that_fails_leaves_its_range_pending() -> None:
    store = InMemoryStore()
    updater = Script(responses=[RuntimeError("down")])
    agent = create_memory_agent(
        Script(responses=["Noted"]), store=store, update="background", update_model=updater, debounce=0.0
    )
    ask(agent, "I like alpine lakes")
    assert drain(agent, timeout=30)
    assert memory_of(store).stats().pending == 2


def test_an_update_stays_within_what_the_turn_has_left_of_its_cap() -> None:
    store = InMemoryStore()
    model = Script(responses=[AIMessage("Noted")])
    result = ask(create_memory_agent(model, store=store, max_model_calls=1), "I like alpine lakes", context=ALICE)
    assert result["usage"]["model_calls"] == 1
    assert memory_of(store).stats().pending == 0  # by extraction
