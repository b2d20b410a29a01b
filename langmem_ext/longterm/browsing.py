"""Look through a memory without a question: filtered pages in the order of time, and what there is of everything.

A store that lists and counts by itself (`langmem_ext.protocols`) is asked to; from any other everything is read.
"""

from collections.abc import Sequence
from datetime import date, tzinfo
from typing import Any, Literal

import numpy as np
from langgraph.store.base import SearchItem, SearchOp
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError
from langmem_ext.keywords import canonical_keyword
from langmem_ext.longterm.arguments import check_kinds, check_label, check_labels, check_whole
from langmem_ext.longterm.core import Core, get_items, is_shadow, scan, search_items
from langmem_ext.longterm.log import MAX_PAGE
from langmem_ext.longterm.plan import Bound
from langmem_ext.longterm.stored import number_in, record_in
from langmem_ext.operations import Operation, ask, batch
from langmem_ext.protocols import Ordered, SupportsCounts, SupportsOrdered
from langmem_ext.records import FOREVER, Kind, MemoryRecord
from langmem_ext.times import check_order, parse_bound

Clock = Literal["occurred", "recorded"]

_FIELDS: dict[str, str] = {"occurred": "occurred_ts", "recorded": "believed_from"}
_MAX_TEXT = 1000
_DAY = 86_400.0
_EPOCH = date(1970, 1, 1).toordinal()


class RecordPage(BaseModel):
    """A page of a memory in the order of time.

    Attributes:
        records: The page.
        total: How many records match.
        offset: How many come before the page.
        days: How many match on each day of the memory's zone, in the order of the page; days without any are left out.
    """

    records: list[MemoryRecord] = Field(default_factory=list)
    total: int = 0
    offset: int = 0
    days: dict[date, int] = Field(default_factory=dict)


def browse(
    core: Core,
    *,
    kinds: Sequence[Kind] | Kind | None = None,
    topic: str | None = None,
    keyword: str | None = None,
    before: Bound = None,
    after: Bound = None,
    text: str | None = None,
    source: str | None = None,
    thread_id: str | None = None,
    live: bool = True,
    clock: Clock = "occurred",
    oldest_first: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> Operation[RecordPage]:
    """Return a page of the records that pass every filter, the latest first.

    Args:
        kinds: Only these kinds; None is all, logged messages included.
        topic: Only what the topic index names under this topic.
        keyword: Only what the keyword index names under this keyword, in whatever form it is written.
        before: Only what happened up to then, inclusive; a bare date is the whole day.
        after: Only what happened from then on, inclusive.
        text: Only records whose text contains this, whatever the case; it is no search for words, see `recall`.
        source: Only records that name this id among their sources: what was derived from it.
        thread_id: Only what belongs to this conversation.
        live: What is believed now; False gives what no longer is: earlier versions, retired and archived records.
        clock: Order, and count days, by when it happened or by when it was recorded.
        oldest_first: The earliest first instead.
        limit: Records at most, 0 to 1000.
        offset: Records to skip.

    Raises:
        InvalidInputError: An argument can't be meant.
    """
    limit = check_whole("limit", limit, 0, MAX_PAGE)
    offset = check_whole("offset", offset, 0, 10**9)
    if clock not in _FIELDS:
        raise InvalidInputError(f'clock must be "occurred" or "recorded", got {clock!r}')
    contains = _contains(text, source)
    equal = _filter(core, kinds, before, after, thread_id, live=live)
    keys = yield from _keys(core, topic, keyword)
    options = {
        "filter": equal,
        "contains": contains,
        "keys": None if keys is None else sorted(keys),
        "ascending": oldest_first,
        "limit": limit,
        "offset": offset,
    }
    found = yield from _page(core, _FIELDS[clock], options)
    records = [record_in(item) for item in found.items]
    return RecordPage(records=records, total=found.numbers.size, offset=offset, days=days(found.numbers, core.zone))


def count(core: Core, kind: Kind | None, *, live: bool = True) -> Operation[int]:
    """Return how many records of a kind (None: of any) are believed, or no longer are."""
    equal = _filter(core, kind, None, None, None, live=live)
    options = {"filter": equal, "contains": None, "keys": None, "ascending": False, "limit": 0, "offset": 0}
    return (yield from _page(core, _FIELDS["occurred"], options)).numbers.size


def _contains(text: str | None, source: str | None) -> tuple[str, str] | None:
    if text is not None and source is not None:
        raise InvalidInputError("pass text or source, not both")
    if text is not None and not 0 < len(text) <= _MAX_TEXT:
        raise InvalidInputError(f"text must have 1 to {_MAX_TEXT} characters; None looks at everything")
    if text is not None:
        return "text", text
    return None if source is None else ("sources", source)


def _filter(
    core: Core, kinds: Sequence[Kind] | Kind | None, before: Bound, after: Bound, thread_id: str | None, *, live: bool
) -> dict[str, Any]:
    start = parse_bound(after, edge="start", zone=core.zone)
    end = parse_bound(before, edge="end", zone=core.zone)
    check_order(start, end)
    wanted = list(check_kinds(kinds))
    equal: dict[str, Any] = (
        {"believed_until": FOREVER} if live else {"believed_until": {"$lt": FOREVER}, "shadow": None}
    )
    occurred = {name: at.timestamp() for name, at in (("$gte", start), ("$lt", end)) if at}
    if occurred:
        equal["occurred_ts"] = occurred
    if wanted:
        equal["kind"] = {"$in": wanted}
    if thread_id is not None:
        equal["thread_id"] = thread_id
    return equal


def _keys(core: Core, topic: str | None, keyword: str | None) -> Operation[set[str] | None]:
    """Return the ids that both indexes name; None where neither is asked."""
    leaves: list[tuple[str, ...]] = []
    if topic is not None:
        label = namespaces.label(check_label("topic", topic).casefold())
        leaves.append(core.leaf(namespaces.TOPICS, label))
    if keyword is not None:
        canonical = canonical_keyword(check_label("keyword", keyword))
        leaves.append(core.leaf(namespaces.KEYWORDS, namespaces.label(canonical or keyword)))
    keys: set[str] | None = None
    for leaf in leaves:
        entries = yield from scan(core, leaf)
        named = {entry.key for entry in entries if entry.namespace == leaf}
        keys = named if keys is None else keys & named
    return keys


def _page(core: Core, by: str, options: dict[str, Any]) -> Operation[Ordered]:
    """Return a page of the records' leaf; `options` are the arguments of `SupportsOrdered.search_ordered`."""
    store, leaf = core.store, core.records_leaf
    if isinstance(store, SupportsOrdered):
        return (
            yield from ask(
                lambda: store.search_ordered(leaf, by, **options), lambda: store.asearch_ordered(leaf, by, **options)
            )
        )
    items = yield from scan(core, leaf)
    chosen = [item for item in items if _admits(item, options)]
    chosen.sort(key=lambda item: (number_in(item, by), _position(item)), reverse=not options["ascending"])
    page = chosen[options["offset"] : options["offset"] + options["limit"]]
    return Ordered(page, np.asarray([number_in(item, by) for item in chosen]))


def _position(item: SearchItem) -> float:
    return number_in(item, "position") if "position" in item.value else 0


def _admits(item: SearchItem, options: dict[str, Any]) -> bool:
    """Say what the options mean, for stores whose operators can't be relied on."""
    value, equal, keys = item.value, options["filter"], options["keys"]
    occurred = equal.get("occurred_ts", {})
    return (
        (number_in(item, "believed_until") == FOREVER) == (equal["believed_until"] == FOREVER)
        and not is_shadow(item)
        and occurred.get("$gte", -np.inf) <= number_in(item, "occurred_ts") < occurred.get("$lt", np.inf)
        and ("kind" not in equal or value.get("kind") in equal["kind"]["$in"])
        and ("thread_id" not in equal or value.get("thread_id") == equal["thread_id"])
        and (keys is None or item.key in keys)
        and _has(value, options["contains"])
    )


def _has(value: dict[str, Any], contains: tuple[str, str] | None) -> bool:
    if contains is None:
        return True
    field, text = contains
    held = value.get(field)
    if isinstance(held, str):
        return text.casefold() in held.casefold()
    return isinstance(held, list) and text in held


def days(moments: NDArray[np.float64], zone: tzinfo) -> dict[date, int]:
    """Count epoch seconds by the day of a zone, in the order in which they come.

    The bounds of the days are worked out, not the day of each moment: a memory has fewer days than records.
    """
    known = moments[~np.isnan(moments)]
    if not known.size:
        return {}
    whole = np.unique(known // _DAY).astype(np.int64) + _EPOCH
    near = np.clip(np.unique([whole - 1, whole, whole + 1]), date.min.toordinal(), date.max.toordinal())
    dates = [date.fromordinal(number) for number in np.unique(near).tolist()]
    starts = [start.timestamp() for day in dates if (start := parse_bound(day, edge="start", zone=zone))]
    places = np.maximum(np.searchsorted(np.asarray(starts), known, side="right") - 1, 0)
    counts = np.bincount(places, minlength=len(dates))
    found = {dates[place]: int(counts[place]) for place in np.flatnonzero(counts)}
    return found if known[0] <= known[-1] else dict(reversed(found.items()))


def keyword_entries(core: Core, keywords: Sequence[str], *, limit: int = 4) -> Operation[dict[str, list[MemoryRecord]]]:
    """Return some of the records that the keyword index names under each keyword, the last indexed first.

    Two batches, however many records a keyword names; `browse` has all of them, in the order of time.

    Args:
        keywords: Canonical keywords, as `keyword_counts` returns them.
        limit: Records of each at most, 1 to 1000.

    Raises:
        InvalidInputError: An argument can't be meant.
    """
    limit = check_whole("limit", limit, 1, MAX_PAGE)
    words = check_labels("keywords", keywords)
    leaves = [core.leaf(namespaces.KEYWORDS, namespaces.label(word)) for word in words]
    results = yield from batch(core.store, [SearchOp(leaf, limit=limit, refresh_ttl=False) for leaf in leaves])
    named = [
        [item.key for item in search_items(found) if item.namespace == leaf]
        for leaf, found in zip(leaves, results, strict=True)
    ]
    ids = list(dict.fromkeys(key for keys in named for key in keys))
    items = yield from get_items(core, core.records_leaf, ids)
    records = {item.key: record_in(item) for item in items if item}
    return {word: [records[key] for key in keys if key in records] for word, keys in zip(words, named, strict=True)}


def topic_counts(core: Core) -> Operation[dict[str, int]]:
    """Return how many records the topic index names under each topic, the most first."""
    return (yield from _counts(core, namespaces.TOPICS))


def keyword_counts(core: Core) -> Operation[dict[str, int]]:
    """Return how many records the keyword index names under each canonical keyword, the most first."""
    return (yield from _counts(core, namespaces.KEYWORDS))


def _counts(core: Core, leaf: str) -> Operation[dict[str, int]]:
    counted = yield from count_leaves(core, leaf)
    found = {namespaces.unlabel(path[-1]): number for path, number in counted.items()}
    return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))


def count_leaves(core: Core, *parts: str) -> Operation[dict[tuple[str, ...], int]]:
    """Return how many items each namespace at and below a part of this memory holds."""
    store, prefix = core.store, core.leaf(*parts)
    if isinstance(store, SupportsCounts):
        return (yield from ask(lambda: store.count_items(prefix), lambda: store.acount_items(prefix)))
    counted: dict[tuple[str, ...], int] = {}
    for item in (yield from scan(core, prefix)):
        counted[item.namespace] = counted.get(item.namespace, 0) + 1
    return counted
