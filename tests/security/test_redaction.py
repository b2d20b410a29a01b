"""Redaction holds before anything is stored: in the engine, through every door, and in the bytes of the files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from langmem_ext import (
    LongTermMemory,
    MemoryMiddleware,
    create_manage_memory_tool,
    create_memory_agent,
    open_store,
)
from langmem_ext.errors import InvalidInputError, RedactionBlockedError
from langmem_ext.offline import ExtractiveChatModel, HashingEmbeddings
from langmem_ext.redaction import Redactor
from langmem_ext.testing import ScriptedChatModel

SECRET = "sk-live-ABCDEFGH0123456789abcdefgh"
MAIL = "alice.secret@example.com"
PHONE = "13812345678"
HIDDEN = (SECRET, MAIL, PHONE, "hunter22")


class Listening(HashingEmbeddings):
    """Embeddings that keep what they were shown, as a provider could."""

    seen: list[str]

    def __init__(self) -> None:
        super().__init__(dims=64)
        self.seen = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.seen += texts
        return super().embed_documents(texts)


def everything(store: BaseStore) -> str:
    """All that a store holds, as text."""
    return str([(item.namespace, item.key, item.value) for item in store.search((), limit=10_000)])


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose files must hold none of what is hidden when the test ends."""
    yield tmp_path
    for file in tmp_path.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        for hidden in HIDDEN:
            assert hidden.encode() not in content, file.name


def test_no_operation_of_the_engine_stores_what_is_redacted(folder: Path) -> None:
    embeddings = Listening()
    update = {
        "operations": [
            {
                "action": "add", "message": 1, "quote": "my key is [REDACTED_SECRET]",
                "content": f"Her key is {SECRET}",
                "data": {"key": SECRET, "deep": [{"phone": PHONE}]}, "topic": "keys", "keywords": [SECRET],
            }
        ]
    }  # fmt: skip
    digest = {
        "summaries": [
            {
                "topic": f"about {MAIL}", "content": f"She gave {SECRET} and {PHONE}", "keywords": [MAIL],
                "entries": [{"entry": 1, "keywords": [PHONE]}],
            }
        ]
    }  # fmt: skip
    insights = {"insights": [{"content": f"She shares {SECRET}", "entries": [1, 2], "keywords": [MAIL]}]}
    model = ScriptedChatModel(responses=[update, digest, insights])
    path = str(folder / "memory.db")
    with open_store(path, index={"dims": 64, "embed": embeddings, "fields": ["text"]}) as store:
        memory = LongTermMemory(store, model=model, redact=Redactor())
        logged = memory.observe(
            [
                HumanMessage(f"my key is {SECRET}", name=MAIL),
                AIMessage("", tool_calls=[{"name": "dial", "args": {"number": PHONE}, "id": "call-1"}]),
                ToolMessage(f"dialled {PHONE}", tool_call_id="call-1"),
                HumanMessage([{"type": "text", "text": f"写信到{MAIL}"}, {"type": "image_url", "image_url": MAIL}]),
            ],
            thread_id="t",
        )
        kept = memory.remember(
            f"Password: hunter22, mail {MAIL}", data={"mail": MAIL}, topic=MAIL, keywords=["mail", MAIL], speaker=MAIL
        )
        revised = memory.revise(kept.id, f"手机{PHONE}", data={"phone": [PHONE]})
        memory.remember_many([{"content": f"one {MAIL}"}, {"content": f"two {SECRET}"}])
        assert memory.update().added
        assert memory.consolidate().summaries
        assert memory.reflect().reflections
        assert model.remaining == 0
        memory.note_recalls(logged[0].id, [memory.recall(f"whose number is {PHONE}?")])
        assert "[REDACTED_PHONE]" in memory.recalls_of(logged[0].id)[0].query
        shown = str([*logged, kept, revised, *memory.records(limit=1000), *memory.messages("t")])
        assert not [hidden for hidden in HIDDEN if hidden in shown]
        assert not [hidden for hidden in HIDDEN if hidden in str(embeddings.seen)]
        assert not [hidden for hidden in HIDDEN if hidden in str(model.calls)]
        assert logged[0].content == "my key is [REDACTED_SECRET]"
        assert revised.data == {"phone": ["[REDACTED_PHONE]"]}
        assert memory.recall("手机号").records
        assert store.check().ok


async def test_awaited_operations_redact_as_well(folder: Path) -> None:
    async with open_store(str(folder / "memory.db")) as store:
        memory = LongTermMemory(store, redact=Redactor())
        await memory.aobserve([("user", f"我的邮箱是{MAIL}")], thread_id="t")
        await memory.aremember(f"mail {MAIL}")
        await memory.aupdate()
        await memory.aconsolidate()


def tell_the_tool(store: BaseStore, redact: Redactor) -> None:
    tool = create_manage_memory_tool(("memories", "alice"), store=store, redact=redact)
    tool.invoke({"action": "create", "content": f"Her mail is {MAIL}"})


def tell_an_agent(store: BaseStore, redact: Redactor) -> None:
    middleware = MemoryMiddleware(("memories", "alice"), redact=redact)
    agent: Any = create_agent(ExtractiveChatModel(), middleware=[middleware], store=store)
    agent.invoke({"messages": [("user", f"I live in Bern, my mail is {MAIL}, my key is {SECRET}")]})


def tell_the_loop(store: BaseStore, redact: Redactor) -> None:
    agent: Any = create_memory_agent(ExtractiveChatModel(), store=store, memory_options={"redact": redact})
    agent.invoke({"messages": [("user", f"我住在上海,手机是{PHONE},密码是hunter22")]}, context={"user_id": "alice"})


@pytest.mark.parametrize("tell", [tell_the_tool, tell_an_agent, tell_the_loop])
def test_every_door_redacts(tell: Any) -> None:
    store = InMemoryStore()
    tell(store, Redactor())
    held = everything(store)
    assert "[REDACTED_" in held
    assert not [hidden for hidden in HIDDEN if hidden in held]


async def test_the_mcp_server_redacts() -> None:
    from mcp import Client

    from langmem_ext.mcp_server import create_mcp_server

    store = InMemoryStore()
    memory = LongTermMemory(store, redact=Redactor())
    async with Client(create_mcp_server(memory)) as client:
        await client.call_tool("remember", {"content": f"Her mail is {MAIL}", "data": {"mail": MAIL}})
    assert MAIL not in everything(store)


def test_the_command_line_redacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from langmem_ext.cli import run

    store = str(tmp_path / "memory.db")
    assert run(["remember", f"Her mail is {MAIL}", "--store", store, "--redact"]) == 0
    monkeypatch.setenv("LANGMEM_EXT_REDACT", "1")
    assert run(["remember", f"手机{PHONE}", "--store", store]) == 0
    assert run(["list", "--store", store]) == 0
    shown = capsys.readouterr().out
    assert "[REDACTED_EMAIL]" in shown
    assert MAIL not in shown
    assert PHONE not in shown


def test_what_redaction_refuses_is_not_stored_at_all() -> None:
    store = InMemoryStore()
    memory = LongTermMemory(store, redact=Redactor(strategy="block"))
    with pytest.raises(RedactionBlockedError):
        memory.remember_many([{"content": "harmless"}, {"content": f"mail {MAIL}"}])
    with pytest.raises(RedactionBlockedError):
        memory.observe([("user", "hello"), ("user", f"mail {MAIL}")], thread_id="t")
    assert store.search(()) == []


def test_a_hook_of_ones_own_decides_and_a_broken_one_stores_nothing() -> None:
    store = InMemoryStore()
    memory = LongTermMemory(store, redact=lambda text: text.replace("Alice", "the user"))
    assert memory.remember("Alice likes tea").content == "the user likes tea"
    for broken, expected in (
        (lambda _text: None, InvalidInputError),
        (lambda _text: 1 / 0, ZeroDivisionError),
    ):
        failing: Any = broken
        with pytest.raises(expected):
            LongTermMemory(store, ("memories", "bob"), redact=failing).remember("anything")
    assert store.search(("memories", "bob")) == []


def test_a_message_of_which_nothing_is_left_keeps_its_place() -> None:
    memory = LongTermMemory(InMemoryStore(), redact=lambda text: "" if "secret" in text else text)
    memory.observe([("user", "one"), ("user", "secret"), ("user", "three")], thread_id="t")
    assert [message.content for message in memory.log("t")] == ["one", "[REDACTED]", "three"]
