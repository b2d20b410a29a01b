"""All shelves of a store, bounded: the longest unused leave when their bytes exceed the budget."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class Holding(Protocol):
    """What is held of one namespace."""

    lock: threading.Lock

    @property
    def nbytes(self) -> int:
        """Estimated bytes of memory held."""
        ...


Name = TypeVar("Name", bound=Hashable)
Held = TypeVar("Held", bound=Holding)


class Shelves(Generic[Name, Held]):
    """Shelves by namespace. Threads share it; a shelf that is evicted while in use lives until its user is done.

    Args:
        make: Makes an empty shelf for a namespace.
        budget: Bytes of all shelves together.
    """

    def __init__(self, make: Callable[[Name], Held], budget: int) -> None:
        self._make = make
        self._budget = budget
        self.clear()

    def clear(self) -> None:
        """Drop everything; what is needed again is read again."""
        self._lock = threading.Lock()
        self._shelves: OrderedDict[Name, Held] = OrderedDict()
        self._sizes: dict[Name, int] = {}
        self._total = 0

    @property
    def nbytes(self) -> int:
        """Estimated bytes of memory held by all shelves."""
        return self._total

    def __len__(self) -> int:
        return len(self._shelves)

    def __contains__(self, namespace: object) -> bool:
        return namespace in self._shelves

    @contextmanager
    def use(self, namespace: Name) -> Iterator[Held]:
        """Give the shelf of a namespace, locked; account for its size afterwards."""
        with self._lock:
            shelf = self._shelves.get(namespace)
            if shelf is None:
                shelf = self._shelves[namespace] = self._make(namespace)
            self._shelves.move_to_end(namespace)
        try:
            with shelf.lock:
                yield shelf
        finally:
            self._account(namespace, shelf)

    def _account(self, namespace: Name, shelf: Held) -> None:
        with self._lock:
            if self._shelves.get(namespace) is not shelf:
                return
            size = shelf.nbytes
            self._total += size - self._sizes.get(namespace, 0)
            self._sizes[namespace] = size
            while self._total > self._budget and len(self._shelves) > 1:
                coldest = next(iter(self._shelves))
                self._shelves.pop(coldest)
                self._total -= self._sizes.pop(coldest, 0)

    def drop(self, namespaces: Iterable[Name]) -> None:
        """Drop the shelves of namespaces that are no more."""
        with self._lock:
            for namespace in namespaces:
                self._shelves.pop(namespace, None)
                self._total -= self._sizes.pop(namespace, 0)
