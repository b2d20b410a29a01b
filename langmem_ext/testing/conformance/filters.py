"""Filters: operators, types, nested and non-ASCII keys; every key and value is data, never SQL."""

from typing import Any

import pytest
from langgraph.store.base import BaseStore

from langmem_ext.testing.conformance.base import ConformanceBase
from langmem_ext.testing.conformance.items import ALICE, BOB

VALUES: dict[str, dict[str, Any]] = {
    "one": {"n": 1, "s": "a", "flag": True, "at": "2025-09-30", "tags": ["x", "y"], "m": {"a": 1, "b": {"c": "deep"}}},
    "two": {"n": 2.5, "s": "b", "flag": False, "at": "2025-10-01T08:00:00", "tags": ["x"], "m": {"a": 2}},
    "ten": {"n": 10, "s": "10", "flag": None, "at": "2024-12-31", "tags": [], "m": {}},
    "text": {"n": "2", "s": "", "flag": 1, "tags": "x", "m": "a"},
    "bare": {"主题": {"城市": "苏黎世"}, "情绪": "开心"},
}


def keys(store: BaseStore, condition: dict[str, Any]) -> set[str]:
    """Return the keys of Alice's items that pass the filter."""
    return {item.key for item in store.search(ALICE, filter=condition)}


def fill(store: BaseStore) -> None:
    """Put `VALUES` into Alice's namespace."""
    for key, value in VALUES.items():
        store.put(ALICE, key, value, index=False)


class FilterBehaviour(ConformanceBase):
    """Filters on values."""

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ({"s": "a"}, {"one"}),
            ({"n": 1}, {"one"}),
            ({"n": 1.0}, {"one"}),
            ({"n": "2"}, {"text"}),
            ({"n": {"$eq": 1}}, {"one"}),
            ({"s": "a", "n": 1}, {"one"}),
            ({"s": "a", "n": 2.5}, set()),
            ({"s": ""}, {"text"}),
            ({"nowhere": 1}, set()),
            ({}, set(VALUES)),
        ],
    )
    def test_equality(self, store: BaseStore, condition: dict[str, Any], expected: set[str]) -> None:
        """A plain value must be equal; several keys must all hold; no keys hold always."""
        fill(store)
        assert keys(store, condition) == expected

    def test_booleans_are_not_numbers(self, store: BaseStore) -> None:
        """`True` is not 1, as in JSON."""
        fill(store)
        assert keys(store, {"flag": True}) == {"one"}
        assert keys(store, {"flag": False}) == {"two"}
        assert keys(store, {"flag": 1}) == {"text"}

    def test_none_matches_null_and_missing(self, store: BaseStore) -> None:
        """A filter on None finds items where the key is null or absent; `$ne` None finds the others."""
        fill(store)
        assert keys(store, {"flag": None}) == {"ten", "bare"}
        assert keys(store, {"flag": {"$ne": None}}) == {"one", "two", "text"}

    @pytest.mark.parametrize(
        ("operators", "expected"),
        [
            ({"$gt": 1}, {"two", "ten"}),
            ({"$gte": 1}, {"one", "two", "ten"}),
            ({"$lt": 10}, {"one", "two"}),
            ({"$lte": 2.5}, {"one", "two"}),
            ({"$gt": 1, "$lt": 10}, {"two"}),
            ({"$gt": 1, "$ne": 10}, {"two"}),
        ],
    )
    def test_numbers_are_compared_as_numbers(
        self, store: BaseStore, operators: dict[str, Any], expected: set[str]
    ) -> None:
        """9 is less than 10; an item where the key is missing or text is neither more nor less, and no error."""
        fill(store)
        assert keys(store, {"n": operators}) == expected

    @pytest.mark.parametrize(
        ("operators", "expected"),
        [
            ({"$gte": "2025-09-30"}, {"one", "two"}),
            ({"$gt": "2025-09-30"}, {"two"}),
            ({"$lt": "2025-01-01"}, {"ten"}),
            ({"$gte": "2025-09-01", "$lt": "2025-10-01"}, {"one"}),
        ],
    )
    def test_iso_dates_are_compared_as_strings(
        self, store: BaseStore, operators: dict[str, Any], expected: set[str]
    ) -> None:
        """Strings compare with strings in code point order, which is what ISO dates need."""
        fill(store)
        assert keys(store, {"at": operators}) == expected

    def test_not_equal_is_the_complement_of_equal(self, store: BaseStore) -> None:
        """Every item passes exactly one of `$eq` and `$ne`, those where the key is missing too."""
        fill(store)
        for key, value in (("s", "a"), ("n", 1), ("flag", True), ("tags", ["x"]), ("nowhere", 1)):
            equal = keys(store, {key: {"$eq": value}})
            unequal = keys(store, {key: {"$ne": value}})
            assert equal | unequal == set(VALUES)
            assert not equal & unequal

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ({"s": {"$in": ["a", "10", "z"]}}, {"one", "ten"}),
            ({"n": {"$in": [1, 10.0]}}, {"one", "ten"}),
            ({"n": {"$in": []}}, set()),
            ({"n": {"$in": ["2"]}}, {"text"}),
            ({"情绪": {"$in": ["开心", "难过"]}}, {"bare"}),
        ],
    )
    def test_in_takes_any_of_a_list(self, store: BaseStore, condition: dict[str, Any], expected: set[str]) -> None:
        """`$in` holds when one of its values is equal."""
        fill(store)
        assert keys(store, condition) == expected

    def test_lists_are_compared_whole(self, store: BaseStore) -> None:
        """A list is equal to a list with the same elements in the same order."""
        fill(store)
        assert keys(store, {"tags": ["x", "y"]}) == {"one"}
        assert keys(store, {"tags": ["y", "x"]}) == set()
        assert keys(store, {"tags": ["x"]}) == {"two"}
        assert keys(store, {"tags": []}) == {"ten"}

    def test_nested_dictionaries_match_in_part(self, store: BaseStore) -> None:
        """A dictionary asks for the keys it names, at any depth."""
        fill(store)
        assert keys(store, {"m": {"a": 1}}) == {"one"}
        assert keys(store, {"m": {"b": {"c": "deep"}}}) == {"one"}

    def test_operators_apply_to_nested_keys(self, store: BaseStore) -> None:
        """Operators inside nested dictionaries and behind dotted keys; items without the key don't match."""
        fill(store)
        assert keys(store, {"m": {"a": {"$gte": 1}}}) == {"one", "two"}
        assert keys(store, {"m.a": {"$gt": 1}}) == {"two"}

    def test_dotted_keys_reach_into_dictionaries(self, store: BaseStore) -> None:
        """`"m.a"` is the key `a` of the dictionary under `m`."""
        fill(store)
        assert keys(store, {"m.a": 2}) == {"two"}
        assert keys(store, {"m.b.c": "deep"}) == {"one"}
        assert keys(store, {"主题.城市": "苏黎世"}) == {"bare"}

    def test_keys_and_values_may_be_chinese(self, store: BaseStore) -> None:
        """Non-ASCII keys, flat and nested."""
        fill(store)
        assert keys(store, {"情绪": "开心"}) == {"bare"}
        assert keys(store, {"主题": {"城市": "苏黎世"}}) == {"bare"}

    @pytest.mark.parametrize(
        "hostile", ["a'b", 'a"b', "x') OR 1=1 --", "a\\b", "a b", "[0]", "$", "%", "'; DROP TABLE"]
    )
    def test_keys_and_values_are_never_code(self, store: BaseStore, hostile: str) -> None:
        """Quotes, backslashes and SQL in keys and values are plain characters."""
        store.put(ALICE, "hit", {hostile: hostile}, index=False)
        store.put(ALICE, "miss", {"n": 1}, index=False)
        assert keys(store, {hostile: hostile}) == {"hit"}
        assert keys(store, {"n": hostile}) == set()

    def test_unknown_operators_are_refused(self, store: BaseStore) -> None:
        """A misspelt operator raises a `ValueError`; it must not match everything or nothing."""
        fill(store)
        with pytest.raises(ValueError, match=r"\$like|operator"):
            store.search(ALICE, filter={"s": {"$like": "a"}})

    def test_filters_combine_with_prefixes_and_pages(self, store: BaseStore) -> None:
        """The filter comes before limit and offset, in every namespace below the prefix."""
        for n in range(40):
            store.put((ALICE, BOB)[n % 2], str(n), {"n": n, "rare": n % 10 == 0}, index=False)
        found = store.search(("memories",), filter={"rare": True}, limit=3)
        rest = store.search(("memories",), filter={"rare": True}, limit=3, offset=3)
        assert {item.key for item in found} | {item.key for item in rest} == {"0", "10", "20", "30"}
        assert len(found) == 3
        assert [item.key for item in store.search(BOB, filter={"n": {"$lt": 3}})] == ["1"]

    def test_filters_follow_updates(self, store: BaseStore) -> None:
        """A changed or deleted value is filtered by what it is now."""
        fill(store)
        assert keys(store, {"n": 1}) == {"one"}
        store.put(ALICE, "one", {"n": 7, "new": "field"}, index=False)
        store.delete(ALICE, "two")
        store.put(ALICE, "three", {"n": 1}, index=False)
        assert keys(store, {"n": 1}) == {"three"}
        assert keys(store, {"n": 7}) == {"one"}
        assert keys(store, {"new": "field"}) == {"one"}
