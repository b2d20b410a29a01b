"""The scripted chat model: real LangChain code around scripted words."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import add
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.tools import tool
from langchain_tests.unit_tests import ChatModelUnitTests
from pydantic import BaseModel

from langmem_ext.testing import ScriptedChatModel, ScriptExhaustedError


class Trip(BaseModel):
    """A trip."""

    place: str


@tool
def search_memory(query: str) -> str:
    """Search the memory."""
    return query


class TestStandard(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ScriptedChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"responses": ["one", "two"]}


def test_responses_come_in_turn_and_calls_are_recorded() -> None:
    model = ScriptedChatModel(responses=["one", AIMessage("two"), lambda messages: messages[-1].text.upper()])
    assert [model.invoke(text).content for text in ("a", "b", "c")] == ["one", "two", "C"]
    assert [call.messages[0].content for call in model.calls] == ["a", "b", "c"]
    assert model.remaining == 0
    with pytest.raises(ScriptExhaustedError, match="3 responses and this is call 4"):
        model.invoke("d")


def test_an_exception_is_raised_when_its_turn_comes() -> None:
    model = ScriptedChatModel(responses=[TimeoutError("slow"), ConnectionError, "then this"])
    with pytest.raises(TimeoutError, match="slow"):
        model.invoke("a")
    with pytest.raises(ConnectionError):
        model.invoke("b")
    assert model.invoke("c").content == "then this"


def test_bound_models_share_the_script_and_record_their_tools() -> None:
    call: Any = {"name": "search_memory", "args": {"query": "预算"}, "id": "1", "type": "tool_call"}
    model = ScriptedChatModel(responses=[AIMessage("", tool_calls=[call]), "done"])
    assert model.bind_tools([search_memory], tool_choice="any").invoke("?").tool_calls == [call]
    assert model.invoke("!").content == "done"
    first, second = model.calls
    assert [one["function"]["name"] for one in first.tools] == ["search_memory"]
    assert first.kwargs["tool_choice"] == "any"
    assert second.tools == []


@pytest.mark.parametrize("response", [Trip(place="瑞士"), {"place": "瑞士"}])
def test_structured_output_is_scripted_as_an_object(response: object) -> None:
    model = ScriptedChatModel(responses=[response, response])
    assert model.with_structured_output(Trip).invoke("?") == Trip(place="瑞士")
    assert '"瑞士"' in str(model.invoke("?").content)


def test_malformed_structured_output_is_scripted_as_a_text() -> None:
    answer = ScriptedChatModel(responses=["no json"]).with_structured_output(Trip, include_raw=True).invoke("?")
    assert isinstance(answer, dict)
    assert answer["parsed"] is None
    assert answer["raw"].content == "no json"


async def test_streams_join_to_the_message_with_usage_once() -> None:
    call: Any = {"name": "search_memory", "args": {"query": "瑞士 budget"}, "id": "1", "type": "tool_call"}
    message = AIMessage("I  will look.\n我来查一下。 ", tool_calls=[call])
    model = ScriptedChatModel(responses=[message, message, message])
    invoked = model.invoke("?")
    streams = [list(model.stream("?")), [chunk async for chunk in model.astream("?")]]
    for chunks in streams:
        whole = reduce(add, chunks)
        assert isinstance(whole, AIMessageChunk)
        assert len(chunks) > 8
        assert whole.content == message.content
        assert whole.tool_calls == [call]
        assert whole.usage_metadata == invoked.usage_metadata


def test_usage_grows_with_the_prompt_and_the_tools() -> None:
    model = ScriptedChatModel(responses=["ok"] * 3)
    used = [
        runnable.invoke(prompt).usage_metadata
        for runnable, prompt in ((model, "a"), (model, "a b c d e"), (model.bind_tools([search_memory]), "a"))
    ]
    counts = [usage["input_tokens"] for usage in used if usage]
    assert counts[0] < counts[1] < counts[2]


def test_text_ends_before_a_stop_word() -> None:
    assert ScriptedChatModel(responses=["one two three"]).invoke("?", stop=["two"]).content == "one "


async def test_concurrent_calls_each_take_one_response() -> None:
    model = ScriptedChatModel(responses=[str(number) for number in range(60)])
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(lambda _: model.invoke("?").content, range(30)))
    gathered = await asyncio.gather(*(model.ainvoke("?") for _ in range(30)))
    assert sorted([*threaded, *(message.content for message in gathered)], key=lambda text: int(str(text))) == [
        str(number) for number in range(60)
    ]


def test_the_script_is_not_changed_by_those_who_get_its_messages() -> None:
    scripted = AIMessage("once")
    model = ScriptedChatModel(responses=[scripted, scripted])
    model.invoke([HumanMessage("?")]).content = "changed"
    assert model.invoke("?").content == "once"
    assert scripted.usage_metadata is None


def test_a_response_of_no_known_form_is_refused() -> None:
    with pytest.raises(TypeError, match="got 42"):
        ScriptedChatModel(responses=[42]).invoke("?")
