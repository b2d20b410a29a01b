"""Numpy arrays that grow at their end."""

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


class GrowingArray(Generic[Scalar]):
    """A one-dimensional array with spare room, so that appending costs what is appended. Not thread-safe."""

    __slots__ = ("_buffer", "_size")

    def __init__(self, dtype: type[Scalar]) -> None:
        self._buffer: NDArray[Scalar] = np.empty(0, dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def data(self) -> NDArray[Scalar]:
        """The contents: a view, valid until the next `extend`."""
        return self._buffer[: self._size]

    @property
    def nbytes(self) -> int:
        """Bytes of memory held, the spare room included."""
        return self._buffer.nbytes

    def extend(self, values: ArrayLike) -> None:
        """Append a copy of one-dimensional `values`."""
        added: NDArray[Any] = np.asarray(values, self._buffer.dtype)
        size = self._size + len(added)
        if size > len(self._buffer):
            buffer = np.empty(size if not self._size else max(size, self._size * 5 // 4 + 16), self._buffer.dtype)
            buffer[: self._size] = self.data
            self._buffer = buffer
        self._buffer[self._size : size] = added
        self._size = size

    def truncate(self, size: int) -> None:
        """Drop everything from position `size` on."""
        self._size = size
