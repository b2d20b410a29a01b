"""Filters as SQL say exactly what filters say of a value."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings, strategies as st
from psycopg.types.json import Jsonb

from langmem_ext.store.filters import compile_filter, matches
from langmem_ext.store.postgres.conditions import where
from tests.store.strategies import filters, values

pytestmark = pytest.mark.network_loopback

UNSTORABLE = ["a\0", "\0", "a\ud800b", "\udfff", "a\ue000"]
texts = st.text(st.sampled_from(["a", "b", "\ud7ff", "\ue000", "é", "茶", "🍵", "%", "'"]), max_size=3)
bounds = st.one_of(texts, st.sampled_from(UNSTORABLE))
operations = st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"])


@pytest.fixture(scope="module")
def connection(workers_store: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(workers_store, autocommit=True) as opened:
        yield opened


def says(connection: psycopg.Connection[Any], value: dict[str, Any], filter: dict[str, Any]) -> object:  # noqa: A002
    sql, params = where(compile_filter(filter))
    query = f"SELECT {sql} FROM (SELECT %s AS value) s"  # noqa: S608 - the SQL under test
    row = connection.execute(query.encode(), [*params, Jsonb(value)]).fetchone()
    return row and row[0]


@settings(max_examples=300)
@given(values, filters())
def test_any_filter_means_the_same(
    connection: psycopg.Connection[Any], value: dict[str, Any], chosen: dict[str, Any]
) -> None:
    assert says(connection, value, chosen) is matches(value, compile_filter(chosen))


@settings(max_examples=200)
@given(texts, operations, bounds)
def test_texts_are_compared_by_code_point_whatever_the_bound_holds(
    connection: psycopg.Connection[Any], text: str, operator: str, bound: str
) -> None:
    chosen = {"text": {operator: bound}}
    assert says(connection, {"text": text}, chosen) is matches({"text": text}, compile_filter(chosen))


@pytest.mark.parametrize(
    ("value", "chosen"),
    [
        ({"a.b": 2, "a": {"b": 1}}, {"a.b": 2}),
        ({"a": [1]}, {"a": {"0": 1}}),
        ({"a": {"x": 1}}, {"a": {}}),
        ({"a": 1}, {"a": {}}),
        ({"n": 2**53 + 1}, {"n": {"$gt": 2**53}}),
        ({"n": 10**30}, {"n": 10**30}),
        ({"n": 0.1}, {"n": {"$gte": 0.1}}),
        ({"n": -0.0}, {"n": 0}),
        ({"a": None}, {"a": {"$in": []}}),
        ({"a": "x"}, {"a\0": None}),
    ],
)
def test_corner_cases_mean_the_same(
    connection: psycopg.Connection[Any], value: dict[str, Any], chosen: dict[str, Any]
) -> None:
    assert says(connection, value, chosen) is matches(value, compile_filter(chosen))
