"""What the operations of an update change. Nothing here reads or writes.

Each is checked against the message that it quotes and the memory that it names, and put into operations of the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph.store.base import Item, Op
from pydantic import ValidationError

from langmem_ext.errors import InvalidInputError, ModelOutputError
from langmem_ext.longterm.arguments import build, moment
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.progress import Head
from langmem_ext.longterm.quoting import quoted
from langmem_ext.longterm.redacting import redacted
from langmem_ext.longterm.schemas import MemoryOperation
from langmem_ext.longterm.stored import record_in
from langmem_ext.longterm.versions import believed_since, succeeding, supersede
from langmem_ext.longterm.writing import puts
from langmem_ext.records import MemoryRecord, derived_id, first_problem


@dataclass(slots=True)
class Range:
    """A stretch of one thread's log, and what is known around it. Operations name both by number, from 1."""

    head: Head
    start: int
    end: int
    messages: list[MemoryRecord]
    known: list[MemoryRecord] = field(default_factory=list)

    @property
    def thread_id(self) -> str:
        """The conversation."""
        return self.head.thread_id

    def record_id(self, core: Core, number: int) -> str:
        """Return the id of the range's n-th record: the same on every attempt."""
        return derived_id(*core.namespace, self.thread_id, str(self.start), str(self.end), str(number))


def wrong(core: Core, span: Range, proposed: Sequence[MemoryOperation]) -> str | None:
    """Say what a model got wrong in the form of its operations, and can put right: numbers, dates."""
    for place, operation in enumerate(proposed):
        if operation.message > len(span.messages):
            return f"operations.{place}.message: no new message has the number {operation.message}"
        if operation.action != "add" and not 0 < (operation.target or 0) <= len(span.known):
            return f"operations.{place}.target: no known memory has the number {operation.target}"
        try:
            moment(core, operation.occurred_at, core.now())
        except InvalidInputError:
            return f"operations.{place}.occurred_at: pass an ISO 8601 date such as 2025-09-30"
    return None


def concerned(span: Range, proposed: Sequence[MemoryOperation]) -> list[str]:
    """Return the ids of the records that operations quote or name."""
    targets = {span.known[n - 1].id for n in (op.target for op in proposed) if n is not None and n <= len(span.known)}
    quoting = {op.message for op in proposed if op.message <= len(span.messages)}
    return sorted(targets | {span.messages[number - 1].id for number in quoting})


@dataclass(slots=True)
class Changes:
    """What operations come to, each checked against what is there.

    Attributes:
        core: The memory.
        span: The range that they are about.
        there: What the store holds now of the records that they concern, by id.
        ops: Operations of the store, for one batch.
        done: What each that holds did: a field of the update's report, and the record's id.
        rejected: Why each of the others does not hold, without user text.
    """

    core: Core
    span: Range
    there: Mapping[str, Item]
    ops: list[Op] = field(default_factory=list)
    done: list[tuple[str, str]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    _touched: set[str] = field(default_factory=set)

    def add(self, number: int, operation: MemoryOperation) -> None:
        """Check the n-th operation, and note what it changes or why it changes nothing."""
        try:
            target = self._target(operation)
            planned, outcome = self._planned(number, operation, target)
        except (InvalidInputError, ModelOutputError) as error:
            self.rejected.append(f"operation {number} ({operation.action}): {error}")
            return
        if target is not None:
            self._touched.add(target.key)
        self.ops.extend(planned)
        self.done.append(outcome)

    def _target(self, operation: MemoryOperation) -> Item | None:
        """Return the stored memory that an operation changes; None where it adds one.

        Raises:
            ModelOutputError: There is no such memory, or not any more.
        """
        known = self.span.known
        if operation.action == "add":
            return None
        if operation.target is None or operation.target > len(known):
            raise ModelOutputError(f"no known memory has the number {operation.target!r}")
        key = known[operation.target - 1].id
        item = self.there.get(key)
        if item is None or item.value.get("superseded_at"):
            raise ModelOutputError("its target has been changed meanwhile")
        if key in self._touched:
            raise ModelOutputError("its target is changed by an earlier operation of this update")
        return item

    def _evidence(self, operation: MemoryOperation) -> MemoryRecord:
        """Return the message that an operation quotes.

        Raises:
            ModelOutputError: There is no such message, or it does not say what is quoted.
        """
        messages = self.span.messages
        if operation.message > len(messages):
            raise ModelOutputError(f"no new message has the number {operation.message}")
        message = messages[operation.message - 1]
        if message.id not in self.there:
            raise ModelOutputError(f"message {operation.message} was forgotten meanwhile")
        if not quoted(operation.quote, message.content):
            raise ModelOutputError(f"its quote does not occur in message {operation.message}")
        return message

    def _planned(
        self, number: int, operation: MemoryOperation, target: Item | None
    ) -> tuple[list[Op], tuple[str, str]]:
        """Return the store operations of one operation, and where it belongs in the report."""
        core, message = self.core, self._evidence(operation)
        if target is None:
            record = self._record(number, operation, message)
            return puts(core, record), ("added", record.id)
        old = record_in(target)
        if operation.action == "retire":
            return supersede(core, target, None), ("retired", old.id)
        if operation.action == "reinforce":
            stronger = old.importance + (1 - old.importance) * core.distillation.reinforcement
            record = old.model_copy(update={"importance": stronger, "sources": [*old.sources, message.id]})
            return puts(core, record, believed_from=believed_since(target)), ("reinforced", old.id)
        new = succeeding(self._record(number, operation, message), old)
        return supersede(core, target, new), ("revised", new.id)

    def _record(self, number: int, operation: MemoryOperation, message: MemoryRecord) -> MemoryRecord:
        fields: dict[str, Any] = {
            "id": self.span.record_id(self.core, number),
            "content": operation.content or operation.quote,
            "kind": operation.kind,
            "data": _typed(self.core, operation),
            "topic": operation.topic,
            "keywords": operation.keywords,
            "importance": operation.importance,
            "occurred_at": operation.occurred_at or message.occurred_at,
            "sources": [message.id],
            "speaker": message.speaker,
            "thread_id": self.span.thread_id,
        }
        record = build(self.core, fields, self.core.now()).model_copy(update={"quote": operation.quote})
        return redacted(self.core, record)  # the quote is new


def changes_of(core: Core, span: Range, proposed: Sequence[MemoryOperation], there: Mapping[str, Item]) -> Changes:
    """Return what operations change; `there` is what the store holds of the records `concerned`, by id."""
    changes = Changes(core, span, there)
    for number, operation in enumerate(proposed, 1):
        changes.add(number, operation)
    return changes


def _typed(core: Core, operation: MemoryOperation) -> dict[str, Any] | None:
    """Return the data of an operation, validated where it names one of the application's schemas.

    Raises:
        ModelOutputError: No schema has that name, or the data does not follow it.
    """
    if operation.schema_name is None:
        return operation.data
    schema = core.schemas.get(operation.schema_name)
    if schema is None:
        raise ModelOutputError(f"no schema has the name {operation.schema_name!r}; known are {sorted(core.schemas)}")
    try:
        value = schema.model_validate(operation.data or {})
    except ValidationError as error:
        raise ModelOutputError(f"its data is no {operation.schema_name}: {first_problem(error)}") from None
    return {"schema": operation.schema_name, **value.model_dump(mode="json")}
