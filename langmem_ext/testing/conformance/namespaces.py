"""`list_namespaces`: prefixes, suffixes, wildcards, depth, pages, and namespaces that are empty again."""

from langgraph.store.base import BaseStore

from langmem_ext.testing.conformance.base import ConformanceBase

TREE = [
    ("docs",),
    ("docs", "public"),
    ("memories", "alice", "facts"),
    ("memories", "alice", "log"),
    ("memories", "bob", "facts"),
    ("memories", "小红", "facts"),
]


def plant(store: BaseStore) -> None:
    """Put one item into every namespace of `TREE`."""
    for namespace in TREE:
        store.put(namespace, "k", {"text": "tea"})


class NamespaceBehaviour(ConformanceBase):
    """Listing namespaces."""

    def test_all_namespaces_are_listed_in_order(self, store: BaseStore) -> None:
        """Every namespace once, sorted."""
        plant(store)
        store.put(TREE[0], "second", {"text": "coffee"})
        assert store.list_namespaces() == sorted(TREE)

    def test_prefix_selects_by_whole_labels(self, store: BaseStore) -> None:
        """A prefix matches label by label."""
        plant(store)
        store.put(("docsome",), "k", {"text": "tea"})
        assert store.list_namespaces(prefix=("docs",)) == [("docs",), ("docs", "public")]
        assert store.list_namespaces(prefix=("memories", "alice")) == [TREE[2], TREE[3]]
        assert store.list_namespaces(prefix=("nobody",)) == []

    def test_suffix_selects_by_whole_labels(self, store: BaseStore) -> None:
        """A suffix matches label by label."""
        plant(store)
        store.put(("memories", "dave", "artefacts"), "k", {"text": "tea"})
        assert store.list_namespaces(suffix=("facts",)) == [TREE[2], TREE[4], TREE[5]]
        assert store.list_namespaces(suffix=("alice", "log")) == [TREE[3]]

    def test_wildcards_stand_for_exactly_one_label(self, store: BaseStore) -> None:
        """`*` in a prefix or suffix is any one label."""
        plant(store)
        assert store.list_namespaces(prefix=("memories", "*", "facts")) == [TREE[2], TREE[4], TREE[5]]
        assert store.list_namespaces(suffix=("*", "facts")) == [TREE[2], TREE[4], TREE[5]]
        assert store.list_namespaces(prefix=("*", "public")) == [TREE[1]]

    def test_prefix_and_suffix_combine(self, store: BaseStore) -> None:
        """Both conditions must hold."""
        plant(store)
        assert store.list_namespaces(prefix=("memories", "小红"), suffix=("facts",)) == [TREE[5]]
        assert store.list_namespaces(prefix=("docs",), suffix=("facts",)) == []

    def test_max_depth_truncates_and_merges(self, store: BaseStore) -> None:
        """Deeper namespaces are cut to the depth, each result once."""
        plant(store)
        assert store.list_namespaces(max_depth=1) == [("docs",), ("memories",)]
        assert store.list_namespaces(prefix=("memories",), max_depth=2) == [
            ("memories", "alice"),
            ("memories", "bob"),
            ("memories", "小红"),
        ]

    def test_pages_of_namespaces_cover_all_of_them_once(self, store: BaseStore) -> None:
        """`limit` and `offset` page through the list, after merging to `max_depth`."""
        plant(store)
        pages = [store.list_namespaces(limit=2, offset=offset) for offset in range(0, 8, 2)]
        assert [namespace for page in pages for namespace in page] == sorted(TREE)
        assert store.list_namespaces(max_depth=1, limit=1, offset=1) == [("memories",)]

    def test_labels_are_not_patterns(self, store: BaseStore) -> None:
        """SQL and glob wildcards, quotes and letter case in labels are just characters."""
        for label in ("a%", "ab", "a_", "a[b]", "a?", "it's", 'quo"te', "A%"):
            store.put((label,), "k", {"text": "tea"})
        for label in ("a%", "a_", "a[b]", "a?", "it's", 'quo"te'):
            assert store.list_namespaces(prefix=(label,)) == [(label,)]
            assert store.list_namespaces(suffix=(label,)) == [(label,)]
            assert [item.namespace for item in store.search((label,))] == [(label,)]

    def test_a_namespace_whose_items_are_deleted_is_gone(self, store: BaseStore) -> None:
        """Only namespaces with items are listed."""
        store.put(("docs",), "a", {"text": "tea"})
        store.put(("docs",), "b", {"text": "tea"})
        store.put(("other",), "a", {"text": "tea"})
        store.delete(("docs",), "a")
        assert store.list_namespaces() == [("docs",), ("other",)]
        store.delete(("docs",), "b")
        assert store.list_namespaces() == [("other",)]

    def test_reading_creates_no_namespace(self, store: BaseStore) -> None:
        """Asking for what is not there leaves no trace."""
        store.get(("ghost",), "k")
        store.search(("ghost",), query="tea")
        store.delete(("ghost",), "k")
        assert store.list_namespaces() == []
