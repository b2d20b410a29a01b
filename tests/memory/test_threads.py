"""One memory, eight threads: nothing is lost, nothing is there twice, no more is pruned than is due."""

import threading
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langgraph.store.base import BaseStore

from langmem_ext.memory import (
    CognitiveMemory,
    ConversationBufferMemory,
    ConversationBufferWindowMemory,
    ConversationSummaryBufferMemory,
    ConversationSummaryMemory,
    ConversationTokenBufferMemory,
    VectorStoreRetrieverMemory,
)
from langmem_ext.tokens import count_messages
from tests.memory.conftest import summariser

EVERY: dict[str, Any] = {
    "buffer": lambda **fields: ConversationBufferMemory(return_messages=True, **fields),
    "window": lambda **fields: ConversationBufferWindowMemory(k=200, return_messages=True, **fields),
    "tokens": lambda **fields: ConversationTokenBufferMemory(max_token_limit=10**6, return_messages=True, **fields),
    "summary": lambda **fields: ConversationSummaryMemory(llm=summariser(500), return_messages=True, **fields),
    "summary_buffer": lambda **fields: ConversationSummaryBufferMemory(
        llm=summariser(500), max_token_limit=10**6, return_messages=True, **fields
    ),
    "cognitive": lambda **fields: CognitiveMemory(token_budget=30_000, return_messages=True, update="off", **fields),
}
THREADS, EACH = 8, 6


def in_threads(work: Any) -> None:
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test must see it
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("place", ["in_process", "durable"])
@pytest.mark.parametrize("kind", EVERY)
def test_eight_threads_share_a_memory(kind: str, place: str, durable: BaseStore) -> None:
    memory = EVERY[kind](store=durable if place == "durable" else None)

    def work(number: int) -> None:
        for turn in range(EACH):
            memory.save_context({"input": f"{number}:{turn}"}, {"output": f"answer {number}:{turn}"})
            memory.load_memory_variables({"input": "what?"})

    in_threads(work)
    messages = memory.chat_memory.messages
    assert len(messages) == 2 * THREADS * EACH
    for question, answer in zip(messages[::2], messages[1::2], strict=True):
        assert answer.content == f"answer {question.content}"
    for number in range(THREADS):
        own = [str(message.content) for message in messages if str(message.content).startswith(f"{number}:")]
        assert own == [f"{number}:{turn}" for turn in range(EACH)]


def test_eight_threads_prune_no_more_than_is_due() -> None:
    window = ConversationBufferWindowMemory(k=3)
    tokens = ConversationTokenBufferMemory(max_token_limit=200)

    def work(number: int) -> None:
        for turn in range(50):
            for memory in (window, tokens):
                memory.save_context({"input": f"{number}:{turn}"}, {"output": f"answer {number}:{turn}"})

    in_threads(work)
    assert len(window.chat_memory.messages) == 6
    assert 150 <= sum(count_messages([message]) - 3 for message in tokens.chat_memory.messages) <= 200


@pytest.mark.filterwarnings("ignore:.*langchain-community.*is being sunset:DeprecationWarning")
def test_eight_threads_share_a_faiss_vector_store() -> None:
    faiss = pytest.importorskip("faiss")
    from langchain_community.docstore.in_memory import InMemoryDocstore
    from langchain_community.vectorstores import FAISS

    vectors = FAISS(DeterministicFakeEmbedding(size=16), faiss.IndexFlatL2(16), InMemoryDocstore(), {})
    memory = VectorStoreRetrieverMemory(retriever=vectors.as_retriever(search_kwargs={"k": 1}))

    def work(number: int) -> None:
        for turn in range(EACH):
            memory.save_context({"input": f"{number}:{turn}"}, {"output": "x"})
            memory.save_context({"input": f"{number}:{turn}"}, {"output": "x"})
            assert memory.load_memory_variables({"input": "anything"})["history"]

    in_threads(work)
    assert vectors.index.ntotal == len(vectors.index_to_docstore_id) == THREADS * EACH
    embed = vectors.embedding_function
    assert not callable(embed)
    for place, document_id in vectors.index_to_docstore_id.items():  # no vector is another document's
        document: Any = vectors.docstore.search(document_id)
        stored = vectors.index.reconstruct(place)
        assert stored == pytest.approx(embed.embed_documents([document.page_content])[0], abs=1e-5)
    memory.clear()
    assert vectors.index.ntotal == 0
