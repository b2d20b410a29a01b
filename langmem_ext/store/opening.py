"""`open_store`: a store by URL."""

from typing import Any
from urllib.parse import unquote, urlsplit

from langgraph.store.base import IndexConfig, TTLConfig

from langmem_ext.errors import InvalidInputError
from langmem_ext.store.faiss import FaissStore

_KNOWN = 'a path such as "memory.db", "faiss:///absolute/path.db" or ":memory:"'
_POSTGRES = {"postgres", "postgresql"}


def open_store(url: str, *, index: IndexConfig | None = None, ttl: TTLConfig | None = None) -> FaissStore:
    """Open the store that a URL names; use it in ``with`` or ``async with``.

    Args:
        url: A path, ``faiss:///absolute/path.db``, ``faiss://relative.db`` or ``":memory:"``.
        index: LangGraph's `IndexConfig`; see `FaissStore`.
        ttl: LangGraph's `TTLConfig`.

    Raises:
        InvalidInputError: No string, or a scheme that isn't known; the message names those that are.
        StoreError: What opening a `FaissStore` raises.
    """
    return FaissStore.from_conn_string(_path(url), index=index, ttl=ttl)


def _path(url: Any) -> str:
    if not isinstance(url, str) or not url:
        raise InvalidInputError(f"a store URL must be {_KNOWN}, got {url!r}")
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    if scheme in _POSTGRES:
        raise InvalidInputError(f"{scheme}:// is not supported by this version; pass {_KNOWN}")
    if scheme != "faiss":
        raise InvalidInputError(f"unknown store scheme {scheme!r}; pass {_KNOWN}")
    if rest == ":memory:":
        return rest
    parts = urlsplit(url)
    if parts.query or parts.fragment or not rest:
        raise InvalidInputError(f"a store URL is {_KNOWN}, without parameters, got {url!r}")
    return unquote(rest)
