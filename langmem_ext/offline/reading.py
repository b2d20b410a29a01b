"""Read a prompt as any model would: the sections of `langmem_ext.prompts`, the conversation, the question.

Sections are found by their marks, wherever a prompt builder put them; their contents are unescaped here, after they
have been taken apart, so that nothing remembered can pass for a mark.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from html import unescape

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from langmem_ext.longterm.sentences import is_question, sentences
from langmem_ext.text import language

_ITEM = re.compile(r"<(memory|known|entry|message)\b([^<>]*)>([^<]*)</\1>|<session\b([^<>]*)>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_SUMMARY = re.compile(r"<summary>([^<]*)</summary>")
_OLD_SUMMARY, _NEW_LINES = ("Current summary:", "已有摘要:"), ("New lines of conversation:", "新的对话:")
_NEW_SUMMARY = ("New summary:", "新的摘要:")
"""Headings of LangChain's prompt for a progressive summary, and of its Chinese counterpart."""
_ROLE = re.compile(r"^(?:Human|AI|User|Assistant|用户|助手)\s*[::]\s*")
_PROFILE = re.compile(r"<profile>([^<]*)</profile>")
_TRANSCRIPT = re.compile(r"<messages>((?:(?!<messages>).)*?)</messages>", re.DOTALL)
_SECTIONS = (
    "memories", "new_messages", "known_memories", "entries", "topics", "summary", "profile", "messages", "log"
)  # fmt: skip
_TODAY = re.compile(
    r"(?:Today is|今天是)\s*(\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)"
)
_REQUEST = re.compile(
    r"\b(?:tell me|remind me|recap|show me|give me|do you remember|(?:i'd|i would) like to know|i wonder|look up|"
    r"help me (?:plan|choose|decide|find|remember))\b|说说|讲讲|回忆|总结一下|列出|介绍一下|推荐",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Note:
    """Something a prompt quotes: a remembered record, a message to distil, an entry to digest.

    Attributes:
        text: What it says, unescaped.
        day: When it was said or happened; None where the prompt does not say.
        speaker: Who said it; "" where unknown.
        kind: Kind of the record; "message" for what was said in the conversation at hand.
        number: Its number in a numbered section; 0 without one.
        id: Id of the record; "" without one.
        stamp: The date as the prompt writes it.
        session: Number of the session it is listed under; 0 without one.
    """

    text: str
    day: date | None = None
    speaker: str = ""
    kind: str = "message"
    number: int = 0
    id: str = ""
    stamp: str = ""
    session: int = 0


@dataclass(slots=True)
class Prompt:
    """What a model is shown, taken apart.

    Attributes:
        question: The newest message of the user, without sections.
        memories: Recalled notes, those of tool results included, in the order of the prompt.
        profile: The fields of the core profile, each with one value.
        conversation: What was said before the question in the conversation at hand.
        summary: The rolling summary.
        new_messages: Messages to distil.
        known: Known memories around them.
        entries: Entries to digest.
        transcript: A conversation pasted as text, to be condensed (LangChain's SummarizationMiddleware does that).
        results: What tools returned after the question, by the tool's name, oldest first.
        calls: Names of the tools called after the question, with their arguments.
        now: What relative times are relative to.
        text: Everything a person wrote to the model, for schemas it does not know.
    """

    question: str = ""
    memories: list[Note] = field(default_factory=list)
    profile: list[tuple[str, str]] = field(default_factory=list)
    conversation: list[Note] = field(default_factory=list)
    summary: str = ""
    new_messages: list[Note] = field(default_factory=list)
    known: list[Note] = field(default_factory=list)
    entries: list[Note] = field(default_factory=list)
    transcript: str = ""
    results: list[tuple[str, str]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    text: str = ""

    @property
    def language(self) -> str:
        """Language of the question, or of what is to be distilled."""
        return language(self.question or " ".join(note.text for note in self.notes()))

    def notes(self) -> list[Note]:
        """Everything quoted, in one list."""
        return [*self.memories, *self.new_messages, *self.entries, *self.conversation]


def read_prompt(messages: Sequence[BaseMessage]) -> Prompt:
    """Take a prompt apart.

    Args:
        messages: As a model gets them.

    Returns:
        Its parts. "Now" is the date the system prompt names, else the newest message's timestamp, else the clock.
    """
    prompt = Prompt()
    newest = _newest_question(messages)
    called = [call for message in messages if isinstance(message, AIMessage) for call in message.tool_calls]
    names = {call["id"]: call["name"] for call in called}
    stamps: list[datetime] = []
    for place, message in enumerate(messages):
        if isinstance(message, SystemMessage | HumanMessage | ToolMessage):
            _read_sections(prompt, message.text)
        _read_turn(prompt, message, place, newest, names)
        if stamp := moment_of(str(message.additional_kwargs.get("timestamp", ""))):
            stamps.append(stamp)
    system = "\n".join(message.text for message in messages if isinstance(message, SystemMessage))
    today = _TODAY.search(system)
    now = moment_of(today[1]) if today else None
    prompt.now = now or (max(stamps) if stamps else prompt.now)
    prompt.text = "\n".join(plain(message.text) for message in messages if isinstance(message, HumanMessage)).strip()
    return prompt


def plain(text: str) -> str:
    """Return what is left of a text without its sections, in linear time."""
    for name in _SECTIONS:
        text = _without(text, f"<{name}>", f"</{name}>")
    return _without(text, "<log ", "</log>").strip()


def _without(text: str, opening: str, closing: str) -> str:
    parts: list[str] = []
    start = 0
    while (begin := text.find(opening, start)) >= 0 and (end := text.find(closing, begin)) >= 0:
        parts.append(text[start:begin])
        start = end + len(closing)
    return " ".join([*parts, text[start:]]) if parts else text


def asks(text: str) -> bool:
    """Whether any sentence of a text asks for something, rather than stating it."""
    return any(is_question(sentence) or _REQUEST.search(sentence) for sentence in sentences(text))


def _newest_question(messages: Sequence[BaseMessage]) -> int:
    """Return the place of the newest message in which a person says something; -1 where there is none."""
    for place in range(len(messages) - 1, -1, -1):
        if isinstance(messages[place], HumanMessage) and plain(messages[place].text):
            return place
    return -1


def _read_turn(prompt: Prompt, message: BaseMessage, place: int, newest: int, names: Mapping[str | None, str]) -> None:
    if place == newest:
        prompt.question = plain(message.text)
    elif place > newest:
        if isinstance(message, ToolMessage):
            prompt.results.append((message.name or names.get(message.tool_call_id, ""), message.text))
        elif isinstance(message, AIMessage):
            prompt.calls.extend((call["name"], call["args"]) for call in message.tool_calls)
    elif isinstance(message, HumanMessage | AIMessage) and (said := plain(message.text)):
        role = "user" if isinstance(message, HumanMessage) else "assistant"
        stamp = str(message.additional_kwargs.get("timestamp", ""))
        moment = moment_of(stamp)
        prompt.conversation.append(Note(said, moment.date() if moment else None, message.name or role, stamp=stamp))


def _read_sections(prompt: Prompt, text: str) -> None:
    into = {
        "memory": prompt.memories,
        "known": prompt.known,
        "entry": prompt.entries,
        "message": prompt.new_messages if "<new_messages>" in text else prompt.memories,
    }
    session: dict[str, str] = {}
    for match in _ITEM.finditer(text):
        if match[1]:
            into[match[1]].append(_note(match[1], session, _attributes(match[2]), match[3]))
        else:
            session = _attributes(match[4])
    for match in _SUMMARY.finditer(text):
        prompt.summary = unescape(match[1]).strip()
    for match in _PROFILE.finditer(text):
        prompt.profile.extend(_profile(unescape(match[1])))
    for match in _TRANSCRIPT.finditer(text):
        prompt.transcript = unescape(match[1]).strip()
    if text.rstrip().endswith(_NEW_SUMMARY):
        _read_progressive(prompt, text)


def _read_progressive(prompt: Prompt, text: str) -> None:
    """Read the last summary and the lines that are to be folded into it; an example comes before them."""
    before, heading, lines = _last(text, _NEW_LINES)
    if heading:
        prompt.summary = _last(before, _OLD_SUMMARY)[2].strip()
        spoken = [_ROLE.sub("", line) for line in _last(lines, _NEW_SUMMARY)[0].splitlines()]
        prompt.transcript = "\n".join(filter(None, map(str.strip, spoken)))


def _last(text: str, headings: Sequence[str]) -> tuple[str, str, str]:
    """Cut a text at the last of the headings; the heading is empty where there is none."""
    heading = max(headings, key=text.rfind)
    return text.rpartition(heading) if heading in text else (text, "", "")


def _profile(text: str) -> list[tuple[str, str]]:
    """Return the fields of a core profile, a line for each value; one that is no JSON object says nothing."""
    try:
        fields = json.loads(text)
    except ValueError:
        return []
    if not isinstance(fields, dict):
        return []
    return [
        (name, one if isinstance(one, str) else json.dumps(one, ensure_ascii=False))
        for name, value in fields.items()
        for one in (value if isinstance(value, list) else [value])
    ]


def _attributes(head: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(head)}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _note(tag: str, session: dict[str, str], attributes: dict[str, str], body: str) -> Note:
    stamp = attributes.get("date") or session.get("date", "")
    moment = moment_of(stamp)
    return Note(
        text=unescape(body).strip(),
        day=moment.date() if moment else None,
        speaker=attributes.get("speaker", ""),
        kind=attributes.get("kind", "message" if tag == "message" else "fact"),
        number=_number(attributes.get("n", "")),
        id=attributes.get("id", ""),
        stamp=stamp,
        session=_number(session.get("n", "")),
    )


def moment_of(text: str) -> datetime | None:
    """Read an ISO 8601 date or time, naive ones in UTC; None where it is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
