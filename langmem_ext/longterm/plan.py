"""The first step of a recall: what is asked, for which time, of which kinds; every argument checked here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from langmem_ext.concepts import concepts
from langmem_ext.errors import InvalidInputError
from langmem_ext.keywords import canonical_keyword, keywords as text_keywords
from langmem_ext.longterm.arguments import check_kinds, check_label, check_labels, check_whole
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.log import check_thread
from langmem_ext.longterm.stored import is_number
from langmem_ext.records import FOREVER, Kind, clean
from langmem_ext.times import TimeSpan, check_order, parse_bound, spans

MAX_QUERY = 32_000
MAX_LIMIT = 1_000
_QUERY_KEYWORDS = 24

Bound: TypeAlias = datetime | date | str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked question.

    Attributes:
        query: What is asked.
        now: What relative times in the query are relative to.
        start: Inclusive lower bound on event time; None is open.
        end: Exclusive upper bound on event time; None is open.
        as_of: What was believed just before this moment; None is now.
        kinds: Kinds that may come back; empty is all.
        topic: Topic to stay within, or None.
        thread_id: Conversation to stay within, or None.
        keywords: Canonical keywords to look up in the keyword index.
        spans: Times that the query names; they raise what falls inside, and exclude nothing.
        limit: Records at most.
        token_budget: Tokens at most, or None.
        exclude: Ids that are in the main context already.
    """

    query: str
    now: datetime
    start: datetime | None = None
    end: datetime | None = None
    as_of: datetime | None = None
    kinds: tuple[Kind, ...] = ()
    topic: str | None = None
    thread_id: str | None = None
    keywords: tuple[str, ...] = ()
    spans: tuple[TimeSpan, ...] = ()
    limit: int = 8
    token_budget: int | None = None
    exclude: frozenset[str] = frozenset()

    def filter(self) -> dict[str, Any]:
        """The store filter of everything hard in this plan."""
        conditions: dict[str, Any] = {}
        if self.as_of is None:
            conditions["believed_until"] = FOREVER
        else:
            moment = self.as_of.timestamp()
            conditions["believed_from"] = {"$lt": moment}
            conditions["believed_until"] = {"$gte": moment}
        occurred: dict[str, float] = {}
        if self.start is not None:
            occurred["$gte"] = self.start.timestamp()
        if self.end is not None:
            occurred["$lt"] = self.end.timestamp()
        if occurred:
            conditions["occurred_ts"] = occurred
        if self.kinds:
            conditions["kind"] = {"$in": list(self.kinds)}
        if self.thread_id is not None:
            conditions["thread_id"] = self.thread_id
        return conditions

    def admits(self, value: Mapping[str, Any]) -> bool:
        """Whether a stored record passes the filter; for stores whose operators can't be relied on.

        What lacks a column, or has it of another type, is no record of ours and does not pass.
        """
        try:
            return isinstance(value["id"], str) and self._admits(value)
        except (KeyError, TypeError):
            return False

    def _admits(self, value: Mapping[str, Any]) -> bool:
        moment = self.as_of.timestamp() if self.as_of else None
        if moment is None:
            believed = value["believed_until"] == FOREVER
        else:
            believed = value["believed_from"] < moment <= value["believed_until"]
        occurred = value["occurred_ts"]
        return (
            believed
            and is_number(occurred)
            and (self.start is None or occurred >= self.start.timestamp())
            and (self.end is None or occurred < self.end.timestamp())
            and (not self.kinds or value["kind"] in self.kinds)
            and (self.thread_id is None or value.get("thread_id") == self.thread_id)
        )

    def describe(self) -> str:
        """The hard conditions in words, for the trace."""
        parts = [f"{name} {value.isoformat()}" for name, value in (("from", self.start), ("until", self.end)) if value]
        if self.as_of:
            parts.append(f"as believed at {self.as_of.isoformat()}")
        if self.kinds:
            parts.append("kinds " + ", ".join(self.kinds))
        if self.topic:
            parts.append(f"topic {self.topic}")
        if self.thread_id is not None:
            parts.append(f"thread {self.thread_id}")
        return "; ".join(parts) or "all that is believed now"


def _check_query(query: object) -> str:
    if not isinstance(query, str) or not query.strip():
        got = "an empty text" if isinstance(query, str) else type(query).__name__
        raise InvalidInputError(
            f"query must be a non-empty text, got {got}; records() lists memories without a question"
        )
    if len(query) > MAX_QUERY:
        raise InvalidInputError(
            f"query must have at most {MAX_QUERY} characters, got {len(query)}; pass the question alone"
        )
    return clean(query)


def query_keywords(query: str, given: Sequence[str]) -> tuple[str, ...]:
    """Canonical keywords of a question: those given, its own words, and the labels of the concepts it speaks of."""
    words = [*given, *text_keywords(query, _QUERY_KEYWORDS), *concepts(query)]
    return tuple(dict.fromkeys(filter(None, (canonical_keyword(word) for word in words))))


def make_plan(
    core: Core,
    query: str,
    *,
    before: Bound = None,
    after: Bound = None,
    as_of: Bound = None,
    now: Bound = None,
    kinds: Sequence[Kind] | Kind | None = None,
    topic: str | None = None,
    thread_id: str | None = None,
    keywords: Sequence[str] = (),
    limit: int = 8,
    token_budget: int | None = None,
    exclude: Collection[str] = (),
) -> Plan:
    """Check the arguments of a recall.

    Raises:
        InvalidInputError: An empty or over-long query, an unreadable or reversed time, a limit below 1 or an unknown
            kind.
    """
    query = _check_query(query)
    start = parse_bound(after, edge="start", zone=core.zone)
    end = parse_bound(before, edge="end", zone=core.zone)
    check_order(start, end)
    present = parse_bound(now, edge="start", zone=core.zone) or core.now()
    return Plan(
        query=query,
        now=present,
        start=start,
        end=end,
        as_of=parse_bound(as_of, edge="end", zone=core.zone),
        kinds=check_kinds(kinds),
        topic=None if topic is None else check_label("topic", topic),
        thread_id=None if thread_id is None else check_thread(thread_id),
        keywords=query_keywords(query, check_labels("keywords", keywords)),
        spans=tuple(spans(query, present, core.zone)),
        limit=check_whole("limit", limit, 1, MAX_LIMIT),
        token_budget=None if token_budget is None else check_whole("token_budget", token_budget, 1, 10**9),
        exclude=frozenset(exclude),
    )
