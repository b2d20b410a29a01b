"""`check`: do the layers of a store agree with each other, and can what is derived be rebuilt."""

import sqlite3
from dataclasses import dataclass, field, replace

import numpy as np

from langmem_ext.errors import StoreCorruptError
from langmem_ext.operations import run
from langmem_ext.store import derived
from langmem_ext.store.database import Database
from langmem_ext.store.embedding import Embedder
from langmem_ext.store.maintenance import vector_size
from langmem_ext.store.reading import find_namespaces
from langmem_ext.store.rows import decode_value
from langmem_ext.store.schema import ORDINAL_BITS, vector_ids
from langmem_ext.store.shelf import Shelf
from langmem_ext.store.shelves import Shelves
from langmem_ext.store.texts import LexicalRow, Text
from langmem_ext.store.vectors import Rows

_TOLERANCE = 1e-3
_EMBED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of defect: the layer it is in ("file", "items", "vectors", "texts", "memory"), and what it is."""

    layer: str
    message: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found.

    Attributes:
        path: The file.
        items: Items stored, expired ones that are not yet swept included.
        namespaces: Namespaces stored.
        vectors: Vectors stored.
        texts: Items with full text.
        shelves: Namespaces held in memory.
        problems: What does not agree; empty is good.
        repaired: How many defects a repair has removed.
    """

    path: str
    items: int
    namespaces: int
    vectors: int
    texts: int
    shelves: int
    problems: tuple[Problem, ...]
    repaired: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return not self.problems


@dataclass(slots=True)
class _Findings:
    """Problems, and what a repair needs to know about them."""

    problems: list[Problem] = field(default_factory=list)
    texts: dict[int, LexicalRow] = field(default_factory=dict)
    vectors: dict[int, list[Text]] = field(default_factory=dict)
    broken: bool = False

    def add(self, layer: str, message: str, count: int) -> None:
        """Note a problem if there is one."""
        if count:
            self.problems.append(Problem(layer, message, count))


_LEFTOVERS = {
    "vectors": f"(id >> {ORDINAL_BITS}) NOT IN (SELECT item_id FROM texts)",  # noqa: S608 - a constant
    "texts": "item_id NOT IN (SELECT id FROM items)",
    "tombstones": "namespace_id NOT IN (SELECT id FROM namespaces)",
    "namespaces": "id NOT IN (SELECT namespace_id FROM items)",
}
_REVISIONS = (
    "SELECT n.id, max(i.updated_at) FROM namespaces n JOIN items i ON i.namespace_id = n.id"
    " GROUP BY n.id HAVING max(i.updated_at) > n.revision"
)


def check_store(
    database: Database, shelves: Shelves[int, Shelf], embedder: Embedder | None, *, repair: bool
) -> CheckReport:
    """Check a store, and repair what is derived if asked to; see `FaissStore.check`."""
    report, findings = _look(database, shelves, embedder)
    if not repair or report.ok or findings.broken:
        return report
    _repair(database, shelves, embedder, findings)
    after, _ = _look(database, shelves, embedder)
    before = sum(problem.count for problem in report.problems)
    remaining = sum(problem.count for problem in after.problems)
    return replace(after, repaired=max(0, before - remaining))


def _look(database: Database, shelves: Shelves[int, Shelf], embedder: Embedder | None) -> tuple[CheckReport, _Findings]:
    findings = _Findings()
    counts = dict.fromkeys(("items", "namespaces", "vectors", "texts"), 0)
    try:
        with database.read() as connection:
            _check_file(connection, findings)
            counts = {table: _count(connection, table) for table in counts}
            _check_rows(connection, findings)
            _check_derived(connection, embedder, findings)
            _check_memory(connection, shelves, findings)
    except StoreCorruptError as error:
        findings.broken = True
        findings.add("file", str(error), 1)
    report = CheckReport(path=database.path, **counts, shelves=len(shelves), problems=tuple(findings.problems))
    return report, findings


def _count(connection: sqlite3.Connection, table: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
    return int(count)


def _check_file(connection: sqlite3.Connection, findings: _Findings) -> None:
    messages = [message for (message,) in connection.execute("PRAGMA integrity_check(20)") if message != "ok"]
    for message in messages:
        findings.broken = True
        findings.add("file", f"SQLite reports damage: {message}", 1)


def _check_rows(connection: sqlite3.Connection, findings: _Findings) -> None:
    """Check that rows refer to each other as they should."""
    for table, condition in _LEFTOVERS.items():
        (count,) = connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()  # noqa: S608
        findings.add(table if table in {"vectors", "texts"} else "items", f"rows of {table} without owner", count)
    behind = connection.execute(_REVISIONS).fetchall()
    findings.add("items", "namespaces whose revision is behind their items", len(behind))
    orphans = connection.execute(
        "SELECT count(*) FROM items WHERE namespace_id NOT IN (SELECT id FROM namespaces)"
    ).fetchone()[0]
    findings.add("items", "items without namespace", orphans)
    unreadable = sum(not _is_object(text) for (text,) in connection.execute("SELECT value FROM items"))
    findings.add("items", "values that are no JSON object", unreadable)


def _is_object(text: str) -> bool:
    try:
        decode_value(text)
    except StoreCorruptError:
        return False
    return True


def _check_derived(connection: sqlite3.Connection, embedder: Embedder | None, findings: _Findings) -> None:
    """Compare every item's analysis and vectors with what its value says they should be.

    Opened without an embedding function, a store may hold items that have no vectors yet; those that are there must be
    sound all the same.
    """
    dims = vector_size(connection) if embedder is None else embedder.dims
    after = 0
    while rows := derived.page_of_texts(connection, after):
        for row in rows:
            if not _is_object(row[2]):
                continue
            texts, lexical = derived.expected(row)
            if (row[3], row[4], row[5], row[6]) != (lexical.tokens, lexical.speaker, lexical.sequence, lexical.time):
                findings.texts[row[0]] = lexical
            if dims is not None and not _vectors_fit(connection, row[0], texts, dims, whole=embedder is not None):
                findings.vectors[row[0]] = texts
        after = rows[-1][0]
    findings.add("texts", "items whose full text is not that of their value", len(findings.texts))
    findings.add("vectors", "items whose vectors are missing, damaged or of another text", len(findings.vectors))


def _vectors_fit(connection: sqlite3.Connection, item_id: int, texts: list[Text], dims: int, *, whole: bool) -> bool:
    ids = vector_ids(item_id)
    rows = connection.execute(
        "SELECT id, path, text_hash, vector FROM vectors WHERE id BETWEEN ? AND ? ORDER BY id", ids
    ).fetchall()
    wanted = [(place, text.path, text.hash) for place, text in enumerate(texts, ids[0])]
    found = [row[:3] for row in rows]
    right = found == wanted if whole else set(found) <= set(wanted)
    return right and all(_is_unit(blob, dims) for *_, blob in rows)


def _is_unit(blob: object, dims: int) -> bool:
    if not isinstance(blob, bytes) or len(blob) != dims * 4:
        return False
    with np.errstate(over="ignore", invalid="ignore"):  # damaged bytes may be any number
        norm = float(np.linalg.norm(np.frombuffer(blob, np.float32)))
    return norm == 0 or abs(norm - 1) < _TOLERANCE


def _check_memory(connection: sqlite3.Connection, shelves: Shelves[int, Shelf], findings: _Findings) -> None:
    """Compare what is held in memory with the file."""
    wrong = 0
    for namespace in find_namespaces(connection, ""):
        if namespace.id in shelves:
            with shelves.use(namespace.id) as shelf:
                shelf.catch_up(connection, namespace)
                wrong += not shelf.agrees(connection)
    findings.add("memory", "namespaces held in memory that differ from the file", wrong)


def _repair(database: Database, shelves: Shelves[int, Shelf], embedder: Embedder | None, findings: _Findings) -> None:
    """Embed first, without a lock; then write in one transaction what still belongs to the same text."""
    vectors: dict[int, Rows] = {}
    work = list(findings.vectors.items()) if embedder is not None else []
    for start in range(0, len(work), _EMBED_AT_ONCE):
        part = work[start : start + _EMBED_AT_ONCE]
        if embedder is not None:
            rows = run(embedder.documents([text.text for _, texts in part for text in texts]))
            ends = np.cumsum([len(texts) for _, texts in part])[:-1]
            vectors |= dict(zip((item_id for item_id, _ in part), np.split(rows, ends), strict=True))
    with database.write() as connection:
        for table in ("texts", "vectors", "namespaces", "tombstones"):
            connection.execute(f"DELETE FROM {table} WHERE {_LEFTOVERS[table]}")  # noqa: S608 - our own names
        connection.executemany(
            "UPDATE namespaces SET revision = ? WHERE id = ?",
            [(stamp, namespace_id) for namespace_id, stamp in connection.execute(_REVISIONS).fetchall()],
        )
        _rewrite(connection, findings, vectors)
    shelves.clear()


def _rewrite(connection: sqlite3.Connection, findings: _Findings, vectors: dict[int, Rows]) -> None:
    for item_id in findings.texts.keys() | vectors.keys():
        row = derived.text_row(connection, item_id)
        if row is None:
            continue  # deleted in the meantime
        texts, lexical = derived.expected(row)
        if item_id in findings.texts:
            derived.write_text(connection, item_id, lexical)
        if item_id in vectors and texts == findings.vectors[item_id]:
            derived.write_vectors(connection, item_id, texts, vectors[item_id])
