"""The conversation as a running summary: of all of it, or of what no longer fits beside the newest messages."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable
from pydantic import Field

from langmem_ext.longterm.running import BUFFER, SUMMARY, Note
from langmem_ext.memory.base import HistoryFactory
from langmem_ext.memory.history import Said
from langmem_ext.memory.keys import Inputs
from langmem_ext.memory.logs import Log
from langmem_ext.memory.sessions import Caller, caller
from langmem_ext.memory.summarising import SummarizingMemory
from langmem_ext.operations import Operation, arun, run

_SHOWN: Final = 2000
"""Tokens of messages that are shown because no summary covers them yet."""


class ConversationSummaryMemory(SummarizingMemory):
    """A running summary of the whole conversation.

    What the summary does not cover yet, because its model failed, is shown after it (the newest 2,000 tokens of that).

    Attributes:
        initial_summary: `buffer` as it was passed: the summary to start with, of what `chat_memory` holds.
    """

    initial_summary: str = Field(default="", alias="buffer")

    _note: ClassVar[str] = SUMMARY
    _removes: ClassVar[bool] = False

    @classmethod
    def from_messages(
        cls,
        llm: Runnable[Any, Any] | str | None,
        chat_memory: BaseChatMessageHistory | HistoryFactory,
        *,
        summarize_step: int = 2,
        **kwargs: Any,
    ) -> Self:
        """Return a memory whose summary covers a chat history.

        Args:
            llm: Writes the summary.
            chat_memory: The history.
            summarize_step: Messages per model call.
            **kwargs: Other fields.

        Raises:
            Exception: Whatever the model raises.
        """
        memory = cls(llm=llm, chat_memory=chat_memory, **kwargs)
        run(memory._summarise_all(caller(memory.session_id), summarize_step))
        return memory

    @property
    def buffer(self) -> str:
        """The summary."""
        return run(self._read_summary(caller(self.session_id)))

    @buffer.setter
    def buffer(self, summary: str) -> None:
        run(self._write_summary(caller(self.session_id), summary))

    async def abuffer(self) -> str:
        """Async twin of `buffer`."""
        return await arun(self._read_summary(caller(self.session_id)))

    @property
    def _first_summary(self) -> str:
        return self.initial_summary

    def _covered(self, log: Log) -> Operation[int]:
        entries = yield from log.since(0)
        return entries[-1].end if entries else 0

    def _load(self, inputs: Inputs, who: Caller) -> Operation[dict[str, Any]]:  # noqa: ARG002 - asks for no question
        log = yield from self._opened(who)
        summary, pending = yield from self._parts(log)
        if self.return_messages:
            return {self.memory_key: [self.summary_message_cls(content=summary), *pending]}
        return {self.memory_key: "\n".join(filter(None, [summary, self._text(pending)]))}

    def _shown(self, log: Log) -> Operation[list[BaseMessage]]:
        summary, pending = yield from self._parts(log)
        return [self.summary_message_cls(content=summary), *pending]

    def _parts(self, log: Log) -> Operation[tuple[str, list[BaseMessage]]]:
        """Return the summary, and the newest of the messages that it does not cover yet."""
        note = yield from log.note(self._note)
        pending = [said.message for said in (yield from log.since(note.position))]
        return note.summary, pending[self._tokens.newest_within(pending, _SHOWN) :]

    def _due(self, entries: Sequence[Said]) -> Sequence[Said]:
        return entries

    def _summarise_all(self, who: Caller, step: int) -> Operation[None]:
        log = self._log(who)
        note = yield from log.note(self._note)
        entries = yield from log.since(note.position)
        summary = note.summary
        for start in range(0, len(entries), step):
            messages = [said.message for said in entries[start : start + step]]
            summary = yield from self._summarised(messages, summary)
        if entries:
            yield from log.put_note(self._note, Note(summary, entries[-1].end))


class ConversationSummaryBufferMemory(SummarizingMemory):
    """The newest messages within a number of tokens, and before them a running summary of the earlier ones.

    A message leaves the buffer when the summary that covers it has been written: a failing model loses none, and the
    buffer is then larger than its limit. In a store the summarised messages stay and can be recalled; in this process,
    and in a `chat_memory`, they are removed.

    Attributes:
        max_token_limit: Tokens of the messages at most, the summary not counted.
        first_summary: `moving_summary_buffer` as it was passed: the summary to start with.
    """

    max_token_limit: int = Field(default=2000, ge=0)
    first_summary: str = Field(default="", alias="moving_summary_buffer")

    _note: ClassVar[str] = BUFFER
    _removes: ClassVar[bool] = True

    @property
    def moving_summary_buffer(self) -> str:
        """The summary of what is no longer in the buffer."""
        return run(self._read_summary(caller(self.session_id)))

    @moving_summary_buffer.setter
    def moving_summary_buffer(self, summary: str) -> None:
        run(self._write_summary(caller(self.session_id), summary))

    @property
    def buffer(self) -> str | list[BaseMessage]:
        """What the memory shows."""
        return run(self._view(caller(self.session_id)))

    async def abuffer(self) -> str | list[BaseMessage]:
        """Async twin of `buffer`."""
        return await arun(self._view(caller(self.session_id)))

    def prune(self) -> None:
        """Summarise what is beyond the limit; saving an exchange does so."""
        run(self._tidy(self._log(caller(self.session_id))))

    async def aprune(self) -> None:
        """Async twin of `prune`."""
        await arun(self._tidy(self._log(caller(self.session_id))))

    @property
    def _first_summary(self) -> str:
        return self.first_summary

    def _view(self, who: Caller) -> Operation[str | list[BaseMessage]]:
        loaded = yield from self._load({}, who)
        shown: str | list[BaseMessage] = loaded[self.memory_key]
        return shown

    def _shown(self, log: Log) -> Operation[list[BaseMessage]]:
        note = yield from log.note(self._note)
        messages = yield from self._kept(log)
        return [self.summary_message_cls(content=note.summary), *messages] if note.summary else messages

    def _kept(self, log: Log) -> Operation[list[BaseMessage]]:
        note = yield from log.note(self._note)
        return [said.message for said in (yield from log.since(note.position))]

    def _due(self, entries: Sequence[Said]) -> Sequence[Said]:
        messages = [said.message for said in entries]
        return entries[: self._tokens.newest_within(messages, self.max_token_limit)]
