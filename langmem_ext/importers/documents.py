"""LangChain vector stores that can say what they hold: FAISS and `InMemoryVectorStore` objects.

The object is read through its own public parts; nothing is loaded from a disk here, because what `FAISS.save_local`
writes can only be read by unpickling it, which runs whatever the file says. Load it yourself where you trust the file.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore

from langmem_ext.errors import InvalidInputError
from langmem_ext.importers.reading import text_of, time_of
from langmem_ext.importers.report import Found, ImportReport, Progress, write
from langmem_ext.longterm.core import Core
from langmem_ext.operations import Operation, ask, asynchronous, synchronous
from langmem_ext.records import derived_id

_TIMES: Final = ("timestamp", "created_at", "occurred_at", "date", "time")


def _import_documents(
    memory: Core, vectorstore: VectorStore, *, progress: Progress | None = None
) -> Operation[ImportReport]:
    """Import the documents of a LangChain vector store as facts; they are embedded anew by the memory's store.

    Args:
        memory: Where to; a `LongTermMemory`.
        vectorstore: A FAISS or `InMemoryVectorStore` object; it is only read.
        progress: See `Progress`.

    Returns:
        What was imported: contents, ids, metadata as the record's data, and the time that a metadata field
        (timestamp, created_at, occurred_at, date, time) gives.

    Raises:
        InvalidInputError: The vector store has no way to list what it holds.
    """
    documents = yield from ask(lambda: list(_documents(vectorstore)))
    found = Found()
    for number, document in enumerate(documents, 1):
        if not isinstance(document, Document) or not text_of(document.page_content):
            found.report.skip(f"document {number}", "a document without text")
            continue
        metadata = document.metadata or {}
        fields: dict[str, Any] = {
            "id": text_of(document.id) or derived_id("document", document.page_content),
            "content": document.page_content,
            "data": _jsonable(metadata) or None,
        }
        moments = (time_of(metadata.get(name), memory.zone) for name in _TIMES)
        moment = next(filter(None, moments), None)
        found.memories.append(fields | ({"occurred_at": moment} if moment else {}))
    return (yield from write(memory, found, progress))


def _documents(vectorstore: VectorStore) -> Iterator[Any]:
    places = getattr(vectorstore, "index_to_docstore_id", None)
    docstore: Any = getattr(vectorstore, "docstore", None)
    stored = getattr(vectorstore, "store", None)
    if isinstance(places, dict) and hasattr(docstore, "search"):
        for _, name in sorted(places.items()):
            document = docstore.search(name)
            if isinstance(document, Document):
                document = document.model_copy(update={"id": str(name)})
            yield document
    elif isinstance(stored, dict):
        for name, entry in stored.items():
            yield Document(id=str(name), page_content=str(entry["text"]), metadata=dict(entry.get("metadata") or {}))
    else:
        raise InvalidInputError(
            f"{type(vectorstore).__name__} can't list what it holds; FAISS and InMemoryVectorStore objects can. Read "
            "the documents by its own means and pass them to memory.remember_many"
        )


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _jsonable(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple | set):
        return [_jsonable(entry) for entry in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


import_documents = synchronous(_import_documents)
aimport_documents = asynchronous(_import_documents)
