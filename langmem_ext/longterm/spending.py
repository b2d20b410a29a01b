"""What distillation has spent today, and how much more it may: caps per day and memory, on any model.

A day's count is an item of the memory's state, so that it holds over processes and restarts. It is changed only under
the lock of the memory's versions, which whoever writes what was distilled holds anyway.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from langgraph.store.base import GetOp, Item, Op

from langmem_ext import namespaces
from langmem_ext.longterm.core import Core, put
from langmem_ext.longterm.exclusive import exclusively
from langmem_ext.longterm.stored import Stored, Whole, value_in
from langmem_ext.longterm.writing import commit
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, batch

T = TypeVar("T")

SPENT = "spent:"
"""Prefix of the state keys that hold a day's count, e.g. ``spent:2026-09-30`` (the memory's zone)."""


class Spending(Stored):
    """Model calls and tokens of one day."""

    calls: Whole = 0
    input_tokens: Whole = 0
    output_tokens: Whole = 0

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    @classmethod
    def of(cls, meter: Meter) -> "Spending":
        """Return what a meter has counted."""
        return cls(calls=meter.calls, input_tokens=meter.input_tokens, output_tokens=meter.output_tokens)

    @classmethod
    def in_item(cls, item: object) -> "Spending":
        """Return the count that an item of the state holds; nothing was spent where there is none."""
        return value_in(item, cls) if isinstance(item, Item) else cls()


def spent_today(core: Core) -> Operation[Spending]:
    """Return what this memory's distillation has spent today."""
    (item,) = yield from batch(core.store, [spent_get(core)])
    return Spending.in_item(item)


def spent_get(core: Core) -> GetOp:
    """Return the operation that reads the day's count."""
    return GetOp(core.leaf(namespaces.STATE), _today(core), refresh_ttl=False)


def _today(core: Core) -> str:
    return SPENT + core.today().isoformat()


@dataclass(slots=True)
class Account(Meter):
    """A meter that knows the day's caps as well, and how much of what it counted the day's count has.

    Attributes:
        saved: What it had counted when the day's count was last written.
    """

    saved: Spending = field(default_factory=Spending)

    @classmethod
    def of(cls, core: Core, meter: Meter, spent: Spending) -> "Account":
        """Open an account on a day that has spent so much already, for someone whose meter has its own caps."""
        policy = core.distillation
        return cls(
            _least(meter.max_calls, _left(policy.daily_calls, spent.calls, meter.calls)),
            _least(meter.max_tokens, _left(policy.daily_tokens, spent.tokens, meter.tokens)),
            meter.calls,
            meter.input_tokens,
            meter.output_tokens,
            saved=Spending.of(meter),
        )

    def commit(self, core: Core, item: object, ops: Sequence[Op]) -> Operation[None]:
        """Write operations together with the day's count of what they cost; the caller holds the versions' lock.

        Args:
            core: The memory.
            item: What `spent_get` read under the same lock.
            ops: What was paid for.
        """
        now = Spending.of(self)
        count = [self._count(core, item, now)] if now.calls > self.saved.calls else []
        yield from commit(core, [*ops, *count])
        self.saved = now

    def _count(self, core: Core, item: object, now: "Spending") -> Op:
        today = _today(core)
        same_day = isinstance(item, Item) and item.key == today
        spent = Spending.in_item(item) if same_day else Spending()
        total = Spending(
            calls=spent.calls + now.calls - self.saved.calls,
            input_tokens=spent.input_tokens + now.input_tokens - self.saved.input_tokens,
            output_tokens=spent.output_tokens + now.output_tokens - self.saved.output_tokens,
        )
        return put(core.leaf(namespaces.STATE), today, total.model_dump())


def within_caps(core: Core, meter: Meter | None, body: Callable[[Account], Operation[T]]) -> Operation[T]:
    """Run an operation with a meter that knows the day's caps as well, and see that the day's count has what it spent.

    An operation that writes what it has paid for settles in the same batch; what is left is settled here.
    """
    meter = meter or Meter()
    policy = core.distillation
    capped = policy.daily_calls is not None or policy.daily_tokens is not None
    account = Account.of(core, meter, (yield from spent_today(core)) if capped else Spending())
    try:
        result = yield from body(account)
    except Exception:
        yield from _close(core, account, meter)
        raise
    yield from _close(core, account, meter)
    return result


def _close(core: Core, account: Account, meter: Meter) -> Operation[None]:
    meter.calls, meter.input_tokens, meter.output_tokens = account.calls, account.input_tokens, account.output_tokens
    if account.calls > account.saved.calls:
        yield from exclusively(core, "versions", partial(_settle, core, account))


def _settle(core: Core, account: Account) -> Operation[None]:
    (item,) = yield from batch(core.store, [spent_get(core)])
    yield from account.commit(core, item, [])


def _left(cap: int | None, spent: int, already: int) -> int | None:
    """Return the cap of a meter that has counted `already`, of a day that has `spent`."""
    return None if cap is None else max(0, cap - spent) + already


def _least(one: int | None, other: int | None) -> int | None:
    caps = [cap for cap in (one, other) if cap is not None]
    return min(caps, default=None)
