"""The whole engine behind LangChain's memory interface: what matters for the question, within a token budget."""

import logging
import weakref
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from typing import Any, Final, Literal, Self, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langgraph.store.base import BaseStore
from pydantic import Field, PrivateAttr, model_validator

from langmem_ext.context import MainContext
from langmem_ext.errors import InvalidInputError, StoreError
from langmem_ext.longterm import LongTermMemory
from langmem_ext.longterm.background import BackgroundUpdates, distil
from langmem_ext.longterm.log import message_text
from langmem_ext.longterm.profile import profile
from langmem_ext.longterm.recall import recall
from langmem_ext.longterm.running import CONTEXT, Note
from langmem_ext.memory.base import ChatMemory
from langmem_ext.memory.keys import Inputs, input_key, said
from langmem_ext.memory.logs import Log
from langmem_ext.memory.sessions import Caller, caller, holding
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation
from langmem_ext.prompts import REFERENCE_NOTE
from langmem_ext.records import MemoryRecord, Recall
from langmem_ext.scope import MemoryOptions, MemoryScope
from langmem_ext.text import language
from langmem_ext.tokens import count_message

logger = logging.getLogger("langmem_ext")

_QUERY: Final = 4_000
"""Characters of the question that are used to recall."""
_RECALLED: Final = 0.5
"""Share of the budget that recalled memories may take."""
_RESERVED: Final = 0.35
"""Share of the budget that the conversation leaves to recalled memories when both want more."""
_PROFILE: Final = 0.25
"""Share of the budget from which the profile is recalled like any memory, and not shown whole."""


class CognitiveMemory(ChatMemory):
    """Gives a plain chain a memory that outlasts its conversations, in a fixed number of tokens.

    The variable holds the user's profile, the rolling summary and the newest messages of the session, and the memories
    that the question brings to mind: said in this session or another of the same user (`namespace`), distilled, with
    dates and ids, marked as reference that may be wrong. What the budget has no room for is left out, not forgotten:
    every message is in the log before any model is asked.

    Example:
        >>> memory = CognitiveMemory(token_budget=600)
        >>> memory.save_context({"input": "My cat is called Momo."}, {"output": "Noted."})
        >>> "Momo" in memory.load_memory_variables({"input": "What is my cat called?"})["history"]
        True

    Attributes:
        llm: Distils and summarises; a "provider:model" text is opened when first needed. None extracts.
        token_budget: Tokens of the variable at most, from 256.
        limit: Memories recalled for a question at most.
        update: When the log is distilled: "inline" with each exchange, "background" after it, "off" never.
        max_model_calls: Model calls of one update at most; None is no cap.
        max_tokens: Tokens of one update at most; None is no cap.

    Without a `store` everything is in this process and gone with the memory.
    """

    llm: BaseChatModel | str | None = None
    token_budget: int = Field(default=2000, ge=256)
    limit: int = Field(default=8, ge=1, le=1000)
    update: Literal["inline", "background", "off"] = "inline"
    max_model_calls: int | None = None
    max_tokens: int | None = None

    _background: BackgroundUpdates | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _open_scope(self) -> Self:
        if self.given_history is not None:
            raise InvalidInputError("CognitiveMemory keeps its own log; langmem_ext.importers brings a chat history in")
        if self.store is None:
            self.store = _in_process(self)
        options = cast("MemoryOptions", {"model": self.llm, **self.options})
        self._scope = MemoryScope(self.namespace, self.store, options)
        self._background = BackgroundUpdates(debounce=0.5, meter=self._meter)
        return self

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until background updates are done; return False where `timeout` seconds were not enough."""
        return self._background is None or self._background.drain(timeout)

    def recall_for(self, question: str) -> Recall:
        """Return what a question brings to mind, with the trace of how it was found."""
        return self._memory(caller(self.session_id)).recall(question, limit=self.limit)

    # The operations

    def _load(self, inputs: Inputs, who: Caller) -> Operation[dict[str, Any]]:
        question = self._question(inputs)
        memory, log = self._memory(who), self._log(who)
        note = yield from log.note(CONTEXT)
        messages = [one.message for one in (yield from log.since(note.position))]
        found = yield from self._recall(memory, question, messages)
        context = self._context(memory, note, (yield from profile(memory)), question, system=bool(found))
        context.add_messages([*messages, HumanMessage(question)])
        context.add_pages(found.records, found.scores)
        shown = context.render()[:-1]  # the question itself is in the chain's own prompt
        if self.return_messages:
            return {self.memory_key: shown}
        return {self.memory_key: self._fitted(memory, shown, {message.id for message in messages})}

    def _question(self, inputs: Inputs) -> str:
        """Return the text that the user said, "" where there are no inputs to look it up in."""
        if not inputs:
            return ""
        value = inputs[input_key(inputs, self.memory_variables, self.input_key)]
        return "\n".join(message_text(message) for message in said(value, HumanMessage))

    def _recall(self, memory: LongTermMemory, question: str, messages: Sequence[BaseMessage]) -> Operation[Recall]:
        """Recall for a question; a store that fails costs the memories, not the turn."""
        query = question[:_QUERY]
        if not query.strip():
            return Recall(query=query)
        here = {message.id for message in messages if message.id}
        budget = int(self.token_budget * _RECALLED)
        try:
            found = yield from recall(memory, query, limit=self.limit, token_budget=budget, exclude=here)
        except StoreError as error:
            logger.warning("recall failed, the turn goes on without it: %s", type(error).__name__)
            return Recall(query=query)
        new = [pair for pair in zip(found.records, found.scores, strict=True) if not _said_by(pair[0], here)]
        return found.model_copy(
            update={"records": [record for record, _ in new], "scores": [score for _, score in new]}
        )

    def _context(
        self, memory: LongTermMemory, note: Note, known: dict[str, Any], question: str, *, system: bool
    ) -> MainContext:
        """Return the main context: the budget, and beside it the question, which costs the memory nothing."""
        spoken = language(question or note.summary)
        if memory.counter(str(known)) > self.token_budget * _PROFILE:
            known = {}
        return MainContext(
            self.token_budget + count_message(HumanMessage(question), memory.counter),
            system=REFERENCE_NOTE[spoken] if system else "",
            profile=known,
            summary=note.summary,
            counter=memory.counter,
            page_share=_RESERVED,
            language=spoken,
        )

    def _fitted(self, memory: LongTermMemory, shown: Sequence[BaseMessage], spoken: set[str | None]) -> str:
        """Return the text of what is shown; where prefixes make it too long, without the oldest messages."""
        parts = [(message.id in spoken, self._line(message, message.id in spoken)) for message in shown]
        while memory.counter(text := "\n".join(part for _, part in parts)) > self.token_budget:
            parts.remove(next((part for part in parts if part[0]), parts[-1]))
        return text

    def _line(self, message: BaseMessage, spoken: bool) -> str:
        if spoken and not isinstance(message, SystemMessage):
            return self._text([message])
        return str(message.content)

    def _save(self, inputs: Inputs, outputs: Inputs, who: Caller) -> Operation[None]:
        memory, log = self._memory(who), self._log(who)
        yield from log.append(self._exchange(inputs, outputs))
        yield from holding(log.guard, lambda: self._page_out(memory, log))
        if self.update == "inline":
            for warning in (yield from distil(memory, who.session, self._meter())):
                logger.warning("%s", warning)
        elif self.update == "background" and self._background is not None:
            self._background.submit(memory, who.session)

    def _page_out(self, memory: LongTermMemory, log: Log) -> Operation[None]:
        """Fold the oldest turns into the rolling summary where the newest no longer fit the budget."""
        note = yield from log.note(CONTEXT)
        entries = yield from log.since(note.position)
        context = MainContext(self.token_budget, summary=note.summary, counter=memory.counter)
        context.add_messages([entry.message for entry in entries])
        if not context.due:
            return
        leaving = yield from context._page_out(model=memory.model, meter=self._meter())  # noqa: SLF001 - the operation of `page_out`
        if leaving:
            yield from log.fold(CONTEXT, note, context.summary, entries[: len(leaving)], remove=False)

    def _shown(self, log: Log) -> Operation[list[BaseMessage]]:
        note = yield from log.note(CONTEXT)
        return [one.message for one in (yield from log.since(note.position))]

    def _meter(self) -> Meter:
        return Meter(self.max_model_calls, self.max_tokens)


def _said_by(record: MemoryRecord, here: Collection[str]) -> bool:
    """Whether everything that a record was derived from is shown already."""
    return bool(record.sources) and all(source in here for source in record.sources)


def _in_process(owner: object) -> BaseStore:
    """Open a store in this process that closes with its owner, for a memory that was given none."""
    from langmem_ext.offline import HashingEmbeddings  # noqa: PLC0415 - needed without a store alone
    from langmem_ext.store import open_store  # noqa: PLC0415

    embeddings = HashingEmbeddings()
    stack = ExitStack()
    store = stack.enter_context(open_store(":memory:", index={"dims": embeddings.dims, "embed": embeddings}))
    weakref.finalize(owner, stack.close)
    return store
