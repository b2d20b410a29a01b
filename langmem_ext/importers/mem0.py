"""What mem0's `get_all` returns, as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from langmem_ext.errors import InvalidInputError
from langmem_ext.importers.reading import mapping, read_json, text_of, time_of
from langmem_ext.importers.report import Found, ImportReport, Progress, write
from langmem_ext.longterm.core import Core
from langmem_ext.operations import Operation, ask, asynchronous, synchronous
from langmem_ext.records import derived_id

_LISTS: Final = ("results", "memories")
_OURS: Final = frozenset({"id", "memory", "text", "hash", "created_at", "score"})
"""Fields of a memory that are ours as well, or say nothing of it; the others are kept in the record's data."""
_LONGEST_LABEL: Final = 100


def _import_mem0(
    memory: Core,
    source: str | Path | list[Any] | dict[str, Any],
    *,
    progress: Progress | None = None,
) -> Operation[ImportReport]:
    """Import the memories of mem0.

    Args:
        memory: Where to; a `LongTermMemory`.
        source: What `get_all` returned, in a JSON file or as it is.
        progress: See `Progress`.

    Returns:
        What was imported: memories as facts with their time and categories, graph relations as relations. Whose they
        are (`user_id`, `agent_id`, `run_id`) and their metadata are kept in the record's data.

    Raises:
        InvalidInputError: The file can't be read, or is no such JSON; nothing was written.
    """
    content = yield from ask(lambda: read_json(source))
    memories, relations = _lists(content)
    found = Found()
    for number, entry in enumerate(memories, 1):
        _read_memory(found, mapping(entry), f"memory {number}", memory)
    for number, entry in enumerate(relations, 1):
        _read_relation(found, mapping(entry), f"relation {number}")
    return (yield from write(memory, found, progress))


def _lists(content: Any) -> tuple[list[Any], list[Any]]:
    entries = content
    relations: Any = []
    if isinstance(content, dict):
        entries = next((content[name] for name in _LISTS if name in content), None)
        relations = content.get("relations") or []
    known = isinstance(entries, list) and isinstance(relations, list)
    if not known or (entries and not any(_content(mapping(entry)) for entry in entries)):
        raise InvalidInputError(
            "this is no mem0 get_all: a list of memories is needed, or an object with 'results', each with a 'memory', "
            f"got {type(content).__name__}"
        )
    return entries, relations


def _content(entry: Mapping[str, Any]) -> str:
    return text_of(entry.get("memory")) or text_of(entry.get("text"))


def _read_memory(found: Found, entry: Mapping[str, Any], where: str, memory: Core) -> None:
    content = _content(entry)
    if not content:
        found.report.skip(where, "a memory without text")
        return
    fields: dict[str, Any] = {
        "id": text_of(entry.get("id")) or derived_id("mem0", content),
        "content": content,
        "keywords": _labels(entry.get("categories")),
    }
    moment = time_of(entry.get("created_at"), memory.zone)
    if moment:
        fields["occurred_at"] = moment
    rest = {name: value for name, value in entry.items() if name not in _OURS and value not in (None, [], {}, "")}
    found.memories.append(fields | ({"data": rest} if rest else {}))


def _labels(values: Any) -> list[str]:
    entries = values if isinstance(values, list) else []
    return [text_of(value) for value in entries if text_of(value) and len(value.strip()) <= _LONGEST_LABEL]


def _read_relation(found: Found, entry: Mapping[str, Any], where: str) -> None:
    source, verb = text_of(entry.get("source")), text_of(entry.get("relationship") or entry.get("relation"))
    target = text_of(entry.get("target") or entry.get("destination"))
    if not (source and verb and target):
        found.report.skip(where, "a relation without source, relationship and target")
        return
    content = " ".join(part.replace("_", " ") for part in (source, verb, target))
    data = {"subject": source, "relation": verb, "object": target}
    found.memories.append(
        {"id": derived_id("mem0", source, verb, target), "content": content, "kind": "relation", "data": data}
    )


import_mem0 = synchronous(_import_mem0)
aimport_mem0 = asynchronous(_import_mem0)
