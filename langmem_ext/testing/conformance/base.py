"""Fixtures, capability flags and the rule that no behaviour is dropped silently."""

import functools
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from langgraph.store.base import BaseStore, IndexConfig, TTLConfig

from langmem_ext.testing.conformance.driving import (
    AsyncDriver,
    OpenStore,
    StoreFactory,
    drive_async,
    drive_sync,
)
from langmem_ext.testing.conformance.embedding import DIMS, SuiteEmbeddings

Test = TypeVar("Test", bound=Callable[..., None])


def deviation(test: Test, reason: str, *, strict: bool = True) -> Test:
    """Declare that a store fails a behaviour; its subclass assigns the result to the name of the test.

    Args:
        test: The suite's test function; it is copied, other subclasses keep theirs.
        reason: Why it fails, best with a link.
        strict: Let the run fail once the test passes, so that the declaration goes when the store is repaired; False
            for what fails by chance only, such as a race.

    Returns:
        The same test, marked as an expected failure.
    """

    @functools.wraps(test)
    def expected_failure(*args: Any, **kwargs: Any) -> None:
        test(*args, **kwargs)

    marked: Test = pytest.mark.xfail(reason=reason, strict=strict)(expected_failure)
    return marked


class ConformanceBase:
    """What a subclass overrides, and what the tests are given."""

    @abstractmethod
    @pytest.fixture
    def store_factory(self) -> StoreFactory:
        """Return ``factory(*, index=None, ttl=None)``, which opens the store under test at one and the same place.

        The place is empty before the test. The factory returns a store, a context manager or an async context manager.
        """

    @property
    def has_sync(self) -> bool:
        """Whether `batch` and the sync methods work."""
        return True

    @property
    def has_async(self) -> bool:
        """Whether `abatch` and the async methods work."""
        return True

    @property
    def supports_vectors(self) -> bool:
        """Whether an `index` config gives semantic search."""
        return True

    @property
    def supports_ttl(self) -> bool:
        """Whether items expire."""
        return True

    @property
    def supports_lexical(self) -> bool:
        """Whether the store has `search_lexical` (`langmem_ext.protocols.SupportsLexical`)."""
        return False

    @property
    def supports_candidates(self) -> bool:
        """Whether the store has `search_candidates` (`langmem_ext.protocols.SupportsCandidates`)."""
        return False

    @property
    def supports_exclusive(self) -> bool:
        """Whether the store has named locks (`langmem_ext.protocols.SupportsExclusive`)."""
        return False

    @property
    def supports_reopen(self) -> bool:
        """Whether what was put is there after closing and opening again."""
        return True

    @property
    def supports_sharing(self) -> bool:
        """Whether several handles may be open on one place at the same time."""
        return self.supports_reopen

    @pytest.fixture
    def embeddings(self) -> SuiteEmbeddings:
        """The suite's embedding; tests look at what it was asked for."""
        return SuiteEmbeddings()

    @pytest.fixture
    def index(self, embeddings: SuiteEmbeddings) -> IndexConfig | None:
        """The index config of the `store` fixture: the field `text`, or None without vectors."""
        return IndexConfig(dims=DIMS, embed=embeddings, fields=["text"]) if self.supports_vectors else None

    @pytest.fixture
    def open_sync(self, store_factory: StoreFactory) -> OpenStore:
        """Open the store for sync calls."""
        if not self.has_sync:
            pytest.skip("has_sync is False")

        @contextmanager
        def open_it(*, index: IndexConfig | None = None, ttl: TTLConfig | None = None) -> Iterator[BaseStore]:
            with drive_sync(store_factory(index=index, ttl=ttl)) as store:
                yield store

        return open_it

    @pytest.fixture
    def open_async(self, store_factory: StoreFactory) -> Callable[..., Any]:
        """Open the store for async calls, behind an `AsyncDriver`."""
        if not self.has_async:
            pytest.skip("has_async is False")

        @contextmanager
        def open_it(*, index: IndexConfig | None = None, ttl: TTLConfig | None = None) -> Iterator[AsyncDriver]:
            with drive_async(store_factory(index=index, ttl=ttl)) as store:
                yield store

        return open_it

    @pytest.fixture(params=["sync", "async"])
    def open_store(self, request: pytest.FixtureRequest) -> OpenStore:
        """Open the store, once for sync calls and once for async ones."""
        opener: OpenStore = request.getfixturevalue(f"open_{request.param}")
        return opener

    @pytest.fixture
    def store(self, open_store: OpenStore, index: IndexConfig | None) -> Iterator[BaseStore]:
        """An empty store, with vectors over the field `text` where it supports them."""
        with open_store(index=index) as store:
            yield store

    @pytest.fixture
    def open_once(self, request: pytest.FixtureRequest) -> OpenStore:
        """Open the store for whichever calls it has, for tests too large to run twice."""
        opener: OpenStore = request.getfixturevalue("open_sync" if self.has_sync else "open_async")
        return opener

    @pytest.fixture
    def needs_vectors(self) -> None:
        """Skip before anything is opened, unless the store has semantic search."""
        self.need("supports_vectors")

    @pytest.fixture
    def vector_store(self, needs_vectors: None, store: BaseStore) -> BaseStore:  # noqa: ARG002 - skips first
        """The `store` fixture, for tests of semantic search."""
        return store

    def need(self, *flags: str) -> None:
        """Skip the running test unless every named flag is set."""
        for flag in flags:
            if not getattr(self, flag):
                pytest.skip(f"{flag} is False")

    def test_no_behaviour_is_dropped_without_a_reason(self) -> None:
        """Every test of the suite is inherited, or overridden with an `xfail` that has a reason."""
        suite = next(
            base
            for base in type(self).__mro__
            if base.__module__.startswith("langmem_ext.testing.conformance") and issubclass(base, ConformanceBase)
        )
        dropped = [
            name
            for name in dir(suite)
            if name.startswith("test_")
            and getattr(type(self), name, None) is not getattr(suite, name)
            and not _is_explained(getattr(type(self), name, None))
        ]
        assert not dropped, f'overridden without @pytest.mark.xfail(reason="…"): {dropped}'


def _is_explained(test: object) -> bool:
    marks = getattr(test, "pytestmark", [])
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)
