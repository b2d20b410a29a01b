"""`search_lexical`: BM25 over the indexed text, English and Chinese alike."""

from typing import Any

import pytest
from langgraph.store.base import BaseStore, IndexConfig, PutOp

from langmem_ext.protocols import SupportsLexical
from langmem_ext.testing.conformance.base import ConformanceBase
from langmem_ext.testing.conformance.driving import OpenStore, unwrapped
from langmem_ext.testing.conformance.embedding import DIMS, SuiteEmbeddings
from langmem_ext.testing.conformance.items import ALICE, BOB

TEXTS = {
    "violin": "She hikes to the lake with her violin every summer.",
    "train": "Where is the night train to Zurich leaving from?",
    "guests": "The guesthouse in Zurich costs ninety francs.",
    "预算": "我这次旅行的预算是五千元。",
    "徒步": "上个月在黄山徒步了三天，很累。",
    "mixed": "新的iPhone手机拍照很清楚",
}


def found(store: BaseStore, query: str, namespace: tuple[str, ...] = ALICE, **options: Any) -> list[str]:
    """Return the keys that a lexical search finds, best first; scores must be there and fall."""
    items = store.search_lexical(namespace, query, **options)  # type: ignore[attr-defined]
    scores = [item.score for item in items]
    assert all(score is not None and score > 0 for score in scores)
    assert scores == sorted(scores, reverse=True)
    return [item.key for item in items]


class LexicalBehaviour(ConformanceBase):
    """Search by words."""

    @pytest.fixture
    def needs_lexical(self) -> None:
        """Skip before anything is opened, unless the store has lexical search."""
        self.need("supports_lexical")

    @pytest.fixture
    def library(self, needs_lexical: None, store: BaseStore) -> BaseStore:  # noqa: ARG002 - skips first
        """The `store` fixture with `TEXTS` in Alice's namespace."""
        store.batch([PutOp(ALICE, key, {"text": text, "n": n}) for n, (key, text) in enumerate(TEXTS.items())])
        return store

    def test_lexical_search_is_declared_by_its_protocol(self, library: BaseStore) -> None:
        """The store satisfies `SupportsLexical`."""
        assert isinstance(unwrapped(library), SupportsLexical)

    @pytest.mark.parametrize(
        ("query", "key"),
        [
            ("violin", "violin"),
            ("hiking", "violin"),
            ("LAKES", "violin"),
            ("cost of the guesthouses", "guests"),
            ("预算", "预算"),
            ("旅行预算是多少", "预算"),
            ("徒步", "徒步"),
            ("累", "徒步"),
            ("iphone", "mixed"),
            ("手机", "mixed"),
        ],
    )
    def test_words_are_found_in_every_form(self, library: BaseStore, query: str, key: str) -> None:
        """English matches by stem and without case, Chinese by one and two characters, mixed text by both."""
        assert found(library, query)[0] == key

    def test_stop_words_find_nothing(self, library: BaseStore) -> None:
        """`the`, `is` and `to` say nothing about a text."""
        assert found(library, "where is the violin") == ["violin"]

    def test_nothing_in_common_is_not_found(self, library: BaseStore) -> None:
        """Items without any word of the query are no results; nor does an empty query have any."""
        assert found(library, "quantum chromodynamics") == []
        assert found(library, "量") == []
        assert found(library, "") == []

    def test_rare_words_weigh_more_than_common_ones(self, library: BaseStore) -> None:
        """Inverse document frequency decides between one match and one match."""
        library.batch([PutOp(ALICE, f"z{n}", {"text": f"Zurich again, note {n}"}) for n in range(10)])
        assert found(library, "Zurich violin")[0] == "violin"

    def test_two_matching_words_beat_one(self, library: BaseStore) -> None:
        """More of the query is better."""
        assert found(library, "guesthouse Zurich")[:2] == ["guests", "train"]

    def test_only_indexed_text_is_searched(self, library: BaseStore) -> None:
        """The index config's fields, or those of the put; nothing where `index=False`."""
        library.put(ALICE, "field", {"text": "saxophone", "note": "harpsichord"})
        library.put(ALICE, "own", {"text": "trombone", "note": "clarinet"}, index=["note"])
        library.put(ALICE, "off", {"text": "bassoon"}, index=False)
        assert found(library, "saxophone") == ["field"]
        assert found(library, "clarinet") == ["own"]
        if self.supports_vectors:
            assert found(library, "harpsichord") == []
        assert found(library, "trombone") == []
        assert found(library, "bassoon") == []

    def test_several_fields_are_searched_as_one_text(self, open_store: OpenStore, embeddings: SuiteEmbeddings) -> None:
        """Words of all fields count for the item."""
        self.need("supports_lexical", "supports_vectors")
        with open_store(index=IndexConfig(dims=DIMS, embed=embeddings, fields=["title", "turns[*].text"])) as store:
            store.put(ALICE, "k", {"title": "saxophone", "turns": [{"text": "harp"}, {"text": "风琴"}]})
            assert [found(store, query) for query in ("saxophone", "harp", "风琴", "saxophone 风琴")] == [["k"]] * 4

    def test_lexical_search_needs_no_embedding(self, open_store: OpenStore) -> None:
        """Without an index config the whole value is the text."""
        self.need("supports_lexical")
        with open_store() as store:
            store.put(ALICE, "k", {"note": "harpsichord", "deep": {"er": "管风琴"}})
            assert found(store, "harpsichord") == ["k"]
            assert found(store, "管风琴") == ["k"]

    def test_updates_and_deletes_reach_the_full_text(self, library: BaseStore) -> None:
        """Old words are forgotten, new ones found."""
        assert found(library, "violin") == ["violin"]
        library.put(ALICE, "violin", {"text": "She sold it and bought a saxophone."})
        assert found(library, "violin") == []
        assert found(library, "saxophone") == ["violin"]
        library.delete(ALICE, "violin")
        assert found(library, "saxophone") == []

    def test_filters_apply_before_the_best_matches_are_chosen(self, library: BaseStore) -> None:
        """Better matches that the filter excludes take no one's place."""
        library.batch([PutOp(ALICE, f"near{n}", {"text": "saxophone", "who": "bob"}) for n in range(50)])
        library.put(ALICE, "mine", {"text": "a rather long note about a saxophone in the attic", "who": "alice"})
        assert found(library, "saxophone", filter={"who": "alice"}, limit=1) == ["mine"]
        assert found(library, "Zurich", filter={"n": {"$gt": 1}}) == ["guests"]
        assert found(library, "Zurich", filter={"who": "nobody"}) == []

    def test_namespaces_bound_the_search(self, library: BaseStore) -> None:
        """Only namespaces below the prefix are searched."""
        library.put(BOB, "bobs", {"text": "violin"})
        library.put((*ALICE, "deep"), "below", {"text": "violin"})
        assert set(found(library, "violin")) == {"violin", "below"}
        assert found(library, "violin", BOB) == ["bobs"]
        assert set(found(library, "violin", ("memories",))) == {"violin", "below", "bobs"}
        assert found(library, "violin", ("mem",)) == []

    def test_pages_of_matches_cover_all_of_them_once(self, library: BaseStore) -> None:
        """`limit` and `offset` page through the matches in one order."""
        library.batch([PutOp(ALICE, f"s{n}", {"text": "saxophone " + "word " * n}) for n in range(25)])
        pages = [found(library, "saxophone", limit=10, offset=offset) for offset in (0, 10, 20, 30)]
        together = [key for page in pages for key in page]
        assert sorted(together) == sorted(f"s{n}" for n in range(25))
        assert pages[-1] == []
