"""In a store: what was said outlasts the process, can be recalled, and can be forgotten."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.store.base import BaseStore, Op, Result

from langmem_ext import LongTermMemory
from langmem_ext.memory import (
    CognitiveMemory,
    ConversationBufferMemory,
    ConversationBufferWindowMemory,
    ConversationSummaryBufferMemory,
    ConversationSummaryMemory,
    ConversationTokenBufferMemory,
    StoreChatMessageHistory,
    VectorStoreRetrieverMemory,
)
from tests.longterm.conftest import Call
from tests.memory.conftest import say, summariser

KINDS: dict[str, Any] = {
    "buffer": ConversationBufferMemory,
    "window": lambda **fields: ConversationBufferWindowMemory(k=2, **fields),
    "tokens": lambda **fields: ConversationTokenBufferMemory(max_token_limit=60, **fields),
    "summary": lambda **fields: ConversationSummaryMemory(llm=summariser(), **fields),
    "summary_buffer": lambda **fields: ConversationSummaryBufferMemory(llm=summariser(), max_token_limit=60, **fields),
}
TURNS = [f"turn {number}: I visited city number {number}" for number in range(12)]


@pytest.mark.parametrize("return_messages", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_store_gives_what_the_process_gives(kind: str, return_messages: bool, call: Call, store: BaseStore) -> None:
    local = KINDS[kind](return_messages=return_messages)
    memory = KINDS[kind](return_messages=return_messages, store=store)
    for turn in TURNS:
        say(call, local, turn)
        say(call, memory, turn)
        again = KINDS[kind](return_messages=return_messages, store=store)
        shown, expected = (call(one, "load_memory_variables", {})["history"] for one in (again, local))
        if return_messages:
            shown, expected = ([(one.type, one.content) for one in messages] for messages in (shown, expected))
        assert shown == expected


@pytest.mark.parametrize("kind", KINDS)
def test_the_chat_memory_shows_what_was_not_pruned(kind: str, call: Call, store: BaseStore) -> None:
    local, memory = KINDS[kind](), KINDS[kind](store=store)
    for turn in TURNS:
        say(call, local, turn)
        say(call, memory, turn)
    if kind == "window":  # keeps in process what it shows; a log is kept whole
        assert len(memory.chat_memory.messages) == 2 * len(TURNS)
        return
    shown, expected = (
        [(message.type, message.content) for message in one.chat_memory.messages] for one in (memory, local)
    )
    assert shown == expected
    memory.chat_memory.add_user_message("one more")
    assert memory.chat_memory.messages[-1].content == "one more"


@pytest.mark.parametrize("kind", KINDS)
def test_what_left_the_window_is_recalled(kind: str, call: Call, store: BaseStore) -> None:
    memory = KINDS[kind](store=store, namespace=("memories", "alice"), session_id="trip")
    say(call, memory, "My cat is called Momo.", *TURNS)
    engine = LongTermMemory(store, ("memories", "alice"))
    assert len(engine.log("trip")) == 2 * len(TURNS) + 2
    assert "Momo" in engine.recall("What is my cat called?").records[0].content


def test_another_process_goes_on_with_it(tmp_path: Path) -> None:
    code = """
import sys
from collections.abc import Iterable
from langmem_ext import open_store
from langmem_ext.memory import ConversationSummaryBufferMemory
with open_store(sys.argv[1]) as store:
    memory = ConversationSummaryBufferMemory(store=store, max_token_limit=30)
    print(memory.load_memory_variables({})["history"].replace("\\n", " / "))
    for number in range(4):
        memory.save_context({"input": f"My budget for trip {number} is {number}00 francs."}, {"output": "Noted."})
"""
    command = [sys.executable, "-c", code, str(tmp_path / "memory.db")]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert first.strip() == ""
    assert "System: My budget for trip 0" in second
    assert second.strip().endswith("Human: My budget for trip 3 is 300 francs. / AI: Noted.")


def test_tool_calls_come_back_whole(call: Call, store: BaseStore) -> None:
    memory = ConversationBufferMemory(store=store, return_messages=True)
    answer = [
        AIMessage("", tool_calls=[{"name": "look_up", "args": {"q": "湖"}, "id": "c1"}]),
        ToolMessage("found", tool_call_id="c1"),
        AIMessage("There are two lakes."),
    ]
    call(memory, "save_context", {"input": "which lakes?"}, {"output": answer})
    messages = call(memory, "load_memory_variables", {})["history"]
    assert [message.type for message in messages] == ["human", "ai", "tool", "ai"]
    assert messages[1].tool_calls[0]["args"] == {"q": "湖"}


def test_an_empty_answer_is_no_error(call: Call, store: BaseStore) -> None:
    memory = ConversationBufferMemory(store=store)
    call(memory, "save_context", {"input": "hi"}, {"output": ""})
    assert call(memory, "load_memory_variables", {}) == {"history": "Human: hi"}


@pytest.mark.parametrize("kind", [*KINDS, "vectors", "cognitive"])
def test_clearing_forgets_the_session_and_no_other(kind: str, call: Call, store: BaseStore) -> None:
    made = KINDS | {"vectors": VectorStoreRetrieverMemory, "cognitive": CognitiveMemory}
    made["summary"] = ConversationSummaryMemory
    fields: dict[str, Any] = {"store": store, "namespace": ("memories", "alice")}
    memory = made[kind](session_id="one", **fields)
    other = made[kind](session_id="two", **fields)
    say(call, memory, "My code is wombat.", *TURNS[:4])
    say(call, other, "My code is numbat.")
    call(memory, "clear")
    assert call(memory, "load_memory_variables", {"input": "my code?"})["history"].find("wombat") < 0
    assert "numbat" in call(other, "load_memory_variables", {"input": "my code?"})["history"]
    assert "wombat" not in str(store.search(("memories", "alice"), limit=10_000))
    say(call, memory, "I begin anew")
    assert "I begin anew" in call(memory, "load_memory_variables", {"input": "begin anew"})["history"]
    assert "wombat" not in call(memory, "load_memory_variables", {"input": "my code?"})["history"]


@pytest.mark.parametrize("kind", [ConversationSummaryMemory, ConversationSummaryBufferMemory, CognitiveMemory])
def test_a_forgotten_message_leaves_the_running_summary(kind: Any, call: Call, store: BaseStore) -> None:
    engine = LongTermMemory(store, ("memories", "alice"))
    limit: dict[str, Any] = {"token_budget": 256} if kind is CognitiveMemory else {}
    if kind is ConversationSummaryBufferMemory:
        limit = {"max_token_limit": 30}
    memory = kind(store=store, namespace=("memories", "alice"), **limit)
    say(call, memory, "My secret word is quokka and I live in Bern.", *(f"{turn} " * 3 for turn in TURNS))
    assert "quokka" in str(store.search(("memories", "alice", "state"), limit=1000))
    (first,) = engine.log("default", limit=1)
    engine.forget(first.id)
    engine.forget(engine.log("default", start=1, limit=1)[0].id)  # the answer repeats it
    assert "quokka" not in str(store.search(("memories", "alice"), limit=10_000))
    say(call, memory, "and now?")
    assert "quokka" not in call(memory, "load_memory_variables", {"input": "number?"})["history"]


def test_a_thread_is_forgotten_with_a_receipt(store: BaseStore) -> None:
    engine = LongTermMemory(store, ("memories", "alice"))
    engine.observe([HumanMessage("my code is wombat", id="m1"), AIMessage("ok", id="m2")], thread_id="one")
    engine.observe([HumanMessage("I like tea", id="m3")], thread_id="two")
    engine.remember("the code is wombat", id="f1", sources=["m1"])
    engine.remember("code and tea", id="s1", kind="summary", sources=["m1", "m3"])
    receipt = engine.forget_thread("one")
    assert sorted(receipt.ids) == ["m1", "m2"]
    assert (receipt.log_messages, receipt.removed, receipt.rewritten) == (2, ["f1"], ["s1"])
    assert engine.log("one") == []
    assert [record.id for record in engine.log("two")] == ["m3"]
    assert engine.forget_thread("one").records == 0
    assert engine.forget_thread("never was").records == 0


def test_a_long_cleared_session_is_read_no_further_than_it_goes(
    durable: BaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = LongTermMemory(durable, ("memories", "alice"))
    history = StoreChatMessageHistory(memory, "s")
    history.add_messages([HumanMessage(f"message {number}") for number in range(600)])
    window = ConversationBufferWindowMemory(k=2, store=durable, namespace=("memories", "alice"), session_id="s")
    window.clear()
    assert history.messages == []
    asked: list[int] = []
    batch = durable.batch

    def counted(ops: Iterable[Op]) -> list[Result]:
        ops = list(ops)
        asked.append(len(ops))
        return batch(ops)

    monkeypatch.setattr(durable, "batch", counted)
    assert window.load_memory_variables({})["history"] == ""
    assert sum(asked) < 40


def test_a_message_with_an_id_is_stored_once(call: Call, store: BaseStore) -> None:
    memory = ConversationBufferMemory(store=store)
    turn = {"input": HumanMessage("hi", id="m1")}, {"output": AIMessage("hello", id="m2")}
    call(memory, "save_context", *turn)
    call(memory, "save_context", *turn)
    assert memory.buffer == "Human: hi\nAI: hello"
