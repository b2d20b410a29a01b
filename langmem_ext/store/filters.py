"""What a filter means: `matches`, on one value. The vectorised form in `columns` is tested against it.

A filter is a dictionary; every entry must hold. A key names a key of the value, or, where there is none of that
name, a dotted path into nested dictionaries. What is missing is null. The condition behind a key is

* a plain value: equal as JSON (``1 == 1.0``; ``True`` is not 1; lists whole, in order),
* a dictionary with operators ``$eq $ne $gt $gte $lt $lte $in``: all must hold. The four comparisons hold only
  between two numbers, or between two strings (by code point, so ISO dates compare as dates); `$ne` is exactly what
  `$eq` is not,
* any other dictionary: conditions on the keys inside, the same as dotted paths; an empty one holds for any dictionary.
"""

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from langmem_ext.errors import InvalidInputError

Path: TypeAlias = tuple[str, ...]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
IS_OBJECT = "is object"
_OPERATORS = ("$eq", "$ne", *COMPARISONS, "$in")
_MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one path."""

    path: Path
    operator: str
    operand: Any


def compile_filter(filter: Mapping[str, Any] | None) -> tuple[Condition, ...]:  # noqa: A002 - BaseStore's name
    """Check a filter and flatten it to conditions that must all hold.

    Raises:
        InvalidInputError: Not a dictionary with string keys, an unknown operator, or an operand JSON can't hold.
    """
    if filter is None:
        return ()
    if not isinstance(filter, Mapping):
        raise InvalidInputError(f'filter must be a dictionary such as {{"kind": "fact"}}, got {filter!r}')
    return tuple(_conditions(filter, ()))


def _conditions(filter: Mapping[str, Any], path: Path) -> Iterator[Condition]:  # noqa: A002
    if len(path) > _MAX_DEPTH:
        raise InvalidInputError(f"the filter is nested deeper than {_MAX_DEPTH} levels")
    for key, condition in filter.items():
        if not isinstance(key, str):
            raise InvalidInputError(f"filter keys must be strings, got {key!r}")
        yield from _condition((*path, key), condition)


def _condition(path: Path, condition: Any) -> Iterator[Condition]:
    if not isinstance(condition, Mapping):
        yield Condition(path, "$eq", _operand(condition))
    elif not condition:
        yield Condition(path, IS_OBJECT, None)
    elif any(isinstance(key, str) and key.startswith("$") for key in condition):
        for name, operand in condition.items():
            yield _operation(path, name, operand)
    else:
        yield from _conditions(condition, path)


def _operation(path: Path, name: Any, operand: Any) -> Condition:
    if name not in _OPERATORS:
        raise InvalidInputError(f"unknown filter operator {name!r}; known are {', '.join(_OPERATORS)}")
    if name == "$in" and not isinstance(operand, list | tuple | set | frozenset):
        raise InvalidInputError(f"$in needs a list of values, got {operand!r}")
    return Condition(path, name, [_operand(value) for value in operand] if name == "$in" else _operand(operand))


def _operand(value: Any) -> Any:
    """Check an operand and copy it into plain JSON types."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInputError(f"a filter can't compare with {value!r}; JSON has no such number")
        return value
    if isinstance(value, list | tuple):
        return [_operand(part) for part in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _operand(part) for key, part in value.items()}
    raise InvalidInputError(f"a filter can't compare with a {type(value).__name__}; pass JSON values")


def matches(value: Mapping[str, Any], conditions: tuple[Condition, ...]) -> bool:
    """Tell whether a value passes every condition."""
    return all(holds(resolve(value, condition.path), condition) for condition in conditions)


def resolve(value: Any, path: Path) -> Any:
    """Return what stands at the path, None where nothing does; a literal key with dots wins over a dotted path."""
    for step in path:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif "." in step:
            for part in step.split("."):
                if not isinstance(value, Mapping) or part not in value:
                    return None
                value = value[part]
        else:
            return None
    return value


def holds(value: Any, condition: Condition) -> bool:
    """Tell whether one condition holds for what stands at its path."""
    name, operand = condition.operator, condition.operand
    if name == "$eq":
        return equal(value, operand)
    if name == "$ne":
        return not equal(value, operand)
    if name == "$in":
        return any(equal(value, candidate) for candidate in operand)
    if name == IS_OBJECT:
        return isinstance(value, Mapping)
    if (is_number(value) and is_number(operand)) or (isinstance(value, str) and isinstance(operand, str)):
        return COMPARISONS[name](value, operand)
    return False


def equal(left: Any, right: Any) -> bool:
    """Tell whether two JSON values are equal: numbers by value, booleans only with booleans."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)


def is_number(value: Any) -> bool:
    """Tell whether it is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
