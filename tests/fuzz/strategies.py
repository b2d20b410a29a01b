"""Anything a caller might pass where a text, a time, a JSON value or a name is asked for."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

odd = st.sampled_from(
    [
        "\x00", "\ud83d", "\udc00 lone", "\u202e reversed", "\u2028", "\ufeff", "👨\u200d👩\u200d👧", "a\u0301" * 3,
        "ﷺ", "𠀀", "' OR 1=1 --", '"*"', "NEAR(", "<script>", "</memory>", "%00", "../..", "a.b.c", "langgraph",
        "records", "\x1b[31m", "١٢٣", "½", "İ", "ß", " ", "\n", "\t", "{user_id}", "$eq", "🏔" * 50, "花生" * 200,
    ]
)  # fmt: skip
texts = st.one_of(
    st.text(alphabet=st.characters(), max_size=40), odd, st.lists(odd, min_size=1, max_size=4).map("".join)
)
ids = st.one_of(texts, st.sampled_from(["k1", "k2", "x" * 10_000]))

_edges = st.sampled_from(
    [
        datetime.min,  # noqa: DTZ901 - naive ones, too
        datetime.max,  # noqa: DTZ901
        datetime(1970, 1, 1),  # noqa: DTZ001
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, tzinfo=timezone(-timedelta(hours=12))),
        date.min,
        date.max,
        date(2024, 2, 29),
    ]
)
times = st.one_of(
    st.none(),
    _edges,
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.dates(),
    st.sampled_from(["2025-09-30", "2025-09", "2025", "0001-01-01", "9999-12", "2025-02-30", "2025-09-30T25:00", "-1"]),
    st.sampled_from(["2025-W40", "9999-12-31T23:59:59.999999-12:00", "1e9", "٢٠٢٥", "2025-09-30T10:00:00+99:00"]),
    texts,
)


def deep(depth: int) -> Any:
    """JSON nested this deep; more than a few hundred levels Hypothesis itself can't print."""
    value: Any = "end"
    for level in range(depth):
        value = [value] if level % 2 else {"k": value}
    return value


numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, -(2**64), 10**400, 1e308, -0.0]))
json = st.one_of(
    st.recursive(
        st.one_of(st.none(), st.booleans(), numbers, texts),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
        max_leaves=20,
    ),
    st.sampled_from([10, 60]).map(deep),
    st.just([0] * 10_000),
    st.sampled_from([object(), {1: 2}, {"x": {1, 2}}, b"bytes", (1, 2)]),
)
keywords = st.one_of(st.lists(texts, max_size=4), texts, st.none(), st.lists(numbers, max_size=1))
kinds = st.sampled_from(
    ["message", "fact", "preference", "relation", "event", "profile", "summary", "reflection", "no"]
)
limits = st.one_of(st.integers(-2, 1_200), st.sampled_from([True, 2**70]))
