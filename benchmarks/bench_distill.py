"""Distillation: how dense the memory becomes, what it still finds, what it costs.

    python -m benchmarks.bench_distill --data ../shared/data

Each conversation is one thread, distilled by `update` and `consolidate` without a model. The tokens of everything
distilled are compared with those of the log; the questions are asked of the summaries alone, and the sessions of the
evidence counted among the first ten. Model calls are counted with a model that answers at once: the time is ours.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import ChatResult
from pydantic import PrivateAttr

from benchmarks.common import Row, environment, publish
from benchmarks.recall_data import Conversation, load
from langmem_ext import FaissStore, LongTermMemory
from langmem_ext.testing import ScriptedChatModel

SETS = ("locomo", "realmem")
APART = frozenset({"adversarial"})
DEPTH = 10
DENSITY = 0.15
FOUND = 0.60
THROUGHPUT = 2_000
CALLS = 25
UPDATE_MS = 15
KNOWN = 10_000
"""Memories that `update` is timed among."""


class TimedModel(ScriptedChatModel):
    """A scripted model that adds up the time it takes itself."""

    _seconds: float = PrivateAttr(default=0.0)

    @property
    def seconds(self) -> float:
        """Time spent so far."""
        return self._seconds

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        began = time.perf_counter()
        try:
            return super()._generate(*args, **kwargs)
        finally:
            self._seconds += time.perf_counter() - began


def fill(memory: LongTermMemory, conversation: Conversation) -> None:
    """Log a conversation as one thread."""
    messages = [message for _, message in conversation.messages if str(message.content).strip()]
    for start in range(0, len(messages), 200):
        memory.observe(messages[start : start + 200], thread_id="all")


def sessions_found(memory: LongTermMemory, conversation: Conversation) -> Iterator[float]:
    """Give, for each question, the share of its evidence's sessions among those of the first ten summaries."""
    for question in conversation.questions:
        if question.category in APART or question.before < len(conversation.messages):
            continue
        wanted = {conversation.sessions.get(gold, gold) for gold in question.gold}
        ranked: dict[str, None] = {}
        for record in memory.recall(question.text, kinds=["summary"], now=question.now, limit=50).records:
            ranked.update(
                dict.fromkeys(
                    conversation.sessions[source] for source in record.sources if source in conversation.sessions
                )
            )
        yield len(wanted.intersection(list(ranked)[:DEPTH])) / len(wanted)


def density(name: str, conversations: Sequence[Conversation]) -> Iterator[Row]:
    """Distil without a model; measure tokens, what is found, and speed."""
    logged = distilled = messages = 0
    seconds = {"update": 0.0, "consolidate": 0.0}
    busy = {"update": 0.0, "consolidate": 0.0}
    shares: list[float] = []
    for conversation in conversations:
        with FaissStore.from_conn_string(":memory:") as store:
            memory = LongTermMemory(store, ("memories", "benchmark"))
            fill(memory, conversation)
            for work in seconds:
                began, worked = time.perf_counter(), time.process_time()
                getattr(memory, work)()
                seconds[work] += time.perf_counter() - began
                busy[work] += time.process_time() - worked
            stats = memory.stats()
            logged += stats.log_tokens
            distilled += stats.distilled_tokens
            messages += stats.messages
            shares.extend(sessions_found(memory, conversation))
    note = f"{distilled} of {logged} tokens"
    share = distilled / logged
    yield Row(
        f"{name}: distilled tokens", "langmem_ext", messages, share, "of the log", DENSITY, at_least=False, note=note
    )
    if shares:
        found = sum(shares) / len(shares)
        yield Row(
            f"{name}: sessions by summaries", "langmem_ext", len(shares), found, "recall@10", FOUND, at_least=True
        )
    for work, took in seconds.items():
        bound = THROUGHPUT if work == "consolidate" else None
        yield Row(
            f"{name}: {work} without a model",
            "langmem_ext",
            messages,
            messages / took,
            "messages/s",
            bound,
            at_least=True,
            note=f"{messages / busy[work]:,.0f} per second of CPU",
        )


def calls(name: str, conversations: Sequence[Conversation]) -> Iterator[Row]:
    """Count the model calls of consolidation with the default settings."""
    made = messages = 0
    for conversation in conversations:
        draft: dict[str, Any] = {"summaries": [{"topic": "life", "content": "They talked."}]}
        single: dict[str, Any] = {"topic": "life", "content": "They talked."}

        def answer(prompt: list[BaseMessage]) -> dict[str, Any]:
            return draft if "<topics>" in str(prompt[-1].content) else single  # noqa: B023 - called within the loop's turn

        model = ScriptedChatModel(responses=[answer] * 2_000)
        with FaissStore.from_conn_string(":memory:") as store:
            memory = LongTermMemory(store, ("memories", "benchmark"), model=model)
            fill(memory, conversation)
            made += memory.consolidate().model_calls
            messages += len(conversation.messages)
    rate = 1000 * made / messages
    yield Row(
        f"{name}: model calls of consolidate",
        "langmem_ext",
        messages,
        rate,
        "per 1,000 messages",
        CALLS,
        at_least=False,
        note=f"{made} calls",
    )


def update_time() -> Row:
    """Time one turn's update among many memories, beyond a model that answers at once."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    model = TimedModel(responses=[{"operations": []}] * 1_000)
    with FaissStore.from_conn_string(":memory:") as store:
        memory = LongTermMemory(store, ("memories", "benchmark"), model=model)
        facts = [
            {
                "content": f"Person {n % 97} likes thing {n} of sort {n % 389}",
                "kind": "preference",
                "occurred_at": start + timedelta(minutes=n),
            }
            for n in range(KNOWN)
        ]
        for first in range(0, KNOWN, 1_000):
            memory.remember_many(facts[first : first + 1_000])

        def turn(number: int) -> None:
            memory.observe(
                [HumanMessage(f"I met person {number % 97} who likes sort {number % 389}", id=f"m{number}")],
                thread_id="t",
            )

        numbers = iter(range(10_000))
        seconds: list[float] = []
        busy: list[float] = []
        for _ in range(30):
            turn(next(numbers))
            began, worked, asked = time.perf_counter(), time.process_time(), model.seconds
            memory.update(thread_id="t")
            seconds.append(time.perf_counter() - began - (model.seconds - asked))
            busy.append(time.process_time() - worked)
    return Row(
        "update of one turn, p50 beyond the model",
        "langmem_ext",
        KNOWN,
        statistics.median(seconds) * 1000,
        "ms",
        UPDATE_MS,
        at_least=False,
        note=f"{statistics.median(busy) * 1000:.1f} ms of CPU",
    )


def main() -> int:
    """Measure and publish; return 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with the conversations; without it only the update is timed")
    arguments = parser.parse_args()
    rows = [update_time()]
    for name in SETS if arguments.data else ():
        conversations = list(load(arguments.data / f"{name}.json"))
        rows.extend([*density(name, conversations), *calls(name, conversations)])
    return 0 if publish("distill", rows, environment("langgraph", "numpy")) else 1


if __name__ == "__main__":
    sys.exit(main())
