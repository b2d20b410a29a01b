"""A test suite for any LangGraph store: subclass `StoreConformance`, give one fixture, run pytest.

Owns what a store must do; imports no store. Written in the style of `langchain-tests`: capabilities are properties,
and a store that deviates says so in its subclass with an `xfail` that carries a reason (`deviation`).
"""

import pytest

for _room in (
    "items",
    "namespaces",
    "search",
    "vectors",
    "filters",
    "expiry",
    "lexical",
    "extras",
    "concurrency",
    "durability",
):
    pytest.register_assert_rewrite(f"{__name__}.{_room}")

from langmem_ext.testing.conformance.base import deviation  # noqa: E402 - the rooms must be registered before import
from langmem_ext.testing.conformance.driving import AsyncDriver, StoreFactory  # noqa: E402
from langmem_ext.testing.conformance.embedding import SuiteEmbeddings  # noqa: E402
from langmem_ext.testing.conformance.suite import StoreConformance  # noqa: E402

__all__ = ["AsyncDriver", "StoreConformance", "StoreFactory", "SuiteEmbeddings", "deviation"]
