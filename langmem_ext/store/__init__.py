"""Stores: `FaissStore`, and `open_store` that opens one by URL."""

from langmem_ext.store.checking import CheckReport
from langmem_ext.store.faiss import FaissStore
from langmem_ext.store.opening import open_store

__all__ = ["CheckReport", "FaissStore", "open_store"]
