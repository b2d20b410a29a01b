"""LangMem's own tools run on the store as they are."""

import json
import warnings
from typing import Any

import pytest

from langmem_ext.store import FaissStore
from tests.store.helpers import index

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # langmem imports names that langgraph has deprecated
    from langmem import (  # type: ignore[import-untyped]
        create_manage_memory_tool,
        create_search_memory_tool,
    )


@pytest.fixture
def store() -> Any:
    with FaissStore.from_conn_string(":memory:", index=index(fields=["content"])) as store:
        yield store


def key_in(answer: str) -> str:
    return answer.rsplit(" ", 1)[-1]


def test_memories_are_created_found_changed_and_deleted(store: FaissStore) -> None:
    manage: Any = create_manage_memory_tool(namespace=("memories", "alice"), store=store)
    search: Any = create_search_memory_tool(namespace=("memories", "alice"), store=store)
    key = key_in(manage.invoke({"action": "create", "content": "likes tea"}))
    found = json.loads(search.invoke({"query": "likes tea"}))
    assert [(item["key"], item["value"]) for item in found] == [(key, {"content": "likes tea"})]
    manage.invoke({"action": "update", "id": key, "content": "喜欢咖啡"})
    assert [item["value"] for item in json.loads(search.invoke({"query": "喜欢咖啡"}))] == [{"content": "喜欢咖啡"}]
    manage.invoke({"action": "delete", "id": key})
    assert json.loads(search.invoke({"query": "tea"})) == []


async def test_the_async_tools_work_too(store: FaissStore) -> None:
    manage: Any = create_manage_memory_tool(namespace=("memories", "alice"), store=store)
    search: Any = create_search_memory_tool(namespace=("memories", "alice"), store=store)
    await manage.ainvoke({"action": "create", "content": "likes tea"})
    found = json.loads(await search.ainvoke({"query": "likes tea"}))
    assert [item["value"] for item in found] == [{"content": "likes tea"}]
