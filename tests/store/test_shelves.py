"""What is held in memory: bounded, followed up, and never different from the file."""

from pathlib import Path

import numpy as np
import pytest
from langgraph.store.base import PutOp

from langmem_ext.store import FaissStore, shelf as shelf_module, writing
from tests.store.helpers import ALICE, index, vector_of


def user(number: int) -> tuple[str, ...]:
    return ("memories", f"user{number}")


def test_namespaces_in_memory_stay_within_the_budget(tmp_path: Path) -> None:
    budget = 100_000
    with FaissStore.from_conn_string(tmp_path / "m.db", index=index(), memory_budget=budget) as store:
        store.batch([PutOp(user(n % 60), str(n), {"text": f"text {n}"}) for n in range(3000)])
        for n in range(60):
            assert store.search(user(n), query=f"text {n}", limit=1)[0].key == str(n)
            assert store.search_lexical(user(n), f"text {n}", limit=1)[0].key == str(n)
            assert store._shelves.nbytes <= budget
        assert 1 <= len(store._shelves) < 60
        assert store.search((), query="text 7", limit=1)[0].namespace == user(7)


def test_a_namespace_larger_than_the_budget_is_still_searched() -> None:
    with FaissStore.from_conn_string(":memory:", index=index(), memory_budget=0) as store:
        store.batch([PutOp(ALICE, str(n), {"text": f"text {n}"}) for n in range(100)])
        assert store.search(ALICE, query="text 99", limit=1)[0].key == "99"
        assert len(store._shelves) == 1


@pytest.mark.parametrize("rows", [16, 10**6])
def test_results_are_exact_through_growth_updates_and_deletes(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the size for half precision, with slots dying until the shelf is read anew, and tombstones pruned."""
    monkeypatch.setattr(shelf_module, "HALF_FROM_ROWS", rows)
    monkeypatch.setattr(shelf_module, "_DEAD_MIN", 8)
    monkeypatch.setattr(writing, "_TOMBSTONES", 6)
    generator = np.random.default_rng(1)
    held: dict[str, str] = {}
    with (
        FaissStore.from_conn_string(tmp_path / "m.db", index=index()) as store,
        FaissStore.from_conn_string(tmp_path / "m.db", index=index()) as other,
    ):
        for step in range(40):
            ops: list[PutOp] = []
            for _ in range(4):
                key = str(generator.integers(30))
                text = None if generator.random() < 0.3 else f"text {generator.integers(1000)}"
                ops.append(PutOp(ALICE, key, None if text is None else {"text": text}))
            (store if step % 2 else other).batch(ops)
            for op in ops:
                held.pop(op.key, None)
                if op.value is not None:
                    held[op.key] = op.value["text"]
            query = np.array(vector_of(f"query {step}"))
            cosines = {key: cosine(query, np.array(vector_of(text))) for key, text in held.items()}
            if step % 3 == 0:
                for reader in (store, other):
                    found = {item.key: item.score for item in reader.search(ALICE, query=f"query {step}", limit=99)}
                    assert found == pytest.approx(cosines, abs=1e-5)
        assert store.check().ok


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_equal_scores_come_in_one_order_on_every_page() -> None:
    with FaissStore.from_conn_string(":memory:", index=index()) as store:
        store.batch([PutOp(ALICE, str(n), {"text": "same"}) for n in range(60)])
        pages = [store.search(ALICE, query="same", limit=7, offset=offset) for offset in range(0, 60, 7)]
        keys = [item.key for page in pages for item in page]
        assert len(keys) == len(set(keys)) == 60


def test_a_batch_keeps_its_order_over_all_namespaces() -> None:
    with FaissStore.from_conn_string(":memory:") as store:
        store.batch([PutOp(user(n % 3), str(n), {"n": n}) for n in range(9)])
        assert [item.key for item in store.search((), limit=9)] == list("876543210")
        assert [item.key for item in store.search((), filter={"n": {"$gte": 0}}, limit=9)] == list("876543210")


def test_a_filtered_search_where_nothing_has_a_vector_finds_nothing() -> None:
    with FaissStore.from_conn_string(":memory:", index=index()) as store:
        store.put(ALICE, "k", {"n": 1}, index=False)
        assert store.search(ALICE, query="tea", filter={"n": 1}) == []
