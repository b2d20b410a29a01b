"""Listing a namespace in the order of a number, and counting items, as the store itself does it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from langmem_ext import FaissStore, open_store
from langmem_ext.errors import InvalidInputError
from langmem_ext.store.filters import equal
from langmem_ext.store.hybrid import HybridStore

SPACE = ("memories", "alice")


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.network_loopback)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HybridStore]:
    url = request.getfixturevalue("empty_store") if request.param == "postgres" else str(tmp_path / "memory.db")
    with open_store(url) as opened:
        for number in range(6):
            value = {"at": float(number % 3), "tags": ["Ä", 'quo"te'] if number else [], "text": f"ITEM {number} 湖"}
            opened.put(SPACE, f"k{number}", value)
        opened.put(SPACE, "none", {"text": "no number"})
        opened.put(("memories", "bob"), "k0", {"at": 9.0})
        yield opened


def test_items_come_by_number_then_by_writing_and_those_without_last(store: HybridStore) -> None:
    found = store.search_ordered(SPACE, "at", limit=10)
    assert [item.key for item in found.items] == ["k5", "k2", "k4", "k1", "k3", "k0", "none"]
    assert np.array_equal(found.numbers, [2, 2, 1, 1, 0, 0, np.nan], equal_nan=True)
    rising = store.search_ordered(SPACE, "at", ascending=True, limit=10)
    assert [item.key for item in rising.items] == ["k0", "k3", "k1", "k4", "k2", "k5", "none"]


def test_a_page_is_cut_after_everything_was_counted(store: HybridStore) -> None:
    found = store.search_ordered(SPACE, "at", filter={"at": {"$gte": 1}}, limit=1, offset=1)
    assert [item.key for item in found.items] == ["k2"]
    assert found.numbers.tolist() == [2, 2, 1, 1]
    assert store.search_ordered(SPACE, "at", limit=0).numbers.size == 7


def test_a_field_contains_text_or_an_entry(store: HybridStore) -> None:
    def keys(field: str, text: str) -> list[str]:
        return [item.key for item in store.search_ordered(SPACE, "at", contains=(field, text)).items]

    assert keys("text", "item 4") == ["k4"]
    assert keys("text", "湖") == ["k5", "k2", "k4", "k1", "k3", "k0"]
    assert keys("tags", 'quo"te') == ["k5", "k2", "k4", "k1", "k3"]
    assert keys("tags", "quo") == []
    assert keys("missing", "x") == []
    assert keys('"] or 1=1 --', "x") == []


def test_only_the_keys_asked_for(store: HybridStore) -> None:
    found = store.search_ordered(SPACE, "at", keys=["k1", "k0", "nobody"])
    assert [item.key for item in found.items] == ["k1", "k0"]
    assert store.search_ordered(SPACE, "at", keys=[]).items == []


def test_writes_are_seen_at_once(store: HybridStore) -> None:
    store.search_ordered(SPACE, "at")
    store.put(SPACE, "k0", {"at": 7.0})
    store.delete(SPACE, "k5")
    assert [item.key for item in store.search_ordered(SPACE, "at", limit=2).items] == ["k0", "k2"]


def test_counts_are_told_by_namespace(store: HybridStore) -> None:
    store.put(("memories", "alicia"), "k", {"text": "another prefix"})
    assert store.count_items(SPACE) == {SPACE: 7}
    assert store.count_items(("memories",)) == {SPACE: 7, ("memories", "alicia"): 1, ("memories", "bob"): 1}
    assert store.count_items(()) == store.count_items(("memories",))
    assert store.count_items(("nobody",)) == {}


async def test_both_are_awaitable(store: HybridStore) -> None:
    assert (await store.asearch_ordered(SPACE, "at", limit=1)).items[0].key == "k5"
    assert await store.acount_items(SPACE) == {SPACE: 7}


def test_an_unknown_namespace_is_empty_and_a_bad_argument_an_error(store: HybridStore) -> None:
    assert store.search_ordered(("nobody",), "at").items == []
    with pytest.raises(InvalidInputError):
        store.search_ordered(SPACE, "")
    with pytest.raises(InvalidInputError):
        store.search_ordered(SPACE, "at", limit=-1)


def test_values_of_every_type_are_filtered_as_they_were_written(tmp_path: Path) -> None:
    odd = [
        True,
        False,
        None,
        1,
        1.0,
        2**70,
        0.1 + 0.2,
        "",
        "1",
        "\ud800",
        'a"\\b\u0000',
        "湖",
        [1, {"a": []}],
        {"b": 1},
    ]
    with FaissStore.from_conn_string(tmp_path / "odd.db") as store:
        for number, value in enumerate(odd):
            store.put(SPACE, str(number), {"v": value, "n": number})
        for value in odd:
            if isinstance(value, dict):
                continue
            expected = {str(n) for n, other in enumerate(odd) if equal(other, value)}
            for key in ("v", "n"):  # once alone, once beside another column
                conditions = {"v": value} if key == "v" else {"v": value, "n": {"$gte": 0}}
                assert {item.key for item in store.search(SPACE, filter=conditions, limit=20)} == expected
