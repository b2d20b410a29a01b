"""What travels between the parts: records, recalls with their trace, receipts.

Every type here is plain data (pydantic, JSON round trip) and knows nothing of stores, models or prompts. Times are
timezone-aware; naive ones are refused.
"""

import base64
import hashlib
import math
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeAlias, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from langmem_ext.errors import StoreCorruptError

Kind: TypeAlias = Literal["message", "fact", "preference", "relation", "event", "profile", "summary", "reflection"]
"""What a record is: a turn of the log, a distilled statement, or a digest of many records."""

KINDS: tuple[Kind, ...] = get_args(Kind)
STATEMENTS: tuple[Kind, ...] = ("fact", "preference", "relation", "event", "profile")
DIGESTS: tuple[Kind, ...] = ("summary", "reflection")

ROLES = frozenset({"user", "assistant", "tool", "system", "function"})
"""Speakers that are no names: they tell nothing apart, so they are not searched for."""

FOREVER = 253_402_300_800.0
"""Epoch seconds of the year 10000: `believed_until` of what is still believed. A number, because not every store
can compare with null, and equal for all live records, because every store gets equality right."""


MOST = 10**12 - 1
"""The highest place in a log and count of anything: twelve digits, as the keys of a log have."""


class MemoryRecord(BaseModel):
    """One memory: a statement, the evidence for it, and its place on two clocks.

    Attributes:
        id: Unique within the memory's namespace; a logged message keeps its message id.
        kind: See `Kind`.
        content: What is remembered, as text.
        data: The same as structured JSON, e.g. ``{"user": "Alice", "likes": "coffee"}``.
        topic: Topic label, e.g. ``switzerland_hiking``; None where none was given.
        keywords: Keywords under which the keyword index names this record.
        importance: 0 (trivial) to 1 (vital).
        occurred_at: When it happened or was said (event time); `before` and `after` filter on it.
        recorded_at: When it was stored (recorded time); `as_of` looks at it.
        superseded_at: When it stopped being believed; None while it is.
        superseded_by: Id of the record that replaced it; None when it was retired without a successor.
        supersedes: Id of the record that this one replaced.
        lineage: Id of the first version of this memory; its own id unless it is a revision.
        sources: Ids of the records it was derived from.
        quote: The words of a source that justify it, verbatim.
        speaker: Who said it.
        thread_id: Conversation it was said in.
        position: Place in that conversation's log, from 0; messages only.
        pinned: Kept out of decay and always loaded first.
        access_count: How often recall returned it.
        last_accessed_at: When recall last returned it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str = Field(min_length=1)
    kind: Kind = "fact"
    content: str
    data: JsonValue = None
    topic: str | None = None
    keywords: list[str] = Field(default_factory=list)
    importance: float = Field(default=0.5, ge=0.0, le=1.0, allow_inf_nan=False)
    occurred_at: AwareDatetime
    recorded_at: AwareDatetime
    superseded_at: AwareDatetime | None = None
    superseded_by: str | None = None
    supersedes: str | None = None
    lineage: str = ""
    sources: list[str] = Field(default_factory=list)
    quote: str | None = None
    speaker: str | None = None
    thread_id: str | None = None
    position: int | None = Field(default=None, ge=0, le=MOST)
    pinned: bool = False
    access_count: int = Field(default=0, ge=0, le=MOST)
    last_accessed_at: AwareDatetime | None = None

    def model_post_init(self, _context: Any, /) -> None:
        """Let a first version be its own lineage."""
        if not self.lineage:
            object.__setattr__(self, "lineage", self.id)

    @property
    def text(self) -> str:
        """The text that is searched: who said it, where that is a name and not a role, and what."""
        named = self.speaker and self.speaker not in ROLES
        return f"{self.speaker}: {self.content}" if named else self.content

    @property
    def live(self) -> bool:
        """Whether it is believed now."""
        return self.superseded_at is None


_ID_LENGTH = 12
"""Characters of an id of ours, base 32: 60 bits, so that a million records collide once in two million memories. An id
goes into every prompt with its record, where a UUID would cost as many tokens as a short memory."""


def clean(text: str) -> str:
    """Replace lone surrogates, which no file or wire format holds, and join surrogate pairs."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def clean_json(value: Any) -> Any:
    """Return a value as the JSON that is stored: every text `clean`, times in ISO 8601, anything else as its text."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): clean_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(entry) for entry in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def new_id() -> str:
    """Return a new random record id, 12 characters of a-z and 2-7."""
    return base64.b32encode(secrets.token_bytes(8)).decode().lower()[:_ID_LENGTH]


def derived_id(*parts: str) -> str:
    """Return the record id that derives from what a record was made of: the same on every attempt."""
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode().lower()[:_ID_LENGTH]


_USAGE = frozenset({"access_count", "last_accessed_at"})


def to_value(record: MemoryRecord, *, believed_from: datetime | None = None) -> dict[str, Any]:
    """Return the store value of a record: its JSON form and the columns that stores filter on.

    `believed_from` and `believed_until` (epoch seconds, half open) bound the time in which the record was believed;
    a record that was restored by `undo` has believed times that its `recorded_at` alone can't tell.
    """
    value = record.model_dump(mode="json", exclude_defaults=True, exclude=set(_USAGE))
    value["kind"] = record.kind
    value["text"] = record.text
    value["lineage"] = record.lineage
    value["occurred_ts"] = record.occurred_at.timestamp()
    value["believed_from"] = (believed_from or record.recorded_at).timestamp()
    value["believed_until"] = record.superseded_at.timestamp() if record.superseded_at else FOREVER
    return value


_COLUMNS = frozenset({"text", "occurred_ts", "believed_from", "believed_until", "shadow"})


def from_value(value: dict[str, Any], usage: dict[str, Any] | None = None) -> MemoryRecord:
    """Rebuild a record from its store value and, where it is known, its access statistics.

    Raises:
        StoreCorruptError: The value is none of a record; the message names the field, not what is in it.
    """
    fields = {name: entry for name, entry in value.items() if name not in _COLUMNS}
    fields |= {name: usage[name] for name in _USAGE & usage.keys()} if usage else {}
    try:
        return MemoryRecord.model_validate(fields)
    except ValidationError as error:
        raise StoreCorruptError(f"no record of a memory: {first_problem(error)}") from None


def first_problem(error: ValidationError) -> str:
    """Return the first field that a validation refuses and why, without what is in it."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc']))[:64]}: {first['msg']}"


class RecallStep(BaseModel):
    """One step of a recall: what was asked, how many came, what was kept or dropped and why.

    Attributes:
        name: Step of the pipeline: plan, main_context, topic_index, keyword_index, candidates, rank, rerank, cover
            or fit.
        asked: What this step looked for, in words.
        found: How many records it looked at.
        kept: Ids that it added or let through, best first.
        dropped: Ids that it took out, with the reason for each.
        milliseconds: Wall time of the step.
        detail: Numbers and settings worth seeing (weights, spans, scores by id).
    """

    model_config = ConfigDict(frozen=True)

    name: str
    asked: str = ""
    found: int = 0
    kept: list[str] = Field(default_factory=list)
    dropped: dict[str, str] = Field(default_factory=dict)
    milliseconds: float = 0.0
    detail: dict[str, Any] = Field(default_factory=dict)

    def line(self) -> str:
        """The step in one line."""
        parts = [
            f"{self.name}: {self.asked}" if self.asked else self.name,
            f"found {self.found}",
            f"kept {len(self.kept)}",
        ]
        if self.dropped:
            parts.append(f"dropped {len(self.dropped)}")
        return " · ".join(parts) + f" ({self.milliseconds:.1f} ms)"


class Recall(BaseModel):
    """What a question brought back: records best first, their scores, what they cost, and how they were found.

    Attributes:
        query: The question.
        records: Best first.
        scores: One per record; comparable within this recall only.
        tokens: Tokens of `text()`, by the memory's counter.
        trace: The steps, in order.
    """

    model_config = ConfigDict(frozen=True)

    query: str
    records: list[MemoryRecord] = Field(default_factory=list)
    scores: list[float] = Field(default_factory=list)
    tokens: int = 0
    trace: list[RecallStep] = Field(default_factory=list)

    def text(self) -> str:
        """The records as lines for a prompt: date, kind, id and content, delimited and escaped."""
        return "\n".join(render(record) for record in self.records)

    def explain(self) -> str:
        """The trace as readable text, a line a step and a line for each drop."""
        lines = [f"recall: {len(self.records)} records, {self.tokens} tokens"]
        for step in self.trace:
            lines.append("  " + step.line())
            lines.extend(f"      - {record_id}: {reason}" for record_id, reason in step.dropped.items())
        return "\n".join(lines)

    def __len__(self) -> int:
        return len(self.records)

    def __bool__(self) -> bool:
        return bool(self.records)

    def ids(self) -> Iterator[str]:
        """Ids of the records, best first."""
        return (record.id for record in self.records)


def escape(text: str) -> str:
    """Make text safe between our delimiters: no markup of ours can be opened or closed by what was remembered."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_SHOWN_ID = 16


def render(record: MemoryRecord) -> str:
    """Render one record for a prompt: delimited, escaped, with its date and id.

    A longer id than ours (a provider's message id) is cut: what was said is looked up in the log, not by id.
    """
    shown = record.id if len(record.id) <= _SHOWN_ID else record.id[: _SHOWN_ID // 2] + "…"
    attributes = [f'id="{attribute(shown)}"']
    if record.kind != "message":  # what most of them are: the attribute would cost a tenth of a short one
        attributes.append(f'kind="{record.kind}"')
    attributes.append(f'date="{record.occurred_at.date().isoformat()}"')
    if record.speaker:
        attributes.append(f'speaker="{attribute(record.speaker)}"')
    return f"<memory {' '.join(attributes)}>{escape(record.content)}</memory>"


def attribute(text: str) -> str:
    """Make text safe as an attribute, between double quotes."""
    return escape(text).replace('"', "&quot;")


class ForgetReceipt(BaseModel):
    """What `forget` removed, counted.

    Attributes:
        ids: Ids of the records asked for that were there.
        records: Current records removed, the one asked for and what was derived from it alone.
        versions: Earlier versions removed.
        index_entries: Topic and keyword entries removed.
        log_messages: Messages removed from conversation logs.
        rewritten: Summaries and reflections that were written anew without it (ids).
        removed: Records derived from it that were removed (ids).
        purged: Whether the store was able to erase the bytes from its files.
    """

    model_config = ConfigDict(frozen=True)

    ids: list[str] = Field(default_factory=list)
    records: int = 0
    versions: int = 0
    index_entries: int = 0
    log_messages: int = 0
    rewritten: list[str] = Field(default_factory=list)
    removed: list[str] = Field(default_factory=list)
    purged: bool = False


_LAST = math.nextafter(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp() + 1, 0)
"""The last moment that a float tells from the year 10000, to which the last microseconds of 9999 are rounded."""


def epoch(timestamp: float) -> datetime:
    """Return the aware UTC datetime of epoch seconds."""
    return datetime.fromtimestamp(min(timestamp, _LAST), UTC)
