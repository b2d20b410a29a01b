"""When `ExtractiveChatModel` calls tools, and with which arguments."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from langmem_ext.errors import InvalidInputError
from langmem_ext.offline import ExtractiveChatModel
from tests.offline.asking import (
    QUESTION_EN,
    QUESTION_ZH,
    SYSTEM_EN,
    SYSTEM_ZH,
    TRIP_ZH,
    ask,
    manage_memory,
    search_log,
    search_memory,
)


def test_missing_memory_is_searched_for() -> None:
    (call,) = ask(SYSTEM_ZH, HumanMessage(QUESTION_ZH), tools=[search_memory]).tool_calls
    assert call["name"] == "search_memory"
    assert "预算" in call["args"]["query"]
    assert call["id"]


def test_bounds_are_read_out_of_the_question() -> None:
    (call,) = ask(
        SYSTEM_EN, HumanMessage("What did I say about my budget last week?"), tools=[search_memory]
    ).tool_calls
    assert (call["args"]["after"], call["args"]["before"]) == ("2026-09-21", "2026-09-27")
    (call,) = ask(SYSTEM_ZH, HumanMessage("9月30日之前我说过预算是多少?"), tools=[search_memory]).tool_calls
    assert call["args"]["before"] == "2026-09-29"
    assert "after" not in call["args"]


def test_day_to_come_bounds_nothing() -> None:
    (call,) = ask(SYSTEM_EN, HumanMessage("What is my flight on 5 October 2026?"), tools=[search_memory]).tool_calls
    assert not {"before", "after"} & call["args"].keys()


def test_nothing_is_searched_for_when_memories_suffice() -> None:
    answer = ask(SYSTEM_ZH, HumanMessage(TRIP_ZH), HumanMessage(QUESTION_ZH), tools=[search_memory])
    assert not answer.tool_calls
    assert "2 万人民币" in answer.text


def test_statement_is_not_searched_for() -> None:
    assert not ask(HumanMessage("My budget is 500 euros."), tools=[search_memory]).tool_calls


def test_log_is_the_last_resort_and_then_it_answers() -> None:
    prompt: list[Any] = [SYSTEM_EN, HumanMessage(QUESTION_EN)]
    names = []
    for _ in range(5):
        answer = ask(*prompt, tools=[search_memory, search_log])
        if not answer.tool_calls:
            break
        names.append(answer.tool_calls[0]["name"])
        nothing = [ToolMessage("No memory matches.", tool_call_id=call["id"]) for call in answer.tool_calls]
        prompt += [answer, *nothing]
    assert names == ["search_memory", "search_log"]
    assert answer.text.startswith("I found nothing about")


def test_bounded_search_without_result_is_repeated_without_bounds() -> None:
    question = HumanMessage("What did I say about my budget last week?")
    first = ask(SYSTEM_EN, question, tools=[search_memory])
    nothing = ToolMessage("No memory matches.", tool_call_id=first.tool_calls[0]["id"], name="search_memory")
    (call,) = ask(SYSTEM_EN, question, first, nothing, tools=[search_memory]).tool_calls
    assert not {"before", "after"} & call["args"].keys()


def test_log_messages_answer() -> None:
    call = AIMessage("", tool_calls=[{"name": "search_log", "args": {"query": "budget"}, "id": "1"}])
    page = (
        '<log page="1">\n<message id="7" thread="t" n="0" date="2026-09-30T10:00+00:00" speaker="user">'
        "My budget is 500 euros.</message>\n</log>"
    )
    text = ask(HumanMessage("What is my budget?"), call, ToolMessage(page, tool_call_id="1", name="search_log")).text
    assert "your budget is 500 euros" in text
    assert "30 September 2026" in text


def test_request_to_remember_is_a_tool_call() -> None:
    (call,) = ask(HumanMessage("Please remember that I am vegetarian."), tools=[manage_memory]).tool_calls
    assert call["args"] == {"action": "create", "content": "I am vegetarian."}
    (call,) = ask(HumanMessage("请记住我吃素"), tools=[manage_memory]).tool_calls
    assert call["args"]["content"] == "我吃素"


def test_tool_choice_none_calls_nothing() -> None:
    bound = ExtractiveChatModel().bind_tools([search_memory], tool_choice="none")
    assert not bound.invoke([HumanMessage(QUESTION_EN)]).tool_calls


@pytest.mark.parametrize("choice", ["any", "required", "search_memory"])
def test_forced_tool_is_called_with_arguments_it_takes(choice: str) -> None:
    bound = ExtractiveChatModel().bind_tools([search_memory], tool_choice=choice)
    (call,) = bound.invoke([HumanMessage("My budget is 500 euros.")]).tool_calls
    assert isinstance(call["args"]["query"], str)


def test_unknown_tool_choice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="search_memory"):
        ExtractiveChatModel().bind_tools([search_memory], tool_choice="nonsense")
