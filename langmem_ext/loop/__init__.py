"""The cognitive loop: analyse → search_memory → answer → update_memory, as a compiled LangGraph graph.

Imports the engine and the context; knows no store of ours by name (only `template` does) and none of the doors.
"""

from langmem_ext.loop.graph import create_memory_agent
from langmem_ext.loop.state import Context
from langmem_ext.loop.updating import drain

__all__ = ["Context", "create_memory_agent", "drain"]
