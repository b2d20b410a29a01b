"""Memory as tools for any agent: `search_memory`, `manage_memory`, `search_log`.

Each factory returns a LangChain tool that works sync and async from one operation. What a tool returns is rendered as
data: escaped, delimited, with dates and ids. Arguments that can't be meant come back as tool messages that say what to
pass; whose memory it is comes from the run alone (`langmem_ext.scope`).
"""

from langmem_ext.tools.factories import (
    create_manage_memory_tool,
    create_search_log_tool,
    create_search_memory_tool,
    render_recall,
)
from langmem_ext.tools.inputs import ManageMemoryInput, SearchLogInput, SearchMemoryInput

__all__ = [
    "ManageMemoryInput",
    "SearchLogInput",
    "SearchMemoryInput",
    "create_manage_memory_tool",
    "create_search_log_tool",
    "create_search_memory_tool",
    "render_recall",
]
