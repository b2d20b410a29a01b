"""Checking operations before anything is embedded, locked or written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph.store.base import GetOp, InvalidNamespaceError, ListNamespacesOp, Op, PutOp, SearchOp

from langmem_ext.errors import InvalidInputError
from langmem_ext.store.filters import compile_filter
from langmem_ext.store.listing import check_listing
from langmem_ext.store.reading import Search
from langmem_ext.store.rows import check_key, encode_namespace, encode_value
from langmem_ext.store.texts import Fields, compile_fields, lexical_row, texts_of
from langmem_ext.store.writing import Put


@dataclass(slots=True)
class Plan:
    """A checked batch: reads by position, the last put of each item, and the queries to embed."""

    size: int
    gets: dict[int, tuple[str, str]] = field(default_factory=dict)
    searches: dict[int, Search] = field(default_factory=dict)
    queries: dict[int, str] = field(default_factory=dict)
    listings: dict[int, ListNamespacesOp] = field(default_factory=dict)
    refreshing: set[int] = field(default_factory=set)
    puts: list[Put] = field(default_factory=list)


def plan_batch(ops: Sequence[Op], fields: Fields, *, embeds: bool) -> Plan:
    """Check every operation of a batch.

    Args:
        ops: The operations.
        fields: What puts index that don't choose themselves.
        embeds: Whether queries are embedded; if not they are ignored, as LangGraph's stores do without an index.

    Raises:
        InvalidInputError: An argument that can't be meant.
        InvalidNamespaceError: A namespace that LangGraph does not allow.
    """
    plan = Plan(len(ops))
    puts: dict[tuple[str, str], PutOp] = {}
    for position, op in enumerate(ops):
        match op:
            case PutOp():
                path = _item_path(op.namespace)
                item = (path, check_key(op.key))
                puts.pop(item, None)  # the last write wins, and takes its place in the order too
                puts[item] = op
            case GetOp():
                plan.gets[position] = (encode_namespace(op.namespace), check_key(op.key))
                _mark_refreshing(plan, position, refresh=op.refresh_ttl)
            case SearchOp():
                plan.searches[position] = plan_search(op)
                if op.query and embeds:
                    plan.queries[position] = op.query
                _mark_refreshing(plan, position, refresh=op.refresh_ttl)
            case ListNamespacesOp():
                check_page(op.limit, op.offset)
                check_listing(op)
                plan.listings[position] = op
            case _:
                raise InvalidInputError(f"unknown operation {type(op).__name__}; pass LangGraph's store operations")
    plan.puts = [_plan_put(path, op, fields) for (path, _), op in puts.items()]
    return plan


def _mark_refreshing(plan: Plan, position: int, *, refresh: bool) -> None:
    if refresh:
        plan.refreshing.add(position)


def plan_search(op: SearchOp) -> Search:
    """Check a search, its query aside."""
    check_page(op.limit, op.offset)
    if op.query is not None and not isinstance(op.query, str):
        raise InvalidInputError(f"query must be a string, got a {type(op.query).__name__}")
    return Search(encode_namespace(op.namespace_prefix), compile_filter(op.filter), op.limit, op.offset)


def check_page(limit: Any, offset: Any) -> None:
    """Check a page of results.

    Raises:
        InvalidInputError: Not two integers of at least 0.
    """
    for name, number in (("limit", limit), ("offset", offset)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise InvalidInputError(f"{name} must be an integer of at least 0, got {number!r}")


def _item_path(namespace: tuple[str, ...]) -> str:
    path = encode_namespace(namespace)
    if not path:
        raise InvalidNamespaceError("an item needs a namespace of at least one label, got ()")
    if namespace[0] == "langgraph":
        raise InvalidNamespaceError('the root label "langgraph" is reserved by LangGraph; pass another one')
    return path


def _plan_put(path: str, op: PutOp, fields: Fields) -> Put:
    if op.value is None:
        return Put(path, op.key, None)
    value = encode_value(op.value, op.key)
    ttl = _check_ttl(op.ttl)
    if op.index is False:
        return Put(path, op.key, value, ttl)
    if op.index is not None and not isinstance(op.index, list | tuple):
        raise InvalidInputError(f"index must be None, False or a list of paths, got {op.index!r}")
    chosen = fields if op.index is None else compile_fields(op.index)
    texts = texts_of(op.value, chosen, op.key)
    lexical = lexical_row(op.value, texts, [path for path, _ in chosen]) if texts else None
    return Put(path, op.key, value, ttl, texts, lexical)


_MAX_TTL = 1_000_000_000
"""Minutes of 1,900 years: the moment of expiry is a date, and a number that SQLite holds."""


def _check_ttl(ttl: Any) -> float | None:
    if ttl is None:
        return None
    if not isinstance(ttl, int | float) or isinstance(ttl, bool) or not 0 < ttl <= _MAX_TTL:
        raise InvalidInputError(f"ttl must be None or a number of minutes above 0, at most {_MAX_TTL:,}, got {ttl!r}")
    return float(ttl)
