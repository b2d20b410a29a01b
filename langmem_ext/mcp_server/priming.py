"""The prompt that begins a conversation with what matters: profile, the memories that fit, recent summaries."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts.base import UserMessage
from pydantic import Field

from langmem_ext.context.folding import head
from langmem_ext.longterm import LongTermMemory
from langmem_ext.mcp_server.results import shortened
from langmem_ext.prompts import PRIME, PRIME_ABOUT, PRIME_EMPTY, REFERENCE_NOTE
from langmem_ext.records import Kind, MemoryRecord, render
from langmem_ext.text import language

BUDGET: Final = 2_000
"""Tokens of memories in the prompt, beside the profile."""
_SUMMARIES: Final = 3
_LOOKED_AT: Final = 500
_LASTING: Final[tuple[Kind, ...]] = ("fact", "preference", "relation", "event", "reflection")


def add_prompt(server: MCPServer[Any], memory: LongTermMemory) -> None:
    """Offer the prompt on a server."""

    @server.prompt(
        title="Begin with what is remembered",
        description="What matters of earlier conversations, to begin a new one with / 用以往对话中重要的内容开始新对话",
    )
    async def recall_what_matters(
        about: Annotated[str, Field(description="What the conversation will be about / 想聊的话题")] = "",
    ) -> list[UserMessage]:
        return [UserMessage(await primed(memory, about))]


async def primed(memory: LongTermMemory, about: str) -> str:
    """Return the prompt's text, in the language of what it is about, or of what it shows."""
    chosen = await _for(memory, about) if about.strip() else await _what_matters(memory)
    known = head(await memory.aprofile(), "")
    pages = "\n".join(render(record) for record in shortened(chosen))
    parts = [str(known.content)] if known else []
    if pages:
        parts.append(f"<memories>\n{pages}\n</memories>")
    tongue = language(about if about.strip() else "\n".join(record.content for record in chosen))
    beginning = (PRIME if parts else PRIME_EMPTY)[tongue].format(now=memory.now().astimezone(memory.zone).date())
    note = [REFERENCE_NOTE[tongue]] if pages else []
    end = [PRIME_ABOUT[tongue].format(about=about.strip())] if about.strip() else []
    return "\n\n".join([beginning, *note, *parts, *end])


async def _for(memory: LongTermMemory, about: str) -> list[MemoryRecord]:
    found = await memory.arecall(about, limit=30, token_budget=BUDGET)
    return found.records


async def _what_matters(memory: LongTermMemory) -> list[MemoryRecord]:
    """Choose without a question: the newest summaries, then what is most important, the newer first."""
    newest = await memory.arecords(kinds="summary", limit=_SUMMARIES)
    lasting = await memory.arecords(kinds=_LASTING, limit=_LOOKED_AT)
    lasting.sort(key=lambda record: (record.pinned, record.importance, record.occurred_at), reverse=True)
    return _fitting(memory, [*newest, *lasting])


def _fitting(memory: LongTermMemory, records: Sequence[MemoryRecord]) -> list[MemoryRecord]:
    """Return the first records that fit the budget together."""
    chosen: list[MemoryRecord] = []
    left = BUDGET
    for record in records:
        tokens = memory.counter(render(record))
        if tokens <= left:
            chosen.append(record)
            left -= tokens
    return chosen
