"""Health: what there is, how it grew, what is pending, what it cost, whether the store is sound; and consolidation."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, runtime_checkable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from langmem_ext.longterm import LongTermMemory
from langmem_ext.ui.charts import HEIGHT, bars
from langmem_ext.ui.desk import Desk, desk_of, proven, streamed, wants_stream

PENDING = 30
DAYS = 30


@runtime_checkable
class SupportsCheck(Protocol):
    """A store that can compare its own layers with each other."""

    def check(self, *, repair: bool = False) -> Any:
        """Return a report with ``ok``, counts and ``problems``."""
        ...


def page(request: Request) -> Response:
    """Show how the memory is."""
    desk = desk_of(request)
    memory = desk.memory
    conversations = memory.conversations()
    return desk.render(
        request,
        "health.html",
        stats=memory.stats(tokens=False),
        growth=bars(memory.browse(clock="recorded", limit=0).days),
        height=HEIGHT,
        pending=[each for each in conversations if each.pending or each.consolidated < each.messages][:PENDING],
        spending=_spent(memory),
        checkable=isinstance(memory.store, SupportsCheck),
    )


def _spent(memory: LongTermMemory) -> list[tuple[date, int, int, int]]:
    return [
        (day, spent.calls, spent.input_tokens, spent.output_tokens)
        for day, spent in reversed(memory.spending(days=DAYS).items())
    ]


def tokens(request: Request) -> Response:
    """Return the piece of the page that counts tokens, for which every record is read."""
    desk = desk_of(request)
    return desk.piece(request, "tokens.html", stats=desk.counted())


def check(request: Request) -> Response:
    """Return the piece of the page that says whether the store's layers agree; nothing is repaired."""
    desk = desk_of(request)
    store = desk.memory.store
    report = store.check() if isinstance(store, SupportsCheck) else None
    return desk.piece(request, "check.html", report=report)


@dataclass(slots=True)
class Work:
    """A consolidation at work, told about in events."""

    request: Request
    desk: Desk

    async def run(self) -> AsyncIterator[dict[str, Any]]:
        """Distil what is pending, thread by thread, then digest; yield how far it is."""
        memory = self.desk.memory
        pending = [each.thread_id for each in await memory.aconversations() if each.pending]
        changes = {"added": 0, "revised": 0, "retired": 0}
        warnings: list[str] = []
        for place, thread in enumerate(pending):
            yield {"event": "progress", "stage": "update", "done": place, "total": len(pending)}
            report = await memory.aupdate(thread_id=thread)
            warnings += report.warnings
            for name in changes:
                changes[name] += len(getattr(report, name))
        digest: Any = None
        async for event in self._digest():
            digest = event.get("report", digest)
            if "report" not in event:
                yield event
        yield {
            "event": "done",
            "html": await run_in_threadpool(
                self.desk.text,
                self.request,
                "consolidated.html",
                changes=changes,
                digest=digest,
                warnings=[*warnings, *digest.warnings],
            ),
        }

    async def _digest(self) -> AsyncIterator[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

        def progress(done: int, total: int) -> None:
            event = {"event": "progress", "stage": "consolidate", "done": done, "total": total}
            loop.call_soon_threadsafe(queue.put_nowait, event)

        task = asyncio.ensure_future(self.desk.memory.aconsolidate(progress=progress))
        task.add_done_callback(lambda _task: queue.put_nowait(None))
        while (event := await queue.get()) is not None:
            yield event
        yield {"report": await task}


async def consolidate(request: Request) -> Response:
    """Distil and digest what is pending; streamed where the page's script asks for it."""
    await proven(request)
    desk = desk_of(request)
    events = Work(request, desk).run()
    if wants_stream(request):
        return streamed(events)
    (last,) = [event async for event in events][-1:]
    return await run_in_threadpool(desk.page_of, request, last["html"])
