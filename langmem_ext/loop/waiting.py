"""Two things that nodes wait for: several operations at once, and one whose model calls are nobody's answer."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ContextThreadPoolExecutor, set_config_context
from langgraph.constants import TAG_NOSTREAM

from langmem_ext.operations import Operation, Request, arun, run

T = TypeVar("T")


def together(operations: Sequence[Callable[[], Operation[T]]]) -> Operation[list[T]]:
    """Run operations at once, on threads or as tasks, and return their results in order; the first error is raised."""
    if len(operations) == 1:
        return [(yield from operations[0]())]

    def on_threads() -> list[T]:
        with ContextThreadPoolExecutor(max_workers=max(1, min(8, len(operations)))) as pool:
            return list(pool.map(lambda operation: run(operation()), operations))

    async def as_tasks() -> list[T]:
        return list(await asyncio.gather(*(arun(operation()) for operation in operations)))

    results: list[T] = yield Request(on_threads, as_tasks)
    return results


def quietly(config: RunnableConfig, operation: Callable[[], Operation[T]]) -> Operation[T]:
    """Run an operation whose model calls are traced as part of the run but not streamed as its answer."""
    quiet = RunnableConfig({**config, "tags": [*(config.get("tags") or []), TAG_NOSTREAM]})

    def in_context() -> T:
        with set_config_context(quiet) as context:
            return context.run(run, operation())

    async def as_task() -> T:
        with set_config_context(quiet) as context:
            return await asyncio.create_task(arun(operation()), context=context)

    result: T = yield Request(in_context, as_task)
    return result
