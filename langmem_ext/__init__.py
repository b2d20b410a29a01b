"""Long-term memory for LangChain and LangGraph applications.

The public names are imported when first used, so that ``import langmem_ext`` costs next to nothing.
"""

from typing import TYPE_CHECKING

from langmem_ext._lazy import on_demand
from langmem_ext._version import __version__

if TYPE_CHECKING:
    from langmem_ext.context import MainContext
    from langmem_ext.longterm.engine import LongTermMemory
    from langmem_ext.loop.graph import create_memory_agent
    from langmem_ext.middleware import MemoryMiddleware
    from langmem_ext.records import ForgetReceipt, MemoryRecord, Recall, RecallStep
    from langmem_ext.retriever import MemoryRetriever
    from langmem_ext.store.faiss import FaissStore
    from langmem_ext.store.opening import open_store
    from langmem_ext.tools import create_manage_memory_tool, create_search_log_tool, create_search_memory_tool

_HOMES = {
    "FaissStore": "langmem_ext.store",
    "ForgetReceipt": "langmem_ext.records",
    "LongTermMemory": "langmem_ext.longterm",
    "MainContext": "langmem_ext.context",
    "MemoryMiddleware": "langmem_ext.middleware",
    "MemoryRecord": "langmem_ext.records",
    "MemoryRetriever": "langmem_ext.retriever",
    "Recall": "langmem_ext.records",
    "RecallStep": "langmem_ext.records",
    "create_manage_memory_tool": "langmem_ext.tools",
    "create_memory_agent": "langmem_ext.loop",
    "create_search_log_tool": "langmem_ext.tools",
    "create_search_memory_tool": "langmem_ext.tools",
    "open_store": "langmem_ext.store",
}

__all__ = [
    "FaissStore",
    "ForgetReceipt",
    "LongTermMemory",
    "MainContext",
    "MemoryMiddleware",
    "MemoryRecord",
    "MemoryRetriever",
    "Recall",
    "RecallStep",
    "__version__",
    "create_manage_memory_tool",
    "create_memory_agent",
    "create_search_log_tool",
    "create_search_memory_tool",
    "open_store",
]

__getattr__, __dir__ = on_demand(__name__, _HOMES)
