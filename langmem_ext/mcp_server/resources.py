"""The resources: the profile, the topics and the recent summaries, read anew each time, as JSON."""

from typing import Any, Final
from urllib.parse import quote

from mcp.server.mcpserver import MCPServer, ResourceSecurity
from mcp.types import Annotations
from pydantic import BaseModel

from langmem_ext.errors import RecordNotFoundError
from langmem_ext.longterm import LongTermMemory
from langmem_ext.mcp_server.results import Memory

JSON: Final = "application/json"
RECENT: Final = 20
"""Summaries that the resource of recent ones holds."""
PER_TOPIC: Final = 50
"""Memories that the resource of one topic holds, its summaries first."""


class Topic(BaseModel):
    """One topic of the index; `uri` is the resource that holds its memories."""

    topic: str
    memories: int
    uri: str


def add_resources(server: MCPServer[Any], memory: LongTermMemory) -> None:
    """Offer the resources of a memory on a server."""

    @server.resource(
        "memory://profile",
        title="Profile",
        description="What is always worth knowing of the user",
        mime_type=JSON,
        annotations=Annotations(audience=["user", "assistant"], priority=1.0),
    )
    async def profile() -> dict[str, Any]:
        return await memory.aprofile()

    @server.resource(
        "memory://topics",
        title="Topics",
        description="What the memory is about, topic by topic, with the number of memories of each",
        mime_type=JSON,
    )
    async def topics() -> list[dict[str, Any]]:
        index = await memory.atopics()
        return [
            Topic(topic=topic, memories=len(ids), uri=f"memory://topics/{quote(topic, safe='')}").model_dump()
            for topic, ids in index.items()
        ]

    @server.resource(
        "memory://topics/{topic}",
        title="A topic",
        description=f"The memories of one topic, its summaries first, {PER_TOPIC} at most",
        mime_type=JSON,
        security=ResourceSecurity(exempt_params={"topic"}),  # a label to look up, never a path
    )
    async def topic_memories(topic: str) -> list[dict[str, Any]]:
        ids = (await memory.atopics()).get(topic)
        if ids is None:
            raise RecordNotFoundError(f"no topic {topic!r}; memory://topics lists them")
        found = [await memory.aget(record_id) for record_id in ids[:PER_TOPIC]]
        return [shown(record) for record in found if record is not None]

    @server.resource(
        "memory://summaries",
        title="Recent summaries",
        description=f"The newest {RECENT} summaries of earlier conversations, the newest first",
        mime_type=JSON,
    )
    async def summaries() -> list[dict[str, Any]]:
        return [shown(record) for record in await memory.arecords(kinds="summary", limit=RECENT)]


def shown(record: Any) -> dict[str, Any]:
    """Return a record as JSON."""
    return Memory.of(record).model_dump(mode="json", exclude_defaults=True)
