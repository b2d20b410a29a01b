"""What other systems remember comes in whole, once, and with a word on what was not understood."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.vectorstores import InMemoryVectorStore, VectorStore
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from langmem_ext import LongTermMemory, importers
from langmem_ext.errors import InvalidInputError
from langmem_ext.importers import ImportReport
from langmem_ext.memory.history import ChatMessageHistory
from tests.importers.samples import ITEMS, export, mem0, node, sqlite_store, with_items

Bring = Callable[..., ImportReport]

SUNSET = pytest.mark.filterwarnings("ignore:.*langchain-community.*is being sunset:DeprecationWarning")


@pytest.fixture(params=["sync", "async"])
def bring(request: pytest.FixtureRequest) -> Bring:
    """Run an importer by name, blocking or on an event loop."""

    def blocking(name: str, *args: Any, **kwargs: Any) -> ImportReport:
        report: ImportReport = getattr(importers, f"import_{name}")(*args, **kwargs)
        return report

    def awaited(name: str, *args: Any, **kwargs: Any) -> ImportReport:
        async def main() -> ImportReport:
            report: ImportReport = await getattr(importers, f"aimport_{name}")(*args, **kwargs)
            return report

        return asyncio.run(main())

    return blocking if request.param == "sync" else awaited


@pytest.fixture
def memory() -> LongTermMemory:
    return LongTermMemory(InMemoryStore(), ("memories", "alice"))


def test_a_chatgpt_export_becomes_conversations_with_their_times(
    bring: Bring, memory: LongTermMemory, tmp_path: Path
) -> None:
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps(export(), ensure_ascii=False), encoding="utf-8")
    report = bring("chatgpt", memory, file)
    said = [(record.speaker, record.content) for record in memory.log("c1")]
    assert said == [
        ("user", "我想去瑞士徒步。"),
        ("assistant", "好主意!"),
        ("user", "[image]\nWhich lake is this?"),
        ("assistant", "Lake Oeschinen."),
    ]
    assert memory.log("c1")[0].occurred_at == datetime.fromtimestamp(1_759_222_800.5, UTC)
    assert [record.content for record in memory.records(kinds="fact")] == ["User plans a hike in Switzerland"]
    assert (report.messages, report.records, report.present) == (4, 1, 0)
    assert report.skipped == {
        "a hidden or system message": 1,
        "a tool call or its result": 2,
        "content of type 'thoughts'": 1,
        "a message without text": 1,
        "a message of another branch of its conversation": 1,
        "a conversation without messages": 2,
    }
    assert report.examples["a conversation without messages"] == ["conversation 2", "conversation 3"]
    again = bring("chatgpt", memory, file)
    assert (again.messages, again.records, again.present) == (0, 0, 5)
    assert "0 messages and 0 memories imported, 5 were there already" in again.text()
    assert "瑞士" in memory.recall("瑞士").records[0].content


def test_a_branch_is_found_where_the_export_names_none(bring: Bring, memory: LongTermMemory) -> None:
    (conversation, *_) = export()
    del conversation["current_node"]
    del conversation["conversation_id"]
    assert bring("chatgpt", memory, conversation).messages == 4
    loop = {"mapping": {"a": node("a", "b", "user", "hi"), "b": node("b", "a", "assistant", "ho")}}
    assert bring("chatgpt", memory, [loop | {"current_node": "b"}]).messages == 2
    lost = {"mapping": {"x": node("x", "gone", "user", "hi again")}, "conversation_id": "x" * 500}
    assert bring("chatgpt", memory, [lost]).messages == 1


def test_mem0s_memories_keep_time_and_categories(bring: Bring, memory: LongTermMemory, tmp_path: Path) -> None:
    file = tmp_path / "mem0.json"
    file.write_text(json.dumps(mem0()), encoding="utf-8")
    report = bring("mem0", memory, file)
    tea = memory.get("m-1")
    assert tea is not None
    assert (tea.content, tea.keywords, tea.occurred_at.isoformat()) == (
        "Likes green tea",
        ["drinks"],
        "2025-09-30T10:00:00-07:00",
    )
    assert tea.data == {"metadata": {"source": "chat"}, "user_id": "alice", "categories": ["drinks", "x" * 300, 5]}
    (relation,) = memory.records(kinds="relation")
    assert relation.content == "alice lives in bern"
    assert (report.records, sum(report.skipped.values())) == (3, 3)
    assert bring("mem0", memory, mem0()["results"]).present == 2
    changed = bring("mem0", memory, [{"id": "m-1", "memory": "Likes black tea"}])
    assert changed.skipped == {"a memory that differs from what an earlier import brought, which was kept": 1}
    assert tea == memory.get("m-1")


@pytest.mark.parametrize("content", ["", "no json", "[", "{}", "[1]", '{"results": 5}', "[" * 100_000, "5", "null"])
@pytest.mark.parametrize("kind", ["chatgpt", "mem0"])
def test_a_malformed_file_is_one_clear_error_and_nothing_is_written(
    kind: str, content: str, memory: LongTermMemory, tmp_path: Path
) -> None:
    file = tmp_path / "file.json"
    file.write_text(content)
    with pytest.raises(InvalidInputError, match=r"is not JSON|nested too deeply|is no ChatGPT export|no mem0 get_all"):
        getattr(importers, f"import_{kind}")(memory, file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInputError, match="no UTF-8 text"):
        getattr(importers, f"import_{kind}")(memory, file)
    with pytest.raises(InvalidInputError, match=r"can't be read: No such file"):
        getattr(importers, f"import_{kind}")(memory, tmp_path / "none.json")
    assert memory.records() == []


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.just("\ud800"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "mapping",
                    "message",
                    "content",
                    "parts",
                    "author",
                    "role",
                    "id",
                    "memory",
                    "create_time",
                    "parent",
                    "a",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(JSON)
def test_hostile_json_is_an_error_or_a_report(value: Any) -> None:
    memory = LongTermMemory(InMemoryStore())
    hostile = {"mapping": {"a": {"message": value}, "b": value}, "current_node": "b", "create_time": value}
    importers.import_chatgpt(memory, [hostile, value])
    importers.import_mem0(memory, [{"memory": "x", "categories": value, "created_at": value, "id": value}, value])
    importers.import_store(memory, with_items({"hostile": value}, {"content": value}, {"kind": value, "content": {}}))
    for kind in (importers.import_chatgpt, importers.import_mem0):
        with suppress(InvalidInputError):
            kind(memory, value)


def test_a_langgraph_stores_items_become_memories(bring: Bring, memory: LongTermMemory) -> None:
    source = with_items(*ITEMS)
    report = bring("store", memory, source)
    found = {(record.kind, record.content) for record in memory.records()}
    assert found == {
        ("fact", "User likes tea"),
        ("fact", "User lives in Bern"),
        ("relation", "Alice knows Bob (from school)"),
        ("profile", 'name: Alice\nlanguages: ["de", "中文"]'),
        ("fact", "category: food\npreference: spicy"),
        ("fact", "User has a dog"),
        ("fact", "city: Bern\nvisits: 3"),
    }
    assert report.skipped == {"an item without text": 1}
    created = {item.value.get("data"): item.created_at for item in source.search(("memories",), limit=20)}
    (dog,) = (record for record in memory.records() if "dog" in record.content)
    assert dog.occurred_at == created["User has a dog"]
    assert bring("store", memory, source, namespace=("memories", "alice")).present == 7
    assert bring("store", memory, source, namespace=("elsewhere",)).present == 0
    assert memory.profile()["name"] == "Alice"


def test_langmems_memories_alone(bring: Bring, memory: LongTermMemory) -> None:
    report = bring("langmem", memory, with_items(*ITEMS))
    assert report.records == 5
    assert report.skipped == {"not a memory of LangMem": 3}


@pytest.mark.filterwarnings("ignore::langgraph.warnings.LangGraphDeprecatedSinceV10")
def test_what_langmem_itself_stores_is_understood(memory: LongTermMemory) -> None:
    from langmem import create_manage_memory_tool  # type: ignore[import-untyped]

    source = InMemoryStore()
    tool = create_manage_memory_tool(namespace=("memories", "alice"), store=source)
    tool.invoke({"action": "create", "content": "User likes tea"})
    assert importers.import_langmem(memory, source).records == 1
    assert memory.records()[0].content == "User likes tea"


def test_an_item_of_ours_is_left_to_export_and_import(memory: LongTermMemory) -> None:
    memory.observe([HumanMessage("hi")], thread_id="t")
    memory.remember("tea", keywords=["tea"])
    other = LongTermMemory(InMemoryStore())
    report = importers.import_store(other, memory.store)
    assert report.records == 0
    assert set(report.skipped) <= {
        "an item of a langmem_ext memory; export and import move those",
        "an item without text",
    }


def test_a_store_with_more_items_than_a_page(memory: LongTermMemory) -> None:
    source = with_items(*({"text": f"fact number {number}"} for number in range(1200)))
    seen: list[tuple[int, int]] = []
    report = importers.import_store(memory, source, progress=lambda *step: seen.append(step))
    assert report.records == 1200
    assert seen[-1] == (1200, 1200)
    assert seen == sorted(seen)


def test_an_import_can_be_stopped_and_repeated(bring: Bring, memory: LongTermMemory) -> None:
    history = ChatMessageHistory([HumanMessage(f"message {number}") for number in range(450)])
    first = bring("chat_history", memory, history, thread_id="t", progress=lambda done, total: False)
    assert (first.messages, first.pending) == (200, 250)
    assert "250 are left" in first.text()
    second = bring("chat_history", memory, history, thread_id="t")
    assert (second.messages, second.present) == (250, 200)
    assert len(memory.log("t", limit=1000)) == 450


def test_a_chat_history_keeps_ids_times_and_tool_calls(bring: Bring, memory: LongTermMemory) -> None:
    said = [
        HumanMessage("hi", id="m1", additional_kwargs={"timestamp": "2025-09-30T09:00:00+00:00"}),
        AIMessage("", tool_calls=[{"name": "look_up", "args": {"q": "湖"}, "id": "c1"}]),
        ToolMessage("found", tool_call_id="c1"),
        AIMessage(""),
        HumanMessage("hi"),
        HumanMessage("hi"),
    ]
    history = ChatMessageHistory(said)
    with pytest.raises(InvalidInputError, match="pass thread_id="):
        bring("chat_history", memory, history)
    report = bring("chat_history", memory, history, thread_id="t")
    assert (report.messages, report.skipped) == (5, {"a message without text": 1})
    messages = memory.messages("t")
    assert messages[0].id == "m1"
    assert memory.log("t")[0].occurred_at == datetime(2025, 9, 30, 9, tzinfo=UTC)
    assert isinstance(messages[1], AIMessage)
    assert messages[1].tool_calls[0]["args"] == {"q": "湖"}
    history.add_user_message("and more")
    assert bring("chat_history", memory, history, thread_id="t").messages == 1


@SUNSET
def test_langchains_sql_history_as_an_object_and_as_a_file(
    bring: Bring, memory: LongTermMemory, tmp_path: Path
) -> None:
    from langchain_community.chat_message_histories import SQLChatMessageHistory

    file = tmp_path / "chat.db"
    for session in ("alice", "bob"):
        history = SQLChatMessageHistory(session_id=session, connection=f"sqlite:///{file}")
        history.add_user_message(f"I am {session}")
        history.add_ai_message("你好")
        history.engine.dispose()
    assert bring("chat_history", memory, history).messages == 2
    assert [record.content for record in memory.log("bob")] == ["I am bob", "你好"]
    history.engine.dispose()
    whole = LongTermMemory(InMemoryStore())
    assert bring("sql_history", whole, file).messages == 4
    assert whole.threads() == ["alice", "bob"]
    assert bring("sql_history", whole, file, session_id="alice").present == 2
    assert bring("sql_history", memory, file, session_id="bob").present == 2  # the object's ids are the file's
    with pytest.raises(InvalidInputError, match=r"no table 'chat' .* its tables are \['message_store'\]"):
        bring("sql_history", whole, file, table="chat")
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO message_store (session_id, message) VALUES ('eve', 'no json')")
        connection.execute("INSERT INTO message_store (session_id, message) VALUES ('eve', '{\"type\": \"x\"}')")
    connection.close()
    report = bring("sql_history", whole, file)
    assert sum(report.skipped.values()) == 2


@SUNSET
def test_a_faiss_object_gives_its_documents(bring: Bring, memory: LongTermMemory) -> None:
    pytest.importorskip("faiss")
    from langchain_community.vectorstores import FAISS

    vectors = FAISS.from_documents(
        [
            Document(page_content="Alice likes tea", metadata={"created_at": "2025-09-30", "source": "notes"}, id="d1"),
            Document(page_content="爱丽丝住在伯尔尼", metadata={"timestamp": 1_759_222_800}, id="d2"),
            Document(page_content=" ", id="d3"),
        ],
        DeterministicFakeEmbedding(size=8),
    )
    report = bring("documents", memory, vectors)
    assert (report.records, report.skipped) == (2, {"a document without text": 1})
    tea = memory.get("d1")
    assert tea is not None
    assert (tea.occurred_at, tea.data) == (
        datetime(2025, 9, 30, tzinfo=UTC),
        {"created_at": "2025-09-30", "source": "notes"},
    )
    assert bring("documents", memory, vectors).present == 2
    assert "伯尔尼" in memory.recall("爱丽丝住在哪里?").records[0].content


def test_other_vector_stores(bring: Bring, memory: LongTermMemory) -> None:
    vectors = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    vectors.add_texts(["Alice likes tea"], metadatas=[{"when": datetime(2025, 9, 30, tzinfo=UTC)}], ids=["d1"])
    assert bring("documents", memory, vectors).records == 1

    class Closed(VectorStore):
        def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
            return []

        @classmethod
        def from_texts(cls, *args: Any, **kwargs: Any) -> "Closed":
            return cls()

    with pytest.raises(InvalidInputError, match="Closed can't list what it holds"):
        bring("documents", memory, Closed())


def test_reading_a_file_leaves_it_as_it_was(tmp_path: Path) -> None:
    from langmem_ext.importers.stores import opened_sqlite_store

    sqlite_store(tmp_path / "store.db")
    before = (tmp_path / "store.db").read_bytes()
    with opened_sqlite_store(tmp_path / "store.db") as source:
        assert isinstance(source, BaseStore)
        assert importers.import_store(LongTermMemory(InMemoryStore()), source).records == 7
    assert (tmp_path / "store.db").read_bytes() == before
