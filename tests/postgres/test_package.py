"""The whole package over a server: agent and checkpoints, middleware, workers, time travel, forgetting, commands."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.postgres import PostgresSaver

from langmem_ext import LongTermMemory, MemoryMiddleware, MemoryRetriever, create_memory_agent, open_store
from langmem_ext.cli.main import run
from langmem_ext.loop.template import make_store
from langmem_ext.namespaces import user_namespace
from langmem_ext.offline import HashingEmbeddings
from langmem_ext.store.postgres import PostgresMemoryStore
from tests.loop.fakes import Script, ask, memory_of, search

pytestmark = pytest.mark.network_loopback

INDEX: Any = {"dims": 128, "embed": HashingEmbeddings(dims=128), "fields": ["text"]}
UPDATE = {
    "operations": [{"action": "add", "message": 1, "quote": "alpine lakes", "content": "Alice likes alpine lakes"}]
}
WORKER = """
import sys
from langmem_ext import LongTermMemory, open_store
from langmem_ext.offline import ExtractiveChatModel, HashingEmbeddings
index = {"dims": 128, "embed": HashingEmbeddings(dims=128), "fields": ["text"]}
with open_store(sys.argv[1], index=index) as store:
    memory = LongTermMemory(store, ("memories", "alice"), model=ExtractiveChatModel())
    print("ready", flush=True)
    sys.stdin.readline()
    while memory.stats().pending:
        memory.update(thread_id="t")
"""


def test_an_agent_remembers_across_threads_and_its_checkpoints_lie_beside(database: str) -> None:
    with open_store(database, index=INDEX) as store, PostgresSaver.from_conn_string(database) as checkpointer:
        checkpointer.setup()
        model = Script(responses=["Noted", UPDATE, search("alpine lakes"), "You like alpine lakes", {"operations": []}])
        agent = create_memory_agent(model, store=store, checkpointer=checkpointer)
        ask(agent, "I like alpine lakes", "t1")
        assert [record.content for record in memory_of(store).records(kinds="fact")] == ["Alice likes alpine lakes"]
        answer = ask(agent, "What do I like?", "t2")
        assert answer["messages"][-1].content == "You like alpine lakes"
        state = agent.get_state({"configurable": {"thread_id": "t1"}})
        assert state.values["messages"][-1].content == "Noted"
        assert memory_of(store).stats().pending == 0


async def test_the_middleware_recalls_in_an_agent_of_the_users_own(database: str) -> None:
    async with open_store(database, index=INDEX) as store:
        memory = LongTermMemory(store, user_namespace("alice"))
        await memory.aremember("Alice is allergic to peanuts")
        model = Script(responses=[AIMessage("No peanuts, then")])
        agent = create_agent(model, [], middleware=[MemoryMiddleware(memory.namespace, store=store, update="off")])
        await agent.ainvoke({"messages": [HumanMessage("What can't I eat? peanuts?")]})
        assert "allergic to peanuts" in str(model.calls[0].messages)
        found = await MemoryRetriever(memory=memory).ainvoke("peanuts")
        assert "Alice is allergic to peanuts" in [document.page_content for document in found]


def test_workers_of_two_processes_repeat_no_range_and_skip_none(database: str) -> None:
    with open_store(database, index=INDEX) as store:
        memory = LongTermMemory(store, ("memories", "alice"))
        said = [f"I love the lake number {n} near Bern." for n in range(40)]
        memory.observe([HumanMessage(text, id=f"m{n}") for n, text in enumerate(said)], thread_id="t")
        command = [sys.executable, "-c", WORKER, database]
        pipe = subprocess.PIPE
        workers = [subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe) for _ in range(2)]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            worker.communicate("go\n")
            assert worker.returncode == 0
        assert memory.stats().pending == 0
        derived = [record for record in memory.records(limit=500) if record.kind != "message"]
        assert derived
        quotes = [(record.quote, record.content) for record in derived]
        assert len(quotes) == len(set(quotes))


def test_the_past_stays_as_it_was_believed_and_forgetting_leaves_a_receipt(database: str) -> None:
    with open_store(database, index=INDEX) as store:
        memory = LongTermMemory(store, ("memories", "alice"))
        first = memory.remember("Alice lives in Bern", topic="home", keywords=["Bern"])
        believed = first.recorded_at
        memory.revise(first.id, "Alice lives in Basel")
        now = memory.recall("where does Alice live")
        assert [record.content for record in now.records] == ["Alice lives in Basel"]
        then = memory.recall("where does Alice live", as_of=believed)
        assert [record.content for record in then.records] == ["Alice lives in Bern"]
        receipt = memory.forget(first.id)
        assert receipt.records == 1
        assert not receipt.purged
        assert memory.recall("where does Alice live").records == []
        memory.remember("爱丽丝喜欢喝龙井茶", topic="饮料")
        assert [record.content for record in memory.recall("喜欢喝什么茶").records] == ["爱丽丝喜欢喝龙井茶"]
        assert memory.forget_all().records == 1
        assert store.list_namespaces() == []


def test_the_command_line_and_the_template_take_the_url(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(["remember", "My budget is 500 francs", "--store", database, "--user", "alice"]) == 0
    capsys.readouterr()
    monkeypatch.setenv("LANGMEM_EXT_STORE", database)
    assert run(["recall", "budget", "--user", "alice", "--json"]) == 0
    assert "500 francs" in json.dumps(json.loads(capsys.readouterr().out))
    assert run(["check", database]) == 0
    assert "everything agrees" in capsys.readouterr().out
    wrong = database.replace("postgres:", "nobody:")
    assert run(["recall", "budget", "--store", wrong]) == 2
    assert "password authentication failed" in capsys.readouterr().err
    monkeypatch.setenv("LANGMEM_EXT_EMBED_DIMS", "384")
    with make_store() as store:  # type: ignore[attr-defined]
        assert isinstance(store, PostgresMemoryStore)
        assert memory_of(store).recall("budget").records


def test_a_chat_over_the_server_recalls_what_an_earlier_one_heard(database: str, tmp_path: Path) -> None:
    for said, expected in (("My budget is 500 francs.", ""), ("What is my budget?", "500 francs")):
        done = subprocess.run(
            [sys.executable, "-m", "langmem_ext.cli", "chat", "--store", database, "--user", "alice"],
            input=said + "\n", capture_output=True, encoding="utf-8", env={"HOME": str(tmp_path)}, check=True,
        )  # fmt: skip
        assert expected in done.stdout
