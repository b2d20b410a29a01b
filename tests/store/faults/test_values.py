import math
from pathlib import Path

import pytest
from langgraph.store.base import IndexConfig, PutOp

from langmem_ext.errors import EmbeddingError
from langmem_ext.store import FaissStore
from langmem_ext.testing.conformance import SuiteEmbeddings
from langmem_ext.testing.conformance.embedding import DIMS
from tests.store.faults.workers import NAMESPACE, open_store

TEN_MEGABYTES = 10_000_000


@pytest.mark.parametrize("text", ["a \x00 b", "\x00", "lone \ud83d surrogate", "\udc00", "茶\ufeff\u202e"])
def test_odd_characters_come_back_from_disk_as_they_were(tmp_path: Path, text: str) -> None:
    path = str(tmp_path / "memory.db")
    value = {"text": text, text: [text, {text: 1}]}
    with open_store(path) as store:
        store.put(NAMESPACE, "k", value)
        assert [item.value for item in store.search(NAMESPACE, filter={"text": text})] == [value]
    with open_store(path) as store:
        assert store.get(NAMESPACE, "k").value == value
        assert [item.value for item in store.search(NAMESPACE, query="tea")] == [value]
        assert store.check().ok


def test_ten_megabytes_come_back_from_disk_and_are_found(tmp_path: Path) -> None:
    path = str(tmp_path / "memory.db")
    blob = "茶x" * (TEN_MEGABYTES // 4)
    with open_store(path) as store:
        store.put(NAMESPACE, "large", {"text": "tea", "blob": blob})
        store.put(NAMESPACE, "small", {"text": "coffee"})
    with open_store(path) as store:
        assert store.get(NAMESPACE, "large").value["blob"] == blob
        assert store.search(NAMESPACE, query="tea", limit=1)[0].key == "large"


def test_ten_megabytes_of_text_can_be_indexed(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "memory.db")) as store:
        store.put(NAMESPACE, "large", {"text": "tea and coffee, " * (TEN_MEGABYTES // 16) + "clarinet"})
        assert [item.key for item in store.search_lexical(NAMESPACE, "clarinet")] == ["large"]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_json_does_not_know_are_refused(tmp_path: Path, number: float) -> None:
    with open_store(str(tmp_path / "memory.db")) as store:
        with pytest.raises(ValueError, match=r"\w+"):
            store.batch([PutOp(NAMESPACE, "good", {"n": 1}), PutOp(NAMESPACE, "bad", {"deep": [{"n": number}]})])
        assert store.search(NAMESPACE) == []


@pytest.mark.parametrize("distortion", ["nan", "infinite", "surplus", "shortage", "dimension"])
def test_unusable_vectors_are_embedding_errors_that_quote_no_text(distortion: str) -> None:
    embeddings = SuiteEmbeddings()
    index = IndexConfig(dims=DIMS, embed=embeddings, fields=["text"])
    with FaissStore.from_conn_string(":memory:", index=index) as store:
        embeddings.distortion = distortion
        with pytest.raises(EmbeddingError) as refused:
            store.batch([PutOp(NAMESPACE, "a", {"text": "secret tea"}), PutOp(NAMESPACE, "b", {"text": "coffee"})])
        assert "secret" not in str(refused.value)
        assert store.search(NAMESPACE) == []


def test_a_failing_embedding_function_is_the_cause_of_the_error() -> None:
    embeddings = SuiteEmbeddings()
    with FaissStore.from_conn_string(":memory:", index=IndexConfig(dims=DIMS, embed=embeddings)) as store:
        embeddings.failure = ConnectionError("no route")
        with pytest.raises(EmbeddingError) as refused:
            store.put(NAMESPACE, "a", {"text": "tea"})
        assert isinstance(refused.value.__cause__, ConnectionError)
        with pytest.raises(EmbeddingError):
            store.search(NAMESPACE, query="tea")
        assert store.search(NAMESPACE) == []
