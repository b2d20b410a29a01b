"""Time to live: an expired item is gone for every reader, swept or not."""

import time
from collections.abc import Iterator

import pytest
from langgraph.store.base import BaseStore, GetOp, IndexConfig, PutOp, TTLConfig

from langmem_ext.testing.conformance.base import ConformanceBase
from langmem_ext.testing.conformance.driving import OpenStore
from langmem_ext.testing.conformance.items import ALICE

SHORT = 0.05
"""Seconds that a short-lived item of the suite lives."""
LONG = 1.0
"""Seconds that an item lives which is read often enough to stay."""


def minutes(seconds: float) -> float:
    """Convert to the unit of LangGraph's `ttl`."""
    return seconds / 60


def wait_out(seconds: float) -> None:
    """Sleep until an item with this time to live has expired for certain."""
    time.sleep(seconds + 0.1)


class ExpiryBehaviour(ConformanceBase):
    """Items that expire."""

    @pytest.fixture
    def ttl_store(self, open_store: OpenStore, index: IndexConfig | None) -> Iterator[BaseStore]:
        """A store that refreshes on read, without a default time to live."""
        self.need("supports_ttl")
        with open_store(index=index, ttl=TTLConfig(refresh_on_read=True)) as store:
            yield store

    def test_expired_items_are_never_served(self, ttl_store: BaseStore) -> None:
        """Neither by key nor by search nor by namespace, without any sweep."""
        ttl_store.put(ALICE, "short", {"text": "tea"}, ttl=minutes(SHORT))
        ttl_store.put(ALICE, "ever", {"text": "coffee"}, ttl=None)
        ttl_store.put(("other",), "short", {"text": "tea"}, ttl=minutes(SHORT))
        wait_out(SHORT)
        assert ttl_store.get(ALICE, "short") is None
        assert ttl_store.batch([GetOp(ALICE, "short")]) == [None]
        assert [item.key for item in ttl_store.search(())] == ["ever"]
        assert [item.key for item in ttl_store.search((), filter={"text": "tea"})] == []
        assert ttl_store.list_namespaces() == [ALICE]
        if self.supports_vectors:
            assert [item.key for item in ttl_store.search((), query="tea")] == ["ever"]
        if self.supports_lexical:
            assert ttl_store.search_lexical((), "tea") == []  # type: ignore[attr-defined]

    def test_expired_items_take_no_ones_place(self, ttl_store: BaseStore) -> None:
        """Limits count living items only."""
        ttl_store.batch([PutOp(ALICE, f"short{n}", {"text": "tea"}, ttl=minutes(SHORT)) for n in range(20)])
        ttl_store.put(ALICE, "ever", {"text": "tea coffee"})
        wait_out(SHORT)
        assert [item.key for item in ttl_store.search(ALICE, limit=1)] == ["ever"]
        if self.supports_vectors:
            assert [item.key for item in ttl_store.search(ALICE, query="tea", limit=1)] == ["ever"]

    def test_reading_refreshes(self, ttl_store: BaseStore) -> None:
        """An item that is read by get or found by search starts its time anew."""
        ttl_store.put(ALICE, "got", {"text": "tea"}, ttl=minutes(LONG))
        ttl_store.put(ALICE, "found", {"text": "coffee"}, ttl=minutes(LONG))
        ttl_store.put(ALICE, "looked at", {"text": "opera"}, ttl=minutes(LONG))
        end = time.monotonic() + 1.3 * LONG
        while time.monotonic() < end:
            ttl_store.get(ALICE, "got")
            ttl_store.search(ALICE, filter={"text": "coffee"})
            ttl_store.get(ALICE, "looked at", refresh_ttl=False)
            time.sleep(LONG / 20)
        assert ttl_store.get(ALICE, "got") is not None
        assert ttl_store.get(ALICE, "found") is not None
        assert ttl_store.get(ALICE, "looked at") is None

    def test_the_default_time_to_live_applies_where_none_is_given(self, open_store: OpenStore) -> None:
        """`default_ttl` is taken where the put gives none; `ttl=None` means for ever."""
        self.need("supports_ttl")
        with open_store(ttl=TTLConfig(default_ttl=minutes(SHORT), refresh_on_read=False)) as store:
            store.put(ALICE, "default", {"text": "tea"})
            store.put(ALICE, "ever", {"text": "tea"}, ttl=None)
            wait_out(SHORT)
            assert [item.key for item in store.search(ALICE)] == ["ever"]

    def test_putting_again_sets_the_time_anew(self, ttl_store: BaseStore) -> None:
        """The time to live is that of the last put, or none."""
        ttl_store.put(ALICE, "k", {"text": "tea"}, ttl=minutes(SHORT))
        ttl_store.put(ALICE, "k", {"text": "tea"}, ttl=None)
        ttl_store.put(ALICE, "l", {"text": "tea"}, ttl=minutes(SHORT))
        wait_out(SHORT)
        ttl_store.put(ALICE, "l", {"text": "coffee"}, ttl=None)
        assert ttl_store.get(ALICE, "k") is not None
        assert ttl_store.get(ALICE, "l") is not None

    def test_sweeping_deletes_what_has_expired_and_nothing_else(self, ttl_store: BaseStore) -> None:
        """`sweep_ttl` returns how many items it deleted."""
        ttl_store.batch([PutOp(ALICE, f"short{n}", {"text": "tea"}, ttl=minutes(SHORT)) for n in range(3)])
        ttl_store.put(ALICE, "long", {"text": "tea"}, ttl=60)
        ttl_store.put(ALICE, "ever", {"text": "tea"})
        wait_out(SHORT)
        assert ttl_store.sweep_ttl() == 3  # type: ignore[attr-defined]
        assert ttl_store.sweep_ttl() == 0  # type: ignore[attr-defined]
        assert {item.key for item in ttl_store.search(ALICE)} == {"long", "ever"}
