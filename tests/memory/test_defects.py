"""What is known to be wrong with LangChain's memory classes, one test each that it is not so here."""

import copy
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.store.base import BaseStore

from langmem_ext.errors import InvalidInputError
from langmem_ext.memory import (
    ConversationBufferMemory,
    ConversationBufferWindowMemory,
    ConversationSummaryBufferMemory,
    ConversationSummaryMemory,
    ConversationTokenBufferMemory,
    VectorStoreRetrieverMemory,
)
from langmem_ext.testing import ScriptedChatModel
from langmem_ext.tokens import count_messages, count_text
from tests.longterm.conftest import Call
from tests.memory.conftest import say


def out_of_order(calls: int, then: int = 50) -> ScriptedChatModel:
    def repeats(messages: list[BaseMessage]) -> str:
        return "summary of: " + str(messages[-1].content).rpartition("END OF EXAMPLE")[2]

    return ScriptedChatModel(responses=[*[ConnectionError("no route")] * calls, *[repeats] * then])


class FileHistory(BaseChatMessageHistory):
    """A durable history as LangChain's documentation shows it: a new list each time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        from langchain_core.messages import messages_from_dict

        return messages_from_dict(json.loads(self.path.read_text())) if self.path.exists() else []

    def add_messages(self, messages: Any) -> None:
        from langchain_core.messages import messages_to_dict

        self.path.write_text(json.dumps(messages_to_dict([*self.messages, *messages])))

    def clear(self) -> None:
        self.path.write_text("[]")


def test_no_class_warns_of_a_deprecation() -> None:
    code = """
import warnings
warnings.simplefilter("error")
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.vectorstores import InMemoryVectorStore
from langmem_ext.memory import *
retriever = InMemoryVectorStore(DeterministicFakeEmbedding(size=8)).as_retriever()
for memory in (
    ConversationBufferMemory(), ConversationBufferWindowMemory(), ConversationTokenBufferMemory(),
    ConversationSummaryMemory(), ConversationSummaryBufferMemory(), CognitiveMemory(),
    VectorStoreRetrieverMemory(retriever=retriever),
):
    memory.save_context({"input": "hi"}, {"output": "hello"})
    memory.load_memory_variables({"input": "hi"})
    memory.clear()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_an_awaited_summary_summarises() -> None:
    memory = ConversationSummaryMemory(llm=ScriptedChatModel(responses=["They greeted."]))
    await memory.asave_context({"input": "hi"}, {"output": "hello"})
    assert memory.buffer == "They greeted."
    assert await memory.aload_memory_variables({}) == {"history": "They greeted."}


async def test_an_awaited_token_buffer_prunes() -> None:
    memory = ConversationTokenBufferMemory(max_token_limit=40)
    for number in range(10):
        await memory.asave_context({"input": f"question {number}"}, {"output": f"answer {number}"})
    assert count_messages(memory.buffer_as_messages) <= 43  # 3 open the reply
    assert memory.buffer.endswith("answer 9")
    assert len(memory.chat_memory.messages) < 20


def test_a_failing_model_loses_no_turn_and_the_summary_catches_up(call: Call) -> None:
    memory = ConversationSummaryMemory(llm=out_of_order(2))
    say(call, memory, "one", "two")
    shown = call(memory, "load_memory_variables", {})["history"]
    assert memory.buffer == ""
    assert "Human: one" in shown
    assert "AI: you said two" in shown
    say(call, memory, "three")
    assert all(f"Human: {turn}" in memory.buffer for turn in ("one", "two", "three"))
    assert call(memory, "load_memory_variables", {})["history"] == memory.buffer


def test_a_failing_model_loses_no_turn_of_a_summary_buffer(call: Call) -> None:
    memory = ConversationSummaryBufferMemory(llm=out_of_order(3), max_token_limit=12)
    say(call, memory, "one", "two", "three")
    assert memory.moving_summary_buffer == ""
    assert len(memory.chat_memory.messages) == 6
    assert "Human: one" in call(memory, "load_memory_variables", {})["history"]
    say(call, memory, "four")
    assert all(f"Human: {turn}" in memory.moving_summary_buffer for turn in ("one", "two", "three"))
    assert len(memory.chat_memory.messages) == 1


def test_a_long_outage_is_made_up_for_in_portions(call: Call) -> None:
    model = out_of_order(40)
    memory = ConversationSummaryMemory(llm=model)
    say(call, memory, *(f"turn {number} " + "word " * 150 for number in range(40)))
    assert memory.buffer == ""
    shown = call(memory, "load_memory_variables", {})["history"]
    assert count_text(shown) < 2_500  # the newest; all of it would not fit any prompt
    assert "turn 39" in shown
    say(call, memory, "and now")
    assert "Human: and now" in memory.buffer
    sizes = [count_messages(request.messages) for request in model.calls[40:]]
    assert 1 < len(sizes) <= 8


def test_clearing_clears_the_vector_memory(call: Call) -> None:
    vectors = InMemoryVectorStore(DeterministicFakeEmbedding(size=16))
    vectors.add_texts(["a document of the application's own"])
    memory = VectorStoreRetrieverMemory(retriever=vectors.as_retriever())
    say(call, memory, "one", "two")
    call(memory, "clear")
    shown = call(memory, "load_memory_variables", {"input": "one"})["history"]
    assert shown == "a document of the application's own"


def test_clearing_reaches_what_another_instance_stored(call: Call) -> None:
    vectors = InMemoryVectorStore(DeterministicFakeEmbedding(size=16))
    say(call, VectorStoreRetrieverMemory(retriever=vectors.as_retriever()), "one", "two")
    call(VectorStoreRetrieverMemory(retriever=vectors.as_retriever()), "clear")
    assert vectors.store == {}


def test_the_same_exchange_is_stored_once(call: Call, durable: BaseStore) -> None:
    vectors = InMemoryVectorStore(DeterministicFakeEmbedding(size=16))
    for memory in (
        VectorStoreRetrieverMemory(retriever=vectors.as_retriever(), return_docs=True),
        VectorStoreRetrieverMemory(store=durable, return_docs=True),
    ):
        say(call, memory, "tea", "tea")
        copied = memory.model_copy()
        say(call, copied, "tea")
        assert len(call(memory, "load_memory_variables", {"input": "tea"})["history"]) == 1
    assert len(vectors.store) == 1


def test_times_are_kept(call: Call, durable: BaseStore) -> None:
    before = datetime.now(UTC)
    vectors = InMemoryVectorStore(DeterministicFakeEmbedding(size=16))
    for memory in (
        VectorStoreRetrieverMemory(retriever=vectors.as_retriever(), return_docs=True),
        VectorStoreRetrieverMemory(store=durable, return_docs=True),
    ):
        say(call, memory, "tea")
        (document,) = call(memory, "load_memory_variables", {"input": "tea"})["history"]
        assert before <= datetime.fromisoformat(document.metadata["timestamp"]) <= datetime.now(UTC)
    log = ConversationBufferMemory(store=durable, return_messages=True)
    said = HumanMessage("long ago", additional_kwargs={"timestamp": "2025-09-30T09:00:00+00:00"})
    call(log, "save_context", {"input": said}, {"output": "yes"})
    messages = call(log, "load_memory_variables", {})["history"]
    assert messages[0].additional_kwargs["timestamp"] == "2025-09-30T09:00:00+00:00"
    assert datetime.fromisoformat(messages[1].additional_kwargs["timestamp"]) >= before


def test_a_window_of_one_keeps_one_exchange(call: Call) -> None:
    memory = ConversationBufferWindowMemory(k=1)
    say(call, memory, *(f"turn {number}" for number in range(50)))
    assert call(memory, "load_memory_variables", {}) == {"history": "Human: turn 49\nAI: you said turn 49"}
    assert len(memory.chat_memory.messages) == 2


def with_tools(number: int) -> list[BaseMessage]:
    return [
        AIMessage("", tool_calls=[{"name": "look_up", "args": {"q": str(number)}, "id": f"call{number}"}]),
        ToolMessage(f"found {number}", tool_call_id=f"call{number}"),
        AIMessage(f"answer {number}"),
    ]


@pytest.mark.parametrize("place", ["in_process", "durable"])
def test_a_call_is_never_parted_from_its_result(place: str, call: Call, durable: BaseStore) -> None:
    store = durable if place == "durable" else None
    memories = [
        ConversationBufferWindowMemory(k=1, return_messages=True, store=store, session_id="window"),
        ConversationBufferWindowMemory(k=3, return_messages=True, store=store, session_id="wider"),
        *(
            ConversationTokenBufferMemory(
                max_token_limit=limit, return_messages=True, store=store, session_id=f"tokens {limit}"
            )
            for limit in range(10, 120, 7)
        ),
    ]
    for memory in memories:
        for number in range(5):
            call(memory, "save_context", {"input": f"question {number}"}, {"output": with_tools(number)})
        messages = call(memory, "load_memory_variables", {})["history"]
        calls = {entry["id"] for message in messages for entry in getattr(message, "tool_calls", [])}
        results = {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}
        assert calls == results
    window = call(memories[0], "load_memory_variables", {})["history"]
    assert [message.type for message in window] == ["human", "ai", "tool", "ai"]
    assert window[0].content == "question 4"
    assert len(call(memories[1], "load_memory_variables", {})["history"]) == 12


def test_two_inputs_give_an_error_that_names_input_key(call: Call) -> None:
    memory = ConversationBufferMemory()
    with pytest.raises(InvalidInputError, match=r"\['name', 'question'\]; set input_key="):
        call(memory, "save_context", {"question": "secret words", "name": "Lin"}, {"output": "a"})
    with pytest.raises(InvalidInputError, match="input_key is 'query', but the inputs are"):
        call(ConversationBufferMemory(input_key="query"), "save_context", {"question": "q"}, {"output": "a"})
    with pytest.raises(InvalidInputError, match="output_key is 'answer', but the outputs are"):
        call(ConversationBufferMemory(output_key="answer"), "save_context", {"question": "q"}, {"output": "a"})
    with pytest.raises(InvalidInputError, match="text, content blocks or messages, got dict; set output_key="):
        call(memory, "save_context", {"question": "q"}, {"output": {"secret": "words"}})
    assert memory.buffer == ""


def test_pruning_reaches_a_durable_history(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "tokens.json"
    memory = ConversationTokenBufferMemory(chat_memory=FileHistory(path), max_token_limit=40)
    say(call, memory, *(f"turn {number}" for number in range(10)))
    assert len(FileHistory(path).messages) < 10
    again = ConversationTokenBufferMemory(chat_memory=FileHistory(path), max_token_limit=40)
    assert call(again, "load_memory_variables", {}) == call(memory, "load_memory_variables", {})


def test_a_summary_buffer_prunes_a_durable_history_and_keeps_its_summary_there(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "summary.json"
    memory = ConversationSummaryBufferMemory(llm=out_of_order(0), chat_memory=FileHistory(path), max_token_limit=40)
    say(call, memory, *(f"turn {number}" for number in range(10)))
    assert len(FileHistory(path).messages) < 10
    again = ConversationSummaryBufferMemory(llm=out_of_order(0), chat_memory=FileHistory(path), max_token_limit=40)
    assert "turn 0" in again.moving_summary_buffer
    assert call(again, "load_memory_variables", {}) == call(memory, "load_memory_variables", {})
    say(call, again, "turn 10")
    assert "turn 0" in again.moving_summary_buffer
    assert FileHistory(path).messages[-1].content == "you said turn 10"
    call(again, "clear")
    assert FileHistory(path).messages == []
    assert again.moving_summary_buffer == ""


@pytest.mark.filterwarnings("ignore:.*langchain-community.*is being sunset:DeprecationWarning")
def test_langchains_sql_history_is_pruned_blocking_and_awaited(tmp_path: Path, call: Call) -> None:
    from langchain_community.chat_message_histories import SQLChatMessageHistory

    history = SQLChatMessageHistory(session_id="s", connection=f"sqlite:///{tmp_path / 'chat.db'}")
    memory = ConversationSummaryBufferMemory(llm=out_of_order(0), chat_memory=history, max_token_limit=40)
    say(call, memory, *(f"turn {number}" for number in range(6)))
    assert "turn 0" in call(memory, "load_memory_variables", {})["history"]
    assert len(history.messages) < 6
    call(memory, "clear")
    assert history.messages == []
    history.engine.dispose()


def test_a_summary_covers_a_history_from_before(tmp_path: Path, call: Call) -> None:
    history = FileHistory(tmp_path / "history.json")
    say(call, ConversationSummaryMemory(llm=out_of_order(5), chat_memory=history), "one", "two")
    memory = ConversationSummaryMemory(llm=out_of_order(0), chat_memory=history)
    assert "Human: one" in call(memory, "load_memory_variables", {})["history"]
    say(call, memory, "three")
    assert all(f"Human: {turn}" in memory.buffer for turn in ("one", "two", "three"))


def test_chinese_is_counted_as_what_it_costs(call: Call) -> None:
    memory = ConversationTokenBufferMemory(max_token_limit=300, return_messages=True)
    text = "我们计划明年春天去瑞士徒步旅行" * 4
    say(call, memory, *(text for _ in range(10)))
    messages = call(memory, "load_memory_variables", {})["history"]
    characters = sum(len(str(message.content)) for message in messages)
    assert 150 <= characters <= 300  # a token each; four characters a token would keep 1,200


def test_a_models_own_counter_is_used(call: Call) -> None:
    class Words(FakeListLLM):
        responses: list[str] = ["a summary"]  # noqa: RUF012 - a pydantic field

        def get_num_tokens(self, text: str) -> int:
            return len(text.split())

    memory = ConversationTokenBufferMemory(llm=Words(), max_token_limit=10)
    say(call, memory, "a b c d", "e f")
    assert memory.buffer == "Human: e f\nAI: you said e f"  # 3 and 5 words with their speakers


def test_a_memory_can_be_copied() -> None:
    memory = ConversationSummaryBufferMemory(max_token_limit=20)
    memory.save_context({"input": "hi, I live in Bern"}, {"output": "hello"})
    other = copy.deepcopy(memory)
    memory.save_context({"input": "I have a cat"}, {"output": "I see"})
    assert other.buffer != memory.buffer
    other.save_context({"input": "I have a cat"}, {"output": "I see"})
    assert other.buffer == memory.buffer
    assert "Bern" in memory.moving_summary_buffer
