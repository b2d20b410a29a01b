"""Exchanges as documents, of which those that the question brings to mind are shown.

The documents are in a LangChain vector store that was handed over, or in a store through the engine.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Self
from uuid import UUID, uuid5

from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore, VectorStoreRetriever
from pydantic import Field, PrivateAttr, model_validator

from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm.forget import forget_thread
from langmem_ext.longterm.recall import recall
from langmem_ext.longterm.writing import remember
from langmem_ext.memory.base import SessionMemory
from langmem_ext.memory.keys import Inputs, input_key
from langmem_ext.memory.sessions import Caller, Guard, holding
from langmem_ext.operations import Operation, ask
from langmem_ext.records import derived_id
from langmem_ext.retriever import to_documents

_NAMES: Final = UUID("9f1f0c3e-6f0e-5d0b-8f39-4f2d4a1f7f9e")
"""Name space of the ids of documents in a vector store, several of which take UUIDs only."""
_SESSION: Final = "session_id"
_MINE: Final = "langmem_ext"
_MOST: Final = 10_000
"""Documents that are looked through at most for those of a session."""
_PAGE: Final = 1000
_QUERY: Final = 32_000
_THREAD: Final = "exchanges:"


class VectorStoreRetrieverMemory(SessionMemory):
    r"""The exchanges that are most like the question.

    One exchange is one document, ``"input: …\noutput: …"``; the same one twice is stored once. A document of a session
    is shown in that session only; documents that were in the vector store before belong to all.

    Attributes:
        retriever: Of any LangChain vector store, FAISS included. The store is used by one thread at a time.
        k: Exchanges at most, where they are in a `store`; a retriever has its own.
        return_docs: Whether the variable is a list of documents; else it is their text. A document's metadata has its
            `timestamp` (ISO 8601).
        exclude_input_keys: Inputs that are not part of the document.

    Raises:
        InvalidInputError: Not exactly one of `retriever` and `store`.
    """

    retriever: VectorStoreRetriever | None = Field(default=None, exclude=True, repr=False)
    k: int = Field(default=4, ge=1, le=1000)
    return_docs: bool = False
    exclude_input_keys: Sequence[str] = Field(default_factory=tuple)

    _guard: Guard = PrivateAttr(default_factory=Guard)
    _stored: dict[str, set[str]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if (self.retriever is None) == (self.store is None):
            raise InvalidInputError(
                "pass either retriever= (vectorstore.as_retriever()) or store= (langmem_ext.open_store(…))"
            )
        return self

    # The operations

    def _load(self, inputs: Inputs, who: Caller) -> Operation[dict[str, Any]]:
        query = inputs[input_key(inputs, self.memory_variables, self.input_key)]
        if self.retriever is not None:
            retriever = self.retriever
            found = yield from holding(self._guard, lambda: self._search(retriever, query, who))
        else:
            found = yield from self._recall(str(query)[:_QUERY], who)
        shown = found if self.return_docs else "\n".join(document.page_content for document in found)
        return {self.memory_key: shown}

    def _save(self, inputs: Inputs, outputs: Inputs, who: Caller) -> Operation[None]:
        content = self._content(inputs, outputs)
        if self.retriever is not None:
            vectors = self.retriever.vectorstore
            yield from holding(self._guard, lambda: self._add(vectors, content, who))
        else:
            thread = _THREAD + who.session
            exchange = derived_id(thread, content)
            yield from remember(self._memory(who), content, id=exchange, kind="event", thread_id=thread)

    def _clear(self, who: Caller) -> Operation[None]:
        if self.retriever is not None:
            vectors = self.retriever.vectorstore
            yield from holding(self._guard, lambda: self._remove(vectors, who))
        else:
            yield from forget_thread(self._memory(who), _THREAD + who.session)

    def _content(self, inputs: Inputs, outputs: Inputs) -> str:
        """Return the document of an exchange: the turn alone, not what memory itself has put among the inputs."""
        exclude = {*self.exclude_input_keys, self.memory_key}
        entries = [(key, value) for key, value in inputs.items() if key not in exclude]
        return "\n".join(f"{key}: {value}" for key, value in [*entries, *outputs.items()])

    def _recall(self, query: str, who: Caller) -> Operation[list[Document]]:
        if not query.strip():
            return []
        found = yield from recall(
            self._memory(who), query, kinds="event", thread_id=_THREAD + who.session, limit=self.k
        )
        documents = to_documents(found)
        for document in documents:
            document.metadata["timestamp"] = document.metadata["occurred_at"]
        return documents

    # In a vector store

    def _search(self, retriever: VectorStoreRetriever, query: Any, who: Caller) -> Operation[list[Document]]:
        """Search the store, deeper while documents of other sessions take the places of those that may be shown.

        Which filters a vector store understands differs from one to the next; that it gives more when asked for more
        does not.
        """
        found = yield from _invoke(retriever, query)
        shown = [document for document in found if self._may_see(document, who)]
        wanted = depth = len(found)
        while len(shown) < wanted and depth < _MOST:
            depth *= 4
            deeper = yield from _invoke(_deeper(retriever, depth), query)
            shown = [document for document in deeper if self._may_see(document, who)][:wanted]
            if len(deeper) <= len(found):
                break
            found = deeper
        return shown

    def _may_see(self, document: Document, who: Caller) -> bool:
        return _MINE not in document.metadata or document.metadata.get(_SESSION) == who.session

    def _add(self, vectors: VectorStore, content: str, who: Caller) -> Operation[None]:
        exchange = str(uuid5(_NAMES, f"{who.session}\x1f{content}"))
        stored = self._stored.setdefault(who.session, set())
        if exchange in stored or (yield from _holds(vectors, exchange)):
            return
        metadata = {"timestamp": datetime.now(UTC).isoformat(), _SESSION: who.session, _MINE: "exchange"}
        documents = [Document(id=exchange, page_content=content, metadata=metadata)]
        yield from ask(lambda: vectors.add_documents(documents), lambda: vectors.aadd_documents(documents))
        stored.add(exchange)

    def _remove(self, vectors: VectorStore, who: Caller) -> Operation[None]:
        """Remove the session's documents: those stored by this instance, and those that searching finds of others."""
        known = self._stored.pop(who.session, set())
        depth = _PAGE
        while True:
            found = yield from _similar(vectors, depth)
            mine = [
                document.id
                for document in found
                if document.id and _MINE in document.metadata and self._may_see(document, who)
            ]
            yield from _delete(vectors, mine)
            known = known.difference(mine)
            if not mine and (len(found) < depth or depth > _MOST):
                break
            depth *= 1 if mine else 4
        yield from _delete(vectors, (yield from _held(vectors, sorted(known))))


def _invoke(retriever: VectorStoreRetriever, query: Any) -> Operation[list[Document]]:
    return (yield from ask(lambda: retriever.invoke(query), lambda: retriever.ainvoke(query)))


def _deeper(retriever: VectorStoreRetriever, depth: int) -> VectorStoreRetriever:
    deeper = {"k": depth}
    if retriever.search_type == "mmr" or "fetch_k" in retriever.search_kwargs:
        deeper["fetch_k"] = max(depth, int(retriever.search_kwargs.get("fetch_k", 0)))
    return retriever.model_copy(update={"search_kwargs": retriever.search_kwargs | deeper})


def _holds(vectors: VectorStore, exchange: str) -> Operation[bool]:
    """Tell whether a vector store has a document; of one that can't be asked by id it is not known."""
    try:
        return bool((yield from ask(lambda: vectors.get_by_ids([exchange]), lambda: vectors.aget_by_ids([exchange]))))
    except NotImplementedError:
        return False


def _held(vectors: VectorStore, ids: list[str]) -> Operation[list[str]]:
    """Return those of the ids that a vector store has; one that can't be asked by id is taken to have them."""
    if not ids:
        return []
    try:
        found = yield from ask(lambda: vectors.get_by_ids(ids), lambda: vectors.aget_by_ids(ids))
    except NotImplementedError:
        return ids
    return [document.id for document in found if document.id]


def _similar(vectors: VectorStore, depth: int) -> Operation[list[Document]]:
    """Return as many documents as there are up to `depth`, whatever they say."""
    return (
        yield from ask(
            lambda: vectors.similarity_search("conversation", k=depth),
            lambda: vectors.asimilarity_search("conversation", k=depth),
        )
    )


def _delete(vectors: VectorStore, ids: list[str]) -> Operation[None]:
    if not ids:
        return
    try:
        yield from ask(lambda: vectors.delete(ids), lambda: vectors.adelete(ids))
    except NotImplementedError:
        raise InvalidInputError(
            f"{type(vectors).__name__} can't delete documents, so {len(ids)} of this session stay in it; keep the "
            "memory in a store= instead, or clear the vector store by its own means"
        ) from None
