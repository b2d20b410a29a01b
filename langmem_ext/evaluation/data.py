"""Conversations with questions: the form of their files, checked, and the order in which they are told and asked.

A file is a JSON list of conversations, ``{"name", "docs": [{"id", "text", "speaker", "time", "session"}, …],
"queries": [{"q", "gold", "cat", "time", "before", "answer"}, …]}``. `gold` names messages or sessions that hold the
evidence; `before` is how many messages may be known when the question is asked; `time` is when it is asked.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Self

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from langmem_ext.errors import InvalidInputError

_ASSISTANTS = frozenset({"assistant", "ai"})
_ROLES = _ASSISTANTS | {"", "user", "human"}
_SHOWN_PROBLEMS = 3


def _zoned(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("a time is a text in ISO 8601")  # noqa: TRY004 - pydantic reports ValueError alone
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, BeforeValidator(_zoned)]
"""ISO 8601; a time without a zone is UTC."""
Text = Annotated[str, Field(min_length=1)]
Answer = Annotated[str | None, BeforeValidator(lambda given: str(given) if isinstance(given, int | float) else given)]
"""The gold answer; some files give years and counts as numbers."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True)


class Document(_Entry):
    """One message of a conversation."""

    id: Text
    text: str
    speaker: str
    time: Moment
    session: Text

    def message(self) -> BaseMessage:
        """Return the LangChain message; who is neither user nor assistant nor "" is a human with a name."""
        role = self.speaker.casefold()
        kind = AIMessage if role in _ASSISTANTS else HumanMessage
        name = None if role.strip() in _ROLES else self.speaker
        stamp = {"timestamp": self.time.isoformat()}
        return kind(self.text, id=self.id, name=name, additional_kwargs=stamp)


class Query(_Entry):
    """One question, its evidence and, where it is known, its answer."""

    q: Text
    gold: list[Text] = Field(default_factory=list)
    cat: Text = "all"
    time: Moment | None = None
    before: Annotated[int, Field(ge=1)] | None = None
    answer: Answer = None


class Conversation(_Entry):
    """Messages in the order of time, and the questions about them."""

    name: Text
    docs: Annotated[list[Document], Field(min_length=1)]
    queries: list[Query]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        ids = [document.id for document in self.docs]
        if len(ids) != len(set(ids)):
            repeated = next(key for key in ids if ids.count(key) > 1)
            raise ValueError(f"docs: the id {repeated!r} is there twice")
        known = {*ids, *(document.session for document in self.docs)}
        for place, query in enumerate(self.queries):
            unknown = [key for key in query.gold if key not in known]
            if unknown:
                raise ValueError(f"queries.{place}.gold: no message or session has the id {unknown[0]!r}")
            if query.before is not None and query.before > len(self.docs):
                raise ValueError(f"queries.{place}.before: {query.before} is more than the {len(self.docs)} docs")
        return self

    def evidence(self, key: str) -> list[str]:
        """Return the ids of the messages that a gold id means: itself, or all of its session."""
        own = [document.id for document in self.docs if document.id == key]
        return own or [document.id for document in self.docs if document.session == key]


@dataclass(frozen=True, slots=True)
class Question:
    """A question in its place.

    Attributes:
        number: Its place in the file's list.
        query: The entry.
        now: When it is asked: its own time, else just after the last message that is known by then.
    """

    number: int
    query: Query
    now: datetime


@dataclass(frozen=True, slots=True)
class Phase:
    """What is told next, as runs of one session, and the questions that may know so much and no more."""

    told: int
    sessions: list[tuple[str, list[Document]]]
    questions: list[Question]


def phases(conversation: Conversation, wanted: Sequence[int]) -> Iterator[Phase]:
    """Give, in turns, what is told and which of the wanted questions are asked then."""
    told = 0
    size = len(conversation.docs)

    def known(number: int) -> int:
        return conversation.queries[number].before or size

    for before, numbers in groupby(sorted(wanted, key=known), known):
        fresh = [document for document in conversation.docs[told:before] if document.text.strip()]
        told = before
        end = conversation.docs[before - 1].time + timedelta(seconds=1)
        queries = conversation.queries
        yield Phase(
            told=told,
            sessions=[(name, list(run)) for name, run in groupby(fresh, lambda document: document.session)],
            questions=[Question(number, queries[number], queries[number].time or end) for number in numbers],
        )


def load(path: Path) -> list[Conversation]:
    """Read a file of conversations, or every ``*.json`` of a folder.

    Args:
        path: The file or folder.

    Returns:
        The conversations, in the order of file names.

    Raises:
        InvalidInputError: No such file, or one that is malformed; the message names file, entry and what is wrong.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise InvalidInputError(f"the folder {str(path)!r} holds no *.json; see docs/evaluate.md for the form")
    found: dict[str, Conversation] = {}
    for file in files:
        for conversation in _read(file):
            if conversation.name in found:
                raise InvalidInputError(f"{file}: there are two conversations {conversation.name!r}; names are unique")
            found[conversation.name] = conversation
    return list(found.values())


def _read(file: Path) -> Iterator[Conversation]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{file} is not JSON: {error}") from None
    if not isinstance(entries, list) or not entries:
        raise InvalidInputError(f"{file}: a non-empty list of conversations is needed, got {type(entries).__name__}")
    for place, entry in enumerate(entries):
        try:
            yield Conversation.model_validate(entry)
        except ValidationError as error:
            name = entry.get("name") if isinstance(entry, dict) else None
            raise InvalidInputError(f"{file}, conversation {place} ({name!r}): {_problems(error)}") from None


def _problems(error: ValidationError) -> str:
    details = error.errors(include_input=False, include_url=False, include_context=False)
    shown = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}".removeprefix(": ") for each in details]
    more = f"; and {len(shown) - _SHOWN_PROBLEMS} more" if len(shown) > _SHOWN_PROBLEMS else ""
    return "; ".join(shown[:_SHOWN_PROBLEMS]) + more
