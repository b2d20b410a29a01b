"""What a store must answer, written as plainly as possible: dictionaries, loops and sorting."""

import operator
from dataclasses import dataclass, field
from typing import Any

from langmem_ext.testing.conformance.embedding import cosine

Namespace = tuple[str, ...]


def same(one: Any, other: Any) -> bool:
    """Compare as JSON does: numbers by value, booleans only with booleans, lists element by element."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return type(one) is type(other) and bool(one == other)


def comparable(one: Any, other: Any) -> bool:
    """Say whether order means anything: numbers with numbers, strings with strings."""
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if isinstance(one, str) and isinstance(other, str):
        return True
    return isinstance(one, int | float) and isinstance(other, int | float)


ORDERS = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}


def holds(value: Any, name: str, operand: Any) -> bool:
    match name:
        case "$eq":
            return same(value, operand)
        case "$ne":
            return not same(value, operand)
        case "$in":
            return any(same(value, one) for one in operand)
        case _:
            return comparable(value, operand) and bool(ORDERS[name](value, operand))


def passes(value: Any, condition: Any) -> bool:
    if not isinstance(condition, dict):
        return same(value, condition)
    if any(key.startswith("$") for key in condition):
        return all(holds(value, name, operand) for name, operand in condition.items())
    if not condition:
        return isinstance(value, dict)
    return all(passes(reach(value, key), part) for key, part in condition.items())


def reach(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def matches(value: dict[str, Any], condition: dict[str, Any] | None) -> bool:
    """Say whether a value passes a filter; missing keys count as null."""
    return all(passes(reach(value, path), part) for path, part in (condition or {}).items())


@dataclass
class ModelItem:
    """An item as the model keeps it."""

    namespace: Namespace
    key: str
    value: dict[str, Any]
    text: str | None
    created: int
    updated: int


@dataclass
class ModelStore:
    """A store without any cleverness."""

    items: dict[tuple[Namespace, str], ModelItem] = field(default_factory=dict)
    clock: int = 0

    def put(self, namespace: Namespace, key: str, value: dict[str, Any], *, index: bool = True) -> None:
        self.clock += 1
        old = self.items.get((namespace, key))
        text = value.get("text") if index else None
        created = old.created if old else self.clock
        self.items[namespace, key] = ModelItem(namespace, key, value, text, created, self.clock)

    def delete(self, namespace: Namespace, key: str) -> None:
        self.items.pop((namespace, key), None)

    def below(self, prefix: Namespace, condition: dict[str, Any] | None) -> list[ModelItem]:
        """Return the items of a prefix that pass the filter, the last one put first."""
        found = [
            item
            for item in self.items.values()
            if item.namespace[: len(prefix)] == prefix and matches(item.value, condition)
        ]
        return sorted(found, key=lambda item: -item.updated)

    def scores(
        self, prefix: Namespace, condition: dict[str, Any] | None, query: str
    ) -> dict[tuple[Namespace, str], float]:
        """Return the cosine of every item that has a vector."""
        return {
            (item.namespace, item.key): cosine(query, item.text)
            for item in self.below(prefix, condition)
            if item.text is not None
        }

    def namespaces(self) -> list[Namespace]:
        return sorted({namespace for namespace, _ in self.items})
