"""The conversation log: once, in order, whole, readable by page."""

import threading
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from langmem_ext import LongTermMemory
from langmem_ext.errors import InvalidInputError
from tests.longterm.conftest import Call, Clock


def turns(count: int) -> list[Any]:
    return [HumanMessage(f"message {n}", id=f"m{n}") for n in range(count)]


def test_a_message_is_logged_once_however_often_it_is_observed(memory: LongTermMemory, call: Call) -> None:
    call(memory, "observe", turns(3), thread_id="t")
    again = call(memory, "observe", turns(5), thread_id="t")
    assert [record.id for record in again] == ["m0", "m1", "m2", "m3", "m4"]
    assert [record.position for record in call(memory, "log", "t")] == [0, 1, 2, 3, 4]


def test_the_log_is_read_back_by_page_from_either_end(memory: LongTermMemory, call: Call) -> None:
    call(memory, "observe", turns(25), thread_id="t")
    assert [r.id for r in call(memory, "log", "t", start=10, limit=3)] == ["m10", "m11", "m12"]
    assert [r.id for r in call(memory, "log", "t", start=-2)] == ["m23", "m24"]
    assert call(memory, "log", "t", start=99) == []
    assert call(memory, "log", "unheard of") == []


def test_messages_come_back_whole(memory: LongTermMemory, call: Call) -> None:
    said = [
        HumanMessage(
            [{"type": "text", "text": "what is this?"}, {"type": "image_url", "image_url": {"url": "data:,x"}}],
            id="a",
            name="Alice",
        ),
        AIMessage("", tool_calls=[{"name": "look", "args": {"at": "it"}, "id": "c1"}], id="b"),
        ToolMessage("a cat", tool_call_id="c1", id="c"),
        AIMessage("A cat.", id="d"),
    ]
    records = call(memory, "observe", said, thread_id="t")
    assert [record.speaker for record in records] == ["Alice", "assistant", "tool", "assistant"]
    back = call(memory, "messages", "t")
    assert [type(message) for message in back] == [type(message) for message in said]
    assert back[0].content == said[0].content
    assert isinstance(said[1], AIMessage)
    assert back[1].tool_calls == said[1].tool_calls
    assert back[2].tool_call_id == "c1"


def test_time_of_a_message_is_its_own_then_the_given_then_now(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    own = HumanMessage("a", id="a", additional_kwargs={"timestamp": "2023-05-08T13:56:00"})
    epoch = HumanMessage("b", id="b", additional_kwargs={"timestamp": 1683554160})
    bare = HumanMessage("c", id="c")
    records = call(memory, "observe", [own, epoch, bare], thread_id="t", occurred_at="2024-01-01T10:00:00+08:00")
    assert [r.occurred_at.isoformat() for r in records] == [
        "2023-05-08T13:56:00+00:00",
        "2023-05-08T13:56:00+00:00",
        "2024-01-01T10:00:00+08:00",
    ]
    (record,) = call(memory, "observe", [HumanMessage("d", id="d")], thread_id="t")
    assert record.occurred_at == clock.moment


def test_message_without_id_but_with_time_is_logged_once(memory: LongTermMemory, call: Call) -> None:
    message = HumanMessage("hello", additional_kwargs={"timestamp": "2023-05-08T13:56:00"})
    call(memory, "observe", [message], thread_id="t")
    call(memory, "observe", [message], thread_id="t")
    assert len(call(memory, "log", "t")) == 1


def test_logged_message_is_recalled_with_speaker_thread_and_time(memory: LongTermMemory, call: Call) -> None:
    call(memory, "observe", [HumanMessage("喜欢高山湖泊", id="m1", name="小李")], thread_id="trip")
    (record,) = call(memory, "recall", "高山湖泊").records
    assert (record.kind, record.speaker, record.thread_id, record.position) == ("message", "小李", "trip", 0)


@pytest.mark.parametrize("thread", ["", 7, "x" * 1000])
def test_illegal_thread_is_refused(memory: LongTermMemory, thread: Any) -> None:
    with pytest.raises(InvalidInputError):
        memory.observe(turns(1), thread_id=thread)


def test_empty_message_is_refused_and_nothing_of_the_batch_is_logged(memory: LongTermMemory) -> None:
    with pytest.raises(InvalidInputError, match="message 1 is empty"):
        memory.observe([HumanMessage("a", id="a"), HumanMessage("  ", id="b")], thread_id="t")
    assert memory.log("t") == []


def test_threads_of_execution_append_without_losing_or_misplacing_a_message(memory: LongTermMemory) -> None:
    def talk(name: str) -> None:
        for number in range(10):
            memory.observe([HumanMessage(f"{name} {number}", id=f"{name}{number}")], thread_id="shared")

    workers = [threading.Thread(target=talk, args=(name,)) for name in "abcd"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    log = memory.log("shared")
    assert [record.position for record in log] == list(range(40))
    for name in "abcd":
        assert [r.id for r in log if r.id.startswith(name)] == [f"{name}{n}" for n in range(10)]


def test_thread_ids_may_be_any_text(memory: LongTermMemory, call: Call) -> None:
    for name in ("a.b", "100%", "旅行", "with space"):
        call(memory, "observe", [HumanMessage(name, id=name)], thread_id=name)
        assert [r.content for r in call(memory, "log", name)] == [name]
    assert call(memory, "threads") == sorted(["a.b", "100%", "旅行", "with space"])
