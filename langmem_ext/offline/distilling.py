"""Distillation by extraction: the schemas of `langmem_ext.longterm.schemas`, filled from the prompt."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any, Final

from pydantic import BaseModel

from langmem_ext.keywords import keywords
from langmem_ext.longterm.extraction import (
    digest_entries,
    extract_insights,
    extract_operations,
    statements as told_in,
)
from langmem_ext.longterm.facts import facts
from langmem_ext.longterm.policy import DistillationSettings
from langmem_ext.longterm.salience import summarise
from langmem_ext.longterm.schemas import MAX_OPERATIONS, Digest, MemoryUpdate, Reflections, SummaryDraft
from langmem_ext.longterm.sentences import sentences
from langmem_ext.offline import phrasing
from langmem_ext.offline.reading import Note, Prompt, asks, moment_of
from langmem_ext.records import MemoryRecord
from langmem_ext.tokens import count_text

_FOLD_TOKENS: Final = 400
_KEYWORDS: Final = 8
_SHOWN: Final = 80
"""Characters of a statement that an acknowledgement repeats."""


def distil(name: str, prompt: Prompt) -> dict[str, Any] | None:
    """Return the arguments of a distillation schema, by its name; None for any other, or without its sections."""
    maker = _MAKERS.get(name)
    if maker is None or not (prompt.new_messages or prompt.entries):
        return None
    return maker(prompt).model_dump(mode="json", exclude_none=True)


def fold(prompt: Prompt) -> str:
    """Fold the entries (or a pasted conversation) into the rolling summary."""
    texts = [note.text for note in prompt.entries] or [prompt.transcript]
    return "\n".join(summarise([prompt.summary, *texts] if prompt.summary else texts, max_tokens=_FOLD_TOKENS))


def statements(text: str) -> list[str]:
    """Return what a message states, in short, to acknowledge it; nothing for a mere question."""
    said = [fact.quote for fact in facts(text, "user")]
    if not said and not asks(text):
        said = [part for part in sentences(text) if not asks(part)] or [text]
    short = (phrasing.to_you(phrasing.tidy(part)) for part in said)
    return list(dict.fromkeys(part if len(part) <= _SHOWN else part[: _SHOWN - 1] + "…" for part in short))[:3]


def _records(notes: Iterable[Note]) -> list[MemoryRecord]:
    """Return notes as the records they were rendered from, as far as a prompt shows them."""
    return [_record(note, place) for place, note in enumerate(notes, 1)]


def _record(note: Note, place: int) -> MemoryRecord:
    midnight = datetime.combine(note.day, time(), UTC) if note.day else datetime.fromtimestamp(0, UTC)
    moment = moment_of(note.stamp) or midnight
    role = {"role": note.speaker if note.speaker in {"assistant", "tool", "system"} else "user"}
    return MemoryRecord(
        id=note.id or str(place),
        kind="message",
        content=note.text,
        data=role,
        occurred_at=moment,
        recorded_at=moment,
        speaker=note.speaker or None,
    )


def _update(prompt: Prompt) -> BaseModel:
    found = extract_operations(told_in(_records(prompt.new_messages)), _records(prompt.known))
    return MemoryUpdate(operations=list(found)[:MAX_OPERATIONS])


def _draft(notes: Sequence[Note]) -> SummaryDraft | None:
    """Extract the summary of some entries, their numbers those of the prompt."""
    draft = digest_entries(_records(notes), count_text, DistillationSettings())
    if draft is None:
        return None
    entries = [line.model_copy(update={"entry": notes[line.entry - 1].number or line.entry}) for line in draft.entries]
    return draft.model_copy(update={"entries": entries})


def _digest(prompt: Prompt) -> BaseModel:
    sessions: dict[int, list[Note]] = {}
    for note in prompt.entries:
        sessions.setdefault(note.session, []).append(note)
    drafts = [draft for notes in sessions.values() if (draft := _draft(notes)) is not None]
    return Digest(summaries=drafts)


def _summary(prompt: Prompt) -> BaseModel:
    draft = _draft(prompt.entries)
    return draft or SummaryDraft(topic="general", content=prompt.entries[-1].text if prompt.entries else prompt.text)


def _reflections(prompt: Prompt) -> BaseModel:
    """Find what repeats; a prompt shows entries without their keywords, so these are read from the text again."""
    records = _records(prompt.entries)
    read = [each.model_copy(update={"keywords": keywords(each.content, _KEYWORDS)}) for each in records]
    return Reflections(insights=extract_insights(read))


_MAKERS: Final[dict[str, Callable[[Prompt], BaseModel]]] = {
    MemoryUpdate.__name__: _update,
    Digest.__name__: _digest,
    SummaryDraft.__name__: _summary,
    Reflections.__name__: _reflections,
}
