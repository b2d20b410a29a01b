"""A column: one filter path of one namespace, ready to answer conditions as boolean masks.

Numbers that a float64 holds exactly are kept as such; every other value once in a dictionary, by code. The masks say
exactly what `filters.holds` says of each value.
"""

import bisect
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from langmem_ext.store.arrays import GrowingArray
from langmem_ext.store.filters import COMPARISONS, IS_OBJECT, Condition, equal, holds, is_number

Mask = NDArray[np.bool_]
_NUMBER = -1
_NULL = 0
_RESORT_SHARE = 8
_RESORT_MIN = 256


class Column:
    """The values at one path, by slot. Not thread-safe."""

    def __init__(self) -> None:
        self._codes: GrowingArray[np.int32] = GrowingArray(np.int32)
        self._numbers: GrowingArray[np.float64] = GrowingArray(np.float64)
        self._values: list[Any] = [None]
        self._code_of: dict[object, int] = {None: _NULL}
        self._others: list[int] = [_NULL]  # codes of what is no string
        self._value_bytes = 0
        self._sorted: list[str] = []
        self._ranks: NDArray[np.int64] = np.empty(0, np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        sorting = 8 * len(self._sorted) + self._ranks.nbytes
        return self._codes.nbytes + self._numbers.nbytes + self._value_bytes + sorting

    def extend(self, values: Sequence[Any]) -> None:
        """Append the values of the next slots."""
        codes = np.empty(len(values), np.int32)
        numbers = np.full(len(values), np.nan)
        for position, value in enumerate(values):
            if _fits_float(value):
                codes[position] = _NUMBER
                numbers[position] = value
            else:
                codes[position] = self._code(value)
        self._codes.extend(codes)
        self._numbers.extend(numbers)

    def _code(self, value: Any) -> int:
        name = _name(value)
        code = self._code_of.get(name)
        if code is None:
            code = self._code_of[name] = len(self._values)
            self._values.append(value)
            if not isinstance(value, str):
                self._others.append(code)
            self._value_bytes += 250 + (len(name) if isinstance(name, str) else len(str(name)))
        return code

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The numbers by slot, NaN where there is none; shape ``(slots,)``."""
        return self._numbers.data

    def mask(self, condition: Condition) -> Mask:
        """Return which slots satisfy the condition, shape ``(slots,)``."""
        codes = self._codes.data
        truth = np.append(self._truth(condition), False)  # the last place answers code -1, the numbers
        mask: Mask = truth[codes]
        if condition.operator != IS_OBJECT:
            is_a_number = codes == _NUMBER
            if is_a_number.any():
                mask[is_a_number] = _compare(self._numbers.data[is_a_number], condition)
        return mask

    def _truth(self, condition: Condition) -> Mask:
        """Return for each value of the dictionary whether the condition holds."""
        name, operand = condition.operator, condition.operand
        if name in {"$eq", "$ne"}:
            return self._is_any([operand]) if name == "$eq" else ~self._is_any([operand])
        if name == "$in":
            return self._is_any(operand)
        if name in COMPARISONS and isinstance(operand, str):
            return self._compare_strings(name, operand)
        truth = np.zeros(len(self._values), np.bool_)
        for code in self._others:  # neither a number nor a dictionary is asked for among strings
            truth[code] = holds(self._values[code], condition)
        return truth

    def _is_any(self, operands: Sequence[Any]) -> Mask:
        truth = np.zeros(len(self._values), np.bool_)
        for operand in operands:
            if isinstance(operand, list | dict):  # 1 equals 1.0 inside of them, so their names may differ
                truth[[code for code in self._others if equal(self._values[code], operand)]] = True
            elif (code := self._code_of.get(_name(operand))) is not None:
                truth[code] = True
        return truth

    def _compare_strings(self, name: str, operand: str) -> Mask:
        self._sort()
        known = len(self._ranks)
        cut = (bisect.bisect_left if name in {"$gte", "$lt"} else bisect.bisect_right)(self._sorted, operand)
        truth = np.zeros(len(self._values), np.bool_)
        upwards = name in {"$gt", "$gte"}
        truth[:known] = (self._ranks >= cut) if upwards else (self._ranks >= 0) & (self._ranks < cut)
        for code in range(known, len(self._values)):
            truth[code] = holds(self._values[code], Condition((), name, operand))
        return truth

    def _sort(self) -> None:
        """Rank the strings, unless only few are new since they were last ranked."""
        new = len(self._values) - len(self._ranks)
        if len(self._ranks) and new <= max(_RESORT_MIN, len(self._ranks) // _RESORT_SHARE):
            return
        strings = sorted((value, code) for code, value in enumerate(self._values) if isinstance(value, str))
        self._sorted = [value for value, _ in strings]
        self._ranks = np.full(len(self._values), -1, np.int64)
        self._ranks[[code for _, code in strings]] = np.arange(len(strings))


def _fits_float(value: Any) -> bool:
    """Tell whether it is a number that a float64 holds exactly."""
    if isinstance(value, float):
        return True
    return isinstance(value, int) and not isinstance(value, bool) and _exact(value)


def _exact(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def _name(value: Any) -> object:
    """Return what identifies a value in the dictionary; never the same for two values that differ as JSON."""
    if value is None or isinstance(value, str):
        return value
    return (json.dumps(value, sort_keys=True),)


def _compare(numbers: NDArray[np.float64], condition: Condition) -> Mask:
    """Answer a condition for numbers."""
    name, operand = condition.operator, condition.operand
    if name == "$in":
        wanted = [float(value) for value in operand if _fits_float(value)]
        return np.isin(numbers, np.array(wanted, np.float64))
    if not is_number(operand):
        return np.full(len(numbers), name == "$ne")
    if not _fits_float(operand):  # a huge integer: Python compares it exactly
        return np.fromiter((holds(value, condition) for value in numbers.tolist()), np.bool_, len(numbers))
    if name in {"$eq", "$ne"}:
        same: Mask = numbers == float(operand)
        return same if name == "$eq" else ~same
    result: Mask = np.asarray(COMPARISONS[name](numbers, float(operand)))
    return result
