"""`check`: do texts, vectors and namespaces fit the items, and can what is derived be rebuilt."""

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from langmem_ext.operations import run
from langmem_ext.store.checking import CheckReport, Problem
from langmem_ext.store.embedding import Embedder
from langmem_ext.store.moving import PAGE, StoredVector
from langmem_ext.store.postgres.connecting import Connection
from langmem_ext.store.postgres.schema import vector_size
from langmem_ext.store.postgres.texts import UPSERT, columns, terms_of
from langmem_ext.store.texts import LexicalRow, Text, compile_fields, lexical_row, texts_of

if TYPE_CHECKING:
    from langmem_ext.store.postgres.store import PostgresMemoryStore

_TEXTS = """
SELECT t.prefix, t.key, s.value::text, t.tokens, t.speaker, t.sequence, t.time, t.paths, array_to_string(t.terms, ' ')
FROM store_texts t JOIN store s USING (prefix, key)
WHERE (t.prefix, t.key) > (%s, %s) ORDER BY t.prefix, t.key LIMIT %s
"""
_VECTORS = """
SELECT v.prefix, v.key, v.field_name, v.text_hash FROM store_vectors v
JOIN unnest(%s::text[], %s::text[]) AS given (prefix, key) USING (prefix, key)
"""
_BEHIND = """
SELECT s.prefix, max(s.updated_at) FROM store s LEFT JOIN store_namespaces n USING (prefix)
GROUP BY s.prefix, n.stamp HAVING n.stamp IS NULL OR max(s.updated_at) > n.stamp
"""
_SETTLE = """
INSERT INTO store_namespaces SELECT prefix, max(updated_at), max(updated_at) FROM store WHERE prefix = ANY (%s)
GROUP BY prefix
ON CONFLICT (prefix) DO UPDATE SET stamp = GREATEST(store_namespaces.stamp, EXCLUDED.stamp) + interval '1 microsecond',
    floor = GREATEST(store_namespaces.stamp, EXCLUDED.stamp) + interval '1 microsecond'
"""
_Item = tuple[str, str]


@dataclass(slots=True)
class _Findings:
    texts: dict[_Item, LexicalRow] = field(default_factory=dict)
    vectors: dict[_Item, list[Text]] = field(default_factory=dict)
    namespaces: list[str] = field(default_factory=list)

    def problems(self) -> tuple[Problem, ...]:
        """Return what was found, by layer."""
        found = (
            Problem("items", "namespaces that are unknown or whose stamp is behind their items", len(self.namespaces)),
            Problem("texts", "items whose full text is not that of their value", len(self.texts)),
            Problem("vectors", "items whose vectors are missing or of another text", len(self.vectors)),
        )
        return tuple(problem for problem in found if problem.count)


def check_store(store: "PostgresMemoryStore", embedder: Embedder | None, *, repair: bool) -> CheckReport:
    """Check a store, and repair what is derived if asked to; see `PostgresMemoryStore.check`."""
    findings = store.connections.run(lambda connection: _look(connection, embedded=embedder is not None))
    before = sum(problem.count for problem in findings.problems())
    if repair and before:
        _repair(store, embedder, findings)
        findings = store.connections.run(lambda connection: _look(connection, embedded=embedder is not None))
    counts = store.connections.run(_counts)
    remaining = sum(problem.count for problem in findings.problems())
    return CheckReport(
        path=store.connections.place,
        **counts,
        shelves=store.shelf_count,
        problems=findings.problems(),
        repaired=max(0, before - remaining) if repair else 0,
    )


def _counts(connection: Connection) -> dict[str, int]:
    tables = {"items": "store", "namespaces": "store_namespaces", "texts": "store_texts"}
    if vector_size(connection) is not None:
        tables["vectors"] = "store_vectors"
    found = {"vectors": 0}
    for name, table in tables.items():
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608 - our own names
        found[name] = row[0] if row else 0
    return found


def _look(connection: Connection, *, embedded: bool) -> _Findings:
    findings = _Findings(namespaces=[path for path, _ in connection.execute(_BEHIND)])
    has_vectors = vector_size(connection) is not None
    after: _Item = ("", "")
    while page := connection.execute(_TEXTS, (*after, PAGE)).fetchall():
        wanted: dict[_Item, list[Text]] = {}
        for path, key, text, *stored, paths, terms in page:
            value, names = json.loads(text), json.loads(paths)
            texts = texts_of(value, compile_fields(names), key)
            row = lexical_row(value, texts, names)
            if stored != [row.tokens, row.speaker, row.sequence, row.time] or terms != terms_of(row.tokens):
                findings.texts[path, key] = row
            wanted[path, key] = texts
        if has_vectors:
            findings.vectors |= _unfit(connection, wanted, whole=embedded)
        after = page[-1][:2]
    return findings


def _unfit(connection: Connection, wanted: dict[_Item, list[Text]], *, whole: bool) -> dict[_Item, list[Text]]:
    """Return the items whose vectors are not those of their texts; without `whole`, none are missing."""
    found: dict[_Item, dict[str, bytes | None]] = defaultdict(dict)
    for path, key, name, text_hash in connection.execute(_VECTORS, tuple(map(list, zip(*wanted, strict=True)))):
        found[path, key][name] = None if text_hash is None else bytes(text_hash)
    unfit = {}
    for item, texts in wanted.items():
        hashes = {text.path: text.hash for text in texts}
        same = all(hashes.get(name) == text_hash or text_hash is None for name, text_hash in found[item].items())
        if not same or (whole and found[item].keys() != hashes.keys()):
            unfit[item] = texts
    return unfit


def _repair(store: "PostgresMemoryStore", embedder: Embedder | None, findings: _Findings) -> None:
    """Embed first, outside any transaction; then write what still belongs to the same value."""
    if findings.texts:
        rows = [(path, key, row) for (path, key), row in findings.texts.items()]
        store.connections.run(lambda connection: connection.execute(UPSERT.encode(), columns(rows)), transaction=True)
    if embedder is not None:
        for (path, key), texts in findings.vectors.items():
            vectors = run(embedder.documents([text.text for text in texts]))
            for item in store.find_stored(path, [key]):
                if item.texts() == {text.path: text.hash for text in texts}:
                    fresh = tuple(
                        StoredVector(text.path, text.hash, vector.tobytes())
                        for text, vector in zip(texts, vectors, strict=True)
                    )
                    store.write_stored([replace(item, vectors=fresh)])
    paths = sorted({path for path, _ in (*findings.texts, *findings.vectors)} | set(findings.namespaces))
    store.connections.run(lambda connection: connection.execute(_SETTLE, (paths,)), transaction=True)
