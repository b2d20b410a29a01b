"""One instance, many sessions: none sees another's words, wherever the session is named."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.store.base import BaseStore

from langmem_ext import LongTermMemory
from langmem_ext.errors import InvalidInputError
from langmem_ext.memory import (
    CognitiveMemory,
    ConversationBufferMemory,
    ConversationBufferWindowMemory,
    ConversationSummaryBufferMemory,
    ConversationSummaryMemory,
    ConversationTokenBufferMemory,
    VectorStoreRetrieverMemory,
)
from langmem_ext.memory.history import ChatMessageHistory
from tests.longterm.conftest import Call
from tests.memory.conftest import say


def vectors() -> InMemoryVectorStore:
    return InMemoryVectorStore(DeterministicFakeEmbedding(size=16))


KINDS: dict[str, Any] = {
    "buffer": ConversationBufferMemory,
    "window": lambda **fields: ConversationBufferWindowMemory(k=2, **fields),
    "tokens": ConversationTokenBufferMemory,
    "summary": ConversationSummaryMemory,
    "summary_buffer": lambda **fields: ConversationSummaryBufferMemory(max_token_limit=20, **fields),
    "cognitive": CognitiveMemory,
    "vectors": lambda **fields: VectorStoreRetrieverMemory(
        **(fields if "store" in fields else fields | {"retriever": vectors().as_retriever()})
    ),
}


def config(session: str, **more: str) -> Any:
    return {"configurable": {"session_id": session, **more}}


def in_a_run(work: Callable[[], Any], configuration: Any) -> Any:
    def body(_: Any) -> Any:
        return work()

    return RunnableLambda(body).invoke(None, configuration)


def in_run(memory: Any, session: str, question: str, answer: str | None = None) -> Any:
    """Use a memory inside a run of a session; without an answer it is asked, with one it is told."""

    def work(_: Any) -> Any:
        if answer is not None:
            return memory.save_context({"input": question}, {"output": answer})
        return memory.load_memory_variables({"input": question})["history"]

    return RunnableLambda(work).invoke(None, config(session))


async def in_awaited_run(memory: Any, session: str, question: str, answer: str | None = None) -> Any:
    async def work(_: Any) -> Any:
        if answer is not None:
            return await memory.asave_context({"input": question}, {"output": answer})
        return (await memory.aload_memory_variables({"input": question}))["history"]

    return await RunnableLambda(work).ainvoke(None, config(session))


@pytest.mark.parametrize("place", ["in_process", "durable"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_instance_serves_many_sessions(kind: str, place: str, durable: BaseStore) -> None:
    memory = KINDS[kind](**({"store": durable} if place == "durable" else {}))
    in_run(memory, "alice", "my code is 1234", "noted, 1234")
    asyncio.run(in_awaited_run(memory, "bob", "my code is 9876", "noted, 9876"))
    alice, bob, carol = (in_run(memory, who, "what is my code?") for who in ("alice", "bob", "carol"))
    assert "1234" in alice
    assert "9876" not in alice
    assert "9876" in bob
    assert "1234" not in bob
    assert "code is" not in carol
    assert "code is" not in memory.load_memory_variables({"input": "what is my code?"})["history"]
    in_a_run(memory.clear, config("alice"))
    assert "1234" not in in_run(memory, "alice", "what is my code?")
    assert "9876" in in_run(memory, "bob", "what is my code?")


@pytest.mark.parametrize("kind", KINDS)
async def test_sessions_are_not_mixed_by_tasks_at_once(kind: str) -> None:
    memory = KINDS[kind]()
    people = [f"person{number}" for number in range(12)]

    async def talk(person: str) -> str:
        for number in range(3):
            await in_awaited_run(memory, person, f"{person} says {number}", "ok")
        shown: str = await in_awaited_run(memory, person, "says")
        return shown

    shown = await asyncio.gather(*(talk(person) for person in people))
    for person, text in zip(people, shown, strict=True):
        assert f"{person} says 2" in text
        assert not [other for other in people if f"{other} says" in text and other != person]


def test_the_constructors_session_goes_first(call: Call, durable: BaseStore) -> None:
    memory = ConversationBufferMemory(store=durable, session_id="alice")
    in_run(memory, "bob", "I am Alice", "hello")
    assert "I am Alice" in call(memory, "load_memory_variables", {})["history"]
    assert LongTermMemory(durable, ("memories", "alice")).threads() == ["alice"]


def test_a_graphs_thread_is_a_session(durable: BaseStore) -> None:
    memory = ConversationBufferMemory(store=durable)
    thread: Any = {"configurable": {"thread_id": "t1", "user_id": "alice"}}
    in_a_run(lambda: memory.save_context({"input": "hi"}, {"output": "hello"}), thread)
    assert LongTermMemory(durable, ("memories", "alice")).threads() == ["t1"]


@pytest.mark.parametrize(
    ("namespace", "values", "root"),
    [
        (None, {}, ("memories", "s")),
        (None, {"user_id": "alice"}, ("memories", "alice")),
        (("memories", "acme"), {"user_id": "alice"}, ("memories", "acme")),
        (("app", "{tenant}", "{user_id}"), {"tenant": "acme", "user_id": "alice"}, ("app", "acme", "alice")),
        (None, {"user_id": "a.b"}, ("memories", "a%2E;b")),
    ],
)
def test_the_namespace_is_the_users(namespace: Any, values: dict[str, str], root: Any, durable: BaseStore) -> None:
    memory = ConversationBufferMemory(store=durable, **({"namespace": namespace} if namespace else {}))
    in_a_run(lambda: memory.save_context({"input": "hi"}, {"output": "ho"}), config("s", **values))
    assert [record.content for record in LongTermMemory(durable, root).log("s")] == ["hi", "ho"]


def test_a_namespace_that_the_run_can_not_fill_is_an_error(durable: BaseStore) -> None:
    memory = ConversationBufferMemory(store=durable, namespace=("app", "{tenant}"))
    with pytest.raises(InvalidInputError, match="needs \\['tenant'\\] from the run"):
        memory.load_memory_variables({})


def test_a_chat_memory_for_each_session(call: Call) -> None:
    histories: dict[str, BaseChatMessageHistory] = {}
    memory = ConversationBufferMemory(chat_memory=lambda session: histories.setdefault(session, ChatMessageHistory()))
    in_run(memory, "alice", "I am Alice", "hello")
    in_run(memory, "bob", "I am Bob", "hello")
    assert {session: history.messages[0].content for session, history in histories.items()} == {
        "alice": "I am Alice",
        "bob": "I am Bob",
    }
    say(call, memory, "nobody's")
    assert len(histories["default"].messages) == 2


def test_one_chat_memory_does_not_mix_two_sessions() -> None:
    memory = ConversationBufferMemory(chat_memory=ChatMessageHistory())
    in_run(memory, "alice", "my code is 1234", "noted")
    assert "1234" in memory.load_memory_variables({})["history"]  # looked at outside of any run
    with pytest.raises(InvalidInputError, match="has served session 'alice'"):
        in_run(memory, "bob", "what is my code?")
    with pytest.raises(InvalidInputError, match="has served session 'alice'"):
        in_run(memory, "bob", "my code is 9876", "noted")
    memory.chat_memory = ChatMessageHistory()
    assert in_run(memory, "bob", "what is my code?") == ""


def test_the_summary_that_was_passed_is_shown_to_one_session() -> None:
    memory = ConversationSummaryBufferMemory(moving_summary_buffer="Alice's code is 1234.")
    assert "1234" not in in_run(memory, "bob", "what is my code?")
    assert "1234" in memory.load_memory_variables({})["history"]
    alices = ConversationSummaryMemory(buffer="Alice's code is 1234.", session_id="alice")
    assert "1234" in in_run(alices, "bob", "what is my code?")


@pytest.mark.parametrize("retriever", [{"k": 2}, {"k": 2, "fetch_k": 3}])
@pytest.mark.parametrize("search_type", ["similarity", "mmr"])
def test_a_session_among_many_finds_its_own_documents(retriever: Any, search_type: str, call: Call) -> None:
    if search_type == "similarity":
        retriever.pop("fetch_k", None)
    store = vectors()
    memory = VectorStoreRetrieverMemory(retriever=store.as_retriever(search_type=search_type, search_kwargs=retriever))
    for number in range(150):
        in_run(memory, f"person{number}", f"I like tea number {number}", "ok")
    in_run(memory, "person7", "and coffee", "ok")
    assert set(in_run(memory, "person7", "what do I like?").splitlines()) == {
        "input: I like tea number 7",
        "input: and coffee",
        "output: ok",
    }


def test_what_belongs_together_wrongly_is_refused(durable: BaseStore) -> None:
    with pytest.raises(ValueError, match="either chat_memory= or store="):
        ConversationBufferMemory(chat_memory=ChatMessageHistory(), store=durable)
    with pytest.raises(ValueError, match=r"either retriever= .* or store="):
        VectorStoreRetrieverMemory()
    with pytest.raises(ValueError, match="keeps its own log"):
        CognitiveMemory(chat_memory=ChatMessageHistory())
    with pytest.raises(ValueError, match="session_id"):
        ConversationBufferMemory(session_id="")
    with pytest.raises(InvalidInputError, match="1 to 200 characters"):
        ConversationBufferMemory(store=durable, session_id="x" * 300).load_memory_variables({})
