"""What an import found and what became of it, and the writing that all importers share."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from langchain_core.messages import BaseMessage
from pydantic import BaseModel, Field

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm.core import Core, get_items
from langmem_ext.longterm.log import message_text, observe, thread_length
from langmem_ext.longterm.writing import remember_many
from langmem_ext.operations import Operation
from langmem_ext.records import derived_id

T = TypeVar("T")

Progress: TypeAlias = Callable[[int, int], bool | None]
"""Called with (entries done, entries in all); returning False stops after the entries at hand, to be repeated later."""

_BATCH: Final = 200
"""Entries per write: each batch is stored whole or not at all."""
_EXAMPLES: Final = 5


class ImportReport(BaseModel):
    """What an import did.

    Attributes:
        messages: Messages that are new in the conversation log.
        records: Memories that are new.
        present: Entries that were there already.
        skipped: What was not understood or not wanted: reason to how many.
        examples: For each reason where it was found, the first few; places and types only, never what was said.
        pending: Entries not reached, because the progress callback stopped.
    """

    messages: int = 0
    records: int = 0
    present: int = 0
    skipped: dict[str, int] = Field(default_factory=dict)
    examples: dict[str, list[str]] = Field(default_factory=dict)
    pending: int = 0

    def skip(self, where: str, reason: str) -> None:
        """Note something that is not imported."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1
        examples = self.examples.setdefault(reason, [])
        if len(examples) < _EXAMPLES:
            examples.append(where)

    def text(self) -> str:
        """The report in lines for a person."""
        lines = [f"{self.messages} messages and {self.records} memories imported, {self.present} were there already"]
        for reason, count in sorted(self.skipped.items(), key=lambda entry: -entry[1]):
            more = ", …" if count > len(self.examples[reason]) else ""
            lines.append(f"not imported: {count} × {reason} ({', '.join(self.examples[reason])}{more})")
        if self.pending:
            lines.append(f"stopped; {self.pending} are left, repeat the import for them")
        return "\n".join(lines)


@dataclass(slots=True)
class Found:
    """What a source holds, read whole before anything is written.

    Attributes:
        conversations: Thread id to its messages, oldest first, each with an id.
        memories: Arguments of `remember`, each with an id.
        report: What of the source was not understood.
    """

    conversations: dict[str, list[BaseMessage]] = field(default_factory=dict)
    memories: list[dict[str, Any]] = field(default_factory=list)
    report: ImportReport = field(default_factory=ImportReport)

    def say(self, thread_id: str, message: BaseMessage, where: str) -> None:
        """Add a message of a conversation; one that says nothing is noted instead."""
        if message_text(message):
            self.conversations.setdefault(thread_id, []).append(message)
        else:
            self.report.skip(where, "a message without text")

    @property
    def total(self) -> int:
        """Entries to be written."""
        return sum(map(len, self.conversations.values())) + len(self.memories)


def thread_label(text: str) -> str:
    """Return a thread id made of any text: itself where it fits a namespace label, else one that derives from it."""
    try:
        namespaces.label(text)
    except InvalidInputError:
        return derived_id("thread", text)
    return text


def write(core: Core, found: Found, progress: Progress | None) -> Operation[ImportReport]:
    """Store what a source holds, batch by batch; what is there already is left as it is."""
    done = 0
    for thread_id, messages in found.conversations.items():
        for batch in _batches(messages):
            yield from _write_messages(core, thread_id, batch, found.report)
            done += len(batch)
            if _stopped(progress, done, found):
                return found.report
    for memories in _batches(found.memories):
        yield from _write_memories(core, memories, found.report)
        done += len(memories)
        if _stopped(progress, done, found):
            return found.report
    return found.report


def _stopped(progress: Progress | None, done: int, found: Found) -> bool:
    stopped = progress is not None and progress(done, found.total) is False
    if stopped:
        found.report.pending = found.total - done
    return stopped


def _batches(entries: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(entries), _BATCH):
        yield entries[start : start + _BATCH]


def _write_messages(
    core: Core, thread_id: str, messages: Sequence[BaseMessage], report: ImportReport
) -> Operation[None]:
    before = yield from thread_length(core, thread_id)
    yield from observe(core, messages, thread_id=thread_id)
    new = (yield from thread_length(core, thread_id)) - before
    report.messages += new
    report.present += len(messages) - new


def _write_memories(core: Core, memories: Sequence[dict[str, Any]], report: ImportReport) -> Operation[None]:
    items = yield from get_items(core, core.records_leaf, [memory["id"] for memory in memories])
    known = {item.key: item.value.get("content") for item in items if item}
    new: dict[str, dict[str, Any]] = {}
    for memory in memories:
        name = memory["id"]
        if name in known and known[name] != memory["content"]:
            report.skip(name, "a memory that differs from what an earlier import brought, which was kept")
        elif name in known or name in new:
            report.present += 1
        else:
            new[name] = memory
    report.records += yield from _remember(core, list(new.values()), report)


def _remember(core: Core, memories: list[dict[str, Any]], report: ImportReport) -> Operation[int]:
    """Store memories in one batch; where one of them can't be meant, it alone is left out and noted."""
    try:
        yield from remember_many(core, memories)
    except InvalidInputError as error:
        if len(memories) == 1:
            report.skip(memories[0]["id"], str(error))
            return 0
        middle = len(memories) // 2
        left = yield from _remember(core, memories[:middle], report)
        return left + (yield from _remember(core, memories[middle:], report))
    return len(memories)
