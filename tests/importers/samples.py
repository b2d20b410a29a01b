"""What other systems write, in small."""

from pathlib import Path
from typing import Any

from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore


def node(name: str, parent: str | None, role: str, content: Any, **fields: Any) -> dict[str, Any]:
    if isinstance(content, str):
        content = {"content_type": "text", "parts": [content]}
    message = {"id": name, "author": {"role": role}, "content": content, "create_time": 1_759_222_800.5, **fields}
    return {"id": name, "parent": parent, "children": [], "message": message}


def export() -> list[Any]:
    nodes = [
        {"id": "root", "parent": None, "children": [], "message": None},
        node("s", "root", "system", "You are ChatGPT"),
        node("u1", "s", "user", "我想去瑞士徒步。"),
        node("old", "u1", "assistant", "A first answer"),
        node("a1", "u1", "assistant", "好主意!"),
        node("u2", "a1", "user", {"content_type": "multimodal_text", "parts": [
            {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}, "Which lake is this?",
        ]}),
        node("t1", "u2", "assistant", {"content_type": "code", "text": "search('lake')"}, recipient="browser"),
        node("t2", "t1", "tool", "results"),
        node("bio", "t2", "assistant", "User plans a hike in Switzerland", recipient="bio"),
        node("th", "bio", "assistant", {"content_type": "thoughts", "thoughts": []}),
        node("empty", "th", "assistant", ""),
        node("a2", "empty", "assistant", "Lake Oeschinen.", recipient="all"),
    ]  # fmt: skip
    return [
        {
            "title": "Hiking", "conversation_id": "c1", "create_time": 1_759_222_000.0, "current_node": "a2",
            "mapping": {entry["id"]: entry for entry in nodes},
        },
        {"title": "nothing", "conversation_id": "c2", "mapping": {}},
        "no conversation",
    ]  # fmt: skip


def mem0() -> dict[str, Any]:
    return {
        "results": [
            {
                "id": "m-1", "memory": "Likes green tea", "hash": "x", "metadata": {"source": "chat"},
                "created_at": "2025-09-30T10:00:00-07:00", "updated_at": None, "user_id": "alice",
                "categories": ["drinks", "x" * 300, 5],
            },
            {"id": "m-2", "memory": "住在伯尔尼", "created_at": "not a time"},
            {"memory": ""},
            "nothing",
        ],
        "relations": [
            {"source": "alice", "relationship": "lives_in", "target": "bern"},
            {"source": "alice"},
        ],
    }  # fmt: skip


def with_items(*values: dict[str, Any]) -> InMemoryStore:
    store = InMemoryStore()
    for number, value in enumerate(values):
        store.put(("memories", "alice"), f"k{number}", value)
    return store


ITEMS: tuple[dict[str, Any], ...] = (
    {"kind": "Memory", "content": {"content": "User likes tea"}},
    {"content": "User lives in Bern"},
    {
        "kind": "Triple",
        "content": {"subject": "Alice", "predicate": "knows", "object": "Bob", "context": "from school"},
    },
    {"kind": "UserProfile", "content": {"name": "Alice", "languages": ["de", "中文"]}},
    {"kind": "Preference", "content": {"category": "food", "preference": "spicy"}},
    {"data": "User has a dog"},
    {"city": "Bern", "visits": 3},
    {"nothing": None},
)


def sqlite_store(path: Path) -> None:
    with SqliteStore.from_conn_string(str(path)) as store:
        store.setup()
        for number, value in enumerate(ITEMS):
            store.put(("memories", "alice"), f"k{number}", value)
