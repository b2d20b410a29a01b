"""In chains: LangChain's classic ones and LCEL; blocking, awaited and streamed."""

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough
from langchain_core.runnables.history import RunnableWithMessageHistory
from langgraph.store.base import BaseStore

from langmem_ext import LongTermMemory, MemoryMiddleware
from langmem_ext.errors import InvalidInputError
from langmem_ext.memory import (
    CognitiveMemory,
    CombinedMemory,
    ConversationBufferMemory,
    ConversationBufferWindowMemory,
    ConversationSummaryBufferMemory,
    ConversationSummaryMemory,
    ConversationTokenBufferMemory,
    ReadOnlySharedMemory,
    StoreChatMessageHistory,
    VectorStoreRetrieverMemory,
    with_memory,
)
from langmem_ext.offline import ExtractiveChatModel
from langmem_ext.testing import ScriptedChatModel
from tests.memory.conftest import summariser

CLASSIC = pytest.mark.filterwarnings("ignore::langchain_core._api.deprecation.LangChainDeprecationWarning")
"""langchain-classic warns of its own deprecation when one of its chains is made."""

ALICE: Any = {"configurable": {"session_id": "alice"}}
BOB: Any = {"configurable": {"session_id": "bob"}}


def echo(messages: list[BaseMessage]) -> str:
    """Answer with everything that the prompt shows, so that a test sees what memory gave."""
    return " | ".join(str(message.content) for message in messages)


def echoing(calls: int = 50) -> ScriptedChatModel:
    return ScriptedChatModel(responses=[echo] * calls)


KINDS: dict[str, Any] = {
    "buffer": ConversationBufferMemory,
    "window": ConversationBufferWindowMemory,
    "tokens": ConversationTokenBufferMemory,
    "summary": lambda **fields: ConversationSummaryMemory(llm=None, **fields),
    "summary_buffer": lambda **fields: ConversationSummaryBufferMemory(llm=summariser(), **fields),
    "cognitive": CognitiveMemory,
}
WAYS = ["invoke", "ainvoke", "stream", "astream"]


def ask(chain: Runnable[Any, Any], way: str, value: Any, config: Any = None) -> Any:
    """Run a chain one of four ways; a streamed answer is put together."""

    async def awaited() -> Any:
        if way == "ainvoke":
            return await chain.ainvoke(value, config)
        return [chunk async for chunk in chain.astream(value, config)]

    if way == "invoke":
        return chain.invoke(value, config)
    result = list(chain.stream(value, config)) if way == "stream" else asyncio.run(awaited())
    return whole(result) if isinstance(result, list) else result


def whole(chunks: list[Any]) -> Any:
    total = chunks[0]
    for chunk in chunks[1:]:
        total = total + chunk
    return total


@CLASSIC
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_conversation_chain_remembers(kind: str, way: str) -> None:
    from langchain_classic.chains import ConversationChain

    chain = ConversationChain(llm=echoing(), memory=KINDS[kind]())
    ask(chain, way, {"input": "I live in Bern"})
    assert "I live in Bern" in ask(chain, way, {"input": "where do I live?"})["response"]


@CLASSIC
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", ["in_process", "durable"])
def test_a_conversation_chain_keeps_sessions_apart(place: str, way: str, durable: BaseStore) -> None:
    from langchain_classic.chains import ConversationChain

    memory = ConversationBufferMemory(store=durable if place == "durable" else None)
    chain = ConversationChain(llm=echoing(), memory=memory)
    ask(chain, way, {"input": "my code is 1234"}, ALICE)
    assert "1234" in ask(chain, way, {"input": "what is my code?"}, ALICE)["response"]
    assert "1234" not in ask(chain, way, {"input": "what is my code?"}, BOB)["response"]
    assert "1234" not in ask(chain, way, {"input": "what is my code?"})["response"]
    assert "1234" in ask(RunnableLambda(lambda text: {"input": text}) | chain, way, "my code?", ALICE)["response"]


@CLASSIC
@pytest.mark.parametrize("way", WAYS)
def test_combined_and_read_only_memories_know_the_session_too(way: str, durable: BaseStore) -> None:
    from langchain_classic.chains import LLMChain

    recent = ConversationBufferWindowMemory(memory_key="recent", k=1, store=durable)
    known = CognitiveMemory(memory_key="known", store=durable, token_budget=600)
    memory = CombinedMemory(memories=[recent, known])
    prompt = PromptTemplate.from_template("{known}\n{recent}\nHuman: {input}")
    chain = LLMChain(llm=echoing(), prompt=prompt, memory=memory)
    other = LLMChain(llm=echoing(), prompt=prompt, memory=ReadOnlySharedMemory(memory=memory))
    for text in ("my code is 1234", "I like tea", "the weather is fine"):
        ask(chain, way, {"input": text}, ALICE)
    assert "1234" in ask(other, way, {"input": "what is my code?"}, ALICE)["text"]
    assert "1234" not in ask(other, way, {"input": "what is my code?"}, BOB)["text"]
    said = LongTermMemory(durable, ("memories", "alice")).log("alice")
    assert [record.content for record in said if record.data == {"role": "user"}] == [
        "my code is 1234",
        "I like tea",
        "the weather is fine",
    ]
    assert LongTermMemory(durable, ("memories", "bob")).threads() == []


@CLASSIC
@pytest.mark.parametrize("way", WAYS)
def test_an_llm_chain_remembers_the_input_that_is_named(way: str) -> None:
    from langchain_classic.chains import LLMChain

    memory = ConversationBufferMemory(input_key="question", memory_key="past")
    prompt = PromptTemplate.from_template("{name}\n{past}\nHuman: {question}")
    chain = LLMChain(llm=echoing(), prompt=prompt, memory=memory)
    ask(chain, way, {"question": "I live in Bern", "name": "Lin"})
    assert "Human: I live in Bern" in ask(chain, way, {"question": "where?", "name": "Lin"})["text"]
    assert memory.buffer.startswith("Human: I live in Bern\nAI: Lin\n")


@CLASSIC
@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_langchains_own_wrappers_work_around_ours(way: str) -> None:
    from langchain_classic.chains import LLMChain
    from langchain_classic.memory import CombinedMemory as ClassicCombined, ReadOnlySharedMemory as ClassicReadOnly

    first = ConversationBufferMemory(memory_key="first", input_key="input")
    second = ConversationSummaryMemory(memory_key="second", input_key="input")
    memory = ClassicCombined(memories=[first, second])
    prompt = PromptTemplate.from_template("{first}\n{second}\nHuman: {input}")
    ask(LLMChain(llm=echoing(), prompt=prompt, memory=memory), way, {"input": "I live in Bern"})
    reading = LLMChain(llm=echoing(), prompt=prompt, memory=ClassicReadOnly(memory=memory))
    ask(reading, way, {"input": "forget this"})
    assert "Human: I live in Bern" in first.buffer
    assert "Bern" in second.buffer
    assert "forget this" not in first.buffer
    with pytest.raises(ValueError, match="found in multiple"):
        ClassicCombined(memories=[first, first])
    with pytest.raises(ValueError, match="give each its own memory_key"):
        CombinedMemory(memories=[first, first])


def test_a_combined_memory_loads_saves_and_clears_all(durable: BaseStore) -> None:
    parts = [
        ConversationBufferMemory(memory_key="a", store=durable),
        ConversationSummaryMemory(memory_key="b", store=durable),
        VectorStoreRetrieverMemory(memory_key="c", store=durable),
        ConversationBufferMemory(memory_key="d"),
    ]
    memory = CombinedMemory(memories=parts)
    memory.save_context({"input": "I like tea", "a": "", "b": "", "c": "", "d": ""}, {"output": "noted"})
    memory.save_context({"input": "I like tea"}, {"output": "noted"})
    loaded = memory.load_memory_variables({"input": "tea"})
    assert loaded["a"] == loaded["d"] == "Human: I like tea\nAI: noted\n" * 1 + "Human: I like tea\nAI: noted"
    assert loaded["c"] == "input: I like tea\noutput: noted"
    memory.clear()
    assert set(memory.load_memory_variables({"input": "tea"}).values()) == {""}


PROMPT = ChatPromptTemplate.from_messages([("system", "You help."), ("placeholder", "{history}"), ("human", "{input}")])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_memory_joins_an_lcel_chain_as_two_runnables(kind: str, way: str) -> None:
    memory = KINDS[kind](return_messages=True)
    answer = PROMPT | echoing() | StrOutputParser()
    chain = (
        RunnablePassthrough.assign(history=memory.as_runnable())
        | RunnablePassthrough.assign(output=answer)
        | memory.as_saver()
    )
    for config in (ALICE, BOB):
        ask(chain, way, {"input": f"I live in {config['configurable']['session_id']}'s town"}, config)
    said = ask(chain, way, {"input": "where do I live?"}, ALICE)["output"]
    assert "I live in alice's town" in said
    assert "bob's town" not in said


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_with_memory_wraps_a_chain(kind: str, way: str) -> None:
    chain = with_memory(PROMPT | echoing(), KINDS[kind](return_messages=True))
    for config in (ALICE, BOB):
        ask(chain, way, {"input": f"I live in {config['configurable']['session_id']}'s town"}, config)
    answer = ask(chain, way, {"input": "where do I live?"}, ALICE)
    assert isinstance(answer, AIMessage)
    assert "I live in alice's town" in answer.text
    assert "bob's town" not in answer.text


def test_a_streamed_answer_arrives_in_pieces_and_is_saved_whole() -> None:
    memory = ConversationBufferMemory(return_messages=True)
    model = ScriptedChatModel(responses=["one two three four"])
    chunks = list(with_memory(PROMPT | model, memory).stream({"input": "count"}))
    assert len(chunks) >= 4
    question, answer = memory.chat_memory.messages
    assert (question, type(answer), answer.content) == (HumanMessage("count"), AIMessage, "one two three four")


def test_what_a_summary_says_is_not_part_of_the_stream() -> None:
    memory = ConversationSummaryMemory(llm=ScriptedChatModel(responses=["the summary"] * 5))
    prompt = ChatPromptTemplate.from_template("{history} {input}")
    chain = with_memory(prompt | ScriptedChatModel(responses=["answer"]), memory)
    assert "".join(chunk.content for chunk in chain.stream({"input": "hi"})) == "answer"
    assert memory.buffer == "the summary"


def test_what_a_summary_says_is_not_among_a_graphs_messages() -> None:
    from langgraph.graph import MessagesState, StateGraph

    memory = ConversationSummaryMemory(llm=ScriptedChatModel(responses=["the summary"] * 5))
    model = ScriptedChatModel(responses=["answer"])

    def node(state: MessagesState) -> dict[str, Any]:
        answer = model.invoke(state["messages"])
        memory.save_context({"input": state["messages"][-1].text}, {"output": answer.text})
        return {"messages": [answer]}

    graph = StateGraph(MessagesState).add_node("node", node).set_entry_point("node").compile()
    question: Any = {"messages": [("user", "hi")]}
    said: Any = [chunk for chunk, _ in graph.stream(question, stream_mode="messages")]
    assert "".join(chunk.text for chunk in said) == "answer"
    assert memory.buffer == "the summary"


@pytest.mark.parametrize("way", WAYS)
def test_a_failing_chain_saves_nothing(way: str) -> None:
    memory = ConversationBufferMemory(return_messages=True)
    chain = with_memory(PROMPT | ScriptedChatModel(responses=[ConnectionError("no route")]), memory)
    with pytest.raises(ConnectionError):
        ask(chain, way, {"input": "hi"})
    assert memory.chat_memory.messages == []


@pytest.mark.parametrize("way", WAYS)
def test_with_memory_takes_a_text_and_chains_that_answer_with_dicts(way: str) -> None:
    memory = ConversationBufferMemory(output_key="answer")

    def retrieve(inputs: dict[str, Any]) -> dict[str, Any]:
        assert set(inputs) == {"input", "history"}
        return {"answer": f"about {inputs['input']}", "context": ["a document"]}

    chain = with_memory(RunnableLambda(retrieve), memory)
    assert ask(chain, way, "lakes") == {"answer": "about lakes", "context": ["a document"]}
    assert memory.buffer == "Human: lakes\nAI: about lakes"


def test_batches_are_saved_in_their_own_sessions() -> None:
    memory = ConversationBufferMemory(return_messages=True)
    chain = with_memory(PROMPT | echoing(), memory)
    configs = [{"configurable": {"session_id": f"s{number}"}} for number in range(6)]
    chain.batch([{"input": f"I am {number}"} for number in range(6)], configs)  # type: ignore[arg-type]
    answers = chain.batch([{"input": "who am I?"}] * 6, configs)  # type: ignore[arg-type]
    for number, answer in enumerate(answers):
        assert f"I am {number}" in answer.text
        assert not [other for other in range(6) if f"I am {other}" in answer.text and other != number]


def test_a_saver_without_an_answer_says_what_is_needed() -> None:
    memory = ConversationBufferMemory()
    with pytest.raises(InvalidInputError, match="a dict with the key 'output' is needed"):
        memory.as_saver().invoke({"input": "hi"})
    with pytest.raises(InvalidInputError, match="a dict of inputs or a text, got int"):
        memory.as_runnable().invoke(5)


@pytest.mark.parametrize("way", WAYS)
def test_an_agent_goes_on_with_what_a_chain_remembered(way: str, durable: BaseStore) -> None:
    from langchain.agents import create_agent

    chain = with_memory(PROMPT | echoing(), CognitiveMemory(store=durable, return_messages=True))
    alice: Any = {"configurable": {"user_id": "alice", "session_id": "monday", "thread_id": "tuesday"}}
    ask(chain, way if way != "stream" else "invoke", {"input": "My cat is called Momo."}, alice)
    agent = create_agent(ExtractiveChatModel(), middleware=[MemoryMiddleware()], store=durable)
    question: Any = {"messages": [("user", "What is my cat called?")]}
    if way in {"invoke", "stream"}:
        result = agent.invoke(question, alice)
    else:
        result = asyncio.run(agent.ainvoke(question, alice))
    assert "Momo" in result["messages"][-1].text
    assert "Momo" in ask(chain, way, {"input": "my cat?"}, {"configurable": {"user_id": "alice"}}).text


@pytest.mark.filterwarnings("ignore::langchain_core._api.deprecation.LangChainDeprecationWarning")
@pytest.mark.parametrize("way", WAYS)
def test_the_log_serves_runnable_with_message_history(way: str, durable: BaseStore) -> None:
    memory = LongTermMemory(durable, ("memories", "alice"))
    chain = RunnableWithMessageHistory(
        PROMPT | echoing(),
        lambda session: StoreChatMessageHistory(memory, session),
        input_messages_key="input",
        history_messages_key="history",
    )
    ask(chain, way, {"input": "I live in Bern"}, ALICE)
    assert "I live in Bern" in ask(chain, way, {"input": "where?"}, ALICE).text
    assert memory.recall("Where do I live?").records[0].content == "I live in Bern"
