"""Looking through a namespace without a question: in the order of a number, filtered, counted; and counts of items."""

import json
import sqlite3
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from langgraph.store.base import SearchOp
from numpy.typing import NDArray

from langmem_ext.errors import InvalidInputError
from langmem_ext.operations import Operation, arun, ask, run
from langmem_ext.protocols import Ordered
from langmem_ext.store import reading
from langmem_ext.store.filters import Path, compile_filter
from langmem_ext.store.planning import plan_search
from langmem_ext.store.rows import decode_namespace, encode_namespace
from langmem_ext.store.shelf import Shelf
from langmem_ext.store.shelves import Shelves

Slots = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Listing:
    """A checked listing: which items, by which number, and which page of them."""

    search: reading.Search
    by: Path
    contains: tuple[str, str] | None
    keys: tuple[str, ...] | None
    ascending: bool

    @property
    def paths(self) -> list[Path]:
        """The columns that it needs."""
        return [self.by, *(condition.path for condition in self.search.conditions)]


class Browsing:
    """The part of a store that lists and counts; a subclass says how, blocking."""

    @abstractmethod
    def _ordered(self, listing: Listing) -> Ordered:
        """Return the page of a listing."""

    @abstractmethod
    def _counts(self, path: str) -> dict[tuple[str, ...], int]:
        """Count the items of the namespaces at and below a path."""

    def search_ordered(
        self,
        namespace: tuple[str, ...],
        by: str,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the name BaseStore.search uses
        contains: tuple[str, str] | None = None,
        keys: Sequence[str] | None = None,
        ascending: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> Ordered:
        """Return a page of one namespace in the order of a number, and that number for all that match.

        Args:
            namespace: Exactly this namespace, no prefix.
            by: Field of the value that holds the number; items without one come last.
            filter: As in `search`.
            contains: Field and text: the field is a text that contains it, whatever the case, or a list that has it.
            keys: Only items of these keys.
            ascending: The least first instead of the greatest; items of equal number in the order of writing.
            limit: How many to return.
            offset: How many to skip.

        Raises:
            InvalidInputError: An argument that can't be meant.
        """
        return run(
            self._search_ordered(_plan(SearchOp(namespace, filter, limit, offset), by, contains, keys, ascending))
        )

    async def asearch_ordered(
        self,
        namespace: tuple[str, ...],
        by: str,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        contains: tuple[str, str] | None = None,
        keys: Sequence[str] | None = None,
        ascending: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> Ordered:
        """Async twin of `search_ordered`."""
        return await arun(
            self._search_ordered(_plan(SearchOp(namespace, filter, limit, offset), by, contains, keys, ascending))
        )

    def count_items(self, prefix: tuple[str, ...]) -> dict[tuple[str, ...], int]:
        """Return how many items each namespace at and below the prefix holds; those without any are left out."""
        return run(self._count_items(prefix))

    async def acount_items(self, prefix: tuple[str, ...]) -> dict[tuple[str, ...], int]:
        """Async twin of `count_items`."""
        return await arun(self._count_items(prefix))

    def _search_ordered(self, listing: Listing) -> Operation[Ordered]:
        return (yield from ask(lambda: self._ordered(listing)))

    def _count_items(self, prefix: tuple[str, ...]) -> Operation[dict[tuple[str, ...], int]]:
        path = encode_namespace(prefix)
        return (yield from ask(lambda: self._counts(path)))


def _plan(
    op: SearchOp, by: str, contains: tuple[str, str] | None, keys: Sequence[str] | None, ascending: bool
) -> Listing:
    for name, field in (("by", by), ("contains", contains[0] if contains else "text")):
        if not field:
            raise InvalidInputError(f"{name} must name a field of the value, got {field!r}")
    (order,) = compile_filter({by: 0})
    return Listing(plan_search(op), order.path, contains, None if keys is None else tuple(keys), ascending)


def ordered(connection: sqlite3.Connection, shelves: Shelves[int, Shelf], listing: Listing) -> Ordered:
    """Return the page of a listing from a file."""
    search = listing.search
    namespace = reading.find_namespace(connection, search.path)
    if namespace is None:
        return Ordered([], np.empty(0))
    with shelves.use(namespace.id) as shelf:
        shelf.catch_up(connection, namespace)
        shelf.hold(connection, listing.paths)
        mask = reading.mask_of(connection, shelf, search.conditions)
        slots: Slots = np.flatnonzero(shelf.alive if mask is None else mask)
        for ids in _chosen(connection, namespace.id, listing):
            slots = slots[np.isin(shelf.ids[slots], ids)]
        numbers = shelf.column(connection, listing.by).numbers[slots]
        slots, numbers = _sorted(slots, numbers, ascending=listing.ascending)
        page = shelf.ids[slots[search.offset : search.reach]].tolist()
    rows = reading.by_id(connection, page)
    return Ordered([rows[item_id].search_item(None) for item_id in page], numbers)


def _sorted(slots: Slots, numbers: NDArray[np.float64], *, ascending: bool) -> tuple[Slots, NDArray[np.float64]]:
    """Order by number, then by writing, which is the order of the slots; what has no number comes last."""
    key = np.nan_to_num(numbers if ascending else -numbers, nan=np.inf)
    order = np.lexsort((slots if ascending else -slots, key))
    return slots[order], numbers[order]


def _chosen(connection: sqlite3.Connection, namespace_id: int, listing: Listing) -> list[Slots]:
    """Return, for each of the two restrictions that is asked for, the ids of the items that meet it."""
    found: list[Slots] = []
    if listing.keys is not None:
        ids: list[int] = []
        for chunk in reading.chunks(sorted(set(listing.keys))):
            query = f"SELECT id FROM items WHERE namespace_id = ? AND key IN ({reading.marks(chunk)})"  # noqa: S608
            ids += [item_id for (item_id,) in connection.execute(query, (namespace_id, *chunk))]
        found.append(np.array(ids, np.int64))
    if listing.contains is not None:
        found.append(np.array(_containing(connection, namespace_id, *listing.contains), np.int64))
    return found


def _containing(connection: sqlite3.Connection, namespace_id: int, field: str, text: str) -> list[int]:
    """Return the ids of items whose field contains the text.

    They are read from the file: a column of long texts would not be worth its memory.
    """
    folded, quoted = text.casefold(), json.dumps(text, ensure_ascii=False)[1:-1]
    rows = connection.execute(
        "SELECT id, json_extract(value, ?), json_type(value, ?) FROM items WHERE namespace_id = ?",
        (f'$."{field}"', f'$."{field}"', namespace_id),
    )
    found = []
    for item_id, value, kind in rows:
        if kind == "text":
            if folded in value.casefold():
                found.append(item_id)
        elif kind == "array" and quoted in value and text in json.loads(value):
            found.append(item_id)
    return found


def counts(connection: sqlite3.Connection, path: str) -> dict[tuple[str, ...], int]:
    """Count the live items of the namespaces at and below a path."""
    rows = connection.execute(
        "SELECT n.path, count(*) FROM namespaces n JOIN items i ON i.namespace_id = n.id"
        " WHERE (n.path = ? OR (n.path >= ? AND n.path < ?)) AND (i.expires_at IS NULL OR i.expires_at > ?)"
        " GROUP BY n.id ORDER BY n.path",
        (path, f"{path}." if path else "", f"{path}/" if path else "\U0010ffff", reading.now()),
    )
    return {decode_namespace(name): number for name, number in rows}
