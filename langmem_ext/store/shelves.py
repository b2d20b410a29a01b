"""All shelves of a store, bounded: the longest unused leave when their bytes exceed the budget."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from langmem_ext.store.shelf import Shelf


class Shelves:
    """Shelves by namespace id. Threads share it; a shelf that is evicted while in use lives until its user is done."""

    def __init__(self, dims: int | None, budget: int) -> None:
        self._dims = dims
        self._budget = budget
        self.clear()

    def clear(self) -> None:
        """Drop everything; what is needed again is read again."""
        self._lock = threading.Lock()
        self._shelves: OrderedDict[int, Shelf] = OrderedDict()
        self._sizes: dict[int, int] = {}
        self._total = 0

    @property
    def nbytes(self) -> int:
        """Estimated bytes of memory held by all shelves."""
        return self._total

    def __len__(self) -> int:
        return len(self._shelves)

    def __contains__(self, namespace_id: int) -> bool:
        return namespace_id in self._shelves

    @contextmanager
    def use(self, namespace_id: int) -> Iterator[Shelf]:
        """Give the shelf of a namespace, locked; account for its size afterwards."""
        with self._lock:
            shelf = self._shelves.get(namespace_id)
            if shelf is None:
                shelf = self._shelves[namespace_id] = Shelf(namespace_id, self._dims)
            self._shelves.move_to_end(namespace_id)
        try:
            with shelf.lock:
                yield shelf
        finally:
            self._account(namespace_id, shelf)

    def _account(self, namespace_id: int, shelf: Shelf) -> None:
        with self._lock:
            if self._shelves.get(namespace_id) is not shelf:
                return
            size = shelf.nbytes
            self._total += size - self._sizes.get(namespace_id, 0)
            self._sizes[namespace_id] = size
            while self._total > self._budget and len(self._shelves) > 1:
                coldest = next(iter(self._shelves))
                self._shelves.pop(coldest)
                self._total -= self._sizes.pop(coldest, 0)

    def drop(self, namespace_ids: list[int]) -> None:
        """Drop the shelves of namespaces that are no more."""
        with self._lock:
            for namespace_id in namespace_ids:
                self._shelves.pop(namespace_id, None)
                self._total -= self._sizes.pop(namespace_id, 0)
