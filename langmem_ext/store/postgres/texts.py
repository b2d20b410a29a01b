"""The table of analysed texts: its rows, and analysing again what is stored."""

import json
from collections.abc import Iterator, Sequence

from langmem_ext.stopwords import FUNCTION_CHARACTERS
from langmem_ext.store.postgres.connecting import Connection
from langmem_ext.store.texts import Fields, LexicalRow, compile_fields, lexical_row, texts_of
from langmem_ext.text import ROW_SEPARATOR, stems

_PAGE = 1000
_COLUMNS = "prefix, key, tokens, speaker, sequence, time, paths, terms"
_INSERT = f"""
INSERT INTO store_texts ({_COLUMNS})
SELECT prefix, key, tokens, speaker, sequence, time, paths, string_to_array(terms, ' ')
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::float8[], %s::text[], %s::text[])
    AS given ({_COLUMNS})
"""  # noqa: S608 - constants
UPSERT = (
    _INSERT
    + """ON CONFLICT (prefix, key) DO UPDATE SET tokens = EXCLUDED.tokens, speaker = EXCLUDED.speaker,
    sequence = EXCLUDED.sequence, time = EXCLUDED.time, paths = EXCLUDED.paths, terms = EXCLUDED.terms
"""
)


def terms_of(tokens: str) -> str:
    """Return the terms of a token row, as the GIN index holds them: stems, characters and pairs of unspaced script."""
    words, runs, _ = (*tokens.split(ROW_SEPARATOR), "", "")[:3]
    found = dict.fromkeys(stems(words.split()))
    for run in runs.split():
        found |= dict.fromkeys(run) | dict.fromkeys(run[place : place + 2] for place in range(len(run) - 1))
    return " ".join(term for term in found if not FUNCTION_CHARACTERS.issuperset(term))


def columns(rows: Sequence[tuple[str, str, LexicalRow]]) -> tuple[list[object], ...]:
    """Return the parameters of `UPSERT`: namespace, key and analysis of each item, by column."""
    table = [
        (path, key, row.tokens, row.speaker, row.sequence, row.time, row.paths, terms_of(row.tokens))
        for path, key, row in rows
    ]
    return tuple(map(list, zip(*table, strict=True)))


def reanalyse(connection: Connection) -> None:
    """Analyse every text again, as this version of the code does."""
    select = (
        "SELECT t.prefix, t.key, s.value::text, t.paths FROM store_texts t JOIN store s USING (prefix, key)"
        " WHERE (t.prefix, t.key) > (%s, %s) ORDER BY t.prefix, t.key LIMIT %s"
    )
    for page in _pages(connection, select):
        found = []
        for path, key, text, paths in page:
            value, names = json.loads(text), json.loads(paths)
            found.append((path, key, lexical_row(value, texts_of(value, compile_fields(names), key), names)))
        connection.execute(UPSERT, columns(found))


def adopt(connection: Connection, fields: Fields) -> None:
    """Analyse what LangGraph's own store has put, by the fields of this configuration.

    Where there are vectors, only what has one is indexed: the rest was put with ``index=False``.
    """
    has_vectors = (
        connection.execute("SELECT to_regclass('store_vectors')").fetchone() != (None,)
        and connection.execute("SELECT 1 FROM store_vectors LIMIT 1").fetchone() is not None
    )
    indexed = "AND EXISTS (SELECT 1 FROM store_vectors v WHERE v.prefix = s.prefix AND v.key = s.key)"
    select = (
        "SELECT s.prefix, s.key, s.value::text FROM store s"  # noqa: S608 - a constant
        f" WHERE (s.prefix, s.key) > (%s, %s) {indexed if has_vectors else ''} ORDER BY s.prefix, s.key LIMIT %s"
    )
    names = [name for name, _ in fields]
    for page in _pages(connection, select):
        found = []
        for path, key, text in page:
            value = json.loads(text)
            if texts := texts_of(value, fields, key):
                found.append((path, key, lexical_row(value, texts, names)))
        if found:
            connection.execute(UPSERT, columns(found))


def _pages(connection: Connection, select: str) -> Iterator[list[tuple[str, ...]]]:
    after = ("", "")
    while page := connection.execute(select.encode(), (*after, _PAGE)).fetchall():
        yield page
        after = page[-1][:2]
