"""ChatGPT's data export: ``conversations.json``."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from langchain_core.messages import AIMessage, HumanMessage

from langmem_ext.errors import InvalidInputError
from langmem_ext.importers.reading import mapping, read_json, text_of, time_of
from langmem_ext.importers.report import Found, ImportReport, Progress, thread_label, write
from langmem_ext.longterm.core import Core
from langmem_ext.operations import Operation, ask, asynchronous, synchronous
from langmem_ext.records import derived_id

_ROLES: Final[dict[str, type[HumanMessage] | type[AIMessage]]] = {"user": HumanMessage, "assistant": AIMessage}
_SPOKEN: Final = frozenset({"text", "multimodal_text"})
_MEMORY_TOOL: Final = "bio"
"""The recipient of what ChatGPT writes into its own memory."""


def _import_chatgpt(
    memory: Core,
    source: str | Path | list[Any] | dict[str, Any],
    *,
    progress: Progress | None = None,
) -> Operation[ImportReport]:
    """Import a ChatGPT export.

    Args:
        memory: Where to; a `LongTermMemory`.
        source: ``conversations.json``, or its JSON.
        progress: See `Progress`.

    Returns:
        What was imported: of each conversation the branch that is shown, with its times, as a thread of the log under
        its own id; what ChatGPT noted into its own memory, as facts. Hidden messages, tool calls and their results,
        and other branches are counted in the report.

    Raises:
        InvalidInputError: The file can't be read, or is no such export; nothing was written.
    """
    content = yield from ask(lambda: read_json(source))
    found = Found()
    for number, conversation in enumerate(_conversations(content), 1):
        _read(found, conversation, f"conversation {number}", memory)
    return (yield from write(memory, found, progress))


def _conversations(content: Any) -> list[Any]:
    if isinstance(content, dict):
        content = content.get("conversations", [content] if "mapping" in content else None)
    if not isinstance(content, list) or (content and not any("mapping" in mapping(entry) for entry in content)):
        raise InvalidInputError(
            "this is no ChatGPT export: a list of conversations is needed, each with a 'mapping' of messages, "
            f"got {type(content).__name__}"
        )
    return content


def _read(found: Found, conversation: Any, where: str, memory: Core) -> None:
    nodes = mapping(mapping(conversation).get("mapping"))
    if not nodes:
        found.report.skip(where, "a conversation without messages")
        return
    own = text_of(conversation.get("conversation_id")) or text_of(conversation.get("id"))
    thread = thread_label(own or derived_id("chatgpt", *sorted(nodes)))
    began = time_of(conversation.get("create_time"), memory.zone)
    path = list(_shown(nodes, conversation.get("current_node")))
    for name in path:
        _read_message(found, mapping(nodes[name]).get("message"), f"{where}, message {name!r}", thread, began)
    shown = set(path)
    for name, node in nodes.items():
        if name not in shown and mapping(node).get("message"):
            found.report.skip(f"{where}, message {name!r}", "a message of another branch of its conversation")


def _shown(nodes: Mapping[str, Any], current: Any) -> Iterator[str]:
    """Return the branch that ends at the current message, oldest first; of broken links what hangs together."""
    if not isinstance(current, str) or current not in nodes:
        parents = {above for node in nodes.values() if isinstance(above := mapping(node).get("parent"), str)}
        current = next((name for name in reversed(list(nodes)) if name not in parents), None)
    path: list[str] = []
    seen: set[str] = set()
    while isinstance(current, str) and current in nodes and current not in seen:
        seen.add(current)
        path.append(current)
        current = mapping(nodes[current]).get("parent")
    return reversed(path)


def _read_message(found: Found, message: Any, where: str, thread: str, began: datetime | None) -> None:
    if not message:
        return  # the root of a conversation is empty
    message = mapping(message)
    role = mapping(message.get("author")).get("role")
    kind = mapping(message.get("content")).get("content_type")
    text = _text(mapping(message.get("content")))
    moment = time_of(message.get("create_time"), UTC) or began
    if message.get("recipient") == _MEMORY_TOOL and text:
        fact = {"id": _name(message, thread, text), "content": text, "kind": "fact"}
        found.memories.append(fact | ({"occurred_at": moment} if moment else {}))
    elif mapping(message.get("metadata")).get("is_visually_hidden_from_conversation") or role == "system":
        found.report.skip(where, "a hidden or system message")
    elif role not in _ROLES or message.get("recipient") not in {None, "all"}:
        found.report.skip(where, "a tool call or its result")
    elif kind not in _SPOKEN:
        found.report.skip(where, f"content of type {str(kind)[:40]!r}")
    else:
        stamp = {"timestamp": moment.isoformat()} if moment else {}
        said = _ROLES[role](text, id=_name(message, thread, text), additional_kwargs=stamp)
        found.say(thread, said, where)


def _text(content: Mapping[str, Any]) -> str:
    """Return the text of a message; what is no text is named in brackets."""
    parts = content.get("parts")
    if not isinstance(parts, list):
        return text_of(content.get("text"))
    return "\n".join(filter(None, map(_part, parts)))


def _part(part: Any) -> str:
    if isinstance(part, str):
        return text_of(part)
    entry = mapping(part)
    kind = text_of(entry.get("content_type")).removesuffix("_asset_pointer")
    return text_of(entry.get("text")) or (f"[{kind}]" if kind else "")


def _name(message: Mapping[str, Any], thread: str, text: str) -> str:
    return text_of(message.get("id")) or derived_id("chatgpt", thread, str(message.get("create_time")), text)


import_chatgpt = synchronous(_import_chatgpt)
aimport_chatgpt = asynchronous(_import_chatgpt)
