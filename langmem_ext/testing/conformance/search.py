"""Search without a query: order, limits, pages and namespace prefixes."""

from langgraph.store.base import BaseStore, PutOp

from langmem_ext.testing.conformance.base import ConformanceBase
from langmem_ext.testing.conformance.items import ALICE, BOB

PAGE = 25
ITEMS = 60


class SearchBehaviour(ConformanceBase):
    """Search by namespace alone."""

    def test_without_a_query_the_newest_comes_first(self, store: BaseStore) -> None:
        """Items are ordered by when they were last put, newest first."""
        for key in "abc":
            store.put(ALICE, key, {"text": "tea"})
        assert [item.key for item in store.search(ALICE)] == ["c", "b", "a"]
        store.put(ALICE, "a", {"text": "coffee"})
        assert [item.key for item in store.search(ALICE)] == ["a", "c", "b"]

    def test_without_a_query_there_is_no_score(self, store: BaseStore) -> None:
        """Nothing was compared, so nothing has a score."""
        store.put(ALICE, "a", {"text": "tea"})
        assert [item.score for item in store.search(ALICE)] == [None]

    def test_search_returns_at_most_limit_items_ten_by_default(self, store: BaseStore) -> None:
        """`limit` cuts, and is 10 when not given."""
        store.batch([PutOp(ALICE, str(n), {"n": n}) for n in range(15)])
        assert len(store.search(ALICE)) == 10
        assert len(store.search(ALICE, limit=4)) == 4
        assert len(store.search(ALICE, limit=40)) == 15

    def test_pages_cover_every_item_once(self, store: BaseStore) -> None:
        """Pages by `offset` neither repeat nor skip, filtered or not; behind the end is empty."""
        for n in range(ITEMS):
            store.put(ALICE, str(n), {"text": "tea", "even": n % 2 == 0})
        for condition, expected in ((None, ITEMS), ({"even": True}, ITEMS // 2)):
            pages = [
                store.search(ALICE, filter=condition, limit=PAGE, offset=offset)
                for offset in range(0, ITEMS + PAGE, PAGE)
            ]
            keys = [item.key for page in pages for item in page]
            assert len(keys) == len(set(keys)) == expected
            assert pages[-1] == []

    def test_a_prefix_covers_every_namespace_below_it(self, store: BaseStore) -> None:
        """Search takes a prefix of labels, not of characters; the empty prefix is everything."""
        store.put(("m",), "root", {"text": "tea"})
        store.put(("m", "a"), "one", {"text": "tea"})
        store.put(("m", "a", "deep"), "two", {"text": "tea"})
        store.put(("m", "ab"), "not below a", {"text": "tea"})
        store.put(("M", "a"), "not below m", {"text": "tea"})
        assert {item.key for item in store.search(("m", "a"))} == {"one", "two"}
        assert {item.key for item in store.search(("m",))} == {"root", "one", "two", "not below a"}
        assert len(store.search(())) == 5

    def test_items_say_which_namespace_they_are_from(self, store: BaseStore) -> None:
        """Results of a prefix search carry their own namespace."""
        store.put(ALICE, "k", {"text": "tea"})
        store.put(BOB, "k", {"text": "coffee"})
        assert {item.namespace: item.value["text"] for item in store.search(("memories",))} == {
            ALICE: "tea",
            BOB: "coffee",
        }

    def test_the_newest_across_namespaces_come_first(self, store: BaseStore) -> None:
        """The order holds over all namespaces of a prefix, before the limit is applied."""
        for n in range(6):
            store.put(("m", "ab"[n % 2]), str(n), {"text": "tea"})
        assert [item.key for item in store.search(("m",), limit=3)] == ["5", "4", "3"]
        assert [item.key for item in store.search(("m",), limit=3, offset=2)] == ["3", "2", "1"]
