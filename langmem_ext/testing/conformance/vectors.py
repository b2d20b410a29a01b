"""Semantic search: exact scores, what is embedded and when, and vectors that must not outlive their text."""

import pytest
from langgraph.store.base import BaseStore, IndexConfig, PutOp

from langmem_ext.testing.conformance.base import ConformanceBase
from langmem_ext.testing.conformance.driving import OpenStore
from langmem_ext.testing.conformance.embedding import DIMS, SuiteEmbeddings, cosine
from langmem_ext.testing.conformance.items import ALICE, BOB
from langmem_ext.testing.conformance.search import ITEMS, PAGE

TEXTS = {
    "drinks": "tea and coffee, mostly tea tea",
    "hobby": "hiking",
    "trip": "train to the hiking hut, with tea",
    "culture": "opera and violin",
    "中文": "喜欢喝茶，也去徒步",
}


def scored(store: BaseStore, query: str, **options: object) -> dict[str, float]:
    """Search Alice's memory and return the items that have a score, best first."""
    found = store.search(ALICE, query=query, **options)  # type: ignore[arg-type]
    return {item.key: item.score for item in found if item.score is not None}


class VectorBehaviour(ConformanceBase):
    """Search by meaning."""

    def test_scores_are_exact_cosines_best_first(self, vector_store: BaseStore) -> None:
        """Every score is the cosine of query and text, whatever the length of the vectors."""
        for key, text in TEXTS.items():
            vector_store.put(ALICE, key, {"text": text})
        for query in ("tea", "hiking by train", "歌剧", "coffee coffee tea"):
            found = scored(vector_store, query)
            assert found == pytest.approx({key: cosine(query, text) for key, text in TEXTS.items()}, abs=1e-5)
            assert list(found.values()) == sorted(found.values(), reverse=True)

    def test_the_best_of_all_namespaces_below_a_prefix_come_first(self, vector_store: BaseStore) -> None:
        """A prefix search ranks over all its namespaces, and over no others."""
        vector_store.put(ALICE, "far", {"text": "tea coffee"})
        vector_store.put(BOB, "near", {"text": "tea"})
        vector_store.put((*BOB, "deep"), "mid", {"text": "tea tea coffee"})
        vector_store.put(("memoriesque",), "elsewhere", {"text": "tea"})
        assert [item.key for item in vector_store.search(("memories",), query="tea")] == ["near", "mid", "far"]
        assert [item.key for item in vector_store.search(("memories",), query="tea", limit=1)] == ["near"]
        assert [item.key for item in vector_store.search(BOB, query="tea", limit=1, offset=1)] == ["mid"]

    def test_pages_of_a_query_cover_every_item_once(self, vector_store: BaseStore) -> None:
        """Page by page, in one order, up to the last item."""
        vector_store.batch([PutOp(ALICE, str(n), {"text": "tea " * (n + 1) + "coffee " * 20}) for n in range(ITEMS)])
        pages = [
            vector_store.search(ALICE, query="tea", limit=PAGE, offset=offset)
            for offset in range(0, ITEMS + PAGE, PAGE)
        ]
        assert [item.key for page in pages for item in page] == [str(n) for n in reversed(range(ITEMS))]
        assert pages[-1] == []

    def test_filters_apply_before_the_best_are_chosen(self, vector_store: BaseStore) -> None:
        """Nearer items that the filter excludes take no one's place."""
        near = [PutOp(ALICE, f"near{n}", {"text": f"tea {n}", "user": "bob"}) for n in range(200)]
        mine = [PutOp(ALICE, f"mine{n}", {"text": f"tea coffee {n}", "user": "alice"}) for n in range(10)]
        vector_store.batch([*near, *mine])
        found = vector_store.search(ALICE, query="tea", filter={"user": "alice"}, limit=10)
        assert {item.key for item in found} == {f"mine{n}" for n in range(10)}

    def test_two_items_with_the_same_text_in_one_batch(self, vector_store: BaseStore) -> None:
        """Equal texts are two items, both found."""
        vector_store.batch(
            [PutOp(ALICE, "a", {"text": "tea"}), PutOp(BOB, "b", {"text": "tea"}), PutOp(ALICE, "c", {"text": "tea"})]
        )
        found = vector_store.search(("memories",), query="tea")
        assert {item.key for item in found} == {"a", "b", "c"}
        assert [item.score for item in found] == pytest.approx([1.0, 1.0, 1.0], abs=1e-5)

    def test_only_the_configured_fields_are_embedded(
        self, vector_store: BaseStore, embeddings: SuiteEmbeddings
    ) -> None:
        """The rest of the value is neither embedded nor searched."""
        vector_store.put(ALICE, "k", {"text": "tea", "note": "opera"})
        assert embeddings.documents == ["tea"]
        assert scored(vector_store, "opera")["k"] == pytest.approx(0.0, abs=1e-5)

    @pytest.mark.parametrize(
        ("path", "texts"),
        [
            ("note", ["opera"]),
            ("deep.er.text", ["violin"]),
            ("turns[*].text", ["coffee", "train"]),
            ("turns[0].text", ["coffee"]),
            ("turns[-1].text", ["train"]),
            ("tags[*]", ["hiking", "budget"]),
            ("missing", []),
        ],
    )
    def test_a_put_may_choose_its_own_fields(
        self, vector_store: BaseStore, embeddings: SuiteEmbeddings, path: str, texts: list[str]
    ) -> None:
        """`index=[path]` embeds that path and nothing else: nested keys, array elements, all of an array."""
        value = {
            "text": "tea",
            "note": "opera",
            "deep": {"er": {"text": "violin"}},
            "turns": [{"text": "coffee"}, {"text": "train"}],
            "tags": ["hiking", "budget"],
        }
        vector_store.put(ALICE, "k", value, index=[path])
        assert sorted(embeddings.documents) == sorted(texts)
        for text in texts:
            assert scored(vector_store, text)["k"] == pytest.approx(1.0, abs=1e-5)
        assert scored(vector_store, "tea").get("k", 0.0) == pytest.approx(0.0, abs=1e-5)

    def test_the_whole_value_is_embedded_by_default(self, open_store: OpenStore, embeddings: SuiteEmbeddings) -> None:
        """Without `fields`, and with the field `$`, the value's JSON is the text."""
        self.need("supports_vectors")
        with open_store(index=IndexConfig(dims=DIMS, embed=embeddings)) as store:
            store.put(ALICE, "k", {"text": "tea", "deep": {"note": "opera"}})
            assert scored(store, "tea opera")["k"] == pytest.approx(1.0, abs=1e-5)

    def test_an_item_with_several_vectors_is_found_once_by_its_best(
        self, open_store: OpenStore, embeddings: SuiteEmbeddings
    ) -> None:
        """Several fields give several vectors; the best one is the item's score."""
        self.need("supports_vectors")
        with open_store(index=IndexConfig(dims=DIMS, embed=embeddings, fields=["title", "turns[*].text"])) as store:
            store.put(ALICE, "k", {"title": "opera", "turns": [{"text": "tea"}, {"text": "coffee"}]})
            store.put(ALICE, "other", {"title": "opera tea"})
            found = store.search(ALICE, query="tea", limit=2)
            assert [item.key for item in found] == ["k", "other"]
            assert [item.score for item in found] == pytest.approx([1.0, cosine("tea", "opera tea")], abs=1e-5)

    def test_an_item_put_without_index_is_stored_and_not_embedded(
        self, vector_store: BaseStore, embeddings: SuiteEmbeddings
    ) -> None:
        """`index=False` stores the item and asks for no embedding."""
        vector_store.put(ALICE, "k", {"text": "tea"}, index=False)
        assert embeddings.documents == []
        assert scored(vector_store, "tea") == {}
        assert vector_store.get(ALICE, "k") is not None

    def test_a_vector_goes_when_its_item_is_put_without_index(self, vector_store: BaseStore) -> None:
        """No stale vector answers for a text that isn't indexed any more."""
        vector_store.put(ALICE, "k", {"text": "tea"})
        vector_store.put(ALICE, "k", {"text": "coffee"}, index=False)
        assert scored(vector_store, "tea") == {}

    def test_vectors_go_when_their_list_shrinks(self, open_store: OpenStore, embeddings: SuiteEmbeddings) -> None:
        """Fewer texts on the second put are fewer vectors."""
        self.need("supports_vectors")
        with open_store(index=IndexConfig(dims=DIMS, embed=embeddings, fields=["turns[*]"])) as store:
            store.put(ALICE, "k", {"turns": ["tea", "coffee", "opera"]})
            store.put(ALICE, "k", {"turns": ["tea", "coffee"]})
            assert scored(store, "opera") == pytest.approx({"k": 0.0}, abs=1e-5)
            store.put(ALICE, "k", {"turns": []})
            assert scored(store, "tea") == {}

    def test_a_changed_text_has_a_changed_vector(self, vector_store: BaseStore) -> None:
        """The vector is that of the latest text."""
        vector_store.put(ALICE, "k", {"text": "tea"})
        vector_store.put(ALICE, "k", {"text": "coffee"})
        assert scored(vector_store, "coffee") == pytest.approx({"k": 1.0}, abs=1e-5)
        assert scored(vector_store, "tea") == pytest.approx({"k": 0.0}, abs=1e-5)

    def test_a_deleted_item_is_never_found_again(self, vector_store: BaseStore) -> None:
        """Neither after the delete, nor through its old vector once the key is used again."""
        vector_store.put(ALICE, "k", {"text": "tea"})
        vector_store.put(ALICE, "other", {"text": "opera"})
        vector_store.delete(ALICE, "k")
        assert set(scored(vector_store, "tea")) == {"other"}
        vector_store.put(ALICE, "k", {"text": "coffee"}, index=False)
        assert set(scored(vector_store, "tea")) == {"other"}

    def test_queries_are_embedded_as_queries(self, vector_store: BaseStore, embeddings: SuiteEmbeddings) -> None:
        """`embed_query` for queries and `embed_documents` for items: models with two encoders depend on it."""
        vector_store.put(ALICE, "k", {"text": "tea"})
        vector_store.search(ALICE, query="coffee")
        assert embeddings.queries == ["coffee"]
        assert embeddings.documents == ["tea"]

    def test_an_unchanged_text_is_not_embedded_again(
        self, vector_store: BaseStore, embeddings: SuiteEmbeddings
    ) -> None:
        """Putting the same text again, with other data, costs no embedding; it is found as before."""
        vector_store.put(ALICE, "k", {"text": "tea", "n": 1})
        vector_store.put(ALICE, "k", {"text": "tea", "n": 2})
        assert embeddings.documents == ["tea"]
        found = vector_store.search(ALICE, query="tea")
        assert [item.value["n"] for item in found] == [2]
        assert [item.score for item in found] == pytest.approx([1.0], abs=1e-5)

    def test_failing_embeddings_leave_nothing_of_the_batch(
        self, vector_store: BaseStore, embeddings: SuiteEmbeddings
    ) -> None:
        """An embedding function that raises fails the whole batch; the store works on."""
        vector_store.put(ALICE, "before", {"text": "tea"})
        embeddings.failure = RuntimeError("no connection")
        with pytest.raises(Exception, match=r".+"):
            vector_store.batch(
                [
                    PutOp(ALICE, "plain", {"text": "x"}, index=False),
                    PutOp(ALICE, "before", {"text": "coffee"}),
                    PutOp(BOB, "new", {"text": "opera"}),
                ]
            )
        embeddings.failure = None
        assert [(item.key, item.value["text"]) for item in vector_store.search(())] == [("before", "tea")]
        assert scored(vector_store, "tea") == pytest.approx({"before": 1.0}, abs=1e-5)
        vector_store.put(ALICE, "after", {"text": "coffee"})
        assert scored(vector_store, "coffee")["after"] == pytest.approx(1.0, abs=1e-5)

    @pytest.mark.parametrize("distortion", ["nan", "infinite"])
    def test_vectors_that_are_not_finite_leave_nothing_of_the_batch(
        self, vector_store: BaseStore, embeddings: SuiteEmbeddings, distortion: str
    ) -> None:
        """Not-a-number and infinity are errors, not contents."""
        refuse(vector_store, embeddings, distortion)

    def test_vectors_of_the_wrong_size_leave_nothing_of_the_batch(
        self, vector_store: BaseStore, embeddings: SuiteEmbeddings
    ) -> None:
        """Vectors must have `dims` numbers."""
        refuse(vector_store, embeddings, "dimension")

    def test_too_many_vectors_leave_nothing_of_the_batch(
        self, vector_store: BaseStore, embeddings: SuiteEmbeddings
    ) -> None:
        """There must be one vector for each text."""
        refuse(vector_store, embeddings, "surplus")

    def test_too_few_vectors_leave_nothing_of_the_batch(
        self, vector_store: BaseStore, embeddings: SuiteEmbeddings
    ) -> None:
        """There must be a vector for each text."""
        refuse(vector_store, embeddings, "shortage")


def refuse(store: BaseStore, embeddings: SuiteEmbeddings, distortion: str) -> None:
    """Assert that a batch with unusable vectors raises, writes nothing and leaves the store working."""
    embeddings.distortion = distortion
    with pytest.raises(Exception, match=r".+"):
        store.batch([PutOp(ALICE, "a", {"text": "tea"}), PutOp(ALICE, "b", {"text": "opera"})])
    embeddings.distortion = None
    assert store.search(ALICE) == []
    store.put(ALICE, "c", {"text": "coffee"})
    assert set(scored(store, "coffee")) == {"c"}
