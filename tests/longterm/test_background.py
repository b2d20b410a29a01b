"""Distilling off the hot path: on a thread or an event loop, coalesced, waited for, ended cleanly, shared."""

import asyncio
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from langmem_ext import LongTermMemory, open_store
from langmem_ext.longterm import AsyncBackgroundUpdates, BackgroundUpdates, DistillationSettings
from langmem_ext.longterm.background import Jobs
from langmem_ext.metering import Meter
from langmem_ext.testing import ScriptedChatModel
from tests.longterm.conftest import Clock

NOTHING: dict[str, Any] = {"operations": []}


def updater(count: int = 50) -> ScriptedChatModel:
    return ScriptedChatModel(responses=[NOTHING] * count)


def say(memory: LongTermMemory, text: str, thread: str = "t") -> None:
    memory.observe([HumanMessage(text)], thread_id=thread)


def test_a_burst_is_one_update_and_drain_waits_for_it(store: BaseStore, clock: Clock) -> None:
    model = updater()
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock)
    worker = BackgroundUpdates(debounce=3600.0)
    for number in range(5):
        say(memory, f"I saw heron {number}")
        worker.submit(memory, "t")
    assert model.calls == []
    assert worker.drain(timeout=30)
    assert len(model.calls) == 1
    assert memory.stats().pending == 0
    assert worker.close(timeout=30)


def test_a_burst_on_an_event_loop_is_one_update_and_drain_waits_for_it(store: BaseStore, clock: Clock) -> None:
    model = updater()
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock)

    async def main() -> None:
        async with AsyncBackgroundUpdates(debounce=3600.0) as worker:
            for number in range(5):
                await memory.aobserve([HumanMessage(f"I saw heron {number}")], thread_id="t")
                await worker.submit(memory, "t")
            assert model.calls == []
            assert await worker.drain(timeout=30)
            assert len(model.calls) == 1
            assert (await memory.astats()).pending == 0

    asyncio.run(main())


def test_a_quiet_moment_is_enough_without_drain() -> None:
    memory = LongTermMemory(InMemoryStore())
    worker = BackgroundUpdates(debounce=0.0)
    say(memory, "I like mountain lakes")
    worker.submit(memory, "t")
    learnt = threading.Event()

    def look() -> None:
        while not memory.records(kinds="preference"):
            pass
        learnt.set()

    threading.Thread(target=look, daemon=True).start()
    assert learnt.wait(30)


def test_a_quiet_moment_is_enough_on_an_event_loop() -> None:
    asked = asyncio.Event()

    class TellingModel(ScriptedChatModel):
        async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
            asked.set()
            return await super()._agenerate(*args, **kwargs)

    memory = LongTermMemory(InMemoryStore(), model=TellingModel(responses=[NOTHING]))

    async def main() -> None:
        async with AsyncBackgroundUpdates(debounce=0.0) as worker, asyncio.timeout(30):
            await memory.aobserve([HumanMessage("I like mountain lakes")], thread_id="t")
            await worker.submit(memory, "t")
            await asked.wait()
        assert memory.stats().pending == 0

    asyncio.run(main())


def test_a_slow_model_holds_up_neither_the_event_loop_nor_a_drain_with_a_timeout() -> None:
    free = threading.Event()

    def slow(_messages: Any) -> dict[str, Any]:
        free.wait(30)
        return NOTHING

    class SlowModel(ScriptedChatModel):
        async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
            return await asyncio.to_thread(self._generate, *args, **kwargs)

    memory = LongTermMemory(InMemoryStore(), model=SlowModel(responses=[slow]))

    async def main() -> None:
        async with AsyncBackgroundUpdates(debounce=0.0) as worker:
            await memory.aobserve([HumanMessage("I like mountain lakes")], thread_id="t")
            await worker.submit(memory, "t")
            assert not await worker.drain(timeout=0.05)
            free.set()
            assert await worker.drain(timeout=30)

    asyncio.run(main())


def test_a_job_that_is_asked_for_again_and_again_is_not_put_off_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("langmem_ext.longterm.background.time.monotonic", lambda: now[0])
    jobs = Jobs(debounce=1.0)
    memory = LongTermMemory(InMemoryStore())
    while jobs.take(hurry=False) is None:
        jobs.add(memory, "t")
        now[0] += 0.5
        assert now[0] < 60
    assert now[0] > 1.0


def test_the_first_job_of_a_memory_takes_all_threads_and_later_ones_their_own() -> None:
    jobs = Jobs(debounce=0.0)
    memory = LongTermMemory(InMemoryStore())
    for thread in ("a", "b"):
        jobs.add(memory, thread)
    whole = jobs.take(hurry=True)
    assert whole is not None
    assert whole.thread_id is None
    assert not jobs
    for thread in ("a", "b", "a"):
        jobs.add(memory, thread)
    later = [jobs.take(hurry=True) for _ in range(2)]
    assert sorted(str(job.thread_id) for job in later if job) == ["a", "b"]
    assert not jobs


def test_a_closed_worker_begins_nothing() -> None:
    memory = LongTermMemory(InMemoryStore())
    worker = BackgroundUpdates(debounce=0.0)
    assert worker.close(timeout=1)
    say(memory, "I like mountain lakes")
    worker.submit(memory, "t")
    assert worker.drain(timeout=1)
    assert memory.stats().pending == 1


def test_workers_on_one_memory_do_not_repeat_each_others_work(store: BaseStore, clock: Clock) -> None:
    models = [updater(), updater()]
    memories = [LongTermMemory(store, ("memories", "alice"), model=model, clock=clock) for model in models]
    for thread in ("t", "u", "v"):
        for number in range(20):
            say(memories[0], f"I saw heron {number}", thread)
    workers = [BackgroundUpdates(debounce=0.0) for _ in memories]
    for worker, memory in zip(workers, memories, strict=True):
        worker.submit(memory)
    assert all(worker.drain(timeout=60) for worker in workers)
    assert sum(len(model.calls) for model in models) == 3
    assert memories[0].stats().pending == 0


def test_a_cap_holds_for_each_job(store: BaseStore, clock: Clock) -> None:
    model = updater()
    memory = LongTermMemory(store, ("memories", "alice"), model=model, clock=clock)
    worker = BackgroundUpdates(debounce=3600.0, meter=lambda: Meter(max_calls=0))
    say(memory, "I like mountain lakes")
    worker.submit(memory, "t")
    assert worker.drain(timeout=30)
    assert model.calls == []
    assert [record.kind for record in memory.records(kinds="preference")] == ["preference"]


def test_when_a_session_is_over_and_enough_has_gathered_it_is_looked_back_on(store: BaseStore, clock: Clock) -> None:
    memory = LongTermMemory(
        store, ("memories", "alice"), clock=clock, distillation=DistillationSettings(reflect_at=1.5)
    )
    for place in ("Bern", "Zermatt", "Lucerne"):
        say(memory, f"I like hiking near {place}")
    worker = BackgroundUpdates(debounce=3600.0)
    worker.submit(memory, "t")
    assert worker.drain(timeout=30)
    assert memory.records(kinds="reflection") == []
    clock.advance(hours=1)
    worker.submit(memory, "t")
    assert worker.drain(timeout=30)
    assert memory.records(kinds="reflection")


@pytest.mark.parametrize("closes", [False, True])
def test_a_process_ends_cleanly_in_the_middle_of_a_job_and_the_next_one_finds_its_range(
    tmp_path: Path, *, closes: bool
) -> None:
    script = f"""
        import threading, time
        from langchain_core.messages import HumanMessage
        from langmem_ext import LongTermMemory, open_store
        from langmem_ext.longterm import BackgroundUpdates
        from langmem_ext.testing import ScriptedChatModel

        asked = threading.Event()

        def slow(messages):
            asked.set()
            time.sleep(0.3)
            return {{"operations": []}}

        store = open_store({str(tmp_path / "memory.db")!r})
        memory = LongTermMemory(store, model=ScriptedChatModel(responses=[slow] * 9))
        for thread in ("a", "b", "c"):
            memory.observe([HumanMessage("I like mountain lakes")], thread_id=thread)
        worker = BackgroundUpdates(debounce=0.0)
        worker.submit(memory)
        assert asked.wait(30)
        if {closes}:
            store.close()
    """
    # from 3.13 on Python warns of a store that a program leaves open, as this one does on purpose
    options = ["-W", "error", "-W", "ignore:unclosed database:ResourceWarning"]
    command = [sys.executable, *options, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert closes or done.stderr == ""
    assert "Traceback" not in done.stderr
    with open_store(str(tmp_path / "memory.db")) as store:
        memory = LongTermMemory(store)
        assert memory.stats().messages == 3
        memory.update()
        assert memory.stats().pending == 0
        assert store.check().ok
