"""What distillation has spent today, and how much more it may: caps per day and memory, on any model.

A day's count is an item of the memory's state, so that it holds over processes and restarts.
"""

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

from langmem_ext import namespaces
from langmem_ext.longterm.core import Core, exclusively, get_items, put
from langmem_ext.longterm.writing import commit
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation

T = TypeVar("T")

SPENT = "spent:"
"""Prefix of the state keys that hold a day's count, e.g. ``spent:2026-09-30`` (the memory's zone)."""


class Spending(BaseModel):
    """Model calls and tokens of one day."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


def spent_today(core: Core) -> Operation[Spending]:
    """Return what this memory's distillation has spent today."""
    (item,) = yield from get_items(core, core.leaf(namespaces.STATE), [_today(core)])
    return Spending.model_validate(item.value) if item else Spending()


def _today(core: Core) -> str:
    return SPENT + core.now().astimezone(core.zone).date().isoformat()


def within_caps(core: Core, meter: Meter | None, body: Callable[[Meter], Operation[T]]) -> Operation[T]:
    """Run an operation with a meter that knows the day's caps as well, and add what it spent to the day's count."""
    meter = meter or Meter()
    policy = core.distillation
    spent = yield from spent_today(core)
    before = Spending(calls=meter.calls, input_tokens=meter.input_tokens, output_tokens=meter.output_tokens)
    limited = Meter(
        _least(meter.max_calls, _left(policy.daily_calls, spent.calls, meter.calls)),
        _least(meter.max_tokens, _left(policy.daily_tokens, spent.tokens, meter.tokens)),
        meter.calls,
        meter.input_tokens,
        meter.output_tokens,
    )

    def settle() -> Operation[None]:
        meter.calls = limited.calls
        meter.input_tokens, meter.output_tokens = limited.input_tokens, limited.output_tokens
        if meter.calls > before.calls:
            yield from exclusively(core, "spending", lambda: _add(core, before, meter))

    try:
        result = yield from body(limited)
    except Exception:
        yield from settle()
        raise
    yield from settle()
    return result


def _add(core: Core, before: Spending, meter: Meter) -> Operation[None]:
    spent = yield from spent_today(core)
    total = Spending(
        calls=spent.calls + meter.calls - before.calls,
        input_tokens=spent.input_tokens + meter.input_tokens - before.input_tokens,
        output_tokens=spent.output_tokens + meter.output_tokens - before.output_tokens,
    )
    yield from commit(core, [put(core.leaf(namespaces.STATE), _today(core), total.model_dump())])


def _left(cap: int | None, spent: int, already: int) -> int | None:
    """Return the cap of a meter that has counted `already`, of a day that has `spent`."""
    return None if cap is None else max(0, cap - spent) + already


def _least(one: int | None, other: int | None) -> int | None:
    caps = [cap for cap in (one, other) if cap is not None]
    return min(caps, default=None)
