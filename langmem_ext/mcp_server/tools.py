"""The tools: each reads its arguments, calls the memory once and says what came of it, as text and as structure."""

from typing import Annotated, Any, Final, Literal, TypeAlias

from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel, Field, JsonValue

from langmem_ext.longterm import LongTermMemory
from langmem_ext.mcp_server.results import Forgotten, LoggedMessage, LogPage, Memory, SearchResult, shortened
from langmem_ext.operations import arun
from langmem_ext.tools.factories import render_recall
from langmem_ext.tools.inputs import SEARCH_LOG, SEARCH_MEMORY, After, Before, Kinds, SearchLogInput
from langmem_ext.tools.paging import PART, SHOWN, read_message, read_page, render_page

REMEMBER: Final = (
    "Store one new memory about the user: what they said, prefer, plan or decided, as one self-contained sentence in "
    "their language, with names instead of pronouns and dates instead of 'tomorrow'. Search first: revise what is "
    "known instead of storing it twice. Never store passwords or other secrets."
)
REVISE: Final = (
    "Replace what a memory says, because it has changed or was wrong. The old version stays in its history. "
    "search_memory shows ids. What is not given stays as it is."
)
FORGET: Final = (
    "Erase a memory or a logged message for good, with everything derived from it alone. Can't be undone: only when "
    "the user asks for it. Where something merely changed, use revise."
)

READING: Final = ToolAnnotations(read_only_hint=True, open_world_hint=False)
ADDING: Final = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)
ERASING: Final = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)

_Storable: TypeAlias = Literal["fact", "preference", "relation", "event", "profile"]
_Id: TypeAlias = Annotated[str, Field(description="Id of the memory, as search_memory shows it")]
_Content: TypeAlias = Annotated[str, Field(description="The memory in one self-contained sentence")]
_Topic: TypeAlias = Annotated[str | None, Field(description="Topic label in snake_case, e.g. switzerland_hiking")]
_Keywords: TypeAlias = Annotated[list[str] | None, Field(description="Keywords, in the user's language and in English")]
_Data: TypeAlias = Annotated[
    dict[str, JsonValue] | None,
    Field(
        description='The same as structured fields, e.g. {"likes": "coffee"}; of a profile, the fields of the profile'
    ),
]
_Moment: TypeAlias = Annotated[str | None, Field(description="When it happened: ISO 8601; now if left out")]
_AsOf: TypeAlias = Annotated[
    str | None,
    Field(description="What was believed at that time, corrections since then unknown: ISO 8601"),
]


class MemoryTools:
    """The tools of one user's memory; see `add_to`."""

    def __init__(self, memory: LongTermMemory) -> None:
        self._memory = memory

    async def search_memory(
        self,
        query: Annotated[str, Field(description="What to look for, in a few words or a question")],
        *,
        before: Before = None,
        after: After = None,
        as_of: _AsOf = None,
        kinds: Kinds = None,
        topic: Annotated[str | None, Field(description="Only memories of this topic")] = None,
        limit: Annotated[int, Field(description="How many memories at most", ge=1, le=50)] = 8,
    ) -> Annotated[CallToolResult, SearchResult]:
        """Find what matters for a question."""
        found = await self._memory.arecall(
            query, before=before, after=after, as_of=as_of or None, kinds=kinds, topic=topic or None, limit=limit
        )
        shown = found.model_copy(update={"records": shortened(found.records)})
        return _result(render_recall(shown), SearchResult.of(found))

    async def search_log(
        self,
        *,
        query: Annotated[str | None, Field(description="What to look for; without one, messages come in order")] = None,
        thread_id: Annotated[str | None, Field(description="Only this conversation")] = None,
        before: Before = None,
        after: After = None,
        message_id: Annotated[
            str | None, Field(description="Show this one message in full, a page for each part")
        ] = None,
        page: Annotated[int, Field(description="Page, from 1", ge=1, le=10_000)] = 1,
        limit: Annotated[int, Field(description="Messages per page", ge=1, le=100)] = 20,
    ) -> Annotated[CallToolResult, LogPage]:
        """Page through the raw conversation log."""
        if message_id:
            text, records = await arun(read_message(self._memory, message_id, page))
            start, length = (page - 1) * PART, PART
        else:
            asked = SearchLogInput(
                query=query or None, thread_id=thread_id or None, before=before, after=after, page=page, limit=limit
            )
            records = await arun(read_page(self._memory, asked))
            text, start, length = render_page(records, asked), 0, SHOWN
        messages = [LoggedMessage.of(record, start, length) for record in records]
        return _result(text, LogPage(page=page, messages=messages))

    async def remember(
        self,
        content: _Content,
        *,
        kind: Annotated[_Storable, Field(description="Kind of memory; fact if unsure")] = "fact",
        topic: _Topic = None,
        keywords: _Keywords = None,
        importance: Annotated[float, Field(description="0 (trivial) to 1 (vital)", ge=0, le=1)] = 0.5,
        occurred_at: _Moment = None,
        data: _Data = None,
    ) -> Annotated[CallToolResult, Memory]:
        """Store one memory."""
        record = await self._memory.aremember(
            content,
            kind=kind,
            topic=topic or None,
            keywords=keywords or (),
            importance=importance,
            occurred_at=occurred_at or None,
            data=data,
        )
        return _result(f"remembered as {record.id}", Memory.of(record))

    async def revise(
        self,
        id: _Id,  # noqa: A002 - the name that every other door uses
        content: _Content,
        *,
        kind: Annotated[_Storable | None, Field(description="New kind")] = None,
        topic: _Topic = None,
        keywords: _Keywords = None,
        importance: Annotated[float | None, Field(description="0 (trivial) to 1 (vital)", ge=0, le=1)] = None,
        occurred_at: Annotated[
            str | None, Field(description="When the new state began: ISO 8601; now if left out")
        ] = None,
        data: _Data = None,
    ) -> Annotated[CallToolResult, Memory]:
        """Replace what a memory says by a new version."""
        record = await self._memory.arevise(
            id,
            content,
            kind=kind,
            topic=topic or None,
            keywords=keywords,
            importance=importance,
            occurred_at=occurred_at or None,
            data=data,
        )
        return _result(f"revised {id}: it is now {record.id}", Memory.of(record))

    async def forget(
        self,
        id: Annotated[str, Field(description="Id of the memory or of the logged message")],  # noqa: A002
    ) -> Annotated[CallToolResult, Forgotten]:
        """Erase a memory for good."""
        receipt = await self._memory.aforget(id)
        text = f"forgot {id}: {receipt.records} memories and {receipt.log_messages} messages erased"
        return _result(text, Forgotten.of(receipt))

    def add_to(self, server: Any, *, read_only: bool) -> None:
        """Offer the tools on a server; `read_only` leaves out those that change anything."""
        server.add_tool(self.search_memory, description=SEARCH_MEMORY, annotations=READING, title="Search memory")
        server.add_tool(self.search_log, description=SEARCH_LOG, annotations=READING, title="Search the log")
        if not read_only:
            server.add_tool(self.remember, description=REMEMBER, annotations=ADDING, title="Remember")
            server.add_tool(self.revise, description=REVISE, annotations=ADDING, title="Revise a memory")
            server.add_tool(self.forget, description=FORGET, annotations=ERASING, title="Forget a memory")


def _result(text: str, structured: BaseModel) -> CallToolResult:
    """Return text that a model reads at little cost, and the same as structure for programs."""
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=structured.model_dump(mode="json")
    )
