"""The memory tools in LangChain's standard suites."""

from typing import Any

from langchain_core.messages import HumanMessage
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from langmem_ext import (
    LongTermMemory,
    create_manage_memory_tool,
    create_search_log_tool,
    create_search_memory_tool,
)

ALICE = ("memories", "alice")


def filled() -> BaseStore:
    store = InMemoryStore()
    memory = LongTermMemory(store, ALICE)
    memory.remember("My budget is 20,000 RMB", id="budget")
    memory.observe([HumanMessage("I love lakes", id="m1")], thread_id="t1")
    return store


class SearchMemory:
    """Parameters of the standard suites."""

    @property
    def tool_constructor(self) -> BaseTool:
        return create_search_memory_tool(ALICE, store=filled())

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"query": "budget", "before": "2030-01-01", "kinds": ["fact"], "limit": 3}


class TestSearchMemoryUnit(SearchMemory, ToolsUnitTests):
    """LangChain's unit suite."""


class TestSearchMemoryIntegration(SearchMemory, ToolsIntegrationTests):
    """LangChain's integration suite."""


class ManageMemory:
    """Parameters of the standard suites."""

    @property
    def tool_constructor(self) -> BaseTool:
        return create_manage_memory_tool(ALICE, store=filled())

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"content": "Alice likes tea", "kind": "preference", "importance": 0.7}


class TestManageMemoryUnit(ManageMemory, ToolsUnitTests):
    """LangChain's unit suite."""


class TestManageMemoryIntegration(ManageMemory, ToolsIntegrationTests):
    """LangChain's integration suite."""


class SearchLog:
    """Parameters of the standard suites."""

    @property
    def tool_constructor(self) -> BaseTool:
        return create_search_log_tool(ALICE, store=filled())

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"query": "lakes", "thread_id": "t1", "page": 1, "limit": 5}


class TestSearchLogUnit(SearchLog, ToolsUnitTests):
    """LangChain's unit suite."""


class TestSearchLogIntegration(SearchLog, ToolsIntegrationTests):
    """LangChain's integration suite."""
