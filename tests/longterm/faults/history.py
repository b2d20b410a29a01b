"""A month of conversations, the settings that make its distillation many small steps, and what comes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langgraph.store.base import BaseStore, IndexConfig

from langmem_ext import LongTermMemory
from langmem_ext.longterm import DistillationSettings
from langmem_ext.offline import HashingEmbeddings

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
SETTINGS = DistillationSettings(update_messages=4, window_messages=6, reflect_at=1.0, fan_in=4)
TEXTS = (
    "I went hiking in Switzerland near the Jungfrau and walked {n} kilometres",
    "My budget for the trip to Switzerland is {n}00 euros",
    "I like mountain lake number {n}",
    "我喜欢高山湖泊,今年想去瑞士徒步 {n} 天",
    "Good morning!",
)


def index() -> IndexConfig:
    return IndexConfig(dims=64, embed=HashingEmbeddings(dims=64), fields=["text"])


def memory_over(store: BaseStore, model: Any = None) -> LongTermMemory:
    return LongTermMemory(store, ("memories", "alice"), model=model, clock=lambda: NOW, distillation=SETTINGS)


def hear(memory: LongTermMemory, days: int, *threads: str) -> None:
    """Log a session a day in each thread."""
    for thread in threads:
        for day in range(days):
            said: list[BaseMessage] = []
            for place, text in enumerate(TEXTS):
                said.append(HumanMessage(text.format(n=day + 3), id=f"{thread}.{day}.{place}"))
                said.append(AIMessage("Noted.", id=f"{thread}.{day}.{place}a"))
            memory.observe(said, thread_id=thread, occurred_at=START + timedelta(days=day))


def distil(memory: LongTermMemory) -> None:
    """Do all that distillation does."""
    memory.update()
    memory.consolidate()
    memory.reflect()


def outcome(store: BaseStore) -> dict[tuple[tuple[str, ...], str], Any]:
    """Return everything that is stored but for when it was written, what was spent, and the numbers of recall."""
    found: dict[tuple[tuple[str, ...], str], Any] = {}
    for item in store.search(("memories", "alice"), limit=1_000_000):
        if not item.key.startswith("spent:"):
            found[item.namespace, item.key] = item.value
    return found


def covered(store: BaseStore) -> list[str]:
    """Return the messages that summaries of conversation cover, one for each time."""
    memory = memory_over(store)
    summaries = memory.records(kinds="summary", limit=1000)
    return sorted(source for record in summaries if record.thread_id for source in record.sources)
