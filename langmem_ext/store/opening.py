"""`open_store`: a store by URL."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from langgraph.store.base import IndexConfig, TTLConfig

from langmem_ext.errors import InvalidInputError
from langmem_ext.store.faiss import FaissStore
from langmem_ext.store.hybrid import HybridStore

if TYPE_CHECKING:
    from langmem_ext.store.postgres import PostgresMemoryStore

_KNOWN = (
    'a path such as "memory.db", "faiss:///absolute/path.db", ":memory:" or "postgresql://user:password@host:5432/db"'
)
_POSTGRES = ("postgres", "postgresql")
_NUMBERS = {"pool_size": int, "pool_timeout": float, "patience": float, "memory_budget": int, "shelf_rows": int}
"""Settings of `PostgresMemoryStore` that a URL may carry beside those of libpq."""


def open_store(url: str, *, index: IndexConfig | None = None, ttl: TTLConfig | None = None) -> HybridStore:
    """Open the store that a URL names; use it in ``with`` or ``async with``.

    Args:
        url: A path, ``faiss:///absolute/path.db``, ``faiss://relative.db``, ``":memory:"``, or
            ``postgresql://user:password@host:5432/database`` with libpq's parameters (``?sslmode=require``) and these:
            ``pool_size``, ``pool_timeout``, ``patience`` (seconds), ``memory_budget`` (bytes), ``shelf_rows``.
        index: LangGraph's `IndexConfig`; see `FaissStore` and `PostgresMemoryStore`.
        ttl: LangGraph's `TTLConfig`.

    Returns:
        A `FaissStore`, or for a server a `PostgresMemoryStore`.

    Raises:
        InvalidInputError: No string, or a scheme that isn't known; the message names those that are.
        MissingExtraError: A server's URL without the extra `postgres`.
        StoreError: What opening the store raises.
    """
    if str(url).partition("://")[0] in _POSTGRES:
        return _open_postgres(url, index, ttl)
    return FaissStore.from_conn_string(_path(url), index=index, ttl=ttl)


def _open_postgres(url: str, index: IndexConfig | None, ttl: TTLConfig | None) -> "PostgresMemoryStore":
    from langmem_ext.store.postgres import PostgresMemoryStore  # noqa: PLC0415 - an extra, loaded where it is asked for

    address, settings = _settings(url)
    return PostgresMemoryStore(address, index=index, ttl=ttl, **settings)


def _settings(url: str) -> tuple[str, dict[str, Any]]:
    """Take the parameters that are ours out of a URL."""
    address, _, query = url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    settings: dict[str, Any] = {}
    for name, value in pairs:
        if name in _NUMBERS:
            try:
                settings[name] = _NUMBERS[name](value)
            except ValueError:
                raise InvalidInputError(f"{name} in a store URL must be a number, got {value!r}") from None
    others = urlencode([pair for pair in pairs if pair[0] not in _NUMBERS])
    return f"{address}?{others}" if others else address, settings


def _path(url: Any) -> str:
    if not isinstance(url, str) or not url:
        raise InvalidInputError(f"a store URL must be {_KNOWN}, got {url!r}")
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    if scheme != "faiss":
        raise InvalidInputError(f"unknown store scheme {scheme!r}; pass {_KNOWN}")
    if rest == ":memory:":
        return rest
    parts = urlsplit(url)
    if parts.query or parts.fragment or not rest:
        raise InvalidInputError(f"a store URL is {_KNOWN}, without parameters, got {url!r}")
    return unquote(rest)
