"""Which texts of a value are indexed, and what the lexical index keeps of them."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from langgraph.store.base import get_text_at_path, tokenize_path

from langmem_ext.errors import InvalidInputError
from langmem_ext.store.rows import storable
from langmem_ext.store.schema import MAX_VECTORS_PER_ITEM

Fields = tuple[tuple[str, list[str] | str], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """One text of an item: where it stood, what it says, and the hash by which it is recognised."""

    path: str
    text: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class LexicalRow:
    """A row of the table `texts`: the analysed text, and the place of the item in a conversation if it has one."""

    tokens: str
    speaker: str
    sequence: str
    time: float | None
    paths: str


def compile_fields(fields: Any) -> Fields:
    """Split field paths once; ``"$"`` is the whole value.

    Raises:
        InvalidInputError: Not a list of strings.
    """
    if not isinstance(fields, list | tuple) or not all(isinstance(field, str) and field for field in fields):
        raise InvalidInputError(f'fields to index must be a list of paths such as ["text"], got {fields!r}')
    return tuple((field, "$" if field == "$" else tokenize_path(field)) for field in fields)


def texts_of(value: Mapping[str, Any], fields: Fields, key: str) -> list[Text]:
    """Return the texts at the fields, in their order, blank ones left out.

    Raises:
        InvalidInputError: More texts than one item can have vectors.
    """
    found = []
    for path, tokens in fields:
        parts = get_text_at_path(value, tokens)
        for number, part in enumerate(parts):
            if part and not part.isspace():
                found.append(Text(path if len(parts) == 1 else f"{path}.{number}", part, _hash(part)))
    if len(found) > MAX_VECTORS_PER_ITEM:
        raise InvalidInputError(
            f"the value of {key!r} has {len(found)} texts to index; at most {MAX_VECTORS_PER_ITEM} are possible"
        )
    return found


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@lru_cache(maxsize=64)
def _as_json(paths: tuple[str, ...]) -> str:
    return json.dumps(paths)


def lexical_row(value: Mapping[str, Any], texts: Sequence[Text], paths: Sequence[str]) -> LexicalRow:
    """Analyse an item's texts as one.

    Args:
        value: The item's value; `speaker`, `thread_id` and `occurred_ts` (seconds since the epoch) place it in a
            conversation.
        texts: What `texts_of` found.
        paths: The paths they were found at, kept so that they can be found again.
    """
    from langmem_ext.text import analyse  # noqa: PLC0415 - loads the stemmer and the character tables

    speaker, sequence, time = value.get("speaker"), value.get("thread_id"), value.get("occurred_ts")
    placed = isinstance(time, int | float) and not isinstance(time, bool) and abs(time) <= sys.float_info.max
    return LexicalRow(
        tokens=storable(analyse("\n".join(text.text for text in texts))),
        speaker=storable(speaker) if isinstance(speaker, str) else "",
        sequence=storable(sequence) if isinstance(sequence, str) else "",
        time=float(time) if placed and time is not None else None,
        paths=_as_json(tuple(paths)),
    )
