"""Read memories without a question: by id, in pages, counted."""

from collections.abc import Sequence

from langgraph.store.base import SearchOp
from pydantic import BaseModel, Field, computed_field

from langmem_ext import namespaces
from langmem_ext.errors import RecordNotFoundError
from langmem_ext.longterm.arguments import check_kinds, check_whole
from langmem_ext.longterm.browsing import count, count_leaves
from langmem_ext.longterm.core import Core, get_record, is_shadow, scan, search_items
from langmem_ext.longterm.log import MAX_PAGE
from langmem_ext.longterm.progress import DISTILLED, progress
from langmem_ext.longterm.spending import Spending, spent_today
from langmem_ext.longterm.stored import record_in
from langmem_ext.operations import Operation, batch
from langmem_ext.protocols import SupportsCandidates, SupportsOrdered
from langmem_ext.records import FOREVER, KINDS, Kind, MemoryRecord


class MemoryStats(BaseModel):
    """What a memory holds.

    Attributes:
        records: Believed records by kind.
        superseded: Records no longer believed, kept for the history.
        threads: Conversations in the log.
        messages: Messages the log has had.
        pending: Messages that `update` has not distilled yet.
        topics: Topics in the index.
        keywords: Keywords in the index.
        log_tokens: Tokens of all logged messages.
        distilled_tokens: Tokens of everything distilled from them, which can stand for them in a prompt.
        today: What distillation has spent today.
    """

    records: dict[str, int] = Field(default_factory=dict)
    superseded: int = 0
    threads: int = 0
    messages: int = 0
    pending: int = 0
    topics: int = 0
    keywords: int = 0
    log_tokens: int = 0
    distilled_tokens: int = 0
    today: Spending = Field(default_factory=Spending)

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def saved_tokens(self) -> int:
        """Tokens that a prompt with the distilled memory has less than one with the whole log."""
        return max(0, self.log_tokens - self.distilled_tokens)


def get(core: Core, id: str) -> Operation[MemoryRecord | None]:  # noqa: A002
    """Return one record, whichever version has this id, or None.

    Raises:
        InvalidInputError: `id` is not a non-empty string.
    """
    try:
        return (yield from get_record(core, id))
    except RecordNotFoundError:
        return None


def records(
    core: Core, *, kinds: Sequence[Kind] | Kind | None = None, limit: int = 100, offset: int = 0
) -> Operation[list[MemoryRecord]]:
    """Return what is believed now, the last written first, a page at a time.

    Args:
        kinds: Only these kinds; None is all, logged messages included.
        limit: Records at most, 1 to 1000.
        offset: Records to skip.

    Raises:
        InvalidInputError: `limit` or `offset` out of range, or an unknown kind.
    """
    limit = check_whole("limit", limit, 1, MAX_PAGE)
    offset = check_whole("offset", offset, 0, 10**9)
    wanted = list(check_kinds(kinds))
    equal: dict[str, object] = {"believed_until": FOREVER}
    if isinstance(core.store, SupportsCandidates):
        if wanted:
            equal["kind"] = {"$in": wanted}
        op = SearchOp(core.records_leaf, filter=equal, limit=limit, offset=offset, refresh_ttl=False)
        (result,) = yield from batch(core.store, [op])
        return [record_in(item) for item in search_items(result)]
    items = yield from scan(core, core.records_leaf, equal)
    found = [record_in(item) for item in items]
    chosen = [record for record in found if not wanted or record.kind in wanted]
    chosen.sort(key=lambda record: (record.recorded_at, record.position or 0), reverse=True)
    return chosen[offset : offset + limit]


def stats(core: Core, *, tokens: bool = True) -> Operation[MemoryStats]:
    """Count what this memory holds.

    Args:
        tokens: Whether to count the tokens as well, for which every record is read; without them a store that counts
            by itself is only asked.
    """
    lists = isinstance(core.store, SupportsOrdered) and not tokens
    counted, superseded, counted_tokens = yield from (_ask(core) if lists else _read_all(core, tokens=tokens))
    threads = yield from progress(core, DISTILLED, None)
    topics = yield from count_leaves(core, namespaces.TOPICS)
    keywords = yield from count_leaves(core, namespaces.KEYWORDS)
    return MemoryStats(
        records=counted,
        superseded=superseded,
        threads=len(threads),
        messages=sum(thread.head.length for thread in threads),
        pending=sum(thread.pending for thread in threads),
        topics=len(topics),
        keywords=len(keywords),
        log_tokens=counted_tokens[True],
        distilled_tokens=counted_tokens[False],
        today=(yield from spent_today(core)),
    )


_Counted = tuple[dict[str, int], int, dict[bool, int]]
"""Believed records by kind, records no longer believed, and tokens of the log (True) and of the rest (False)."""


def _read_all(core: Core, *, tokens: bool) -> Operation[_Counted]:
    counted: dict[str, int] = {}
    superseded = 0
    spent = {True: 0, False: 0}
    for item in (yield from scan(core, core.records_leaf)):
        if item.value.get("believed_until") == FOREVER:
            kind = str(item.value.get("kind"))
            counted[kind] = counted.get(kind, 0) + 1
            spent[kind == "message"] += core.counter(str(item.value.get("content"))) if tokens else 0
        elif not is_shadow(item):
            superseded += 1
    return counted, superseded, spent


def _ask(core: Core) -> Operation[_Counted]:
    counted: dict[str, int] = {}
    for kind in KINDS:
        number = yield from count(core, kind)
        if number:
            counted[kind] = number
    superseded = yield from count(core, None, live=False)
    return counted, superseded, {True: 0, False: 0}
