"""The core profile: what is always in the context, as one small JSON object kept beside the records.

It is made of the records of kind `profile`, which the update step adds and revises; it is stored as one item, so that a
turn reads it by key however many memories there are.
"""

from typing import Any

from langmem_ext import namespaces
from langmem_ext.longterm import LongTermMemory
from langmem_ext.longterm.core import get_items, is_shadow, put, scan
from langmem_ext.operations import Operation, batch
from langmem_ext.records import FOREVER, from_value

KEY = "profile"
_ENTRIES = 40
"""Entries at most; a profile is what is worth its tokens on every call."""


def load_profile(memory: LongTermMemory) -> Operation[dict[str, Any]]:
    """Return the core profile; empty where nothing is known."""
    (item,) = yield from get_items(memory, memory.leaf(namespaces.STATE), [KEY])
    return dict(item.value["profile"]) if item else {}


def refresh_profile(memory: LongTermMemory) -> Operation[dict[str, Any]]:
    """Make the core profile anew from the records of kind `profile` that are believed now, and store it."""
    items = yield from scan(memory, memory.records_leaf, {"kind": "profile", "believed_until": FOREVER})
    records = sorted(
        (from_value(item.value) for item in items if not is_shadow(item)), key=lambda record: record.occurred_at
    )
    profile: dict[str, Any] = {}
    notes: list[str] = []
    for record in records[-_ENTRIES:]:
        if isinstance(record.data, dict) and record.data:
            profile |= record.data
        else:
            notes.append(record.content)
    if notes:
        profile["notes"] = notes
    known = yield from load_profile(memory)
    if profile != known:
        yield from batch(memory.store, [put(memory.leaf(namespaces.STATE), KEY, {"profile": profile})])
    return profile
