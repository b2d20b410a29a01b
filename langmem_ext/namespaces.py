"""Namespaces: whose memory it is, and where in the store its parts live.

A memory lives under a root such as ``("memories", "alice")``. Its parts are leaves below the root, one per kind of
item, so that a search of one leaf never meets the items of another.
"""

import re

from langmem_ext.errors import InvalidInputError

RECORDS = "records"
"""Leaf of the records themselves, key = record id; the only leaf with vectors and full text."""
TOPICS = "topics"
"""Leaf of the topic index: ``(…, "topics", label)``, key = record id."""
KEYWORDS = "keywords"
"""Leaf of the keyword index: ``(…, "keywords", label)``, key = record id."""
LOG = "log"
"""Leaf of the conversation logs: ``(…, "log", thread)``, key = zero-padded position, naming the record."""
THREADS = "threads"
"""Leaf of where each conversation's log stands (its length, its last session), key = thread id."""
USAGE = "usage"
"""Leaf of access statistics, key = record id; kept apart so that reading rewrites no record."""
STATE = "state"
"""Leaf of the engine's own state: how far each stage has got, running notes, what was spent, what waits."""

LEAVES = frozenset({RECORDS, TOPICS, KEYWORDS, LOG, THREADS, USAGE, STATE})

_MAX_LABEL = 200
_FORBIDDEN = re.compile(r"[.\x00-\x1f\x7f\ud800-\udfff]")
_ENCODED = re.compile(r"[.%\x00-\x1f\x7f\ud800-\udfff]")


def label(text: str) -> str:
    """Make any non-empty text a legal namespace label, reversibly.

    LangGraph forbids empty labels and ``.``; those, ``%`` and control characters are percent-encoded.

    Raises:
        InvalidInputError: `text` is empty or longer than 200 characters once encoded.
    """
    encoded = _ENCODED.sub(lambda match: f"%{ord(match[0]):02X};", text)
    if not encoded or len(encoded) > _MAX_LABEL:
        raise InvalidInputError(f"a namespace label needs 1 to {_MAX_LABEL} characters, got {len(encoded)}")
    return encoded


def unlabel(text: str) -> str:
    """Undo `label`."""
    return re.sub(r"%([0-9A-F]{2,4});", lambda match: chr(int(match[1], 16)), text)


def root(namespace: object) -> tuple[str, ...]:
    """Check a memory's root namespace and return it.

    Raises:
        InvalidInputError: Not a tuple of legal labels, or a label that is the name of one of the leaves
            (one tenant's root would then lie inside another's memory).
    """
    if not isinstance(namespace, tuple) or not namespace:
        raise InvalidInputError(f'namespace must be a tuple such as ("memories", "alice"), got {namespace!r}')
    labels: list[str] = []
    for part in namespace:
        if not isinstance(part, str) or not part or _FORBIDDEN.search(part) or len(part) > _MAX_LABEL:
            raise InvalidInputError(
                f"namespace label {part!r} is not allowed: pass 1 to {_MAX_LABEL} characters without '.' or control "
                "characters (langmem_ext.namespaces.label() makes one from any text)"
            )
        if part in LEAVES:
            raise InvalidInputError(f"namespace label {part!r} is reserved; reserved are {sorted(LEAVES)}")
        labels.append(part)
    if labels[0] == "langgraph":
        raise InvalidInputError('the root label "langgraph" is reserved by LangGraph; pass another one')
    return tuple(labels)


def user_namespace(user_id: str) -> tuple[str, str]:
    """Return the root namespace of a user's memory: ``("memories", label(user_id))``."""
    name = label(user_id)
    return ("memories", f"%{name};" if name in LEAVES else name)


def user_of(namespace: tuple[str, ...]) -> str:
    """Undo `user_namespace`."""
    name = namespace[1]
    reserved = name[1:-1] in LEAVES and name.startswith("%") and name.endswith(";")
    return name[1:-1] if reserved else unlabel(name)
