"""`MemoryRetriever`: LangChain's standard suite, filters, metadata."""

from typing import Any

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests
from langgraph.store.memory import InMemoryStore
from pydantic import ValidationError

from langmem_ext import LongTermMemory, MemoryRetriever
from langmem_ext.errors import InvalidInputError


def filled() -> LongTermMemory:
    memory = LongTermMemory(InMemoryStore(), ("memories", "alice"))
    memory.remember("My budget is 20,000 RMB", id="budget", topic="trip", occurred_at="2025-09-30", keywords=["budget"])
    memory.remember("The budget of the wedding is 3,000 euros", id="wedding", topic="wedding", occurred_at="2025-08-01")
    memory.remember("I love lakes more than any budget", id="lakes", kind="preference", occurred_at="2025-10-02")
    memory.remember("我的预算是 2 万", id="zh", occurred_at="2025-10-03")
    return memory


class TestStandard(RetrieversIntegrationTests):
    """LangChain's own suite for retrievers."""

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return MemoryRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"memory": filled()}

    @property
    def retriever_query_example(self) -> str:
        return "budget 预算"


def test_documents_carry_id_kind_dates_and_score() -> None:
    documents = MemoryRetriever(memory=filled()).invoke("What is my budget?", k=3)
    first = next(document for document in documents if document.id == "budget")
    assert first.page_content == "My budget is 20,000 RMB"
    assert first.metadata["id"] == "budget"
    assert first.metadata["kind"] == "fact"
    assert first.metadata["occurred_at"].startswith("2025-09-30")
    assert first.metadata["recorded_at"]
    assert first.metadata["topic"] == "trip"
    assert first.metadata["keywords"] == ["budget"]
    scores = [document.metadata["score"] for document in documents]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"before": "2025-09-30"}, {"budget", "wedding"}),
        ({"after": "2025-10-02", "before": "2025-10-02"}, {"lakes"}),
        ({"kinds": "preference"}, {"lakes"}),
        ({"topic": "wedding"}, {"wedding"}),
        ({"thread_id": "nowhere"}, set()),
    ],
)
async def test_filters_work_as_fields_and_per_call_sync_and_async(filters: dict[str, Any], ids: set[str]) -> None:
    memory = filled()
    configured, plain = MemoryRetriever(memory=memory, **filters), MemoryRetriever(memory=memory)
    for found in (
        configured.invoke("budget"),
        await configured.ainvoke("budget"),
        plain.invoke("budget", **filters),
        await plain.ainvoke("budget", **filters),
    ):
        assert {document.id for document in found} == ids


def test_token_budget_bounds_what_comes_back() -> None:
    assert len(MemoryRetriever(memory=filled(), token_budget=60).invoke("budget")) < 4


def test_unusable_arguments_are_refused() -> None:
    with pytest.raises(ValidationError):
        MemoryRetriever(memory=filled(), k=0)
    with pytest.raises(InvalidInputError, match="ISO 8601"):
        MemoryRetriever(memory=filled()).invoke("budget", before="someday")
