"""Hashing embeddings: deterministic unit vectors in which texts that share words are near."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, strategies as st
from langchain_core.embeddings import Embeddings
from langchain_tests.unit_tests import EmbeddingsUnitTests

from langmem_ext.errors import InvalidInputError
from langmem_ext.offline import HashingEmbeddings


class TestStandard(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return HashingEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, int]:
        return {"dims": 64}


def cosine(left: str, right: str) -> float:
    model = HashingEmbeddings()
    return float(np.dot(model.embed_query(left), model.embed_query(right)))


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("I love hiking in the Alps", "hikes in alpine terrain", "the price of shares fell"),
        ("我喜欢在瑞士徒步", "瑞士徒步路线", "股票价格下跌了"),
        ("瑞士的民宿 guesthouse", "民宿", "机票"),
        ("預算兩萬", "预算两万", "徒步"),
        ("Zürich hotels", "zurich hotel", "Geneva"),
    ],
)
def test_texts_that_share_words_are_nearer(text: str, near: str, far: str) -> None:
    assert cosine(text, near) > cosine(text, far) + 0.15


@given(st.lists(st.text(max_size=60), max_size=5), st.integers(1, 512))
def test_every_vector_is_a_unit_vector_of_the_asked_size(texts: list[str], dims: int) -> None:
    model = HashingEmbeddings(dims)
    vectors = model.embed_documents(texts)
    assert len(vectors) == len(texts)
    for text, vector in zip(texts, vectors, strict=True):
        assert len(vector) == dims
        assert np.isclose(np.linalg.norm(vector), 1.0)
        assert vector == model.embed_query(text)


def test_texts_without_words_share_one_vector() -> None:
    model = HashingEmbeddings()
    assert model.embed_query("") == model.embed_query("?! …") == model.embed_query("\ud800")


def test_another_process_computes_the_same_vectors() -> None:
    code = "from langmem_ext.offline import HashingEmbeddings as H; print(H(32).embed_query('hiking 徒步'))"
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == str(HashingEmbeddings(32).embed_query("hiking 徒步"))


async def test_async_and_threads_give_the_same_vectors() -> None:
    model = HashingEmbeddings()
    texts = [f"text number {number} 第{number}条" for number in range(40)]
    expected = model.embed_documents(texts)
    assert await model.aembed_documents(texts) == expected
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(model.embed_query, texts)) == expected


@pytest.mark.parametrize("dims", [0, -1, 65_537, 3.5, True, "384"])
def test_a_size_that_cannot_be_meant_is_refused(dims: object) -> None:
    with pytest.raises(InvalidInputError, match=repr(dims)):
        HashingEmbeddings(dims)  # type: ignore[arg-type]
