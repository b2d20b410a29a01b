"""Listing namespaces with LangGraph's prefixes, suffixes and wildcards."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import takewhile

from langgraph.store.base import ListNamespacesOp, MatchCondition

from langmem_ext.errors import InvalidInputError
from langmem_ext.store.reading import find_namespaces, now
from langmem_ext.store.rows import decode_namespace, encode_namespace

Namespace = tuple[str, ...]


def check_listing(op: ListNamespacesOp) -> None:
    """Check the arguments of a listing.

    Raises:
        InvalidInputError: An unknown kind of match, or a negative or non-integer number.
    """
    for condition in op.match_conditions or ():
        if condition.match_type not in {"prefix", "suffix"}:
            raise InvalidInputError(f'match_type must be "prefix" or "suffix", got {condition.match_type!r}')
        encode_namespace(tuple(condition.path))
    if op.max_depth is not None and op.max_depth < 1:
        raise InvalidInputError(f"max_depth must be a positive integer, got {op.max_depth!r}")


def list_namespaces(connection: sqlite3.Connection, op: ListNamespacesOp) -> list[Namespace]:
    """Return the namespaces that hold a live item, sorted, without repeats."""
    found = find_namespaces(connection, fixed_prefix(op))
    return listed((decode_namespace(row.path) for row in found if _has_live_item(connection, row.id)), op)


def fixed_prefix(op: ListNamespacesOp) -> str:
    """Return the longest path below which all namespaces lie that a listing can name."""
    prefixes = [condition for condition in op.match_conditions or () if condition.match_type == "prefix"]
    return max(map(_fixed_part, prefixes), key=len, default="")


def listed(namespaces: Iterable[Namespace], op: ListNamespacesOp) -> list[Namespace]:
    """Return the page of those that match: sorted, cut to the depth, without repeats."""
    found = {
        namespace if op.max_depth is None else namespace[: op.max_depth]
        for namespace in namespaces
        if all(_matches(namespace, condition) for condition in op.match_conditions or ())
    }
    return sorted(found)[op.offset : op.offset + op.limit]


def _fixed_part(condition: MatchCondition) -> str:
    """Return the path of the labels before the first wildcard."""
    return encode_namespace(tuple(takewhile(lambda label: label != "*", condition.path)))


def _has_live_item(connection: sqlite3.Connection, namespace_id: int) -> bool:
    query = "SELECT 1 FROM items WHERE namespace_id = ? AND (expires_at IS NULL OR expires_at > ?) LIMIT 1"
    return connection.execute(query, (namespace_id, now())).fetchone() is not None


def _matches(namespace: Namespace, condition: MatchCondition) -> bool:
    path: Sequence[str] = condition.path
    if len(path) > len(namespace):
        return False
    part = namespace[: len(path)] if condition.match_type == "prefix" else namespace[len(namespace) - len(path) :]
    return all(wanted in {"*", label} for wanted, label in zip(path, part, strict=True))
