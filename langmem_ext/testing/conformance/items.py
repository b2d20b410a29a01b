"""Items: get, put, delete, batches, times, and arguments that can't be meant."""

from itertools import pairwise

import pytest
from langgraph.store.base import BaseStore, GetOp, InvalidNamespaceError, PutOp, SearchOp

from langmem_ext.testing.conformance.base import ConformanceBase
from langmem_ext.testing.conformance.driving import OpenStore

ALICE = ("memories", "alice")
BOB = ("memories", "bob")
MANY_PUTS = 60_000


class ItemBehaviour(ConformanceBase):
    """Get, put and delete, one by one and in batches."""

    def test_what_is_put_can_be_got(self, store: BaseStore) -> None:
        """A put item comes back with its namespace, key and value."""
        store.put(ALICE, "k", {"text": "green tea", "n": 1})
        item = store.get(ALICE, "k")
        assert item is not None
        assert (item.namespace, item.key, item.value) == (ALICE, "k", {"text": "green tea", "n": 1})

    def test_missing_items_are_none(self, store: BaseStore) -> None:
        """A key or a namespace that was never written gives None."""
        store.put(ALICE, "k", {"text": "tea"})
        assert store.get(ALICE, "other") is None
        assert store.get(("nobody",), "k") is None

    def test_the_same_key_in_two_namespaces_is_two_items(self, store: BaseStore) -> None:
        """Keys belong to their namespace."""
        store.put(ALICE, "k", {"text": "tea"})
        store.put(BOB, "k", {"text": "coffee"})
        store.delete(ALICE, "k")
        item = store.get(BOB, "k")
        assert store.get(ALICE, "k") is None
        assert item is not None
        assert item.value == {"text": "coffee"}

    def test_a_second_put_replaces_the_whole_value(self, store: BaseStore) -> None:
        """Values are replaced, not merged."""
        store.put(ALICE, "k", {"text": "tea", "old": True})
        store.put(ALICE, "k", {"text": "coffee"})
        item = store.get(ALICE, "k")
        assert item is not None
        assert item.value == {"text": "coffee"}
        assert len(store.search(ALICE)) == 1

    def test_deleting_what_is_not_there_is_no_error(self, store: BaseStore) -> None:
        """Delete is idempotent."""
        store.delete(ALICE, "k")
        store.put(ALICE, "k", {"text": "tea"})
        store.delete(ALICE, "k")
        store.delete(ALICE, "k")
        assert store.get(ALICE, "k") is None
        assert store.search(ALICE) == []

    def test_created_at_survives_an_update(self, store: BaseStore) -> None:
        """`created_at` is kept on update, `updated_at` moves on, both know their time zone."""
        store.put(ALICE, "k", {"text": "tea"})
        first = store.get(ALICE, "k")
        store.put(ALICE, "k", {"text": "coffee"})
        second = store.get(ALICE, "k")
        assert first is not None
        assert second is not None
        assert second.created_at == first.created_at
        assert second.updated_at > first.updated_at
        assert second.created_at.tzinfo is not None

    def test_times_follow_the_order_of_puts(self, store: BaseStore) -> None:
        """Later items have later times, however quickly they follow."""
        for n in range(20):
            store.put(ALICE, f"k{n}", {"text": "tea"})
        items = [store.get(ALICE, f"k{n}") for n in range(20)]
        times = [item.created_at for item in items if item is not None]
        assert len(times) == 20
        assert all(earlier < later for earlier, later in pairwise(times))

    def test_a_returned_value_is_a_copy(self, store: BaseStore) -> None:
        """Changing what was put, got or found changes nothing in the store."""
        value = {"text": "tea", "tags": ["a"]}
        store.put(ALICE, "k", value)
        value["tags"].append("b")  # type: ignore[attr-defined]
        got = store.get(ALICE, "k")
        assert got is not None
        got.value["tags"].append("c")
        store.search(ALICE)[0].value["tags"].append("d")
        again = store.get(ALICE, "k")
        assert again is not None
        assert again.value == {"text": "tea", "tags": ["a"]}

    @pytest.mark.parametrize(
        "value",
        [
            {},
            {"text": None, "yes": True, "no": False, "n": 0, "f": -1.5, "big": 2**53, "list": [], "map": {}},
            {"text": "茶🍵 é ﷽", "主题": {"嵌套": ["一", {"二": 2}]}},
            {"": "empty key", "a.b": 1, "$eq": 2, 'quo"te': 3, "it's": 4, "back\\slash": 5, "[0]": 6},
        ],
        ids=["empty", "json types", "chinese", "awkward keys"],
    )
    def test_json_values_round_trip(self, store: BaseStore, value: dict[str, object]) -> None:
        """Every JSON object comes back as it was, with its types."""
        store.put(ALICE, "k", value)
        item = store.get(ALICE, "k")
        assert item is not None
        assert item.value == value
        assert {key: type(part) for key, part in item.value.items()} == {key: type(part) for key, part in value.items()}

    @pytest.mark.parametrize("key", ["a.b", "钥匙", "with space", "it's", "%_*?[", "x" * 1000, "../../etc", "🔑"])
    def test_any_text_is_a_key(self, store: BaseStore, key: str) -> None:
        """Keys are not patterns, paths or SQL."""
        store.put(ALICE, key, {"text": "tea"})
        store.put(ALICE, "other", {"text": "coffee"})
        assert [item.key for item in store.search(ALICE, filter={"text": "tea"})] == [key]
        store.delete(ALICE, key)
        assert store.get(ALICE, key) is None
        assert store.get(ALICE, "other") is not None

    def test_nul_characters_round_trip_or_are_refused(self, store: BaseStore) -> None:
        """A text with NUL comes back as it was, or the put raises a `ValueError` and writes nothing."""
        round_trip_or_refuse(store, "nul \x00 inside")

    def test_lone_surrogates_round_trip_or_are_refused(self, store: BaseStore) -> None:
        """A text with a lone surrogate comes back as it was, or the put raises a `ValueError` and writes nothing."""
        round_trip_or_refuse(store, "lone \ud800 surrogate")

    def test_batch_results_stand_where_their_operations_stood(self, store: BaseStore) -> None:
        """Results come in the order of the operations, None for puts."""
        store.put(ALICE, "a", {"text": "tea"})
        store.put(BOB, "b", {"text": "coffee"})
        get_b, put, search, get_a = store.batch(
            [GetOp(BOB, "b"), PutOp(ALICE, "c", {"text": "opera"}), SearchOp(ALICE), GetOp(ALICE, "a")]
        )
        assert put is None
        assert [item.key for item in search] == ["a"]  # type: ignore[union-attr]
        assert (get_a.key, get_b.key) == ("a", "b")  # type: ignore[union-attr]

    def test_reads_in_a_batch_see_the_state_before_it(self, store: BaseStore) -> None:
        """Within one batch every read comes before every write."""
        store.put(ALICE, "k", {"text": "tea"})
        _, old, listed, found = store.batch(
            [
                PutOp(ALICE, "k", {"text": "coffee"}),
                GetOp(ALICE, "k"),
                PutOp(ALICE, "new", {"text": "x"}),
                SearchOp(ALICE),
            ]
        )
        assert old.value == {"text": "tea"}  # type: ignore[union-attr]
        assert listed is None
        assert [item.value for item in found] == [{"text": "tea"}]  # type: ignore[union-attr]
        assert len(store.search(ALICE)) == 2

    def test_the_last_write_in_a_batch_wins(self, store: BaseStore) -> None:
        """Puts and deletes of one key in one batch: the last one counts."""
        store.batch(
            [
                PutOp(ALICE, "a", {"text": "tea"}),
                PutOp(ALICE, "a", {"text": "coffee"}),
                PutOp(ALICE, "b", {"text": "tea"}),
                PutOp(ALICE, "b", None),
                PutOp(ALICE, "c", None),
                PutOp(ALICE, "c", {"text": "opera"}),
            ]
        )
        assert {item.key: item.value["text"] for item in store.search(ALICE)} == {"a": "coffee", "c": "opera"}

    def test_an_empty_batch_is_an_empty_answer(self, store: BaseStore) -> None:
        """No operations, no results."""
        assert store.batch([]) == []

    def test_a_batch_may_be_any_iterable(self, store: BaseStore) -> None:
        """Operations may come from a generator."""
        store.batch(PutOp(ALICE, str(n), {"n": n}) for n in range(3))
        assert len(store.search(ALICE)) == 3

    def test_sixty_thousand_puts_fit_in_one_batch(self, open_once: OpenStore) -> None:
        """No limit on SQL variables or the like shows through."""
        with open_once() as store:
            store.batch([PutOp(ALICE, str(n), {"n": n}, index=False) for n in range(MANY_PUTS)])
            found = store.batch([GetOp(ALICE, str(n)) for n in (0, MANY_PUTS - 1)])
            assert [item.value["n"] for item in found] == [0, MANY_PUTS - 1]  # type: ignore[union-attr]
            assert len(store.search(ALICE, limit=MANY_PUTS + 1)) == MANY_PUTS

    @pytest.mark.parametrize("namespace", [(), ("",), ("a", ""), ("a.b",), ("langgraph",), ("a", 1)])
    def test_bad_namespaces_are_refused(self, store: BaseStore, namespace: tuple[str, ...]) -> None:
        """Empty namespaces, empty labels, periods, other types and the reserved root raise `InvalidNamespaceError`."""
        with pytest.raises(InvalidNamespaceError):
            store.put(namespace, "k", {"text": "tea"})
        assert store.list_namespaces() == []

    def test_a_bad_namespace_in_a_batch_leaves_nothing_of_the_batch(self, store: BaseStore) -> None:
        """Labels are checked in `batch` too, before anything is written."""
        with pytest.raises(InvalidNamespaceError):
            store.batch([PutOp(ALICE, "good", {"text": "tea"}), PutOp(("a.b",), "bad", {"text": "tea"})])
        assert store.get(ALICE, "good") is None
        assert store.list_namespaces() == []

    @pytest.mark.parametrize("bad", [object(), {1, 2}, b"bytes"], ids=["object", "set", "bytes"])
    def test_a_value_json_cannot_hold_leaves_nothing_of_the_batch(self, store: BaseStore, bad: object) -> None:
        """A value that can't be stored raises, and the rest of its batch isn't written either."""
        store.put(ALICE, "before", {"text": "tea"})
        with pytest.raises((ValueError, TypeError)):
            store.batch([PutOp(ALICE, "good", {"text": "tea"}), PutOp(ALICE, "bad", {"text": "tea", "x": bad})])
        assert [item.key for item in store.search(ALICE)] == ["before"]

    def test_a_value_that_is_no_dictionary_is_refused(self, store: BaseStore) -> None:
        """Values are JSON objects."""
        with pytest.raises((ValueError, TypeError)):
            store.put(ALICE, "k", "just text")  # type: ignore[arg-type]
        assert store.get(ALICE, "k") is None
        assert store.search(ALICE) == []


def round_trip_or_refuse(store: BaseStore, text: str) -> None:
    """Assert that a text comes back as it was put, or that the put raises a `ValueError` and writes nothing."""
    try:
        store.put(ALICE, "k", {"text": text})
    except ValueError:
        assert store.get(ALICE, "k") is None
    else:
        item = store.get(ALICE, "k")
        assert item is not None
        assert item.value == {"text": text}
