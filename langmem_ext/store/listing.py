"""Listing namespaces with LangGraph's prefixes, suffixes and wildcards."""

import sqlite3
from typing import TYPE_CHECKING

from langgraph.store.base import ListNamespacesOp, MatchCondition

from langmem_ext.errors import InvalidInputError
from langmem_ext.store.reading import now
from langmem_ext.store.rows import decode_namespace, encode_namespace

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    rows = connection.execute(
        "SELECT n.path FROM namespaces n WHERE EXISTS (SELECT 1 FROM items i WHERE i.namespace_id = n.id"
        " AND (i.expires_at IS NULL OR i.expires_at > ?))",
        (now(),),
    )
    conditions = op.match_conditions or ()
    namespaces = [decode_namespace(path) for (path,) in rows]
    found = {
        namespace if op.max_depth is None else namespace[: op.max_depth]
        for namespace in namespaces
        if all(_matches(namespace, condition) for condition in conditions)
    }
    return sorted(found)[op.offset : op.offset + op.limit]


def _matches(namespace: Namespace, condition: MatchCondition) -> bool:
    path: Sequence[str] = condition.path
    if len(path) > len(namespace):
        return False
    part = namespace[: len(path)] if condition.match_type == "prefix" else namespace[len(namespace) - len(path) :]
    return all(wanted in {"*", label} for wanted, label in zip(path, part, strict=True))
