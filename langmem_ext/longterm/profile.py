"""The core profile: what is always in the context, as one small JSON object.

It is read from the records of kind `profile` whenever it is needed and kept nowhere else, so that what was revised,
retired or forgotten is at once neither in the profile nor in a copy of it.
"""

from typing import Any

from langgraph.store.base import SearchOp

from langmem_ext.longterm.core import Core, is_shadow, search_items
from langmem_ext.operations import Operation, batch
from langmem_ext.records import FOREVER, from_value

MAX_RECORDS = 40
"""Records at most, the last written; a profile is what is worth its tokens on every call."""


def profile(core: Core) -> Operation[dict[str, Any]]:
    """Return the core profile.

    Returns:
        The fields of all believed profile records, later events over earlier ones; what has no fields of its own is
        under "notes", in the order of time. Empty where nothing is known.
    """
    equal = {"kind": "profile", "believed_until": FOREVER}
    (result,) = yield from batch(
        core.store, [SearchOp(core.records_leaf, filter=equal, limit=MAX_RECORDS, refresh_ttl=False)]
    )
    found = [from_value(item.value) for item in search_items(result) if not is_shadow(item)]
    fields: dict[str, Any] = {}
    notes: list[str] = []
    for record in sorted(found, key=lambda record: record.occurred_at):
        if isinstance(record.data, dict) and record.data:
            fields |= record.data
        else:
            notes.append(record.content)
    return fields | {"notes": notes} if notes else fields
