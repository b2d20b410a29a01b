"""Searching: several at once, again while something is missing, down to the raw log, within the budget."""

import asyncio
import re
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from langmem_ext import create_memory_agent
from langmem_ext.tokens import count_messages, count_tools
from tests.loop.fakes import ALICE, Script, ask, call, memory_of, prompt, search, thread


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


class Meeting(BaseDocumentCompressor):
    """A reranker that goes on only when as many recalls as expected are in it at the same time."""

    expected: int
    _here: threading.Barrier
    _arrived: int = 0
    _all: asyncio.Event

    def model_post_init(self, _context: Any, /) -> None:
        self._here = threading.Barrier(self.expected, timeout=20)
        self._all = asyncio.Event()

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks = None
    ) -> Sequence[Document]:
        if query.startswith("search"):
            self._here.wait()
        return documents

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks = None
    ) -> Sequence[Document]:
        if query.startswith("search"):
            self._arrived += 1
            if self._arrived == self.expected:
                self._all.set()
            await asyncio.wait_for(self._all.wait(), 20)
        return documents


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_searches_of_one_message_run_at_the_same_time(store: InMemoryStore, asynchronous: bool) -> None:
    memory_of(store).remember_many([{"content": f"search number {n} finds this"} for n in range(3)])
    model = Script(responses=[search("search 1", "search 2", "search 3"), "found"])
    agent = create_memory_agent(
        model, store=store, update="off", memory_options={"reranker": Meeting(expected=3)}, recall_limit=1
    )
    given: Any = {"messages": [HumanMessage("hello")]}
    result = await agent.ainvoke(given, context=ALICE) if asynchronous else agent.invoke(given, context=ALICE)
    replies = [message for message in result["messages"] if isinstance(message, ToolMessage)]
    assert [reply.status for reply in replies] == ["success"] * 3


def test_while_something_is_missing_it_searches_again_and_at_last_in_the_log(store: InMemoryStore) -> None:
    memory = memory_of(store)
    memory.observe([("user", f"remark {n} on the weather") for n in range(30)], thread_id="old")
    memory.observe([("user", "the locker code is plover")], thread_id="gym")
    rounds = [
        search("locker code", before="2020-01-01"),
        search("code", topic="lockers"),
        call("search_log", "log", thread_id="gym"),
    ]
    model = Script(responses=[*rounds, "It is plover."])
    agent = create_memory_agent(model, store=store, update="off", recall_limit=1, max_searches=3)
    result = ask(agent, "zzz")
    kinds = [message.type for message in result["messages"]]
    assert kinds == ["human", "ai", "tool", "ai", "tool", "ai", "tool", "ai"]
    assert ["the locker code is plover" in prompt(each) for each in model.calls] == [False, False, False, True]
    assert result["messages"][-1].content == "It is plover."


@pytest.mark.parametrize(
    "arguments",
    [
        {"query": "whales"},
        {"thread_id": "old", "page": 2, "limit": 2},
        {"after": "2026-02-01", "before": "2026-02"},
        {"message_id": "m3"},
    ],
    ids=["query", "page", "time", "message"],
)
def test_what_was_read_in_the_log_reaches_an_answer_for_which_no_search_is_left(
    store: InMemoryStore, arguments: dict[str, Any]
) -> None:
    memory = memory_of(store)
    for n in range(8):
        text = "line 3: whales sing" if n == 3 else f"line {n}: rocks"
        day = "2026-02-03" if n == 3 else "2026-01-01"
        memory.observe([HumanMessage(text, id=f"m{n}")], thread_id="old", occurred_at=day)
    model = Script(responses=[call("search_log", **arguments), "They sing."])
    agent = create_memory_agent(model, store=store, update="off", recall_limit=1, max_searches=1)
    ask(agent, "line 7: rocks")
    assert "whales sing" not in prompt(model.calls[0])
    assert not any(isinstance(message, ToolMessage) for message in model.calls[1].messages)
    assert "whales sing" in prompt(model.calls[1])


def test_a_conversation_that_is_not_there_is_answered_with_those_that_are(store: InMemoryStore) -> None:
    memory_of(store).observe([("user", "hello")], thread_id="old")
    model = Script(responses=[call("search_log", thread_id="none"), "sorry"])
    (reply,) = _replies(ask(create_memory_agent(model, store=store, update="off"), "hi")["messages"])
    assert reply.status == "error"
    assert "'old'" in str(reply.content)


def _replies(messages: Sequence[BaseMessage]) -> list[ToolMessage]:
    return [message for message in messages if isinstance(message, ToolMessage)]


@pytest.mark.parametrize("budget", [2_000, 4_000, 32_000])
def test_a_long_message_can_be_read_to_its_end_page_by_page_within_any_budget(
    store: InMemoryStore, budget: int
) -> None:
    numbered = " ".join(f"mark{n}" for n in range(1_500))
    memory_of(store).observe([HumanMessage(numbered, id="long")], thread_id="old")
    model = Script(responses=[])
    agent = create_memory_agent(
        model, store=store, update="off", context_budget=budget, recall_limit=1, checkpointer=InMemorySaver()
    )
    read = ""
    page = pages = 1
    while page <= pages:
        model.responses.extend([call("search_log", message_id="long", page=page), "go on"])
        given: Any = {"messages": [HumanMessage("zzz")]}
        agent.invoke(given, thread(f"t{page}"), context=ALICE)
        shown = prompt(model.calls[-1])
        read += "".join(re.findall(r"<message [^>]*>([^<]*)</message>", shown))
        pages = int(re.findall(r'pages="(\d+)"', shown)[0])
        page += 1
    assert pages > 1
    assert read == numbered
    assert max(count_messages(each.messages) + count_tools(each.tools) for each in model.calls) <= budget


def test_a_page_of_the_log_that_is_too_large_says_how_to_see_the_rest(store: InMemoryStore) -> None:
    memory_of(store).observe([("user", f"entry {n} " + "stone " * 60) for n in range(40)], thread_id="old")
    model = Script(responses=[call("search_log", thread_id="old", limit=40), "ok"])
    result = ask(create_memory_agent(model, store=store, update="off", context_budget=3_000, recall_limit=1), "zzz")
    (reply,) = _replies(result["messages"])
    note = re.search(r"\[(\d+) more messages on this page: call again with limit=(\d+)", str(reply.content))
    assert note
    assert int(note[1]) + int(note[2]) == 40
    assert count_messages(model.calls[1].messages) + count_tools(model.calls[1].tools) <= 3_000


def test_a_model_may_leave_arguments_empty(store: InMemoryStore) -> None:
    memory_of(store).observe([("user", "I like alpine lakes")], thread_id="old")
    empty = {"before": "", "after": "", "topic": "", "as_of": "", "kinds": []}
    calls = [
        {"name": "search_memory", "args": {"query": "lakes", **empty}, "id": "a"},
        {"name": "search_log", "args": {"query": "", "thread_id": "", "message_id": ""}, "id": "b"},
    ]
    model = Script(responses=[AIMessage("", tool_calls=calls), "ok"])
    agent = create_memory_agent(model, store=store, update="off", recall_tokens=64)
    assert [reply.status for reply in _replies(ask(agent, "zzz")["messages"])] == ["success", "success"]


@pytest.mark.parametrize("call_id", ["", None, "call_0"])
def test_calls_without_ids_of_their_own_are_all_answered(store: InMemoryStore, call_id: str | None) -> None:
    """Local servers give calls no id, or the same one in every message."""
    calls = [{"name": "search_memory", "args": {"query": query}, "id": call_id} for query in ("lakes", "rivers")]
    model = Script(responses=[AIMessage("", tool_calls=calls), AIMessage("", tool_calls=calls[:1]), "done"])
    result = ask(create_memory_agent(model, store=store, update="off"), "What do I like?")
    assert [message.type for message in result["messages"]] == ["human", "ai", "tool", "tool", "ai", "tool", "ai"]
    for place, message in enumerate(result["messages"]):
        if isinstance(message, AIMessage) and message.tool_calls:
            ids = [each["id"] for each in message.tool_calls]
            answers = result["messages"][place + 1 : place + 1 + len(ids)]
            assert [answer.tool_call_id for answer in answers] == ids
            assert len(set(ids)) == len(ids)
    assert result["messages"][-1].content == "done"


@pytest.mark.parametrize("searched", [False, True])
@pytest.mark.parametrize(
    ("filler", "needle", "question"),
    [
        ("Item: nothing was decided here. ", "The caterer is called Olsen.", "What is the caterer called?"),
        ("议题:没有作出任何决定。", "负责餐饮的是欧森公司。", "负责餐饮的是哪家公司?"),
    ],
    ids=["en", "zh"],
)
def test_a_pasted_document_answers_in_another_conversation(
    store: InMemoryStore, filler: str, needle: str, question: str, searched: bool
) -> None:
    model = Script(responses=["Noted.", *([search(question)] if searched else []), "Olsen."])
    agent = create_memory_agent(model, store=store, update="off", recall_limit=1 if searched else 200)
    ask(agent, filler * 700 + needle + filler * 700, "t1")
    if searched:
        memory_of(store).remember(question)
    ask(agent, question, "t2")
    assert needle in prompt(model.calls[-1])


def test_another_part_of_a_document_is_found_though_one_is_in_the_context(store: InMemoryStore) -> None:
    filler = "Item: nothing was decided here. " * 500
    document = f"{filler}The caterer is called Olsen. {filler}The florist is called Vega. {filler}"
    model = Script(responses=["Noted.", "Olsen.", search("florist called"), "Vega."])
    agent = create_memory_agent(model, store=store, update="off", checkpointer=InMemorySaver())
    ask(agent, document, "t1")
    ask(agent, "What is the caterer called?", "t2")
    assert "Vega" not in prompt(model.calls[1])
    ask(agent, "And what about the flowers?", "t2")
    assert "The florist is called Vega." in prompt(model.calls[-1])
