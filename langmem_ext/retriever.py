"""`MemoryRetriever`: long-term memory as a LangChain retriever, for chains that know documents."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from langmem_ext.longterm import LongTermMemory
from langmem_ext.records import Kind, MemoryRecord, Recall

_METADATA = {
    "id",
    "kind",
    "topic",
    "keywords",
    "importance",
    "occurred_at",
    "recorded_at",
    "speaker",
    "thread_id",
    "sources",
}


class MemoryRetriever(BaseRetriever):
    """Retrieves memories as documents, best first.

    Every field but `memory` may also be passed to `invoke` and `ainvoke`, for one call:
    ``retriever.invoke(question, k=3, before="2025-09-30")``. May be shared by threads and tasks.

    Attributes:
        memory: Where to look.
        k: Documents at most, 1 to 1000.
        before: Only what happened up to then, inclusive; a bare date is the whole day.
        after: Only what happened from then on, inclusive.
        as_of: What was believed then.
        kinds: Only these kinds of memory; None is all.
        topic: Only this topic.
        thread_id: Only this conversation.
        token_budget: Tokens of all documents at most, as they would be rendered for a prompt.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    memory: LongTermMemory
    k: int = Field(8, ge=1, le=1000)
    before: datetime | date | str | None = None
    after: datetime | date | str | None = None
    as_of: datetime | date | str | None = None
    kinds: Sequence[Kind] | Kind | None = None
    topic: str | None = None
    thread_id: str | None = None
    token_budget: int | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - BaseRetriever's signature
        **options: Any,
    ) -> list[Document]:
        return to_documents(self.memory.recall(query, **self._arguments(options)))

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002 - BaseRetriever's signature
        **options: Any,
    ) -> list[Document]:
        return to_documents(await self.memory.arecall(query, **self._arguments(options)))

    def _arguments(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of `recall`: those of this call, else the fields."""
        fields = ("before", "after", "as_of", "kinds", "topic", "thread_id", "token_budget")
        arguments = {name: getattr(self, name) for name in fields} | {"limit": self.k} | options
        arguments["limit"] = arguments.pop("k", arguments["limit"])
        return arguments


def to_documents(found: Recall) -> list[Document]:
    """Return a recall's records as documents with id, kind, dates, score and the rest of their metadata."""
    return [_document(record, score) for record, score in zip(found.records, found.scores, strict=True)]


def _document(record: MemoryRecord, score: float) -> Document:
    metadata = record.model_dump(mode="json", include=_METADATA) | {"score": score}
    return Document(id=record.id, page_content=record.content, metadata=metadata)
