"""Conversations with gold evidence: their files and their questions."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

_ASSISTANTS = {"assistant", "ai"}

Batch = tuple[str, list[BaseMessage]]
"""Thread and messages."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the ids of its evidence, and the moment it is asked."""

    text: str
    gold: frozenset[str]
    category: str
    now: datetime
    before: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages in order of time, each with its thread; the session of each message id; the questions."""

    messages: list[tuple[str, BaseMessage]]
    sessions: dict[str, str]
    questions: list[Question]


def to_message(document: dict[str, Any]) -> BaseMessage:
    """Make a LangChain message of a document; who has no role is a named human."""
    speaker = document["speaker"]
    stamp = {"timestamp": _moment(document["time"]).isoformat()}
    kind = AIMessage if speaker.casefold() in _ASSISTANTS else HumanMessage
    name = speaker if any(map(str.isalpha, speaker)) and speaker.casefold() not in {"user", *_ASSISTANTS} else None
    return kind(document["text"], id=document["id"], name=name, additional_kwargs=stamp)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def load(path: Path) -> Iterator[Conversation]:
    """Read a file of conversations."""
    for entry in json.loads(path.read_text(encoding="utf-8")):
        documents = entry["docs"]
        last = _moment(documents[-1]["time"]) + timedelta(seconds=1)
        questions = [
            Question(
                text=query["q"],
                gold=frozenset(query["gold"]),
                category=query["cat"],
                now=_moment(query["time"]) if query["time"] else last,
                before=len(documents) if query["before"] is None else query["before"],
            )
            for query in entry["queries"]
        ]
        yield Conversation(
            messages=[(document["session"], to_message(document)) for document in documents],
            sessions={document["id"]: document["session"] for document in documents},
            questions=questions,
        )


def cut_into_phases(conversation: Conversation) -> Iterator[tuple[list[Batch], list[Question]]]:
    """Give, in turns, messages that have come and the questions that may see only what has come so far."""
    told = 0
    for before, questions in groupby(
        sorted(conversation.questions, key=lambda question: question.before), lambda q: q.before
    ):
        fresh = [pair for pair in conversation.messages[told:before] if pair[1].text.strip()]
        told = before
        batches = [(thread, [message for _, message in run]) for thread, run in groupby(fresh, lambda pair: pair[0])]
        yield batches, list(questions)
