"""One operation, two drivers: same results, same errors, nothing left open."""

import asyncio
import threading
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langgraph.store.base import PutOp
from langgraph.store.memory import InMemoryStore

from langmem_ext.operations import Operation, arun, ask, asynchronous, batch, invoke, run, synchronous


def both(make: Any) -> list[Any]:
    """Run an operation with each driver."""
    return [run(make()), asyncio.run(arun(make()))]


def test_both_drivers_return_what_the_operation_returns() -> None:
    def operation() -> Operation[list[int]]:
        first = yield from ask(lambda: 1)
        second = yield from ask(lambda: first + 1)
        return [first, second]

    assert both(operation) == [[1, 2], [1, 2]]


def test_an_operation_that_asks_for_nothing_runs() -> None:
    def operation() -> Operation[str]:
        yield from ()
        return "done"

    assert both(operation) == ["done", "done"]


def test_an_error_is_raised_where_the_operation_waits() -> None:
    def fail() -> int:
        raise KeyError("gone")

    def operation() -> Operation[str]:
        try:
            yield from ask(fail)
        except KeyError:
            return (yield from ask(lambda: "recovered"))
        return "not reached"

    assert both(operation) == ["recovered", "recovered"]


def test_an_unhandled_error_reaches_the_caller_and_closes_the_operation() -> None:
    closed: list[str] = []

    def fail() -> int:
        raise KeyError("gone")

    def operation() -> Operation[int]:
        try:
            return (yield from ask(fail))
        finally:
            closed.append("closed")

    with pytest.raises(KeyError, match="gone"):
        run(operation())
    with pytest.raises(KeyError, match="gone"):
        asyncio.run(arun(operation()))
    assert closed == ["closed", "closed"]


def test_a_request_without_async_form_leaves_the_event_loop_free() -> None:
    def operation() -> Operation[bool]:
        return (yield from ask(lambda: threading.current_thread() is threading.main_thread()))

    assert run(operation()) is True
    assert asyncio.run(arun(operation())) is False


def test_cancelling_the_task_closes_the_operation() -> None:
    closed = threading.Event()

    def operation() -> Operation[None]:
        try:
            yield from ask(lambda: None, lambda: asyncio.sleep(60))
        finally:
            closed.set()

    async def main() -> None:
        task = asyncio.create_task(arun(operation()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert closed.is_set()


def test_methods_made_of_operations_keep_their_names_and_arguments() -> None:
    class Thing:
        def _double(self, number: int, *, plus: int = 0) -> Operation[int]:
            """Double a number."""
            return (yield from ask(lambda: 2 * number + plus))

        double = synchronous(_double)
        adouble = asynchronous(_double)

    thing = Thing()
    assert thing.double(4, plus=1) == 9
    assert asyncio.run(thing.adouble(4, plus=1)) == 9
    assert (Thing.double.__name__, Thing.adouble.__name__) == ("double", "adouble")
    assert Thing.double.__doc__ == "Double a number."


def test_store_batches_and_runnables_are_asked_for() -> None:
    store = InMemoryStore()
    upper = RunnableLambda(lambda text: text.upper())

    def operation() -> Operation[tuple[int, str]]:
        yield from batch(store, [])
        results = yield from batch(store, [PutOp(("a",), "k", {"v": 1})])
        return len(results), (yield from invoke(upper, "hi"))

    assert both(operation) == [(1, "HI"), (1, "HI")]
