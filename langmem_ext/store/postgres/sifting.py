"""Which rows of a namespace too large to be held in this process are looked at: those that could rank high.

The server finds them: by the GIN index over terms, the rarest terms of the question first, until some thousand rows
are named; and by vector. They are then ranked as if they were the namespace, so common words count a little less there
than over all of it, and a message lends its words only to neighbours that were found, too.
"""

from typing import Any

from langmem_ext.lexical import analyse_query
from langmem_ext.store.postgres.conditions import where
from langmem_ext.store.postgres.connecting import Connection
from langmem_ext.store.postgres.reading import LIVE
from langmem_ext.store.postgres.shelf import FIXED
from langmem_ext.store.postgres.texts import terms_of
from langmem_ext.store.reading import Search
from langmem_ext.text import ROW_SEPARATOR

ENOUGH = 5_000
"""Rows named by words at most: five times what is scored exactly of a large namespace that is held."""


def is_large(connection: Connection, path: str, rows: int) -> bool:
    """Tell whether a namespace holds more than so many texts, without counting further."""
    count = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM store_texts WHERE prefix = %s LIMIT %s) found", (path, rows + 1)
    ).fetchone()
    return count is not None and count[0] > rows


def sift(connection: Connection, wanted: Search, near: list[str]) -> list[tuple[Any, ...]]:
    """Return the rows to rank, as a shelf reads them: those that the rarest terms name, and those in `near`."""
    terms = _rarest(connection, wanted.path, _terms(wanted.words or ""))
    condition, given = where(wanted.conditions)
    by_words = (
        "SELECT t.key FROM store_texts t JOIN store s USING (prefix, key)"  # noqa: S608 - constants and marks
        f" WHERE t.prefix = %s AND t.terms && %s::text[] AND {LIVE} AND {condition} LIMIT %s"
    )
    return connection.execute(
        f"SELECT {FIXED} FROM store_namespaces n JOIN store s ON s.prefix = n.prefix"  # noqa: S608
        " JOIN store_texts t ON t.prefix = s.prefix AND t.key = s.key"
        f" WHERE n.prefix = %s AND s.key = ANY (ARRAY({by_words}) || %s::text[]) ORDER BY s.updated_at".encode(),
        (wanted.path, wanted.path, terms, *given, ENOUGH, near),
    ).fetchall()


def _terms(question: str) -> list[str]:
    """Return the terms of a question as `terms_of` writes those of a text."""
    analysis = analyse_query(question)
    row = ROW_SEPARATOR.join((" ".join(analysis.words), " ".join(analysis.runs)))
    return terms_of(row).split()


def _rarest(connection: Connection, path: str, terms: list[str]) -> list[str]:
    """Return the terms to look for: from the rarest on, as long as they name no more than enough; one in any case."""
    counted = connection.execute(
        "SELECT term, (SELECT count(*) FROM (SELECT 1 FROM store_texts t WHERE t.prefix = %s"
        " AND t.terms @> ARRAY[term] LIMIT %s) found) AS number FROM unnest(%s::text[]) AS term ORDER BY number",
        (path, ENOUGH + 1, terms),
    )
    chosen: list[str] = []
    total = 0
    for term, number in counted:
        total += number
        if number and (total <= ENOUGH or not chosen):
            chosen.append(term)
    return chosen
