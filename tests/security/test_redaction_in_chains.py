"""Redaction through the drop-in memory classes: nothing they keep in a store holds what is hidden."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langmem_ext import LongTermMemory, open_store
from langmem_ext.errors import RedactionBlockedError
from langmem_ext.memory import (
    CognitiveMemory,
    ConversationBufferMemory,
    ConversationBufferWindowMemory,
    ConversationSummaryBufferMemory,
    ConversationSummaryMemory,
    ConversationTokenBufferMemory,
    StoreChatMessageHistory,
    VectorStoreRetrieverMemory,
)
from langmem_ext.offline import HashingEmbeddings
from langmem_ext.redaction import Redactor
from langmem_ext.store.hybrid import HybridStore
from langmem_ext.testing import ScriptedChatModel
from tests.security.test_redaction import HIDDEN, MAIL, PHONE, SECRET, everything

SAID = (f"My mail is {MAIL} and my key is {SECRET}", f"我的手机是{PHONE},密码是hunter22")
LEAKING = f"The user's mail is {MAIL}, the phone {PHONE}"
"""What a model says that was told of it elsewhere, or guesses."""

CLASSES: dict[str, Callable[..., Any]] = {
    "buffer": ConversationBufferMemory,
    "window": lambda **given: ConversationBufferWindowMemory(k=2, **given),
    "tokens": lambda **given: ConversationTokenBufferMemory(llm=leaking(), max_token_limit=60, **given),
    "summary": lambda **given: ConversationSummaryMemory(llm=leaking(), **given),
    "summary buffer": lambda **given: ConversationSummaryBufferMemory(llm=leaking(), max_token_limit=20, **given),
    "vectors": VectorStoreRetrieverMemory,
    "cognitive": CognitiveMemory,
}


def leaking() -> ScriptedChatModel:
    return ScriptedChatModel(responses=[LEAKING] * 50)


def opened(folder: Path) -> HybridStore:
    index: Any = {"dims": 64, "embed": HashingEmbeddings(dims=64), "fields": ["text"]}
    return open_store(str(folder / "memory.db"), index=index)


def nothing_hidden_in(folder: Path) -> None:
    for file in folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not [hidden for hidden in HIDDEN if hidden.encode() in content], file.name


@pytest.mark.parametrize("name", CLASSES)
def test_no_memory_class_stores_what_is_redacted(name: str, tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        memory = CLASSES[name](store=store, options={"redact": Redactor()})
        for said in SAID:
            memory.save_context({"input": said}, {"output": f"Noted, {MAIL}."})
        shown = str(memory.load_memory_variables({"input": "What is my mail?"}))
        held = everything(store)
        assert "[REDACTED_EMAIL]" in held
        assert "[REDACTED_" in shown
        assert not [hidden for hidden in HIDDEN if hidden in held]
        assert not [hidden for hidden in HIDDEN if hidden in shown]
        assert store.check().ok
    nothing_hidden_in(tmp_path)


@pytest.mark.parametrize("name", CLASSES)
async def test_no_memory_class_stores_what_is_redacted_when_it_is_awaited(name: str, tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        memory = CLASSES[name](store=store, options={"redact": Redactor()})
        for said in SAID:
            await memory.asave_context({"input": said}, {"output": f"Noted, {MAIL}."})
        assert not [hidden for hidden in HIDDEN if hidden in everything(store)]
    nothing_hidden_in(tmp_path)


def test_a_chat_history_in_a_store_redacts(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        history = StoreChatMessageHistory(LongTermMemory(store, redact=Redactor()), "s")
        history.add_messages([HumanMessage(SAID[0], name=MAIL)])
        assert "[REDACTED_EMAIL]" in str(history.messages)
    nothing_hidden_in(tmp_path)


@pytest.mark.parametrize("name", CLASSES)
def test_an_exchange_that_redaction_refuses_is_not_kept_by_half(name: str, tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        memory = CLASSES[name](store=store, options={"redact": Redactor(strategy="block")})
        with pytest.raises(RedactionBlockedError):
            memory.save_context({"input": "hello"}, {"output": f"Write to {MAIL}."})
        assert "hello" not in everything(store)


def test_a_summary_that_redaction_refuses_costs_no_exchange(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        options = {"redact": Redactor(strategy="block")}
        memory = ConversationSummaryMemory(llm=leaking(), store=store, options=options)
        memory.save_context({"input": "I like lakes"}, {"output": "Noted."})
        assert "I like lakes" in memory.load_memory_variables({})["history"]
        assert MAIL not in everything(store)
        with pytest.raises(RedactionBlockedError):
            memory.buffer = LEAKING
