"""The meaning of filters, and that columns mean the same."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from langmem_ext.errors import InvalidInputError
from langmem_ext.store.columns import Column
from langmem_ext.store.filters import Condition, compile_filter, holds, matches

HUGE = 2**53 + 1

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(HUGE - 2, HUGE + 2),
    st.just(10**400),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 2.0**53]),
    st.sampled_from(["", "a", "b", "1", "true", "null", "2025-09-30", "2025-10-01T08:00:00", "开心", "\ud800"]),
)
plain = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
operations = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne"]), plain),
    st.tuples(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), plain),
    st.tuples(st.just("$in"), st.lists(plain, max_size=3)),
    st.tuples(st.just("is object"), st.none()),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(plain, max_size=12), st.lists(plain, max_size=4), operations)
def test_a_column_says_of_every_value_what_the_definition_says(
    values: list[Any], later: list[Any], operation: tuple[str, Any]
) -> None:
    condition = Condition((), *operation)
    column = Column()
    column.extend(values)
    assert column.mask(condition).tolist() == [holds(value, condition) for value in values]
    column.extend(later)
    assert column.mask(condition).tolist() == [holds(value, condition) for value in values + later]


def test_strings_that_arrive_after_sorting_are_compared_too() -> None:
    column = Column()
    condition = Condition((), "$gte", "m300")
    names = [f"m{number}" for number in range(1000)]
    for start in range(0, 1000, 100):
        column.extend(names[start : start + 100])
        known = names[: start + 100]
        assert column.mask(condition).tolist() == [name >= "m300" for name in known]


@pytest.mark.parametrize(
    ("value", "condition", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 1.0}}, True),
        ({"a": {"b": 1}}, {"a.b": 1}, True),
        ({"a.b": 2, "a": {"b": 1}}, {"a.b": 2}, True),
        ({"a": {"b.c": 3}}, {"a": {"b.c": 3}}, True),
        ({"a": [1]}, {"a": 1}, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": None}, {"a": None}, True),
        ({}, {"a": None}, True),
        ({}, {"a": {"$ne": 1}}, True),
        ({}, {"a": {"$lt": 1}}, False),
        ({"a": {"x": 1}}, {"a": {}}, True),
        ({"a": 1}, {"a": {}}, False),
        ({"a": "2025-10-01T08:00:00"}, {"a": {"$gt": "2025-09-30"}}, True),
        ({"a": HUGE}, {"a": {"$gt": HUGE - 1}}, True),
        ({"$": "$"}, {"$": "$"}, True),
    ],
)
def test_what_filters_mean(value: dict[str, Any], condition: dict[str, Any], expected: object) -> None:
    assert matches(value, compile_filter(condition)) is expected


@pytest.mark.parametrize(
    "condition",
    [
        {"a": {"$like": "x"}},
        {"a": {"$in": "abc"}},
        {"a": {"$eq": 1, "b": 2}},
        {"a": {"$gt": float("nan")}},
        {"a": object()},
        {1: "a"},
        ["a"],
    ],
)
def test_filters_that_mean_nothing_are_refused(condition: Any) -> None:
    with pytest.raises(InvalidInputError):
        compile_filter(condition)
