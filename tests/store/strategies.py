"""Values and filters for the property tests: few enough that filters hit, odd enough that types collide."""

from typing import Any

from hypothesis import strategies as st

WORDS = ["tea", "coffee", "hiking", "opera", "茶", "歌剧"]
NAMESPACES = [("m", "a"), ("m", "a", "deep"), ("m", "b"), ("记忆", "小红")]
PREFIXES = [*NAMESPACES, ("m",), ("记忆",), (), ("none",)]
KEYS = ["k1", "k2", "k3", "钥匙"]

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 2, 10, -1, 0.0, 1.5, 2.0, 1e300, 2**53]),
    st.sampled_from(["", "a", "b", "10", "1", "2025-09-30", "2025-10-01T00:00:00", "开心"]),
)
plain = st.one_of(scalars, st.lists(scalars, max_size=2))
names = st.sampled_from(["n", "s", "情绪", "a b", "it's"])
inner = st.dictionaries(st.sampled_from(["a", "乙"]), plain, max_size=2)
values = st.fixed_dictionaries({}, optional={"text": texts, "m": st.one_of(inner, scalars)}).flatmap(
    lambda fixed: st.dictionaries(names, plain, max_size=3).map(lambda rest: {**rest, **fixed})
)

comparisons = st.sampled_from(["$gt", "$gte", "$lt", "$lte"]).flatmap(
    lambda operator: scalars.filter(lambda one: one is not None and not isinstance(one, bool)).map(
        lambda operand: {operator: operand}
    )
)
equalities = st.sampled_from(["$eq", "$ne"]).flatmap(lambda operator: plain.map(lambda operand: {operator: operand}))
choices = st.lists(scalars, max_size=3).map(lambda operands: {"$in": operands})
ranges = st.tuples(comparisons, comparisons).map(lambda two: {**two[0], **two[1]})
conditions = st.one_of(plain, comparisons, equalities, choices, ranges)
nested = st.sampled_from(["a", "乙"]).flatmap(lambda key: conditions.map(lambda one: {"m": {key: one}}))
dotted = st.sampled_from(["m.a", "m.乙"]).flatmap(lambda key: conditions.map(lambda one: {key: one}))
flat = st.dictionaries(names, conditions, max_size=2)


def filters() -> st.SearchStrategy[dict[str, Any]]:
    """Filters over flat, nested and dotted keys."""
    return st.one_of(flat, nested, dotted, st.tuples(flat, dotted).map(lambda two: {**two[0], **two[1]}))
