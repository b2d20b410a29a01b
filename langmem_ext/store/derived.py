"""What can be computed from an item again: its texts and their analysis."""

import json
import sqlite3
from collections.abc import Sequence

from langmem_ext.store.schema import vector_ids
from langmem_ext.store.texts import LexicalRow, Text, compile_fields, lexical_row, texts_of
from langmem_ext.store.vectors import Rows

_PAGE = 1000
_SELECT = (
    "SELECT i.id, i.key, i.value, t.tokens, t.speaker, t.sequence, t.time, t.paths"
    " FROM texts t JOIN items i ON i.id = t.item_id"
)
Row = tuple[int, str, str, str, str, str, float | None, str]


def page_of_texts(connection: sqlite3.Connection, after: int) -> list[Row]:
    """Return the next rows of `texts` with their items, in the order of ids."""
    rows: list[Row] = connection.execute(
        f"{_SELECT} WHERE t.item_id > ? ORDER BY t.item_id LIMIT ?", (after, _PAGE)
    ).fetchall()
    return rows


def text_row(connection: sqlite3.Connection, item_id: int) -> Row | None:
    """Return the row of one item, None if it has no text."""
    row: Row | None = connection.execute(f"{_SELECT} WHERE t.item_id = ?", (item_id,)).fetchone()
    return row


def expected(row: Row) -> tuple[list[Text], LexicalRow]:
    """Return the texts and the analysis that the item of a row should have."""
    value, paths = json.loads(row[2]), json.loads(row[7])
    texts = texts_of(value, compile_fields(paths), row[1])
    return texts, lexical_row(value, texts, paths)


def write_text(connection: sqlite3.Connection, item_id: int, row: LexicalRow) -> None:
    """Replace the analysis of an item."""
    connection.execute(
        "INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?, ?)",
        (item_id, row.tokens, row.speaker, row.sequence, row.time, row.paths),
    )


def write_vectors(connection: sqlite3.Connection, item_id: int, texts: Sequence[Text], rows: Rows) -> None:
    """Replace the vectors of an item."""
    ids = vector_ids(item_id)
    connection.execute("DELETE FROM vectors WHERE id BETWEEN ? AND ?", ids)
    connection.executemany(
        "INSERT INTO vectors VALUES (?, ?, ?, ?)",
        [
            (place, text.path, text.hash, row.tobytes())
            for place, (text, row) in enumerate(zip(texts, rows, strict=True), ids[0])
        ],
    )


def reanalyse(connection: sqlite3.Connection) -> None:
    """Analyse every text again, as this version of the code does; runs in the caller's transaction."""
    after = 0
    while rows := page_of_texts(connection, after):
        for row in rows:
            write_text(connection, row[0], expected(row)[1])
        after = rows[-1][0]
