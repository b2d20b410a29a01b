"""How long one recall takes: over one user's 1,000 and 100,000 memories, beyond the embedding call."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
from langchain_core.messages import BaseMessage, HumanMessage
from langgraph.store.base import IndexConfig

from benchmarks.common import Row, Timing, clock, repeat
from langmem_ext import FaissStore, LongTermMemory
from langmem_ext.longterm import RecallSettings

DIMS = 384
BOUNDS = {1_000: 5.0, 100_000: 40.0}
"""Milliseconds of the median recall."""
OBSERVE_BOUND = 3.0
_VOCABULARY = 30_000
_WORDS = (5, 30)
_THREAD = 200
_QUESTIONS = 60
_START = 1_700_000_000


class RandomEmbeddings:
    """Vectors that cost nothing: the embedding call is not what is measured."""

    def __init__(self) -> None:
        self._generator = np.random.default_rng(0)

    def __call__(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one random vector for each text."""
        vectors: list[list[float]] = self._generator.standard_normal((len(texts), DIMS)).tolist()
        return vectors


def vocabulary(generator: random.Random) -> list[str]:
    """Return words of letters, the most frequent first."""
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    weights = range(len(letters), 0, -1)
    return ["".join(generator.choices(letters, weights, k=generator.randint(4, 9))) for _ in range(_VOCABULARY)]


def conversation(count: int, words: list[str], generator: random.Random) -> Iterator[list[BaseMessage]]:
    """Give threads of messages whose words follow Zipf's law."""
    weights = np.cumsum(1 / np.arange(1, len(words) + 1)).tolist()
    for first in range(0, count, _THREAD):
        messages: list[BaseMessage] = []
        for number in range(first, min(count, first + _THREAD)):
            text = " ".join(generator.choices(words, cum_weights=weights, k=generator.randint(*_WORDS)))
            stamp = _START + number * 300
            messages.append(
                HumanMessage(
                    text, id=f"m{number}", name=("Anna", "Ben")[number % 2], additional_kwargs={"timestamp": stamp}
                )
            )
        yield messages


def measure() -> list[Row]:
    """Time recall and observe at each size."""
    return [row for size, bound in BOUNDS.items() for row in _measure(size, bound)]


def _measure(size: int, bound: float) -> Iterator[Row]:
    generator = random.Random(size)
    words = vocabulary(generator)
    weights = np.cumsum(1 / np.arange(1, len(words) + 1)).tolist()
    questions = [" ".join(generator.choices(words, cum_weights=weights, k=8)) for _ in range(_QUESTIONS)]
    index = IndexConfig(dims=DIMS, embed=RandomEmbeddings(), fields=["text"])
    with FaissStore.from_conn_string(":memory:", index=index) as store:
        memory = LongTermMemory(store, ("memories", "anna"), settings=RecallSettings(dense=1.0))
        for number, messages in enumerate(conversation(size, words, generator)):
            memory.observe(messages, thread_id=f"t{number}")
        first = clock(lambda: memory.recall(questions[0]))
        yield Row("first recall", "langmem_ext", size, 1000 * first, "ms")
        recalled = repeat(lambda number: memory.recall(questions[number % _QUESTIONS]), _QUESTIONS)
        yield _row("recall", size, recalled, bound)
        observed = repeat(lambda number: memory.observe([_message(words, number)], thread_id="live"), _QUESTIONS)
        yield _row("observe one message", size, observed, OBSERVE_BOUND)


def _message(words: list[str], number: int) -> HumanMessage:
    return HumanMessage(f"{words[number]} {words[-number]}", id=f"live{number}{words[number]}")


def _row(work: str, size: int, timing: Timing, bound: float) -> Row:
    note = f"p95 {1000 * timing.p95:.1f} ms, {timing.calls} calls"
    return Row(f"{work}, p50", "langmem_ext", size, 1000 * timing.median, "ms", bound, note=note)
