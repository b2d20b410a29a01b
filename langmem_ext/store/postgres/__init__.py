"""The same store on PostgreSQL: LangGraph's `PostgresStore` and pgvector, with what recall needs beside them.

    store       `PostgresMemoryStore`, which ties them together
    connecting  pools, retries, what goes wrong in words
    schema      the tables beside LangGraph's
    conditions  a filter as SQL
    reading     get, search, vectors
    writing     puts and deletes
    texts       the table of analysed texts
    shelf       the full text of one namespace in this process, followed up from the tables
    sifting     which rows of a namespace too large for that are looked at
    finding     searches and candidates, from all of these
    browsing    pages in the order of a number, and counts
    locks       locks by name
    checking    whether what is derived fits the items
    moving      items out and in with their times and vectors

Only `open_store` imports it, and only for such a URL: everything in here may import psycopg at its top.
"""

from langmem_ext.errors import MissingExtraError

try:
    from langmem_ext.store.postgres.store import PostgresMemoryStore
except ModuleNotFoundError as error:
    raise MissingExtraError(f'a store on PostgreSQL needs {error.name}: pip install "langmem-ext[postgres]"') from error

__all__ = ["PostgresMemoryStore"]
