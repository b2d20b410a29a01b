import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from langgraph.store.base import GetOp, IndexConfig, PutOp

from langmem_ext.store import FaissStore
from langmem_ext.testing.conformance import SuiteEmbeddings
from langmem_ext.testing.conformance.embedding import DIMS
from tests.store.model import ModelStore, matches
from tests.store.strategies import KEYS, NAMESPACES, PREFIXES, WORDS, filters, texts, values

Place = tuple[tuple[str, ...], str]
places = st.tuples(st.sampled_from(NAMESPACES), st.sampled_from(KEYS))
prefixes = st.sampled_from(PREFIXES)
some_filter = st.one_of(st.none(), filters())


class StoreMachine(RuleBasedStateMachine):
    """Drives a FaissStore in a file and a dictionary with the same operations."""

    @initialize()
    def begin(self) -> None:
        self.resources = ExitStack()
        folder = self.resources.enter_context(tempfile.TemporaryDirectory())
        self.path = Path(folder) / "memory.db"
        self.model = ModelStore()
        self.open()

    def open(self) -> None:
        index = IndexConfig(dims=DIMS, embed=SuiteEmbeddings(), fields=["text"])
        self.handle = FaissStore.from_conn_string(str(self.path), index=index)
        self.store = self.handle.__enter__()

    def teardown(self) -> None:
        if hasattr(self, "handle"):
            self.handle.__exit__(None, None, None)
            self.resources.close()

    @rule()
    def reopen(self) -> None:
        self.handle.__exit__(None, None, None)
        self.open()

    @rule(place=places, value=values, index=st.booleans())
    def put(self, place: Place, value: dict[str, Any], *, index: bool) -> None:
        self.store.put(place[0], place[1], value, index=None if index else False)
        self.model.put(place[0], place[1], value, index=index)

    @rule(place=places)
    def delete(self, place: Place) -> None:
        self.store.delete(*place)
        self.model.delete(*place)

    @rule(writes=st.lists(st.tuples(places, st.one_of(st.none(), values)), max_size=6), place=places)
    def batch(self, writes: list[tuple[Place, dict[str, Any] | None]], place: Place) -> None:
        before = self.model.items.get(place)
        *_, got = self.store.batch([*(PutOp(at[0], at[1], value) for at, value in writes), GetOp(*place)])
        assert (got.value if got else None) == (before.value if before else None)  # type: ignore[union-attr]
        last_writes: dict[Place, dict[str, Any] | None] = {}
        for at, value in writes:
            last_writes.pop(at, None)
            last_writes[at] = value
        for at, value in last_writes.items():
            if value is None:
                self.model.delete(*at)
            else:
                self.model.put(at[0], at[1], value)

    @rule(prefix=prefixes, condition=some_filter, limit=st.integers(1, 8), offset=st.integers(0, 3))
    def search(self, prefix: tuple[str, ...], condition: dict[str, Any] | None, limit: int, offset: int) -> None:
        found = self.store.search(prefix, filter=condition, limit=limit, offset=offset)
        expected = self.model.below(prefix, condition)
        assert len(found) == len(expected[offset : offset + limit])
        if not self.updated_together(expected):
            wanted = [(item.namespace, item.key) for item in expected[offset : offset + limit]]
            assert [(item.namespace, item.key) for item in found] == wanted

    def updated_together(self, items: list[Any]) -> bool:
        """Order within one batch is the store's own affair."""
        return len({item.updated for item in items}) < len(items)

    @rule(prefix=prefixes, condition=some_filter, query=texts, limit=st.integers(1, 8), offset=st.integers(0, 3))
    def search_by_meaning(
        self, prefix: tuple[str, ...], condition: dict[str, Any] | None, query: str, limit: int, offset: int
    ) -> None:
        found = self.store.search(prefix, query=query, filter=condition, limit=limit, offset=offset)
        expected = self.model.scores(prefix, condition, query)
        scored = {(item.namespace, item.key): item.score for item in found if item.score is not None}
        assert scored == pytest.approx({place: expected[place] for place in scored}, abs=1e-5)
        best = sorted(expected.values(), reverse=True)[offset : offset + limit]
        assert list(scored.values()) == pytest.approx(best, abs=1e-5)
        assert all(matches(item.value, condition) for item in found)

    @rule(prefix=prefixes, condition=some_filter, word=st.sampled_from(WORDS))
    def search_by_word(self, prefix: tuple[str, ...], condition: dict[str, Any] | None, word: str) -> None:
        found = self.store.search_lexical(prefix, word, filter=condition, limit=100)
        expected = [item for item in self.model.below(prefix, condition) if item.text and word in item.text.split()]
        assert {(item.namespace, item.key) for item in found} == {(item.namespace, item.key) for item in expected}

    @invariant()
    def everything_is_where_it_was_put(self) -> None:
        if not hasattr(self, "store"):
            return
        assert self.store.list_namespaces() == self.model.namespaces()
        found = {(item.namespace, item.key): item for item in self.store.search((), limit=100)}
        assert {place: item.value for place, item in found.items()} == {
            place: item.value for place, item in self.model.items.items()
        }
        assert all(item.created_at <= item.updated_at for item in found.values())


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(values, min_size=1, max_size=8), condition=filters())
def test_filters_find_exactly_what_the_reference_finds(rows: list[dict[str, Any]], condition: dict[str, Any]) -> None:
    index = IndexConfig(dims=DIMS, embed=SuiteEmbeddings(), fields=["text"])
    expected = {str(n) for n, row in enumerate(rows) if matches(row, condition)}
    with FaissStore.from_conn_string(":memory:", index=index) as store:
        store.batch([PutOp(("m",), str(n), row) for n, row in enumerate(rows)])
        assert {item.key for item in store.search(("m",), filter=condition, limit=100)} == expected
        assert {item.key for item in store.search((), filter=condition, limit=100)} == expected
