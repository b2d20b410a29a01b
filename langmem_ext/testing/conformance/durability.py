"""Closing and opening again."""

import pytest
from langgraph.store.base import IndexConfig, PutOp

from langmem_ext.testing.conformance.base import ConformanceBase
from langmem_ext.testing.conformance.driving import OpenStore
from langmem_ext.testing.conformance.embedding import SuiteEmbeddings, cosine
from langmem_ext.testing.conformance.items import ALICE, BOB


class DurabilityBehaviour(ConformanceBase):
    """What was put is there next time."""

    def test_items_survive_reopening(self, open_store: OpenStore, index: IndexConfig | None) -> None:
        """Values, times and deletions are as they were."""
        self.need("supports_reopen")
        with open_store(index=index) as store:
            store.put(ALICE, "a", {"text": "tea", "n": 1})
            store.put(BOB, "b", {"text": "咖啡"})
            store.put(ALICE, "gone", {"text": "opera"})
            store.delete(ALICE, "gone")
            before = store.search(())
        with open_store(index=index) as store:
            after = store.search(())
            assert store.get(ALICE, "gone") is None
            assert store.list_namespaces() == [ALICE, BOB]
        assert [item.dict() for item in after] == [item.dict() for item in before]

    def test_reopened_stores_find_without_embedding_again(
        self, open_store: OpenStore, index: IndexConfig | None, embeddings: SuiteEmbeddings
    ) -> None:
        """Vectors are kept; only the query is embedded."""
        self.need("supports_reopen", "supports_vectors")
        texts = {"a": "tea", "b": "tea and coffee", "c": "歌剧"}
        with open_store(index=index) as store:
            store.batch([PutOp(ALICE, key, {"text": text}) for key, text in texts.items()])
        embeddings.documents.clear()
        with open_store(index=index) as store:
            found = {item.key: item.score for item in store.search(ALICE, query="tea")}
        assert found == pytest.approx({key: cosine("tea", text) for key, text in texts.items()}, abs=1e-5)
        assert embeddings.documents == []

    def test_reopened_stores_find_words(self, open_store: OpenStore, index: IndexConfig | None) -> None:
        """Full text is kept."""
        self.need("supports_reopen", "supports_lexical")
        with open_store(index=index) as store:
            store.put(ALICE, "a", {"text": "a saxophone in the attic"})
            store.put(ALICE, "b", {"text": "管风琴很响"})
        with open_store(index=index) as store:
            english = store.search_lexical(ALICE, "saxophones")  # type: ignore[attr-defined]
            chinese = store.search_lexical(ALICE, "风琴")  # type: ignore[attr-defined]
        assert [item.key for item in [*english, *chinese]] == ["a", "b"]

    def test_an_update_after_reopening_keeps_created_at(self, open_store: OpenStore) -> None:
        """Time moves on over a restart, and `created_at` stays."""
        self.need("supports_reopen")
        with open_store() as store:
            store.put(ALICE, "a", {"text": "tea"})
            first = store.get(ALICE, "a")
        with open_store() as store:
            store.put(ALICE, "a", {"text": "coffee"})
            second = store.get(ALICE, "a")
        assert first is not None
        assert second is not None
        assert second.created_at == first.created_at
        assert second.updated_at > first.updated_at
