"""Any other LangGraph store: the engine needs nothing but `batch` and `abatch`."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore, Op, Result
from langgraph.store.memory import InMemoryStore

from langmem_ext import LongTermMemory
from langmem_ext.offline import ExtractiveChatModel, HashingEmbeddings
from langmem_ext.protocols import (
    SupportsCandidates,
    SupportsCounts,
    SupportsExclusive,
    SupportsLexical,
    SupportsOrdered,
    SupportsPurge,
)
from tests.longterm.conftest import Call

INDEX: Any = {"dims": 128, "embed": HashingEmbeddings(dims=128), "fields": ["text"]}
BEYOND = (SupportsLexical, SupportsCandidates, SupportsOrdered, SupportsCounts, SupportsExclusive, SupportsPurge)


class FiveOperations(BaseStore):
    """Get, put, delete, search, list namespaces: what every store has, and nothing else."""

    def __init__(self, behind: BaseStore) -> None:
        self._behind = behind

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        return self._behind.batch(ops)

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        return await self._behind.abatch(ops)


@pytest.fixture(params=["in_memory", pytest.param("postgres", marks=[pytest.mark.network_loopback, pytest.mark.slow])])
def plain(request: pytest.FixtureRequest) -> Iterator[FiveOperations]:
    if request.param == "in_memory":
        yield FiveOperations(InMemoryStore(index=INDEX))
        return
    from langgraph.store.postgres import PostgresStore

    database = request.getfixturevalue("database")
    with PostgresStore.from_conn_string(database, pool_config={"max_size": 4}, index=INDEX) as behind:
        behind.setup()
        yield FiveOperations(behind)


def test_it_has_nothing_that_the_engine_could_lean_on(plain: FiveOperations) -> None:
    assert not isinstance(plain, BEYOND)


def test_a_memory_lives_its_whole_life_over_it(plain: FiveOperations, call: Call) -> None:
    memory = LongTermMemory(plain, ("memories", "alice"), model=ExtractiveChatModel())
    messages = [HumanMessage("I love hiking to alpine lakes.", id="m1"), HumanMessage("我对花生过敏。", id="m2")]
    call(memory, "observe", messages, thread_id="t")
    call(memory, "remember", "Alice's budget is 500 francs", topic="budget", keywords=["budget"])
    assert call(memory, "recall", "which lakes").records[0].content == "I love hiking to alpine lakes."
    assert call(memory, "recall", "花生").records[0].content == "我对花生过敏。"
    named = call(memory, "recall", "anything", keywords=["budget"])
    assert "Alice's budget is 500 francs" in [record.content for record in named.records]
    call(memory, "update", thread_id="t")
    assert memory.stats().pending == 0
    (fact,) = [record for record in memory.records(kinds="fact") if "budget" in record.content]
    revised = call(memory, "revise", fact.id, "Alice's budget is 700 francs")
    assert call(memory, "recall", "budget").records[0].content == "Alice's budget is 700 francs"
    past = call(memory, "recall", "budget", as_of=fact.recorded_at)
    assert "Alice's budget is 500 francs" in [record.content for record in past.records]
    receipt = call(memory, "forget", revised.id)
    assert receipt.records == 1
    assert not receipt.purged
    call(memory, "forget_all")
    assert plain.search(("memories",)) == []
