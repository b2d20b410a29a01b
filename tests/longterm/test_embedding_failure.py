"""An embedding function that fails costs vectors for a while, never words."""

from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from langmem_ext import LongTermMemory, open_store
from langmem_ext.offline import HashingEmbeddings


class Flaky(HashingEmbeddings):
    """Embeds only while it is up."""

    up: bool = True

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if not self.up:
            raise ConnectionError("the embedding service is down")
        return super().embed_documents(texts)


def test_words_are_kept_without_vectors_and_indexed_once_embedding_works_again(tmp_path: Path) -> None:
    embeddings = Flaky(dims=64)
    index: Any = {"dims": 64, "embed": embeddings, "fields": ["text"]}
    path = str(tmp_path / "memory.db")
    with open_store(path, index=index) as store:
        memory = LongTermMemory(store)
        embeddings.up = False
        memory.observe([HumanMessage("I like mountain lakes", id="m1")], thread_id="t")
        memory.remember("Alice likes lakes", id="f1", keywords=["lakes"])
        assert [record.id for record in memory.log("t")] == ["m1"]
        assert memory.update().warnings
        assert memory.recall("lakes").records
    with open_store(path, index=index) as store:
        memory = LongTermMemory(store)
        embeddings.up = True
        assert memory.update().warnings == []
        assert set(memory.recall("mountain lakes", kinds=["message", "fact"]).ids()) == {"m1", "f1"}
        found = store.search(memory.records_leaf, query="mountain lakes")
        assert {"m1", "f1"} <= {item.key for item in found if item.score is not None}
