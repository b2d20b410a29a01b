"""The cognitive loop: its own work per turn, what a long conversation costs, and what evidence reaches the answer.

    python -m benchmarks.bench_loop                             # overhead at 10, 1,000 and 100,000 memories
    python -m benchmarks.bench_loop --data ../shared/data       # that, 500 turns beside peers, and the evidence

Overhead is the time of a turn less the model's own: a new thread asks a question of one user's memory in a file. It is
measured with a fake model that answers at once and no update, and with everything left at its default: an inline
update, by the offline model, whose time for answer and update is taken off. Everything else runs with the fake, and no
model is called for distillation. The peers are set up as their documentation shows: a plain buffer (`create_agent` with
a checkpointer), LangMem's two tools in `create_agent` (its model searches once a turn), and LangChain's
`SummarizationMiddleware` at 8,000 tokens, keeping 20 messages.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from langchain.agents import create_agent
from langchain.agents.middleware import SummarizationMiddleware
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.base import IndexConfig
from langgraph.store.memory import InMemoryStore

from benchmarks.common import Row, environment, publish, summarise
from benchmarks.loop_models import NotingModel, ReadOnlyStore, TimedOfflineModel
from benchmarks.recall_data import Conversation, load
from benchmarks.recall_speed import DIMS, RandomEmbeddings, conversation, vocabulary
from langmem_ext import FaissStore, LongTermMemory, create_memory_agent
from langmem_ext.loop import Context
from langmem_ext.namespaces import user_namespace
from langmem_ext.offline import HashingEmbeddings

USER = "alice"
SIZES = (10, 1_000, 100_000)
OVERHEAD_BOUND = {1_000: 20.0}
TURNS = 500
BUDGET = 8_000
EVIDENCE = {2_000: 0.86, 4_000: 0.90, 8_000: None}
"""Token budgets, and the share of the evidence that must reach the answer's context within them."""
_QUESTIONS = 60


def index() -> IndexConfig:
    """Return the index of a store that needs no network."""
    return IndexConfig(dims=384, embed=HashingEmbeddings(dims=384), fields=["text"])


@contextmanager
def memory_of(size: int, folder: Path) -> Iterator[tuple[FaissStore, list[str]]]:
    """Open a store in which one user has so many logged messages; give questions as well."""
    generator = random.Random(size)
    words = vocabulary(generator)
    weights = np.cumsum(1 / np.arange(1, len(words) + 1)).tolist()
    path = folder / f"{size}.db"
    fresh = not path.exists()
    config = IndexConfig(dims=DIMS, embed=RandomEmbeddings(), fields=["text"])
    with FaissStore.from_conn_string(str(path), index=config) as store:
        memory = LongTermMemory(store, user_namespace(USER))
        for number, messages in enumerate(conversation(size, words, generator) if fresh else ()):
            memory.observe(messages, thread_id=f"t{number}")
        yield store, [" ".join(generator.choices(words, cum_weights=weights, k=8)) for _ in range(_QUESTIONS)]


def overhead(size: int, folder: Path) -> Iterator[Row]:
    """Measure the loop's own work in a turn, with each kind of analysis, and with everything left at its default."""
    for analysis in ("model", "recall"):
        yield _overhead(size, folder, f"{analysis}, no update", NotingModel(), analysis=analysis, update="off")
    yield _overhead(size, folder, "the default", TimedOfflineModel())


def _overhead(size: int, folder: Path, work: str, model: NotingModel | TimedOfflineModel, **settings: Any) -> Row:
    with memory_of(size, folder) as (store, questions):
        agent = create_memory_agent(model, store=store, checkpointer=InMemorySaver(), **settings)
        seconds = []
        busy = time.process_time()
        for number, question in enumerate(questions):
            calls = len(model.seconds)
            began = time.perf_counter()
            agent.invoke(
                {"messages": [HumanMessage(question)]}, _thread(f"{work}{number}"), context=Context(user_id=USER)
            )
            seconds.append(time.perf_counter() - began - sum(model.seconds[calls:]))
        busy = (time.process_time() - busy - sum(model.busy)) / len(questions)
    timing = summarise(seconds[3:])
    note = f"p95 {timing.p95 * 1000:.1f} ms, {timing.calls} turns, {busy * 1000:.1f} ms of CPU each"
    bound = OVERHEAD_BOUND.get(size)
    return Row(f"overhead of a turn, {work}", "langmem_ext", size, timing.median * 1000, "ms", bound, note=note)


def _thread(name: str) -> RunnableConfig:
    return {"configurable": {"thread_id": name}}


def contenders(model: Callable[..., NotingModel]) -> Iterator[tuple[str, NotingModel, Any]]:
    """Make every contender over a model of its own."""
    from langmem import (  # type: ignore[import-untyped]  # it ships no types
        create_manage_memory_tool,
        create_search_memory_tool,
    )

    for analysis in ("model", "recall"):
        chat = model()
        agent = create_memory_agent(
            chat,
            store=FaissStore.from_conn_string(":memory:", index=index()).__enter__(),
            checkpointer=InMemorySaver(),
            update="off",
            analysis=analysis,
            context_budget=BUDGET,
        )
        yield f"langmem_ext, {analysis}", chat, agent
    chat = model()
    yield "plain buffer", chat, create_agent(chat, [], checkpointer=InMemorySaver())
    chat = model()
    summariser = SummarizationMiddleware(chat, trigger=("tokens", BUDGET), keep=("messages", 20))
    yield "SummarizationMiddleware", chat, create_agent(chat, [], middleware=[summariser], checkpointer=InMemorySaver())
    chat = model(searches=True)
    space = ("memories", USER)
    tools = [create_manage_memory_tool(namespace=space), create_search_memory_tool(namespace=space)]
    yield "langmem tools", chat, create_agent(chat, tools, store=InMemoryStore(), checkpointer=InMemorySaver())


def long_conversation(told: Conversation, turns: int) -> Iterator[Row]:
    """Run the same scripted conversation through every contender and add up what it costs."""
    users = [str(message.content) for _, message in told.messages if message.type == "human"]
    answers = [str(message.content) for _, message in told.messages if message.type == "ai"]
    users, answers = (users * (turns // len(users) + 1))[:turns], answers or ["I see."]
    for name, model, agent in contenders(
        lambda **more: NotingModel(answer=lambda n: answers[n % len(answers)], **more)
    ):
        began = time.perf_counter()
        for text in users:
            agent.invoke({"messages": [HumanMessage(text)]}, _thread("one"))
        seconds = time.perf_counter() - began
        sizes = model.sizes
        bound = BUDGET if name.startswith("langmem_ext") else None
        yield Row("input tokens per turn", name, turns, sum(sizes) / turns, "tokens", note=f"{seconds:.0f} s in all")
        yield Row("largest context", name, turns, max(sizes), "tokens", bound)
        limit = {"langmem_ext, model": 2.0, "langmem_ext, recall": 1.0}.get(name)
        yield Row("model calls per turn", name, turns, len(sizes) / turns, "calls", limit)


def evidence(conversations: list[Conversation], budget: int, bound: float | None, folder: Path, most: int) -> Row:
    """Ask every question of the data set in a new thread; see which of its evidence is in the answer's context."""
    shares: list[float] = []
    sizes: list[int] = []
    for number, told in enumerate(conversations):
        path = str(folder / f"evidence{number}.db")
        _remember(told, path)
        with ReadOnlyStore.from_conn_string(path, index=index()) as store:
            model = NotingModel()
            agent = create_memory_agent(
                model, store=store, update="off", analysis="recall", context_budget=budget, recall_tokens=budget
            )
            asked = [q for q in told.questions if q.gold and q.category != "adversarial"]
            asked = asked[:: max(1, len(asked) // most)]
            for question in asked:
                agent.invoke(
                    {"messages": [HumanMessage(question.text)]}, context=Context(user_id=USER, now=question.now)
                )
                shown = "\n".join(str(message.content) for message in model.last_prompt)
                shares.append(sum(f'id="{gold}"' in shown for gold in question.gold) / len(question.gold))
            sizes.extend(model.sizes)
    note = f"{len(shares)} questions, contexts of {statistics.mean(sizes):,.0f} tokens, at most {max(sizes):,}"
    return Row(
        f"evidence in context, {budget:,} tokens",
        "langmem_ext",
        len(shares),
        statistics.mean(shares),
        "",
        bound,
        at_least=True,
        note=note,
    )


def _remember(told: Conversation, path: str) -> None:
    """Log a conversation once; later budgets use the same file."""
    if Path(path).exists():
        return
    with FaissStore.from_conn_string(path, index=index()) as store:
        memory = LongTermMemory(store, user_namespace(USER))
        for thread, run in groupby(told.messages, lambda pair: pair[0]):
            memory.observe([message for _, message in run], thread_id=thread)


def main() -> int:
    """Run what was asked for; exit with 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with locomo.json and realmem.json")
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES), help="memories to measure the overhead at")
    parser.add_argument("--turns", type=int, default=TURNS, help="turns of the long conversation")
    parser.add_argument("--limit", type=int, default=10_000, help="questions per conversation at most")
    given = parser.parse_args()
    facts = environment("langgraph", "langchain", "langmem", "faiss-cpu")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in given.sizes:
            rows.extend(overhead(size, folder))
        if given.data is not None:
            conversations = list(load(given.data / "locomo.json"))
            rows.extend(evidence(conversations, b, bound, folder, given.limit) for b, bound in EVIDENCE.items())
            rows.extend(long_conversation(next(load(given.data / "realmem.json")), given.turns))
    return 0 if publish("loop", rows, facts) else 1


if __name__ == "__main__":
    sys.exit(main())
