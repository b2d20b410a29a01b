"""One window of conversation → summary records and keywords for the entries behind them: pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass

from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm.arguments import check_label
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.log import stated
from langmem_ext.longterm.redacting import redacted
from langmem_ext.longterm.schemas import SummaryDraft
from langmem_ext.longterm.showing import contents
from langmem_ext.records import MemoryRecord, attribute, derived_id, escape


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a thread's log that is digested at once.

    Attributes:
        thread_id: The conversation.
        start: Position of its first message.
        end: Position after its last.
        sessions: Its messages, cut at long silences.
    """

    thread_id: str
    start: int
    end: int
    sessions: list[list[MemoryRecord]]

    def statements(self) -> list[list[MemoryRecord]]:
        """What people said, session by session; what the assistant said is no source."""
        spoken = [[message for message in session if stated(message)] for session in self.sessions]
        return [session for session in spoken if session]


def split_sessions(core: Core, messages: Sequence[MemoryRecord]) -> list[list[MemoryRecord]]:
    """Cut messages at silences longer than the session gap."""
    sessions: list[list[MemoryRecord]] = []
    for message in messages:
        previous = sessions[-1][-1] if sessions else None
        if previous is None or message.occurred_at - previous.occurred_at > core.distillation.session_gap:
            sessions.append([])
        sessions[-1].append(message)
    return sessions


def next_window(core: Core, thread_id: str, start: int, length: int, page: Sequence[MemoryRecord]) -> Window:
    """Take whole sessions from a page of the log up to the window's bounds; one over-long session is cut.

    Args:
        core: The memory.
        thread_id: The conversation.
        start: Position the page was read from.
        length: Length of the log.
        page: Messages from there on; fewer than positions where some were forgotten.
    """
    fitting = _within_tokens(core, page)
    sessions = split_sessions(core, fitting)
    complete = len(fitting) == len(page) and start + core.distillation.window_messages >= length
    if complete:
        return Window(thread_id, start, length, sessions)
    if len(sessions) > 1:
        sessions = sessions[:-1]
    last = sessions[-1][-1].position if sessions else None
    end = min(length, start + core.distillation.window_messages) if last is None else last + 1
    return Window(thread_id, start, end, sessions)


def _within_tokens(core: Core, page: Sequence[MemoryRecord]) -> Sequence[MemoryRecord]:
    total = 0
    for number, message in enumerate(page):
        total += core.counter(message.content) if stated(message) else 0
        if number and total > core.distillation.window_tokens:
            return page[:number]
    return page


def render_window(core: Core, window: Window, topics: Sequence[str]) -> tuple[str, list[MemoryRecord]]:
    """Return the model's view of a window, and the entries by number (1 is the first)."""
    sessions = window.statements()
    entries = [message for session in sessions for message in session]
    texts = iter(enumerate(contents(core, entries), 1))
    lines = [f"<topics>{', '.join(map(escape, topics))}</topics>", "<entries>"]
    for number, session in enumerate(sessions, 1):
        lines.append(f'<session n="{number}" date="{session[0].occurred_at.date()}">')
        for message in session:
            entry, text = next(texts)
            speaker = attribute(message.speaker or "")
            lines.append(f'<entry n="{entry}" speaker="{speaker}">{text}</entry>')
        lines.append("</session>")
    lines.append("</entries>")
    return "\n".join(lines), entries


def labels(words: Sequence[str]) -> list[str]:
    """Keep the keywords that can be labels; a model may return anything."""
    good: dict[str, None] = {}
    for word in words:
        try:
            good[check_label("keyword", word)] = None
        except InvalidInputError:
            continue
    return list(good)


def covered(entries: Sequence[MemoryRecord], draft: SummaryDraft) -> list[tuple[MemoryRecord, list[str]]]:
    """Return the entries that a draft covers, with the keywords that name each; numbers out of range name none."""
    if not draft.entries:
        return [(entry, []) for entry in entries]
    named = [(line.entry, labels(line.keywords)) for line in draft.entries if line.entry <= len(entries)]
    return [(entries[number - 1], words) for number, words in named]


def summary_record(
    core: Core, name: str, thread_id: str | None, sources: Sequence[MemoryRecord], draft: SummaryDraft
) -> MemoryRecord:
    """Make a summary record; its `data` has the index form ``type topic timestamp keywords importance``.

    The id derives from `name`, so that digesting the same stretch again makes the same record.
    """
    latest = max(source.occurred_at for source in sources)
    keywords = labels(draft.keywords)
    record = MemoryRecord(
        id=derived_id(*core.namespace, "summary", name),
        kind="summary",
        content=draft.content,
        data={
            "type": "summary",
            "topic": draft.topic,
            "timestamp": latest.astimezone(core.zone).date().isoformat(),
            "keywords": [*keywords],
            "importance": draft.importance,
        },
        topic=draft.topic,
        keywords=keywords,
        importance=draft.importance,
        occurred_at=latest,
        recorded_at=core.now(),
        sources=list(dict.fromkeys(source.id for source in sources)),
        thread_id=thread_id,
    )
    return redacted(core, record)


def with_replies(entries: Sequence[MemoryRecord], window: Window) -> list[MemoryRecord]:
    """Return entries with what the assistant answered to each, in the order of the log.

    A summary that covers what a user said covers the answers to it as well.
    """
    wanted = {entry.id for entry in entries}
    found: list[MemoryRecord] = []
    for session in window.sessions:
        inside = False
        for message in session:
            inside = message.id in wanted if stated(message) else inside
            if inside:
                found.append(message)
    return found


def annotated(entry: MemoryRecord, topic: str, keywords: Sequence[str]) -> MemoryRecord:
    """Return an entry with the topic and the keywords that name it; what it says is untouched."""
    return entry.model_copy(update={"topic": topic, "keywords": [*dict.fromkeys([*entry.keywords, *keywords])]})
