"""A crash at any point of a distillation repeats nothing, loses nothing and leaves nothing half done."""

import contextlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.store.base import Op, PutOp, Result

from langmem_ext import FaissStore, open_store
from tests.longterm.faults.history import covered, distil, hear, index, memory_over, outcome

DAYS = 8


class Crash(BaseException):
    """The end of a process, as far as an operation can tell."""


class CrashingStore(FaissStore):
    """A store whose process ends just before or just after one of its writes."""

    writes = 0
    fatal = 0
    after = False

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        given = list(ops)
        if not any(isinstance(op, PutOp) for op in given):
            return super().batch(given)
        self.writes += 1
        if self.writes == self.fatal and not self.after:
            raise Crash
        results = super().batch(given)
        if self.writes == self.fatal and self.after:
            raise Crash
        return results


def scripted(prompt: list[Any]) -> dict[str, Any]:
    """Answer as a model would that always says the same of the same."""
    text = str(prompt[-1].content)
    if "<new_messages>" in text:
        quote = next((words for words in ("mountain lake", "高山湖泊", "budget") if words in text), "zzz")
        saying = [
            n for n in range(1, 9) if f'<message n="{n}"' in text and quote in text.rsplit(f'n="{n}"', maxsplit=1)[-1]
        ]
        number = saying[-1] if saying else 1
        return {"operations": [{"action": "add", "message": number, "quote": quote, "content": f"Alice said {quote}"}]}
    if "<topics>" in text:
        return {"summaries": [{"topic": "switzerland_hiking", "content": "Alice hikes", "keywords": ["hiking"]}]}
    if 'kind="' in text:
        return {"insights": [{"content": "Alice hikes a lot", "entries": [1, 2]}]}
    return {"topic": "switzerland_hiking", "content": "Alice hiked week after week"}


def undisturbed(*, with_model: bool) -> tuple[dict[Any, Any], int]:
    """Distil without a crash; return what is stored and how many writes it took."""
    with CrashingStore.from_conn_string(":memory:") as store:
        memory = memory_over(store, model(with_model=with_model))
        hear(memory, DAYS, "t")
        store.writes = 0
        distil(memory)
        return outcome(store), store.writes


def model(*, with_model: bool) -> Any:
    from langmem_ext.testing import ScriptedChatModel

    return ScriptedChatModel(responses=[scripted] * 500) if with_model else None


def crash_at(writes: Iterable[int], expected: dict[Any, Any], *, with_model: bool, after: bool) -> None:
    """Crash at each of some writes, go on in a new memory, and compare with what comes of no crash."""
    for fatal in writes:
        with CrashingStore.from_conn_string(":memory:") as store:
            dying = memory_over(store, model(with_model=with_model))
            hear(dying, DAYS, "t")
            store.writes, store.fatal, store.after = 0, fatal, after
            with pytest.raises(Crash):
                distil(dying)
            distil(memory_over(store, model(with_model=with_model)))
            assert outcome(store) == expected, f"write {fatal}"


@pytest.mark.parametrize("with_model", [False, True])
def test_a_crash_leaves_a_memory_that_the_next_run_completes_as_if_there_had_been_none(*, with_model: bool) -> None:
    expected, writes = undisturbed(with_model=with_model)
    assert writes > 20
    crash_at(range(1, writes + 1, 7), expected, with_model=with_model, after=False)
    crash_at(range(5, writes + 1, 7), expected, with_model=with_model, after=True)


@pytest.mark.slow
@pytest.mark.parametrize("with_model", [False, True])
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_write_is_as_if_there_had_been_none(*, with_model: bool, after: bool) -> None:
    expected, writes = undisturbed(with_model=with_model)
    crash_at(range(1, writes + 1), expected, with_model=with_model, after=after)


@contextlib.contextmanager
def worker(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that distils once it is told to; it is killed at the end if it is still there."""
    command = [sys.executable, "-m", "tests.longterm.faults.worker", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert report(process) == {"ready": True}
            yield process
        finally:
            process.kill()


def report(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    told: dict[str, Any] = json.loads(process.stdout.readline())
    return told


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def fill(path: Path, days: int, *threads: str) -> list[str]:
    """Log a history; return the ids of the messages that are to be covered by summaries."""
    with open_store(str(path), index=index()) as store:
        memory = memory_over(store)
        hear(memory, days, *threads)
        said = [record.id for thread in threads for record in memory.log(thread, limit=1000)]
    return sorted(said)


def kill_rounds(folder: Path, rounds: int, days: int) -> None:
    """Kill a distilling process again and again; what a last run leaves is what one run alone would have made."""
    path = folder / "memory.db"
    said = fill(path, days, "t", "u")
    delays = random.Random(days)
    for _ in range(rounds):
        with worker(path) as process:
            go(process)
            time.sleep(delays.uniform(0.0, 0.6))
            process.kill()
    with worker(path) as last:
        go(last)
        assert report(last)["pending"] == [0, 0]
    assert_as_if_alone(path, folder / "alone.db", days, said)


def assert_as_if_alone(path: Path, other: Path, days: int, said: list[str]) -> None:
    fill(other, days, "t", "u")
    with open_store(str(other), index=index()) as store:
        distil(memory_over(store))
        expected = outcome(store)
    with open_store(str(path), index=index()) as store:
        assert outcome(store) == expected
        assert covered(store) == said
        assert store.check().ok


def test_a_killed_distillation_is_completed_by_the_next_process(tmp_path: Path) -> None:
    kill_rounds(tmp_path, 2, 6)


@pytest.mark.slow
def test_a_distillation_killed_twenty_times_makes_no_summary_too_many_or_too_few(tmp_path: Path) -> None:
    kill_rounds(tmp_path, 20, 28)


def test_two_processes_share_the_work_and_repeat_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    said = fill(path, 8, "t", "u")
    with worker(path) as one, worker(path) as two:
        for process in (one, two):
            go(process)
        told = [report(process) for process in (one, two)]
    assert [each["warnings"] for each in told] == [[], []]
    for name in ("added", "summaries"):
        made = [record for each in told for record in each[name]]
        assert len(made) == len(set(made)) > 0
    ranges = sorted(tuple(span) for each in told for span in each["ranges"])
    assert len(ranges) == len(set(ranges))
    assert sum(each["messages"] for each in told) == len(said)
    with open_store(str(path), index=index()) as store:
        assert covered(store) == said
