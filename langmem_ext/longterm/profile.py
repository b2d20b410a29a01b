"""The core profile: what is always in the context, as one small JSON object.

It is read from the records of kind `profile` whenever it is needed and kept nowhere else, so that what was revised,
retired or forgotten is at once neither in the profile nor in a copy of it.
"""

from typing import Any

from langgraph.store.base import SearchOp

from langmem_ext.longterm.core import Core, is_shadow, search_items
from langmem_ext.longterm.fact_rules import slots
from langmem_ext.longterm.stored import record_in
from langmem_ext.operations import Operation, batch
from langmem_ext.records import FOREVER

MAX_RECORDS = 40
"""Records at most, the last written; a profile is what is worth its tokens on every call."""


def profile(core: Core) -> Operation[dict[str, Any]]:
    """Return the core profile.

    Returns:
        The fields of all believed profile records. Of what a person has one of (a name, a residence) the last holds;
        of all else every value does, for a second allergy does not cure the first: several values are a list, in the
        order of time. What has no fields of its own is under "notes". Empty where nothing is known.
    """
    equal = {"kind": "profile", "believed_until": FOREVER}
    (result,) = yield from batch(
        core.store, [SearchOp(core.records_leaf, filter=equal, limit=MAX_RECORDS, refresh_ttl=False)]
    )
    found = [record_in(item) for item in search_items(result) if not is_shadow(item)]
    fields: dict[str, Any] = {}
    notes: list[str] = []
    for record in sorted(found, key=lambda record: record.occurred_at):
        if isinstance(record.data, dict) and record.data:
            _add(fields, record.data)
        else:
            notes.append(record.content)
    return fields | {"notes": notes} if notes else fields


def _add(fields: dict[str, Any], data: dict[str, Any]) -> None:
    for name, value in data.items():
        if name == "date":  # when one field of a record was so says nothing of the whole
            continue
        known = fields.get(name)
        if known is None or name == "user" or name in slots():
            fields[name] = value
            continue
        values = known if isinstance(known, list) else [known]
        added = [one for one in (value if isinstance(value, list) else [value]) if one not in values]
        fields[name] = [*values, *added] if added else known
