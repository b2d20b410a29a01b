"""Fusing, boosting, and whether an embedder is to be trusted."""

import gc
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from langchain_core.embeddings import Embeddings
from langgraph.store.base import BaseStore, IndexConfig
from langgraph.store.memory import InMemoryStore

from langmem_ext.lexical.documents import ASKS, PERSONAL
from langmem_ext.longterm import RecallSettings
from langmem_ext.longterm.probe import PAIRS, Script, understands
from langmem_ext.longterm.ranking import boost, dense_weight, fuse, scaled, standard, trusts_vectors
from langmem_ext.offline import HashingEmbeddings
from langmem_ext.operations import arun, run
from langmem_ext.protocols import Candidates
from langmem_ext.records import MemoryRecord
from langmem_ext.times import spans

NOW = datetime(2024, 6, 15, tzinfo=UTC)
SETTINGS = RecallSettings()


def candidates(words: Sequence[float], **columns: Any) -> Candidates:
    count = len(words)
    zeros = np.zeros(count, np.float32)
    defaults: dict[str, Any] = {
        "keys": [f"k{number}" for number in range(count)],
        "words": np.asarray(words, np.float32),
        "dates": zeros,
        "characters": zeros,
        "dense": np.full(count, np.nan, np.float32),
        "speakers": [""] * count,
        "times": np.full(count, np.nan),
        "total": count,
    }
    return Candidates(**(defaults | columns))


def best(found: Candidates, settings: RecallSettings = SETTINGS) -> int:
    return int(np.argmax(fuse(found, "x", (), settings)))


def record(name: str, **fields: Any) -> MemoryRecord:
    fields = {"occurred_at": NOW, "recorded_at": NOW} | fields
    return MemoryRecord(id=name, content=name, **fields)


class Meaning(Embeddings):
    """Understands the probe's sentences of some scripts: partners have the same vector."""

    def __init__(self, *scripts: Script) -> None:
        self.calls = 0
        self._known = {text: number for script in scripts for number, pair in enumerate(PAIRS[script]) for text in pair}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.calls += 1
        return [self._vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self._vector(text)

    def _vector(self, text: str) -> list[float]:
        seed = self._known.get(text, int(hashlib.sha256(text.encode()).hexdigest()[:8], 16))
        vector: list[float] = np.random.default_rng(seed).standard_normal(32).tolist()
        return vector


def store_of(embeddings: Embeddings | None) -> BaseStore:
    index = None if embeddings is None else IndexConfig(dims=32, embed=embeddings)
    return InMemoryStore(index=index)


@settings(max_examples=40)
@given(st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_scaling_gives_finite_numbers(values: list[float]) -> None:
    array = np.asarray(values, np.float64)
    assert np.isfinite(standard(array)).all()
    assert (scaled(np.abs(array)) <= 1).all()


def test_no_candidates_and_equal_candidates_are_ranked() -> None:
    assert fuse(candidates([]), "x", (), SETTINGS).size == 0
    assert np.isfinite(fuse(candidates([0, 0, 0]), "x", (), SETTINGS)).all()
    assert np.isfinite(fuse(candidates([1]), "x", (), SETTINGS)).all()


def test_words_dates_and_characters_each_raise() -> None:
    assert best(candidates([1, 3, 2])) == 1
    assert best(candidates([1, 1, 1], dates=np.array([0, 0, 2], np.float32))) == 2
    assert best(candidates([1, 1, 1], characters=np.array([0, 2, 0], np.float32))) == 1


def test_vectors_count_by_their_weight_and_missing_ones_are_average() -> None:
    dense = np.array([0.1, 0.9, np.nan], np.float32)
    found = candidates([1.2, 1.0, 1.0], dense=dense)
    assert best(found, RecallSettings(dense=0)) == 0
    assert best(found, RecallSettings(dense=4)) == 1
    fused = fuse(candidates([1, 1, 1], dense=dense), "x", (), RecallSettings(dense=1))
    assert fused[1] > fused[2] > fused[0]


def test_what_is_like_the_nearest_is_raised() -> None:
    dense = np.array([0.9, 0.3, 0.3], np.float32)
    fused = fuse(candidates([0, 0, 0], dense=dense, feedback=np.array([0.9, 0.1, 0.5], np.float32)), "x", (), SETTINGS)
    assert np.argsort(-fused).tolist() == [0, 2, 1]


def test_the_one_speaker_named_is_raised_and_two_are_not() -> None:
    speakers = ["Ann", "ＢＥＮ", "Ann", "Ann"]
    assert best(candidates([1.1, 1, 0.2, 0.1], speakers=speakers, named=frozenset({"ben"}))) == 1
    assert best(candidates([1.1, 1, 0.2, 0.1], speakers=speakers, named=frozenset({"ben", "ann"}))) == 0


def test_times_named_raise_what_is_inside_and_exclude_nothing() -> None:
    times = np.array(
        [datetime(2024, 1, 5, tzinfo=UTC).timestamp(), datetime(2024, 6, 5, tzinfo=UTC).timestamp(), np.nan]
    )
    found = candidates([1, 1, 1], times=times)
    when = spans("in January 2024", NOW, UTC)
    fused = fuse(found, "in January 2024", when, SETTINGS)
    assert fused[0] > fused[1] == fused[2]


def test_what_tells_something_beats_questions_and_courtesies() -> None:
    marks = np.array([ASKS, PERSONAL, 0], np.uint8)
    fused = fuse(candidates([1, 1, 1], marks=marks), "x", (), SETTINGS)
    assert np.argsort(-fused).tolist() == [1, 2, 0]
    assert best(candidates([1, 1], lengths=np.array([2, 20], np.float32))) == 1


def test_importance_recency_and_use_decide_between_equals() -> None:
    old, new = NOW - timedelta(days=400), NOW - timedelta(days=1)
    for better, worse in [
        (record("a", importance=0.9), record("b", importance=0.1)),
        (record("a", occurred_at=new), record("b", occurred_at=old)),
        (record("a", access_count=9), record("b")),
    ]:
        boosted = boost(np.array([1.0, 1.0]), [worse, better], NOW, SETTINGS)
        assert boosted[1] > boosted[0]


def test_neither_age_nor_use_decides_between_messages() -> None:
    old, new = NOW - timedelta(days=400), NOW - timedelta(days=1)
    said = [
        record("a", kind="message", occurred_at=old),
        record("b", kind="message", occurred_at=new, access_count=9),
    ]
    np.testing.assert_allclose(boost(np.array([1.0, 1.0]), said, NOW, SETTINGS), [1.0, 1.0])


def test_boosts_do_not_turn_a_bad_match_into_a_good_one() -> None:
    records = [record("a", importance=0.0), record("b"), record("c", importance=1.0)]
    assert np.argmax(boost(np.array([5.0, 1.0, 0.0]), records, NOW, SETTINGS)) == 0


def test_boosts_that_are_the_same_for_all_change_nothing() -> None:
    scores = np.array([3.0, 1.0, -2.0])
    same = [record(name, importance=0.7) for name in "abc"]
    np.testing.assert_allclose(boost(scores, same, NOW, SETTINGS), scores)
    assert boost(np.zeros(0), [], NOW, SETTINGS).size == 0


def test_hashed_vectors_are_not_trusted() -> None:
    embeddings = HashingEmbeddings()
    assert not run(understands(embeddings, "spaced"))
    assert not run(understands(embeddings, "unspaced"))


def test_an_english_embedder_is_trusted_with_english_only() -> None:
    store = store_of(Meaning("spaced"))
    assert run(trusts_vectors(store, "What does Caroline like to do at the lake?", SETTINGS))
    assert not run(trusts_vectors(store, "她喜欢在湖边做什么", SETTINGS))
    both = store_of(Meaning("spaced", "unspaced"))
    assert run(trusts_vectors(both, "她喜欢在湖边做什么", SETTINGS))


def test_vectors_weigh_the_more_the_less_the_words_cover_up_to_a_bound() -> None:
    dense = np.array([0.1, 0.9], np.float32)
    weights = [
        dense_weight(candidates([1, 1], dense=dense, coverage=share), SETTINGS) for share in (1.0, 0.5, 0.1, 0.001, 0.0)
    ]
    assert weights == sorted(weights)
    assert weights[1] == 2 * weights[0]
    assert weights[-1] == SETTINGS.dense_most
    assert dense_weight(candidates([1, 1], coverage=0.1), SETTINGS) == 0.0


def test_a_fixed_weight_asks_no_embedder() -> None:
    embeddings = Meaning()
    fixed = RecallSettings(dense=0.7)
    assert run(trusts_vectors(store_of(embeddings), "x", fixed))
    assert not run(trusts_vectors(store_of(embeddings), "x", RecallSettings(dense=0)))
    assert dense_weight(candidates([1], dense=np.array([0.5], np.float32), coverage=0.01), fixed) == 0.7
    assert embeddings.calls == 0
    assert not run(trusts_vectors(store_of(None), "x", SETTINGS))


async def test_an_embedder_is_probed_once_for_each_script_and_forgotten_with_it() -> None:
    embeddings = Meaning("spaced")
    for _ in range(3):
        run(understands(embeddings, "spaced"))
        assert await arun(understands(embeddings, "spaced"))
    assert embeddings.calls == 1
    del embeddings
    gc.collect()
    assert not run(understands(Meaning(), "spaced"))


@pytest.mark.parametrize("wrong", [{"speaker": -1}, {"candidates": 0}, {"unknown": 1}, {"length_exponent": 2}])
def test_settings_that_can_not_be_meant_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RecallSettings(**wrong)
