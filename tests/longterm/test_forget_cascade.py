"""Forgetting follows every derivation: digests of digests, reflections, topics, what a model is just reading."""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.store.base import BaseStore

from langmem_ext import FaissStore, LongTermMemory, open_store
from langmem_ext.longterm import DistillationSettings
from langmem_ext.offline import HashingEmbeddings
from langmem_ext.testing import ScriptedChatModel
from tests.longterm.conftest import Call, Clock
from tests.longterm.test_forget import everything

SECRET = "zanzibarquartz"


def say(memory: LongTermMemory, clock: Clock, *texts: str, thread: str = "t") -> None:
    for number, text in enumerate(texts):
        memory.observe([HumanMessage(text, id=f"{thread}{number}")], thread_id=thread, occurred_at=clock.moment)
        clock.advance(hours=2)


def test_a_roll_up_is_written_anew_with_the_summaries_it_was_made_of(
    store: BaseStore, call: Call, clock: Clock
) -> None:
    memory = LongTermMemory(
        store, ("memories", "alice"), clock=clock, distillation=DistillationSettings(summary_whole=0)
    )
    hikes = [f"I went hiking in Switzerland and walked {n} kilometres" for n in range(4)]
    say(memory, clock, *hikes, f"I went hiking in Switzerland to the {SECRET} hut")
    clock.advance(days=9)
    report = call(memory, "consolidate")
    assert report.rolled_up
    assert SECRET in everything(memory)
    receipt = call(memory, "forget", "t4")
    assert SECRET not in everything(memory)
    assert set(report.rolled_up) <= set(receipt.rewritten)
    for record_id in report.rolled_up:
        rolled = memory.get(record_id)
        assert rolled is not None
        assert "kilometres" in rolled.content
        assert isinstance(rolled.data, dict)
        assert rolled.data["type"] == "summary"


@pytest.mark.parametrize("said", [f"My password is {SECRET}", f"{SECRET}", f"我的密码是{SECRET}"])
def test_a_topic_and_keywords_that_only_the_forgotten_words_named_go_with_them(
    store: BaseStore, call: Call, clock: Clock, said: str
) -> None:
    memory = LongTermMemory(store, ("memories", "alice"), clock=clock)
    say(memory, clock, said)
    memory.observe([HumanMessage("And I like green tea", id="tea")], thread_id="t", occurred_at=clock.moment)
    call(memory, "update")
    call(memory, "consolidate")
    call(memory, "reflect")
    call(memory, "recall", SECRET)
    call(memory, "forget", "t0")
    assert SECRET not in everything(memory)
    if isinstance(store, FaissStore):  # LangGraph's InMemoryStore keeps the names of empty namespaces
        assert SECRET not in str(store.list_namespaces(limit=1000))
    assert [record.content for record in memory.log("t")] == ["And I like green tea"]


def test_what_was_learnt_goes_with_the_log_where_that_is_asked_for(memory: LongTermMemory, call: Call) -> None:
    memory.observe(
        [HumanMessage("I like green tea", id="m1"), AIMessage("Noted.", id="a1"), HumanMessage("I like Bern", id="m2")],
        thread_id="t",
    )
    call(memory, "update")
    call(memory, "consolidate")
    (tea,) = [record for record in memory.records(kinds="preference") if "tea" in record.content]
    kept = call(memory, "forget", tea.id)
    assert (kept.log_messages, "green tea" in everything(memory)) == (0, True)
    call(memory, "observe", [HumanMessage("I like black coffee", id="m3")], thread_id="t")
    call(memory, "update")
    call(memory, "consolidate")
    (coffee,) = [record for record in memory.records(kinds="preference") if "coffee" in record.content]
    receipt = call(memory, "forget", coffee.id, log=True)
    assert receipt.log_messages == 1
    assert "black coffee" not in everything(memory)
    assert "Bern" in everything(memory)


def test_what_was_only_confirmed_by_the_forgotten_message_stays(memory: LongTermMemory, call: Call) -> None:
    for name in ("m1", "m2"):
        memory.observe([HumanMessage("I like green tea", id=name)], thread_id="t")
        call(memory, "update")
    (tea,) = memory.records(kinds="preference")
    assert tea.sources == ["m1", "m2"]
    call(memory, "forget", "m2")
    (tea,) = memory.records(kinds="preference")
    assert tea.sources == ["m1"]
    call(memory, "forget", "m1")
    assert memory.records(kinds="preference") == []


def test_an_earlier_version_goes_without_the_one_that_replaced_it(
    memory: LongTermMemory, call: Call, clock: Clock
) -> None:
    for number, text in enumerate(["My budget is 2000 euros.", "My budget is now 3000 euros."]):
        memory.observe([HumanMessage(text, id=f"m{number}")], thread_id="t")
        call(memory, "update")
        clock.advance(days=1)
    call(memory, "forget", "m0")
    assert "2000" not in everything(memory)
    assert ["3000" in record.content for record in memory.records(kinds="fact")] == [True]


def test_what_is_forgotten_while_a_model_reads_it_is_not_learnt_again(store: BaseStore, clock: Clock) -> None:
    def update(_prompt: Any) -> dict[str, Any]:
        other.forget("t0")
        added = {"action": "add", "message": 1, "quote": SECRET, "content": f"The password is {SECRET}"}
        return {"operations": [added, {**added, "message": 2, "quote": "tea", "content": "Alice likes tea"}]}

    def digest(_prompt: Any) -> dict[str, Any]:
        other.forget("t1")
        return {"summaries": [{"topic": "tea", "content": "Alice likes tea", "entries": [{"entry": 1}]}]}

    def reflections(_prompt: Any) -> dict[str, Any]:
        other.forget("f0")
        return {"insights": [{"content": "Alice likes birds", "entries": [1, 2]}]}

    other = LongTermMemory(store, ("memories", "alice"), clock=clock)
    model = ScriptedChatModel(responses=[update, digest, reflections])
    memory = LongTermMemory(store, ("memories", "alice"), clock=clock, model=model)
    say(memory, clock, f"My password is {SECRET}", "I like tea")
    assert len(memory.update().rejected) == 1
    assert SECRET not in everything(memory)
    memory.consolidate()
    assert memory.records(kinds="summary") == []
    memory.remember_many([{"id": f"f{n}", "content": f"Alice saw a heron on day {n}"} for n in range(2)])
    assert memory.reflect().warnings
    assert memory.records(kinds="reflection") == []


def test_the_bytes_of_everything_that_was_derived_are_nowhere_in_the_files(tmp_path: Path, clock: Clock) -> None:
    index: Any = {"dims": 64, "embed": HashingEmbeddings(dims=64), "fields": ["text"]}
    with open_store(str(tmp_path / "memory.db"), index=index) as store:
        memory = LongTermMemory(
            store, clock=clock, distillation=DistillationSettings(reflect_at=0.1, summary_whole=0, window_messages=2)
        )
        hikes = [f"I like hiking in Switzerland, day {n}" for n in range(6)]
        say(memory, clock, *hikes, f"I like hiking in Switzerland near {SECRET}", f"I like {SECRET} most")
        clock.advance(days=9)
        for work in (memory.update, memory.consolidate, memory.reflect):
            work()
        memory.recall(f"What do I like near {SECRET}?")
        fact = next(record for record in memory.records(kinds="preference") if SECRET in record.content)
        memory.revise(fact.id, f"Alice loves {SECRET}")
        memory.undo(fact.id)
        for message in ("t6", "t7"):
            receipt = memory.forget(message)
        assert receipt.purged
        left = [file for file in tmp_path.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]
        assert left == []
        assert len(list(tmp_path.rglob("memory.db*"))) >= 2, "the write-ahead log was looked at as well"
        assert memory.recall("hiking").records
        assert store.check().ok
