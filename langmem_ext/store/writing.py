"""Writing: puts and deletes of one batch inside one write transaction that the caller began."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from langmem_ext.store.reading import chunks, find_namespace, marks, now
from langmem_ext.store.schema import ITS_VECTORS, vector_ids
from langmem_ext.store.texts import LexicalRow, Text
from langmem_ext.store.vectors import Rows

_MICROSECONDS_PER_MINUTE = 60_000_000
_TOMBSTONES = 4096


@dataclass(frozen=True, slots=True)
class Put:
    """A checked put; `value` None deletes."""

    path: str
    key: str
    value: str | None
    ttl: float | None = None
    texts: Sequence[Text] = ()
    lexical: LexicalRow | None = None


@dataclass(slots=True)
class VectorSource:
    """Where the vector of a text comes from: embedded just now, or kept from the item's last version."""

    rows: Rows
    row_of: Mapping[bytes, int]
    kept: Mapping[tuple[str, str], Mapping[bytes, bytes]]

    def blob(self, put: Put, text: Text) -> bytes:
        """Return the float32 row of a text."""
        kept = self.kept.get((put.path, put.key), {}).get(text.hash)
        return self.rows[self.row_of[text.hash]].tobytes() if kept is None else kept


@dataclass(slots=True)
class _Changes:
    """Rows to write, by statement."""

    inserts: list[tuple[object, ...]] = field(default_factory=list)
    updates: list[tuple[object, ...]] = field(default_factory=list)
    deletes: list[int] = field(default_factory=list)
    tombstones: list[tuple[int, int, int]] = field(default_factory=list)
    texts: list[tuple[object, ...]] = field(default_factory=list)
    vectors: list[tuple[object, ...]] = field(default_factory=list)
    stale: list[int] = field(default_factory=list)
    revisions: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    created_at: int


def stored_vectors(
    connection: sqlite3.Connection, puts: Sequence[Put], dims: int
) -> dict[tuple[str, str], dict[bytes, bytes]]:
    """Return the vectors already stored for texts that the puts write again, by item and text hash."""
    found: dict[tuple[str, str], dict[bytes, bytes]] = defaultdict(dict)
    for path, group in _by_path([put for put in puts if put.texts]).items():
        if find_namespace(connection, path) is None:
            continue
        wanted = {put.key: {text.hash for text in put.texts} for put in group}
        for chunk in chunks(list(wanted)):
            rows = connection.execute(
                "SELECT i.key, v.text_hash, v.vector FROM namespaces n JOIN items i ON i.namespace_id = n.id"  # noqa: S608
                f" JOIN vectors v ON {ITS_VECTORS} WHERE n.path = ? AND i.key IN ({marks(chunk)})",
                (path, *chunk),
            )
            for key, text_hash, vector in rows:
                if text_hash in wanted[key] and len(vector) == dims * 4:
                    found[path, key][text_hash] = vector
    return found


def apply(connection: sqlite3.Connection, puts: Sequence[Put], vectors: VectorSource | None) -> list[int]:
    """Write a batch.

    Args:
        connection: In a write transaction.
        puts: At most one per item.
        vectors: The vectors of all texts; None writes none.

    Returns:
        The ids of namespaces that are empty now, and so are gone.
    """
    clock = Clock(connection)
    changes = _Changes()
    places = {path: _place(connection, clock, path, group) for path, group in _by_path(puts).items()}
    for put in puts:  # in their own order: stamps order the items of all namespaces
        place = places[put.path]
        if place is not None:
            item_id = _collect(changes, clock, place, put)
            if item_id is not None and vectors is not None:
                changes.vectors += _vector_rows(item_id, put, vectors)
    _execute(connection, changes)
    gone = finish(connection, changes.revisions, {namespace_id for namespace_id, _, _ in changes.tombstones})
    clock.save()
    return gone


@dataclass(frozen=True, slots=True)
class _Place:
    """A namespace that is written to, and what it holds under the keys of the batch."""

    id: int
    known: Mapping[str, _Known]


def _place(connection: sqlite3.Connection, clock: "Clock", path: str, group: Sequence[Put]) -> _Place | None:
    """Find or create a namespace; None where there is none and nothing is put."""
    namespace = find_namespace(connection, path)
    if namespace is not None:
        return _Place(namespace.id, _known_items(connection, namespace.id, [put.key for put in group]))
    if all(put.value is None for put in group):
        return None
    return _Place(clock.new_namespace(path), {})


class Clock:
    """Stamps and ids of one write transaction; stamps ascend strictly over the whole life of the file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        row: tuple[int, int, int] = connection.execute("SELECT stamp, item, namespace FROM clock").fetchone()
        self._stamp, self._item, self._namespace = row

    def stamp(self) -> int:
        """Return the time in microseconds, or the next one free if the clock stands still or runs backwards."""
        self._stamp = max(now(), self._stamp + 1)
        return self._stamp

    def after(self, stamp: int) -> int:
        """Return a stamp that is later than a given one, too."""
        self._stamp = max(self._stamp, stamp)
        return self.stamp()

    def new_item(self) -> int:
        """Return an item id never used before."""
        self._item += 1
        return self._item

    def new_namespace(self, path: str) -> int:
        """Create a namespace under an id never used before."""
        self._namespace += 1
        self._connection.execute("INSERT INTO namespaces VALUES (?, ?, 0, 0)", (self._namespace, path))
        return self._namespace

    def save(self) -> None:
        """Write it back."""
        self._connection.execute(
            "UPDATE clock SET stamp = ?, item = ?, namespace = ?", (self._stamp, self._item, self._namespace)
        )


def _by_path(puts: Sequence[Put]) -> dict[str, list[Put]]:
    groups: dict[str, list[Put]] = defaultdict(list)
    for put in puts:
        groups[put.path].append(put)
    return groups


def _known_items(connection: sqlite3.Connection, namespace_id: int, keys: list[str]) -> dict[str, _Known]:
    """Return what the namespace holds under the keys; an expired item counts as created anew."""
    known = {}
    time = now()
    for chunk in chunks(keys):
        rows = connection.execute(
            "SELECT key, id, created_at, expires_at FROM items"  # noqa: S608 - marks only
            f" WHERE namespace_id = ? AND key IN ({marks(chunk)})",
            (namespace_id, *chunk),
        )
        for key, item_id, created_at, expires_at in rows:
            expired = expires_at is not None and expires_at <= time
            known[key] = _Known(item_id, 0 if expired else created_at)
    return known


def _collect(changes: _Changes, clock: Clock, place: _Place, put: Put) -> int | None:
    """Turn one put into rows, its vectors aside; gives the id of the item, None for a deletion."""
    known = place.known.get(put.key)
    if put.value is None:
        if known is not None:
            stamp = clock.stamp()
            changes.deletes.append(known.id)
            changes.tombstones.append((place.id, stamp, known.id))
            changes.revisions[place.id] = stamp
        return None
    stamp = clock.stamp()
    expires_at = None if put.ttl is None else stamp + int(put.ttl * _MICROSECONDS_PER_MINUTE)
    if known is None:
        item_id = clock.new_item()
        changes.inserts.append((item_id, place.id, put.key, put.value, stamp, stamp, expires_at, put.ttl))
    else:
        item_id = known.id
        changes.stale.append(item_id)
        changes.updates.append((put.value, known.created_at or stamp, stamp, expires_at, put.ttl, item_id))
    changes.revisions[place.id] = stamp
    if put.lexical is not None:
        row = put.lexical
        changes.texts.append((item_id, row.tokens, row.speaker, row.sequence, row.time, row.paths))
    return item_id


def _vector_rows(item_id: int, put: Put, vectors: VectorSource) -> Iterator[tuple[object, ...]]:
    first, _ = vector_ids(item_id)
    for place, text in enumerate(put.texts, first):
        yield place, text.path, text.hash, vectors.blob(put, text)


def _execute(connection: sqlite3.Connection, changes: _Changes) -> None:
    remove(connection, changes.deletes)
    _remove_derived(connection, changes.stale)
    run = connection.executemany
    run("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?)", changes.inserts)
    run(
        "UPDATE items SET value = ?, created_at = ?, updated_at = ?, expires_at = ?, ttl_minutes = ? WHERE id = ?",
        changes.updates,
    )
    run("INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?)", changes.texts)
    run("INSERT INTO vectors VALUES (?, ?, ?, ?)", changes.vectors)
    run("INSERT INTO tombstones VALUES (?, ?, ?)", changes.tombstones)


def remove(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Delete items with all that is derived from them."""
    connection.executemany("DELETE FROM items WHERE id = ?", ((item_id,) for item_id in ids))
    _remove_derived(connection, ids)


def _remove_derived(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    connection.executemany("DELETE FROM texts WHERE item_id = ?", ((item_id,) for item_id in ids))
    connection.executemany(
        "DELETE FROM vectors WHERE id BETWEEN ? AND ?",
        map(vector_ids, ids),
    )


def finish(connection: sqlite3.Connection, revisions: Mapping[int, int], shrunk: set[int]) -> list[int]:
    """Set the revisions of changed namespaces, and tidy up those that lost items; gives those that are gone."""
    connection.executemany(
        "UPDATE namespaces SET revision = ? WHERE id = ?", ((stamp, key) for key, stamp in revisions.items())
    )
    gone = []
    for namespace_id in sorted(shrunk):
        if connection.execute("SELECT 1 FROM items WHERE namespace_id = ? LIMIT 1", (namespace_id,)).fetchone() is None:
            connection.execute("DELETE FROM namespaces WHERE id = ?", (namespace_id,))
            connection.execute("DELETE FROM tombstones WHERE namespace_id = ?", (namespace_id,))
            gone.append(namespace_id)
        else:
            _prune_tombstones(connection, namespace_id)
    return gone


def _prune_tombstones(connection: sqlite3.Connection, namespace_id: int) -> None:
    """Keep the newest few thousand tombstones; a shelf that has not seen the older ones reads everything again."""
    newest = "SELECT stamp FROM tombstones WHERE namespace_id = ? ORDER BY stamp DESC LIMIT 1 OFFSET ?"
    if connection.execute(newest, (namespace_id, _TOMBSTONES)).fetchone() is None:
        return
    (floor,) = connection.execute(newest, (namespace_id, _TOMBSTONES // 2)).fetchone()
    connection.execute("DELETE FROM tombstones WHERE namespace_id = ? AND stamp <= ?", (namespace_id, floor))
    connection.execute("UPDATE namespaces SET floor = ? WHERE id = ?", (floor, namespace_id))


def sweep(connection: sqlite3.Connection) -> tuple[int, list[int]]:
    """Delete every expired item; gives how many, and the namespaces that are gone with them."""
    expired = connection.execute(
        "SELECT id, namespace_id FROM items WHERE expires_at IS NOT NULL AND expires_at <= ?", (now(),)
    ).fetchall()
    if not expired:
        return 0, []
    clock = Clock(connection)
    tombstones = [(namespace_id, clock.stamp(), item_id) for item_id, namespace_id in expired]
    remove(connection, [item_id for item_id, _ in expired])
    connection.executemany("INSERT INTO tombstones VALUES (?, ?, ?)", tombstones)
    revisions = {namespace_id: stamp for namespace_id, stamp, _ in tombstones}
    gone = finish(connection, revisions, set(revisions))
    clock.save()
    return len(expired), gone


def refresh(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Let the time to live of items begin anew."""
    time = now()
    connection.executemany(
        "UPDATE items SET expires_at = ? + CAST(ttl_minutes * ? AS INTEGER)"
        " WHERE id = ? AND ttl_minutes IS NOT NULL AND expires_at > ?",
        ((time, _MICROSECONDS_PER_MINUTE, item_id, time) for item_id in ids),
    )
