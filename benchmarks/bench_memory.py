"""The drop-in memory classes beside LangChain's own: an exchange saved and loaded, in process and in a store.

    python -m benchmarks.bench_memory                   # in process up to 1,000 turns, durable at 10,000: minutes
    python -m benchmarks.bench_memory --turns 1000      # a quick look at the durable ones

One call is `save_context` and `load_memory_variables` together. In process, ours and LangChain's take turns on
conversations of the same length; the model behind a summary answers at once, so that the memory's own work is timed.
Growth is the time of a call at ten times the turns over that at 100. LangChain's classes have no durable form: beside
ours in a store stands LangChain's in process, at the same number of turns, as the raw limit.
"""

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.language_models import FakeListLLM
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.store.base import BaseStore

from benchmarks.common import Row, alternate, environment, publish, repeat
from langmem_ext import LongTermMemory, memory as ours, open_store
from langmem_ext.memory import StoreChatMessageHistory
from langmem_ext.offline import HashingEmbeddings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # LangChain's classes warn of their deprecation
    from langchain_classic import memory as classic

RATIO_BOUND = 1.5
GROWTH_BOUND = 1.3
DURABLE_BOUND = 5.0
SHORT, LONG = 100, 1_000
WHOLE = ("buffer", "window")
"""Keep the whole conversation in LangChain's classes."""
GROWING = ("buffer",)
"""Shows the whole conversation, so that its time grows with it by what it is."""

Make = Callable[..., Any]


class Words(FakeListLLM):
    """Answers at once and counts words: neither a model's time nor a tokenizer's is measured."""

    responses: list[str] = ["They spoke of lakes, of a budget and of the weather."]  # noqa: RUF012 - a pydantic field

    def get_num_tokens(self, text: str) -> int:
        """Count the words."""
        return len(text.split())


def kinds(module: Any) -> dict[str, Make]:
    """Return the classes of a module, each ready to be made with further fields."""
    return {
        "buffer": module.ConversationBufferMemory,
        "window": lambda **fields: module.ConversationBufferWindowMemory(k=5, **fields),
        "tokens": lambda **fields: module.ConversationTokenBufferMemory(llm=Words(), max_token_limit=400, **fields),
        "summary": lambda **fields: module.ConversationSummaryMemory(llm=Words(), **fields),
        "summary_buffer": lambda **fields: module.ConversationSummaryBufferMemory(
            llm=Words(), max_token_limit=400, **fields
        ),
    }


def exchange(number: int) -> tuple[dict[str, str], dict[str, str]]:
    """Return the turn of a number, in English and Chinese by turns."""
    if number % 2:
        return {"input": f"第 {number} 天我们走到了湖边,天气很好。"}, {"output": "听起来不错,明天去哪里?"}
    return (
        {"input": f"On day {number} we walked to the lake, and the weather was fine."},
        {"output": "That sounds good. Where do you go tomorrow?"},
    )


def filled(memory: Any, turns: int) -> Any:
    """Return a memory after a conversation of so many turns."""
    for number in range(turns):
        memory.save_context(*exchange(number))
    return memory


def step(memory: Any) -> Callable[[int], object]:
    """Return one call: a turn saved and the memory loaded."""

    def work(number: int) -> object:
        memory.save_context(*exchange(number))
        return memory.load_memory_variables({"input": "Where do we go?"})

    return work


def in_process(calls: int) -> list[Row]:
    """Time each class beside LangChain's, after a short and a long conversation."""
    rows: list[Row] = []
    for kind, make in kinds(ours).items():
        original = kinds(classic)[kind]
        medians: dict[int, float] = {}
        for turns in (SHORT, LONG):
            works = {"langmem_ext": step(filled(make(), turns)), "langchain": step(filled(original(), turns))}
            timed = alternate(works, calls, warm_up=10)
            mine, theirs = timed["langmem_ext"].median, timed["langchain"].median
            medians[turns] = mine
            note = f"{mine * 1e6:,.0f} µs, LangChain {theirs * 1e6:,.0f} µs"
            bound = RATIO_BOUND if turns == SHORT else None
            rows.append(Row(f"{kind}: save and load", "over LangChain's", turns, mine / theirs, "×", bound, note=note))
        growth = medians[LONG] / medians[SHORT]
        bound = None if kind in GROWING else GROWTH_BOUND
        rows.append(Row(f"{kind}: growth with the conversation", "langmem_ext", LONG, growth, "×", bound))
    return rows


def durable(turns: int, calls: int) -> list[Row]:
    """Time each class in a store whose session has so many turns."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        embeddings = HashingEmbeddings()
        path = str(Path(folder) / "memory.db")
        with open_store(path, index={"dims": embeddings.dims, "embed": embeddings}) as store:
            prepare(store, turns)
            for kind, make in kinds(ours).items():
                memory = make(store=store, session_id="long")
                if hasattr(memory, "predict_new_summary"):
                    caught_up(memory)
                timing = repeat(step(memory), calls if kind not in GROWING else max(5, calls // 20), warm_up=3)
                bound = None if kind in GROWING else DURABLE_BOUND
                note = f"p95 {timing.p95 * 1e3:.1f} ms"
                rows.append(
                    Row(f"{kind}: save and load", "in a store", turns, timing.median * 1e3, "ms", bound, note=note)
                )
    return rows


def prepare(store: BaseStore, turns: int) -> None:
    """Log a conversation of so many turns."""
    history = StoreChatMessageHistory(LongTermMemory(store, ("memories", "long")), "long")
    said = [pair for number in range(turns) for pair in _messages(number)]
    for start in range(0, len(said), 500):
        history.add_messages(said[start : start + 500])


def _messages(number: int) -> tuple[HumanMessage, AIMessage]:
    question, answer = exchange(number)
    return HumanMessage(question["input"]), AIMessage(answer["output"])


def caught_up(memory: Any) -> None:
    """Let a summary catch up with a log that was written without it; each save does a part."""
    for number in range(200):
        memory.save_context(*exchange(number))
        shown = memory.load_memory_variables({})["history"]
        if len(shown) < 5_000:
            return
    raise RuntimeError("the summary did not catch up")


def raw(turns: int, calls: int) -> list[Row]:
    """Time LangChain's classes in process at the same number of turns, for comparison."""
    rows: list[Row] = []
    for kind, make in kinds(classic).items():
        if kind not in WHOLE:
            continue  # has pruned or summarised the rest long ago: no different from a short conversation
        memory = make()
        memory.chat_memory.messages.extend(message for number in range(turns) for message in _messages(number))
        timing = repeat(step(memory), max(5, calls // 20), warm_up=3)
        note = "all of it in this process, gone with it"
        rows.append(Row(f"{kind}: save and load", "LangChain, in process", turns, timing.median * 1e3, "ms", note=note))
    return rows


def main() -> int:
    """Run the benchmark and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=10_000, help="turns of the durable conversation")
    parser.add_argument("--calls", type=int, default=300, help="timed calls of each contender")
    arguments = parser.parse_args()
    facts = environment("langmem-ext", "langchain-classic", "langchain-core", "langgraph")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = in_process(arguments.calls) + durable(arguments.turns, arguments.calls)
        rows += raw(arguments.turns, arguments.calls)
    return 0 if publish("memory", rows, facts) else 1


if __name__ == "__main__":
    sys.exit(main())
