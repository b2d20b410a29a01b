"""What the tools and resources return: the parts of a record that a client can use, as published JSON schemas."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field, JsonValue

from langmem_ext.records import ForgetReceipt, Kind, MemoryRecord, Recall
from langmem_ext.tools.paging import SHOWN


class Memory(BaseModel):
    """One memory. `occurred_at` is when it happened, `recorded_at` when it was stored."""

    id: str
    kind: Kind
    content: str
    occurred_at: datetime
    recorded_at: datetime
    topic: str | None = None
    keywords: list[str] = Field(default_factory=list)
    importance: float
    data: JsonValue = None
    speaker: str | None = None
    thread_id: str | None = None
    believed: bool = Field(default=True, description="False where it has been revised or retired since")
    characters_left_out: int = Field(default=0, description="How much of a long content is not shown")

    @classmethod
    def of(cls, record: MemoryRecord) -> Self:
        """Return the record as clients see it."""
        return cls(
            **record.model_dump(
                include={
                    "id",
                    "kind",
                    "occurred_at",
                    "recorded_at",
                    "topic",
                    "keywords",
                    "importance",
                    "speaker",
                    "thread_id",
                }
            ),
            content=record.content[:SHOWN],
            data=None if record.kind == "message" else record.data,
            believed=record.live,
            characters_left_out=max(0, len(record.content) - SHOWN),
        )


class FoundMemory(Memory):
    """A memory with its score, which compares within one search only."""

    score: float


class SearchResult(BaseModel):
    """Memories, best first."""

    memories: list[FoundMemory]

    @classmethod
    def of(cls, found: Recall) -> Self:
        """Return what a recall brought back."""
        pairs = zip(found.records, found.scores, strict=True)
        return cls(memories=[FoundMemory(**dict(Memory.of(record)), score=round(score, 4)) for record, score in pairs])


class LoggedMessage(BaseModel):
    """One message of the conversation log, or the part of a long one that the page shows."""

    id: str
    thread_id: str | None
    position: int | None
    occurred_at: datetime
    speaker: str | None
    content: str
    characters: int = Field(description="Length of the whole message")

    @classmethod
    def of(cls, record: MemoryRecord, start: int, length: int) -> Self:
        """Return `length` characters of a message from `start` on."""
        return cls(
            id=record.id,
            thread_id=record.thread_id,
            position=record.position,
            occurred_at=record.occurred_at,
            speaker=record.speaker,
            content=record.content[start : start + length],
            characters=len(record.content),
        )


class LogPage(BaseModel):
    """A page of the conversation log."""

    page: int
    messages: list[LoggedMessage]


class Forgotten(BaseModel):
    """What was erased, counted."""

    ids: list[str]
    records: int = Field(description="Memories erased, those derived from it alone included")
    versions: int = Field(description="Earlier versions erased")
    index_entries: int
    log_messages: int
    rewritten: list[str] = Field(description="Ids of summaries and reflections written anew without it")
    removed: list[str] = Field(description="Ids of memories derived from it that were erased")
    purged: bool = Field(description="Whether the bytes are gone from the store's files")

    @classmethod
    def of(cls, receipt: ForgetReceipt) -> Self:
        """Return the receipt."""
        return cls(**dict(receipt))


def shortened(records: Sequence[MemoryRecord]) -> list[MemoryRecord]:
    """Return the records with long contents cut, each with a note of how much is missing."""
    return [_shortened(record) for record in records]


def _shortened(record: MemoryRecord) -> MemoryRecord:
    left = len(record.content) - SHOWN
    if left <= 0:
        return record
    rest = f'search_log(message_id="{record.id}") shows it' if record.kind == "message" else "of this memory"
    note = f"\n[{left} more characters: {rest}]"
    changes: dict[str, Any] = {"content": record.content[:SHOWN] + note}
    return record.model_copy(update=changes)
