"""Moving a whole store: items as they lie in one, with their times and vectors, written as they are into another.

    for each namespace, for each page of it:  read ─ compare with what is there ─ write what differs
    then the same once more, comparing only

Nothing is embedded. A page is written whole or not at all, and what is there already is not written again, so a move
that was interrupted is simply begun anew.
"""

import hashlib
import json
import struct
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from langmem_ext.store.texts import compile_fields, texts_of

PAGE = 500
"""Items read, compared and written at a time."""


@dataclass(frozen=True, slots=True)
class StoredVector:
    """One vector of an item: the field it stands for, the hash of its text, and its float32 row."""

    field: str
    text_hash: bytes
    row: bytes


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as it lies in a store; times in microseconds since the epoch.

    Attributes:
        path: Its namespace, labels joined by dots.
        key: Its key.
        value: Its value as JSON.
        created_at: When it was first put.
        updated_at: When it was last put.
        expires_at: When it expires; None is never.
        ttl_minutes: Its time to live from each refresh on.
        fields: The fields that were indexed, None where it is not indexed.
        vectors: Its vectors.
    """

    path: str
    key: str
    value: str
    created_at: int
    updated_at: int
    expires_at: int | None
    ttl_minutes: float | None
    fields: tuple[str, ...] | None
    vectors: tuple[StoredVector, ...]

    def texts(self) -> dict[str, bytes]:
        """Return the hash of each indexed text by its field."""
        if self.fields is None:
            return {}
        return {
            text.path: text.hash for text in texts_of(json.loads(self.value), compile_fields(self.fields), self.key)
        }

    def digest(self) -> int:
        """Return a checksum of all of it that does not depend on how a store writes JSON."""
        value = json.dumps(_plain(json.loads(self.value)), sort_keys=True)
        times = (self.created_at, self.updated_at, self.expires_at, self.ttl_minutes)
        head = json.dumps([self.path, self.key, value, times, self.fields])
        digest = hashlib.blake2b(head.encode("utf-8", "surrogatepass"), digest_size=8)
        for vector in sorted(self.vectors, key=lambda vector: vector.field):
            digest.update(struct.pack("<i", len(vector.row)) + vector.field.encode() + vector.row)
        return int.from_bytes(digest.digest())


def _plain(value: Any) -> Any:
    """Write whole floats as integers: a store may keep 1.0 and 1e16 as either."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


@runtime_checkable
class Movable(Protocol):
    """A store whose items can be moved."""

    @abstractmethod
    def stored_namespaces(self) -> dict[str, int]:
        """Return how many items each namespace holds, expired ones that are not yet swept included."""
        ...

    @abstractmethod
    def stored_vector_size(self) -> int | None:
        """Return how many numbers the stored vectors have; None where there never were any."""
        ...

    @abstractmethod
    def read_stored(self, path: str, *, after: str | None = None) -> list[StoredItem]:
        """Return the next `PAGE` items of one namespace, in the order of the keys."""
        ...

    @abstractmethod
    def find_stored(self, path: str, keys: Sequence[str]) -> list[StoredItem]:
        """Return the items under some keys of one namespace."""
        ...

    @abstractmethod
    def write_stored(self, items: Sequence[StoredItem]) -> None:
        """Write items of one namespace as they are, all or none."""
        ...


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did.

    Attributes:
        namespaces: Namespaces of the source.
        items: Items of the source.
        vectors: Their vectors.
        written: Items that were written, the others being there already.
        missing: Items that the second pass did not find, or found different: 0 is good.
        checksum: Of everything that the source holds.
        found: Of the same in the target, equal to `checksum` if all is well.
    """

    namespaces: int
    items: int
    vectors: int
    written: int
    missing: int
    checksum: int
    found: int

    @property
    def ok(self) -> bool:
        """Whether the target holds everything that the source does."""
        return not self.missing and self.checksum == self.found


def move(source: Movable, target: Movable, advance: Callable[[int], None]) -> Moved:
    """Copy everything, then compare everything.

    Args:
        source: Read only; best not written to meanwhile.
        target: What it already holds under other keys is left alone.
        advance: Called with the number of items done, twice the number of items in all.

    Returns:
        What was done, and what the comparison found.
    """
    written = 0
    for page in _pages(source):
        there = _digests(target.find_stored(page[0].path, [item.key for item in page]))
        differing = [item for item in page if there.get(item.key) != item.digest()]
        if differing:
            target.write_stored(differing)
            written += len(differing)
        advance(len(page))
    return _compare(source, target, advance, written)


def _compare(source: Movable, target: Movable, advance: Callable[[int], None], written: int) -> Moved:
    items = vectors = missing = checksum = found = 0
    paths = set()
    for page in _pages(source):
        there = _digests(target.find_stored(page[0].path, [item.key for item in page]))
        for item in page:
            digest = item.digest()
            checksum ^= digest
            found ^= there.get(item.key, 0)
            missing += there.get(item.key) != digest
            vectors += len(item.vectors)
        items += len(page)
        paths.add(page[0].path)
        advance(len(page))
    return Moved(len(paths), items, vectors, written, missing, checksum, found)


def _digests(items: Iterable[StoredItem]) -> dict[str, int]:
    return {item.key: item.digest() for item in items}


def _pages(store: Movable) -> Iterable[list[StoredItem]]:
    for path in sorted(store.stored_namespaces()):
        after: str | None = None
        while page := store.read_stored(path, after=after):
            yield page
            after = page[-1].key
