"""One script through LangChain's class and through ours: where those have no defect, the results are the same."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from langchain_classic import memory as classic
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.prompts import PromptTemplate
from langchain_core.vectorstores import InMemoryVectorStore

from langmem_ext import memory as ours
from langmem_ext.offline import HashingEmbeddings
from tests.longterm.conftest import Call
from tests.memory.conftest import summariser

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.deprecation.LangChainDeprecationWarning")

TURNS = (
    ("hi", "hello"),
    ("I live in Bern", "A fine place."),
    ("我的预算是两万元。", "好的,记下了。"),
    ("what is my budget?", "20,000 yuan"),
    ("thanks", "you are welcome"),
)
CLASSES: dict[str, Callable[[], dict[str, Any]]] = {
    "ConversationBufferMemory": dict,
    "ConversationBufferWindowMemory": lambda: {"k": 2},
    "ConversationTokenBufferMemory": lambda: {"llm": summariser(), "max_token_limit": 45},
    "ConversationSummaryMemory": lambda: {"llm": summariser()},
    "ConversationSummaryBufferMemory": lambda: {"llm": summariser(), "max_token_limit": 45},
}
KEYS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "prefixes": {"human_prefix": "User", "ai_prefix": "助手"},
    "keys": {"memory_key": "chat_history", "input_key": "question", "output_key": "answer"},
}


def turn(question: str, answer: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"question": question}, {"answer": answer}


def answers(memory: Any, call: Call) -> list[Any]:
    """What a memory says after each of the turns, and how it ends."""
    said = [deepcopy(call(memory, "load_memory_variables", {}))]  # LangChain's give their live lists away
    for question, answer in TURNS:
        call(memory, "save_context", *turn(question, answer))
        said += deepcopy([call(memory, "load_memory_variables", {"question": "next"}), memory.chat_memory.messages])
    for name in ("buffer", "buffer_as_str", "buffer_as_messages", "moving_summary_buffer"):
        if hasattr(memory, name) and (name.startswith("moving") or "Summary" not in type(memory).__name__):
            said.append(deepcopy(getattr(memory, name)))
    said.append(memory.memory_variables)
    call(memory, "clear")
    return [*said, call(memory, "load_memory_variables", {}), memory.chat_memory.messages]


def blocking(owner: Any, name: str, *args: Any) -> Any:
    return getattr(owner, name)(*args)


@pytest.mark.parametrize("return_messages", [False, True])
@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("name", CLASSES)
def test_the_same_script_gives_the_same_results(name: str, keys: str, return_messages: bool, call: Call) -> None:
    fields = KEYS[keys] | {"return_messages": return_messages}
    original = getattr(classic, name)(**CLASSES[name](), **fields)
    drop_in = getattr(ours, name)(**CLASSES[name](), **fields)
    expected = answers(original, blocking)
    got = answers(drop_in, call)
    if name == "ConversationBufferWindowMemory":  # ours keeps no more than the window
        expected = [entry for entry in expected if not is_log(entry)]
        got = [entry for entry in got if not is_log(entry)]
    assert got == expected


def is_log(entry: Any) -> bool:
    return isinstance(entry, list) and bool(entry) and isinstance(entry[0], BaseMessage)


@pytest.mark.parametrize("name", CLASSES)
def test_a_given_chat_memory_gives_the_same_results(name: str, call: Call) -> None:
    original = getattr(classic, name)(chat_memory=InMemoryChatMessageHistory(), **CLASSES[name]())
    drop_in = getattr(ours, name)(chat_memory=InMemoryChatMessageHistory(), **CLASSES[name]())
    assert answers(drop_in, call) == answers(original, blocking)


@pytest.mark.parametrize("name", CLASSES)
def test_messages_that_were_there_before_are_shown_alike(name: str, call: Call) -> None:
    if name == "ConversationSummaryMemory":
        pytest.skip("ours shows messages that no summary covers, see test_defects")
    earlier = [HumanMessage("before"), AIMessage("and its answer")]
    original = getattr(classic, name)(chat_memory=InMemoryChatMessageHistory(messages=[*earlier]), **CLASSES[name]())
    drop_in = getattr(ours, name)(chat_memory=InMemoryChatMessageHistory(messages=[*earlier]), **CLASSES[name]())
    assert answers(drop_in, call) == answers(original, blocking)


def test_the_summary_of_a_history_is_the_same() -> None:
    messages = [HumanMessage("a"), AIMessage("b"), HumanMessage("c"), AIMessage("d"), HumanMessage("e")]
    for step in (1, 2, 3):
        made = [
            module.ConversationSummaryMemory.from_messages(
                summariser(), InMemoryChatMessageHistory(messages=[*messages]), summarize_step=step
            )
            for module in (classic, ours)
        ]
        assert made[0].buffer == made[1].buffer
        assert made[0].load_memory_variables({}) == made[1].load_memory_variables({})


def test_a_summary_that_was_passed_is_the_same(call: Call) -> None:
    earlier = [HumanMessage("before"), AIMessage("and its answer")]
    for fields in ({}, {"return_messages": True}):
        made = [
            module.ConversationSummaryMemory(
                llm=summariser(),
                buffer="They met.",
                chat_memory=InMemoryChatMessageHistory(messages=[*earlier]),
                **fields,
            )
            for module in (classic, ours)
        ]
        assert made[0].buffer == made[1].buffer == "They met."
        assert answers(made[1], call) == answers(made[0], blocking)
        made = [
            module.ConversationSummaryBufferMemory(
                llm=summariser(), moving_summary_buffer="They met.", max_token_limit=45, **fields
            )
            for module in (classic, ours)
        ]
        assert made[0].moving_summary_buffer == made[1].moving_summary_buffer == "They met."
        assert answers(made[1], call) == answers(made[0], blocking)


def test_summaries_can_be_asked_for_with_a_text_model_and_another_prompt() -> None:
    prompt = PromptTemplate.from_template("{summary} + {new_lines} =")
    messages = [HumanMessage("a"), AIMessage("b")]
    made = [
        module.ConversationSummaryMemory(llm=FakeListLLM(responses=["one", "two"]), prompt=prompt)
        for module in (classic, ours)
    ]
    assert [memory.predict_new_summary(messages, "old") for memory in made] == ["one", "one"]
    for module in (classic, ours):
        with pytest.raises(ValueError, match="Got unexpected prompt input variables"):
            module.ConversationSummaryMemory(llm=summariser(), prompt=PromptTemplate.from_template("{summary}"))


def test_the_summary_and_the_messages_can_be_set(call: Call) -> None:
    made = []
    for module in (classic, ours):
        memory = module.ConversationSummaryBufferMemory(llm=summariser(), return_messages=True)
        memory.chat_memory.add_user_message("hi")
        memory.chat_memory.add_ai_message("hello")
        memory.moving_summary_buffer = "set by hand"
        other = module.ConversationSummaryMemory(llm=summariser())
        other.buffer = "by hand, too"
        made.append([memory, other])
    for original, drop_in in zip(*made, strict=True):
        assert call(drop_in, "load_memory_variables", {}) == original.load_memory_variables({})


def vector_memory(module: Any, **fields: Any) -> Any:
    store = InMemoryVectorStore(HashingEmbeddings(dims=128))
    store.add_texts(["a document of the application's own about tea"])
    return module.VectorStoreRetrieverMemory(retriever=store.as_retriever(search_kwargs={"k": 2}), **fields)


@pytest.mark.parametrize(
    "fields", [{}, {"memory_key": "past"}, {"input_key": "question"}, {"exclude_input_keys": ["name"]}]
)
def test_the_vector_memory_gives_the_same_results(fields: dict[str, Any], call: Call) -> None:
    made = [vector_memory(module, **fields) for module in (classic, ours)]
    results = []
    for memory, run in zip(made, (blocking, call), strict=True):
        for question, answer in TURNS:
            run(memory, "save_context", {"question": question, "name": "Lin"}, {"answer": answer})
        results.append([run(memory, "load_memory_variables", {"question": query}) for query, _ in TURNS])
        assert memory.memory_variables == [fields.get("memory_key", "history")]
    assert results[0] == results[1]


def test_documents_are_returned_alike(call: Call) -> None:
    made = [vector_memory(module, return_docs=True) for module in (classic, ours)]
    contents = []
    for memory, run in zip(made, (blocking, call), strict=True):
        run(memory, "save_context", {"input": "my budget is 500"}, {"output": "ok"})
        found = run(memory, "load_memory_variables", {"input": "budget"})["history"]
        contents.append([document.page_content for document in found])
    assert contents[0] == contents[1]


@pytest.mark.parametrize("name", [*CLASSES, "VectorStoreRetrieverMemory"])
def test_every_field_of_the_original_is_accepted(name: str) -> None:
    original, drop_in = getattr(classic, name), getattr(ours, name)
    accepted = {field.alias or key for key, field in drop_in.model_fields.items()}
    assert set(original.model_fields) <= accepted
    for key, field in original.model_fields.items():
        mine = next(entry for entry_key, entry in drop_in.model_fields.items() if key in {entry_key, entry.alias})
        plain = field.default is not None and not field.is_required() and field.default_factory is None
        assert not plain or key == "prompt" or mine.default == field.default, key


@pytest.mark.parametrize("name", [*CLASSES, "VectorStoreRetrieverMemory", "CombinedMemory", "ReadOnlySharedMemory"])
def test_every_public_method_of_the_original_is_there(name: str) -> None:
    original, drop_in = getattr(classic, name), getattr(ours, name)
    public = {key for key, _ in inspect.getmembers(original) if not key.startswith(("_", "model_"))}
    assert {key for key in public if not hasattr(drop_in, key)} <= {
        "validate_prompt_input_variables",
        "check_input_key",
    } | set(original.model_fields)


def test_several_outputs_are_treated_alike(call: Call) -> None:
    for module, run in ((classic, blocking), (ours, call)):
        memory = module.ConversationBufferMemory()
        with pytest.warns(UserWarning, match="got multiple output keys"):
            run(memory, "save_context", {"input": "a"}, {"output": "b", "sources": "c"})
        assert memory.buffer == "Human: a\nAI: b"
        with pytest.raises(ValueError, match=r"Got multiple output keys: .* set the 'output_key' explicitly"):
            run(memory, "save_context", {"input": "a"}, {"answer": "b", "sources": "c"})
        with pytest.raises(ValueError, match="One input key expected got"):
            run(memory, "save_context", {"input": "a", "question": "b"}, {"output": "c"})
        run(memory, "save_context", {"input": "a", "stop": ["x"], "history": "h"}, {"output": "c"})
        assert memory.buffer == "Human: a\nAI: b\nHuman: a\nAI: c"
