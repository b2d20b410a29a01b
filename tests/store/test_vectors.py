"""Exact search over rows that come and go, in both precisions."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from langmem_ext.store.embedding import normalise
from langmem_ext.store.vectors import Rows, VectorIndex

DIMS = 8


def rows(count: int, seed: int) -> Rows:
    return normalise(np.random.default_rng(seed).standard_normal((count, DIMS)).astype(np.float32))


@settings(max_examples=40, deadline=None)
@given(
    half=st.booleans(),
    slots=st.lists(st.integers(0, 30), min_size=1, max_size=60),
    removed=st.sets(st.integers(0, 30), max_size=20),
    share=st.sampled_from([0.1, 0.5, 1.0]),
    seed=st.integers(0, 1000),
)
def test_search_finds_the_best_of_what_is_there_and_allowed(
    half: bool,
    slots: list[int],
    removed: set[int],
    share: float,
    seed: int,
) -> None:
    index = VectorIndex(DIMS, half=half)
    vectors, query = rows(len(slots), seed), rows(1, seed + 1)[0]
    index.add(np.array(slots), vectors)
    index.remove(np.array(sorted(removed), np.int64))
    mask = np.random.default_rng(seed).random(31) < share
    best: dict[int, float] = {}
    for slot, vector in zip(slots, vectors, strict=True):
        if slot not in removed and mask[slot]:
            best[slot] = max(best.get(slot, -2), float(vector @ query))
    found, scores, complete = index.search(query, len(slots), mask)
    assert complete
    assert dict(zip(found.tolist(), scores.tolist(), strict=True)) == pytest.approx(best, abs=index.rounding)
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    some = np.arange(31)
    told = index.scores(query, some)
    held = {slot for slot in slots if slot not in removed}
    assert {slot for slot in some.tolist() if not np.isnan(told[slot])} == held


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4, 0.9])
@pytest.mark.parametrize("half", [True, False])
def test_every_way_to_apply_a_mask_is_exact(half: bool, share: float) -> None:
    count = 30_000
    vectors, query = rows(count, 1), rows(1, 2)[0]
    index = VectorIndex(DIMS, half=half)
    index.add(np.arange(count), vectors)
    mask = np.random.default_rng(3).random(count) < share
    found, scores, complete = index.search(query, 50, mask)
    exact = np.where(mask, vectors @ query, -2)
    assert not complete
    assert mask[found].all()
    assert np.abs(scores - exact[found]).max() <= index.rounding
    assert scores.min() >= np.sort(exact)[-50] - 2 * index.rounding


def test_half_precision_stays_within_its_bound() -> None:
    dims = 384
    generator = np.random.default_rng(4)
    vectors = normalise(generator.standard_normal((2000, dims)).astype(np.float32) ** 3)
    index = VectorIndex(dims, half=True)
    index.add(np.arange(len(vectors)), vectors)
    for query in vectors[:20]:
        found, scores, _ = index.search(query, len(vectors), None)
        assert np.abs(scores - (vectors @ query)[found]).max() <= index.rounding
