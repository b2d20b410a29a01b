"""open_store, and arguments that can't be meant."""

from pathlib import Path
from typing import Any

import pytest
from langgraph.store.base import PutOp, SearchOp

from langmem_ext.errors import EmbeddingError, InvalidInputError
from langmem_ext.store import FaissStore, open_store
from tests.store.helpers import ALICE, DIMS, index, vector_of


def test_a_path_and_a_url_open_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "with space.db"
    with open_store(str(path)) as store:
        store.put(ALICE, "k", {"n": 1})
    with open_store(f"faiss://{tmp_path}/with%20space.db") as store:
        assert store.get(ALICE, "k") is not None
    with open_store(":memory:") as store:
        assert store.get(ALICE, "k") is None


@pytest.mark.parametrize("url", ["redis://x", "faiss://", "faiss:///a.db?x=1", "", 7])
def test_other_urls_are_refused_naming_what_is_known(url: Any) -> None:
    with pytest.raises(ValueError, match="faiss:///"):
        open_store(url)


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": ""},
        {"path": 7},
        {"path": "a\0b"},
        {"memory_budget": -1},
        {"synchronous": "off"},
        {"index": {"embed": vector_of}},
        {"index": {"dims": 0, "embed": vector_of}},
        {"index": {"dims": 3}},
        {"index": {"dims": 3, "embed": vector_of, "fields": "text"}},
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        FaissStore.from_conn_string(**({"path": ":memory:"} | arguments))


@pytest.mark.parametrize(
    "op",
    [
        SearchOp(ALICE, limit=-1),
        SearchOp(ALICE, offset=-1),
        SearchOp(ALICE, limit=True),
        SearchOp(ALICE, query=7),  # type: ignore[arg-type]
        PutOp(ALICE, 7, {}),  # type: ignore[arg-type]
        PutOp(ALICE, "\ud800", {}),
        PutOp(ALICE, "k", {1: 2}),  # type: ignore[dict-item]
        PutOp(ALICE, "k", {"n": float("nan")}),
        PutOp(ALICE, "k", {}, index="text"),  # type: ignore[arg-type]
        PutOp(ALICE, "k", {}, index=True),  # type: ignore[arg-type]
        PutOp(ALICE, "k", {}, ttl=-1),
        PutOp(ALICE, "k", {}, ttl=float("inf")),
    ],
)
def test_operations_that_can_not_be_meant_leave_nothing_of_their_batch(op: Any) -> None:
    with FaissStore.from_conn_string(":memory:") as store:
        with pytest.raises(InvalidInputError):
            store.batch([PutOp(ALICE, "good", {}), op])
        assert store.list_namespaces() == []


def test_a_circular_value_is_refused() -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    with FaissStore.from_conn_string(":memory:") as store, pytest.raises(InvalidInputError):
        store.put(ALICE, "k", value)


async def test_async_with_and_async_embedding_work() -> None:
    async def embed(texts: list[str]) -> list[list[float]]:
        return [vector_of(text) for text in texts]

    async with FaissStore.from_conn_string(":memory:", index=index(embed)) as store:
        await store.aput(ALICE, "k", {"text": "tea"})
        found = await store.asearch(ALICE, query="tea")
        assert found[0].score == pytest.approx(1)


def test_an_async_embedding_function_serves_sync_methods_too() -> None:
    async def embed(texts: list[str]) -> list[list[float]]:
        if "bad" in texts:
            raise RuntimeError("no")
        return [vector_of(text) for text in texts]

    with FaissStore.from_conn_string(":memory:", index=index(embed)) as store:
        store.put(ALICE, "k", {"text": "tea"})
        assert store.search(ALICE, query="tea")[0].score == pytest.approx(1)
        with pytest.raises(EmbeddingError):
            store.put(ALICE, "l", {"text": "bad"})


def test_a_zero_vector_is_like_nothing() -> None:
    with FaissStore.from_conn_string(":memory:", index=index(lambda texts: [[0.0] * DIMS for _ in texts])) as store:
        store.put(ALICE, "k", {"text": "tea"})
        assert [item.score for item in store.search(ALICE, query="tea")] == [0]


@pytest.mark.parametrize("answer", [None, 3, "ab", [None, None], [["a"] * DIMS], [[1e300] * DIMS]])
def test_unusable_answers_of_an_embedding_function_are_errors(answer: Any) -> None:
    with FaissStore.from_conn_string(":memory:", index=index(lambda _: answer)) as store:
        with pytest.raises(EmbeddingError):
            store.put(ALICE, "k", {"text": "tea"})
        assert store.get(ALICE, "k") is None
