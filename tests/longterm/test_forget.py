"""Forgetting reaches everything, and says what it reached."""

from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from langmem_ext import LongTermMemory, open_store
from langmem_ext.offline import HashingEmbeddings
from tests.longterm.conftest import Call


def everything(memory: LongTermMemory) -> str:
    """All that the store holds of this memory, as text."""
    return "\n".join(str(item.value) for item in memory.store.search(memory.namespace, limit=10_000))


def test_a_record_goes_with_its_versions_and_index_entries(memory: LongTermMemory, call: Call) -> None:
    old = call(memory, "remember", "the code is 1234", topic="codes", keywords=["code", "密码"])
    new = call(memory, "revise", old.id, "the code is 1234-5")
    call(memory, "recall", "code")
    receipt = call(memory, "forget", new.id)
    assert (receipt.records, receipt.versions, receipt.index_entries) == (1, 1, 3)
    assert call(memory, "get", old.id) is None
    assert call(memory, "get", new.id) is None
    assert call(memory, "keywords") == {}
    assert call(memory, "topics") == {}
    assert "1234" not in everything(memory)


def test_the_receipt_counts_the_index_entries_of_what_was_restored(memory: LongTermMemory, call: Call) -> None:
    call(memory, "remember", "the code is 1234", id="c", keywords=["code"])
    call(memory, "revise", "c", "the code is 5678")
    call(memory, "undo", "c")
    assert call(memory, "forget", "c").index_entries == 1


def test_a_message_goes_from_the_log_with_what_was_learnt_from_it_alone(memory: LongTermMemory, call: Call) -> None:
    call(
        memory,
        "observe",
        [HumanMessage("my code is 1234", id="m1"), HumanMessage("I like tea", id="m2")],
        thread_id="t",
    )
    call(memory, "remember", "the user's code is 1234", id="f1", sources=["m1"])
    call(memory, "remember", "the user likes tea", id="f2", sources=["m2"])
    receipt = call(memory, "forget", "m1")
    assert (receipt.log_messages, receipt.removed) == (1, ["f1"])
    assert [record.id for record in call(memory, "log", "t")] == ["m2"]
    assert call(memory, "get", "f2") is not None
    assert "1234" not in everything(memory)


def test_a_summary_is_written_anew_without_what_was_forgotten(memory: LongTermMemory, call: Call) -> None:
    call(
        memory,
        "observe",
        [HumanMessage("my code is 1234", id="m1"), HumanMessage("I like green tea", id="m2")],
        thread_id="t",
    )
    call(
        memory, "remember", "code 1234; likes green tea", id="s", kind="summary", sources=["m1", "m2"], keywords=["tea"]
    )
    receipt = call(memory, "forget", "m1")
    assert receipt.rewritten == ["s"]
    summary = call(memory, "get", "s")
    assert "tea" in summary.content
    assert summary.sources == ["m2"]
    assert "1234" not in everything(memory)
    assert call(memory, "forget", "m2").removed == ["s"]


def test_the_next_message_is_logged_after_a_gap(memory: LongTermMemory, call: Call) -> None:
    call(memory, "observe", [HumanMessage("a", id="a"), HumanMessage("b", id="b")], thread_id="t")
    call(memory, "forget", "b")
    call(memory, "observe", [HumanMessage("c", id="c")], thread_id="t")
    assert [(record.id, record.position) for record in call(memory, "log", "t")] == [("a", 0), ("c", 2)]


def test_forget_all_leaves_nothing_of_this_memory(memory: LongTermMemory, call: Call) -> None:
    call(memory, "observe", [HumanMessage("hello", id="m1")], thread_id="t")
    record = call(memory, "remember", "x", topic="t", keywords=["k"])
    call(memory, "revise", record.id, "y")
    call(memory, "recall", "y")
    receipt = call(memory, "forget_all")
    assert (receipt.records, receipt.versions, receipt.index_entries, receipt.log_messages) == (2, 1, 2, 1)
    assert memory.store.search(memory.namespace, limit=10) == []


def test_forgotten_bytes_are_nowhere_in_the_files(tmp_path: Path) -> None:
    secret = "zanzibarquartz"
    index: Any = {"dims": 64, "embed": HashingEmbeddings(dims=64), "fields": ["text"]}
    with open_store(str(tmp_path / "memory.db"), index=index) as store:
        memory = LongTermMemory(store)
        memory.observe([HumanMessage(f"my password is {secret}", id="m1")], thread_id="t")
        memory.update()
        memory.consolidate()
        assert memory.recall(secret).records
        receipt = memory.forget("m1")
        assert receipt.purged
        for file in tmp_path.rglob("*"):
            if file.is_file():
                assert secret.encode() not in file.read_bytes(), file.name
