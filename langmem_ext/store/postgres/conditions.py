"""A filter as SQL that means exactly what `filters.holds` says of each value.

Values and keys travel as parameters, never as part of the SQL. PostgreSQL can hold neither NUL nor lone surrogates, so
what a filter says of these is decided here.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import orjson

from langmem_ext.store.filters import IS_OBJECT, Condition, Path, is_number

Fragment: TypeAlias = tuple[str, list[Any]]
"""SQL with ``%s`` marks, and what they stand for."""

_SIGNS = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_NOTHING: Fragment = ("FALSE", [])


def storable(text: str) -> bool:
    """Tell whether PostgreSQL can hold a text."""
    return _UNSTORABLE.search(text) is None


def where(conditions: Sequence[Condition], value: str = "s.value") -> Fragment:
    """Return a condition on the jsonb expression `value`; ``TRUE`` where there are none."""
    parts = [_holds(condition, value) for condition in conditions]
    return " AND ".join(sql for sql, _ in parts) or "TRUE", [given for _, params in parts for given in params]


def resolve(path: Path, value: str = "s.value") -> Fragment:
    """Return the jsonb at a path, NULL where there is nothing; a literal key with dots wins over a dotted path.

    ``->`` with a text finds nothing in arrays and scalars, as it must.
    """
    sql, params = value, list[Any]()
    for step in path:
        if not storable(step):
            return "NULL::jsonb", []
        parts = step.split(".")
        literal = f"({sql} -> %s::text)"
        if len(parts) == 1:
            sql, params = literal, [*params, step]
        else:
            nested = f"({sql}{' -> %s::text' * len(parts)})"
            sql, params = f"COALESCE({literal}, {nested})", [*params, step, *params, *parts]
    return sql, params


def _holds(condition: Condition, value: str) -> Fragment:
    sql, params = resolve(condition.path, value)
    name, operand = condition.operator, condition.operand
    if name == IS_OBJECT:
        return f"COALESCE(jsonb_typeof({sql}) = 'object', FALSE)", params
    if name in {"$eq", "$in"}:
        return _equals(sql, params, operand if name == "$in" else [operand])
    if name == "$ne":
        equal, equal_params = _equals(sql, params, [operand])
        return f"NOT {equal}", equal_params
    return _compares(sql, params, name, operand)


def _equals(sql: str, params: list[Any], operands: Sequence[Any]) -> Fragment:
    texts = [text for text in map(_json, operands) if text is not None]
    if not texts:
        return _NOTHING
    return f"(COALESCE({sql}, 'null'::jsonb) = ANY (%s::text[]::jsonb[]))", [*params, texts]


def _json(operand: Any) -> str | None:
    """Return an operand as JSON, None where it holds text that no stored value can hold."""
    try:
        text = orjson.dumps(operand).decode()
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        import json  # noqa: PLC0415

        text = json.dumps(operand)
    return None if re.search(r"(?<!\\)(?:\\\\)*\\u(?:0000|[dD][89a-fA-F])", text) else text


def _compares(sql: str, params: list[Any], name: str, operand: Any) -> Fragment:
    if is_number(operand):
        held, cast, kind, sign = repr(operand), "::numeric", "number", _SIGNS[name]
        left = f"({sql})::numeric"
    elif isinstance(operand, str):
        held, sign = _bound(name, operand)
        cast, kind, left = '::text COLLATE "C"', "string", f"({sql} #>> '{{}}')"
    else:
        return _NOTHING
    test = f"{left} {sign} %s{cast}"
    return f"(CASE WHEN jsonb_typeof({sql}) = '{kind}' THEN {test} ELSE FALSE END)", [*params, *params, held]


def _bound(name: str, text: str) -> tuple[str, str]:
    """Return a bound that PostgreSQL can hold and that divides the texts it can hold in the same way."""
    found = _UNSTORABLE.search(text)
    if found is None:
        return text, _SIGNS[name]
    above = name in {"$gt", "$gte"}
    if found.group() == "\0":  # what is above "ab\0…" is above "ab"
        return text[: found.start()], ">" if above else "<="
    return text[: found.start()] + "\ue000", ">=" if above else "<"  # the first after the surrogates
