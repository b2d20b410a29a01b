"""Keeping a running summary: what is due, in which portions, and what a failing model costs.

The messages are in the log before any model is asked, and the summary says how far it has got. A model that fails
leaves that where it was: the messages are shown as they are, and the next exchange catches up.
"""

import logging
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final, Self

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage, SystemMessage
from langchain_core.prompts import BasePromptTemplate, PromptTemplate
from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.constants import TAG_NOSTREAM
from pydantic import Field, PrivateAttr, model_validator

from langmem_ext.errors import RedactionBlockedError
from langmem_ext.longterm.running import Note
from langmem_ext.memory.base import ChatMemory
from langmem_ext.memory.history import Said
from langmem_ext.memory.keys import Inputs
from langmem_ext.memory.logs import Log
from langmem_ext.memory.sessions import Caller, holding
from langmem_ext.memory.windows import Tokens
from langmem_ext.operations import Operation, arun, invoke, run
from langmem_ext.prompts import PROGRESSIVE_SUMMARY_ZH
from langmem_ext.text import language

logger = logging.getLogger("langmem_ext")

_PORTION: Final = 3000
"""Tokens of messages that one model call summarises; what a failing model left behind takes several."""
_CALLS: Final = 8
"""Model calls that one exchange spends on catching up at most; the rest is left to the next ones."""
_EXTRACT: Final = 500
"""Tokens of a summary that is extracted because there is no model."""
_QUIET: Final[RunnableConfig] = {"tags": [TAG_NOSTREAM]}
"""A summary is written for later: its tokens are not part of what the chain around it streams."""


def _classic_prompt() -> BasePromptTemplate[Any]:
    """Return the prompt of the classes that these replace; imported when needed, as it comes with all of them."""
    from langchain_classic.memory.prompt import SUMMARY_PROMPT  # noqa: PLC0415

    return SUMMARY_PROMPT


class SummarizingMemory(ChatMemory):
    """A memory that summarises.

    Attributes:
        llm: Writes the summary; a "provider:model" text is opened when first needed. None extracts it.
        prompt: Of the variables `summary` and `new_lines`. The default is LangChain's own, in Chinese where the
            conversation is.
        summary_message_cls: The message that shows the summary in a list.
    """

    llm: Runnable[Any, Any] | str | None = None
    # unparametrised, because pydantic would try to build a parametrised one
    prompt: BasePromptTemplate = Field(default_factory=_classic_prompt)  # type: ignore[type-arg]
    summary_message_cls: type[BaseMessage] = SystemMessage

    _note: ClassVar[str]
    _removes: ClassVar[bool]
    _seeded: bool = PrivateAttr(default=False)
    _counts: Tokens | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check_prompt(self) -> Self:
        expected = {"summary", "new_lines"}
        if set(self.prompt.input_variables) != expected:
            raise ValueError(
                "Got unexpected prompt input variables. The prompt expects "
                f"{self.prompt.input_variables}, but it should have {expected}."
            )
        return self

    def predict_new_summary(self, messages: list[BaseMessage], existing_summary: str) -> str:
        """Return a summary of messages on top of an existing one.

        Raises:
            Exception: Whatever the model raises.
        """
        return run(self._summarised(messages, existing_summary))

    async def apredict_new_summary(self, messages: list[BaseMessage], existing_summary: str) -> str:
        """Async twin of `predict_new_summary`."""
        return await arun(self._summarised(messages, existing_summary))

    # The operations

    def _opened(self, who: Caller) -> Operation[Log]:
        """Return the log of the caller's session, with the summary that the memory was made with where that is of it.

        It is of one session: the one that the memory was made for, or the first that no run names.
        """
        log = self._log(who)
        of_it = self.session_id is not None or isinstance(self.given_history, BaseChatMessageHistory) or not who.named
        if self._first_summary and of_it and not self._seeded:
            self._seeded = True
            if (yield from log.note(self._note)) == Note():
                yield from log.put_note(self._note, Note(self._first_summary, (yield from self._covered(log))))
        return log

    def _covered(self, log: Log) -> Operation[int]:  # noqa: ARG002 - nothing, where the messages are shown as well
        """Return the position up to which the summary that the memory was made with speaks."""
        yield from ()
        return 0

    def _load(self, inputs: Inputs, who: Caller) -> Operation[dict[str, Any]]:
        yield from self._opened(who)
        return (yield from super()._load(inputs, who))

    def _save(self, inputs: Inputs, outputs: Inputs, who: Caller) -> Operation[None]:
        yield from self._opened(who)
        yield from super()._save(inputs, outputs, who)

    def _summarised(self, messages: Sequence[BaseMessage], existing: str) -> Operation[str]:
        model = self._model()
        if model is None:
            return _extracted(messages, existing)
        lines = self._text(list(messages))
        answer = yield from invoke(
            model, self._prompt_for(lines).format_prompt(summary=existing, new_lines=lines), _QUIET
        )
        return answer if isinstance(answer, str) else str(getattr(answer, "text", answer))

    def _model(self) -> Runnable[Any, Any] | None:
        if isinstance(self.llm, str):
            from langchain.chat_models import init_chat_model  # noqa: PLC0415 - heavy, and only for texts

            self.llm = init_chat_model(self.llm)
        return self.llm

    def _prompt_for(self, lines: str) -> BasePromptTemplate[Any]:
        if language(lines) == "zh" and self.prompt is _classic_prompt():
            return PromptTemplate.from_template(PROGRESSIVE_SUMMARY_ZH)
        return self.prompt

    def _tidy(self, log: Log) -> Operation[None]:
        """Summarise what is due, one worker of this memory at a time."""
        yield from holding(log.guard, lambda: self._catch_up(log))

    def _catch_up(self, log: Log) -> Operation[None]:
        note = yield from log.note(self._note)
        due = self._due((yield from log.since(note.position)))
        for calls, portion in enumerate(self._portions(due)):
            if calls == _CALLS:
                return
            try:
                summary = yield from self._summarised([said.message for said in portion], note.summary)
            except Exception as error:  # noqa: BLE001 - a model may raise anything; the messages are in the log
                logger.warning("the summary stays behind, its model failed: %s", type(error).__name__)
                return
            try:
                folded = yield from log.fold(self._note, note, summary, portion, remove=self._removes)
            except RedactionBlockedError:
                logger.warning("the summary stays behind: redaction refused what the model wrote")
                return
            if not folded:
                return  # another worker was faster, or the session was cleared
            note = yield from log.note(self._note)

    def _portions(self, due: Sequence[Said]) -> Iterator[list[Said]]:
        portion: list[Said] = []
        size = 0
        for said in due:
            tokens = self._tokens.message(said.message)
            if portion and size + tokens > _PORTION:
                yield portion
                portion, size = [], 0
            portion.append(said)
            size += tokens
        if portion:
            yield portion

    @property
    def _tokens(self) -> Tokens:
        if self._counts is None:
            self._counts = Tokens(self.llm)
        return self._counts

    # What a class says of itself

    @property
    @abstractmethod
    def _first_summary(self) -> str:
        """The summary that the memory was made with."""

    @abstractmethod
    def _due(self, entries: Sequence[Said]) -> Sequence[Said]:
        """Return those of the messages not yet summarised that should be now, the oldest."""

    def _read_summary(self, who: Caller) -> Operation[str]:
        log = yield from self._opened(who)
        return (yield from log.note(self._note)).summary

    def _write_summary(self, who: Caller, summary: str) -> Operation[None]:
        log = yield from self._opened(who)
        note = yield from log.note(self._note)
        yield from log.put_note(self._note, note._replace(summary=summary))


def _extracted(messages: Sequence[BaseMessage], existing: str) -> str:
    """Choose the sentences that say most, of the summary so far and of what was said."""
    from langmem_ext.longterm.log import message_text  # noqa: PLC0415
    from langmem_ext.longterm.salience import summarise  # noqa: PLC0415 - loads the tokeniser

    texts = [existing, *(message_text(message) for message in messages)]
    return "\n".join(summarise([text for text in texts if text.strip()], max_tokens=_EXTRACT))
