"""Embedding as an operation: what to ask the embedding function, and whether its answer can be used."""

import asyncio
import struct
import threading
from collections.abc import Coroutine, Sequence, Sized
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from langgraph.store.base import IndexConfig, ensure_embeddings
from langgraph.store.base.embed import EmbeddingsLambda

from langmem_ext.errors import EmbeddingError, InvalidInputError
from langmem_ext.operations import Operation, ask
from langmem_ext.store.vectors import Rows

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

T = TypeVar("T")
_NORMALISE_ROWS = 4096


class Embedder:
    """The embedding function of a store and the size of its vectors. Holds no lock and no state."""

    def __init__(self, index: IndexConfig) -> None:
        dims = index.get("dims")
        if not isinstance(dims, int) or isinstance(dims, bool) or dims < 1:
            raise InvalidInputError(f'index["dims"] must be the size of the vectors, such as 384, got {dims!r}')
        if index.get("embed") is None:
            raise InvalidInputError('index["embed"] is missing: pass Embeddings, a function or "provider:model"')
        self.dims = dims
        self.embeddings: Embeddings = ensure_embeddings(index["embed"])

    def documents(self, texts: list[str]) -> Operation[Rows]:
        """Embed texts in one call; gives unit rows, shape ``(len(texts), dims)``.

        Raises:
            EmbeddingError: The function failed, or its answer can't be used.
        """
        if not texts:
            return np.empty((0, self.dims), np.float32)
        return self._unit_rows((yield from self._ask("embed_documents", texts)), len(texts))

    def query(self, text: str) -> Operation[Rows]:
        """Embed a query; gives a unit vector, shape ``(dims,)``."""
        answer = yield from self._ask("embed_query", text)
        rows = self._unit_rows([answer], 1)
        vector: Rows = rows[0]
        return vector

    def _ask(self, method: str, argument: Any) -> Operation[Any]:
        try:
            return (
                yield from ask(
                    lambda: self._call(method, argument),
                    lambda: getattr(self.embeddings, f"a{method}")(argument),
                )
            )
        except Exception as error:
            raise EmbeddingError(
                f"the embedding function failed with {type(error).__name__}; nothing was written"
            ) from error

    def _call(self, method: str, argument: Any) -> Any:
        wrapped = self.embeddings
        if isinstance(wrapped, EmbeddingsLambda) and not hasattr(wrapped, "func"):  # only an async function was given
            return _run_elsewhere(getattr(wrapped, f"a{method}")(argument))
        return getattr(wrapped, method)(argument)

    def _unit_rows(self, answer: Any, count: int) -> Rows:
        if _size(answer) != count:
            raise EmbeddingError(
                f"the embedding function must return a list of {count} vectors, got {_size(answer)} of them"
            )
        rows = np.array(answer, np.float32) if isinstance(answer, np.ndarray) else self._packed(answer)
        if rows.shape != (count, self.dims):
            raise EmbeddingError(self._wrong_size(rows.shape[-1]))
        if not np.isfinite(rows).all():
            raise EmbeddingError("the embedding function returned NaN or infinity; nothing was written")
        return normalise(rows)

    def _packed(self, answer: Sequence[Any]) -> Rows:
        """Turn lists of floats into rows; three times as fast as numpy does."""
        pack = struct.Struct(f"{self.dims}f").pack
        packed = []
        for vector in answer:
            if _size(vector) != self.dims:
                raise EmbeddingError(self._wrong_size(_size(vector)))
            try:
                packed.append(pack(*vector))
            except (struct.error, OverflowError, TypeError) as error:
                raise EmbeddingError("the embedding function returned something that is no 32-bit float") from error
        return np.frombuffer(bytearray().join(packed), np.float32).reshape(len(packed), self.dims)

    def _wrong_size(self, size: int) -> str:
        return f'the embedding function returned vectors of {size} numbers, but index["dims"] is {self.dims}'


def _size(answer: Any) -> int:
    return len(answer) if isinstance(answer, Sized) else 0


def normalise(rows: Rows) -> Rows:
    """Scale rows to length 1 in place and return them; a zero row stays zero, its cosine with anything is 0."""
    for start in range(0, len(rows), _NORMALISE_ROWS):
        part = rows[start : start + _NORMALISE_ROWS]
        norms = np.linalg.norm(part.astype(np.float64), axis=1, keepdims=True)
        norms[norms == 0] = 1.0
        part[...] = part / norms
    return rows


def _run_elsewhere(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread of its own, so that a running event loop here doesn't matter."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(coroutine))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run, name="langmem-ext-embedding")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]
