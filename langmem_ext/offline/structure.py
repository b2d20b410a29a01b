"""Structured output by extraction: any JSON schema, field by field.

A field is filled from the text by its name, its type and its choices; where the text has nothing, its default stands,
or the empty value of its type.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from langmem_ext.keywords import keywords
from langmem_ext.longterm.salience import summarise
from langmem_ext.longterm.sentences import sentences
from langmem_ext.longterm.topics import topic
from langmem_ext.offline.reading import Prompt
from langmem_ext.text import features, normalise
from langmem_ext.times import spans

_MAX_DEPTH: Final = 6
_MAX_ITEMS: Final = 10
_LONGEST: Final = 200
_UNIONS: Final = {"anyOf", "oneOf", "allOf"}
_WHOLE: Final = frozenset({"sentences", "facts", "points", "notes", "steps", "items", "memories"})
"""Names of lists that are filled with sentences; others are filled with keywords."""
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[,,]\d{3})*(?:\.\d+)?\s*[万千亿k]?", re.IGNORECASE)
_SCALE: Final = {"万": 10_000, "千": 1_000, "亿": 100_000_000, "k": 1_000, "K": 1_000}
_NO: Final = re.compile(r"\b(?:no|not|never|n't|without)\b|不|没|无", re.IGNORECASE)
_PATTERNS: Final[dict[str, re.Pattern[str]]] = {
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "url": re.compile(r"https?://[^\s<>\"']+"),
    "phone": re.compile(r"\+?\d[\d\s-]{6,}\d"),
    "name": re.compile(
        r"(?i:\bmy name is|\bi am called|\bcall me|\bi'm|\bi am|\bnamed)\s+([A-Z][\w'-]+(?:\s[A-Z][\w'-]+)?)|"
        r"(?:我叫|我是|名叫|名字是)\s*([\u4e00-\u9fff]{2,4}|[A-Z][\w'-]+)"
    ),
    "city": re.compile(
        r"\b(?:in|to|from|at|of)\s+([A-Z][\w'-]+(?:\s[A-Z][\w'-]+)?)|(?:在|去|到|住)([\u4e00-\u9fff]{2,4})"
    ),
}
_ALIASES: Final = {
    "location": "city",
    "place": "city",
    "country": "city",
    "mail": "email",
    "link": "url",
    "mobile": "phone",
}

Schema = Mapping[str, Any]


def fill(schema: Schema, prompt: Prompt) -> dict[str, Any]:
    """Return an object for a JSON schema, filled from a prompt.

    Args:
        schema: JSON schema of an object; `$ref` into its own `$defs` is followed.
        prompt: What the model is shown.
    """
    text = prompt.text or "\n".join(note.text for note in prompt.notes())
    return _Filler(schema.get("$defs", {}), prompt.now).fields(schema, text, 0)


class _Filler:
    """Fills the fields of one schema; nesting is followed `_MAX_DEPTH` deep."""

    def __init__(self, defs: Schema, now: datetime) -> None:
        self._defs = defs
        self._now = now

    def fields(self, schema: Schema, text: str, depth: int) -> dict[str, Any]:
        """Return an object: what the text says of each field, and something valid for each required one."""
        required = set(schema.get("required", ()))
        filled: dict[str, Any] = {}
        for name, declared in schema.get("properties", {}).items():
            field = self._resolve(declared)
            value = self._value(name, field, text, depth + 1)
            if value is not None:
                filled[name] = value
            elif name in required:
                filled[name] = self._empty(field, text, depth)
        return filled

    def _resolve(self, field: Schema) -> Schema:
        """Follow references, and take the first branch of a union that is not null."""
        while True:
            if "$ref" in field:
                field = self._defs.get(str(field["$ref"]).rsplit("/", 1)[-1], {})
                continue
            branches = [branch for branch in field.get("anyOf", field.get("oneOf", ())) if branch.get("type") != "null"]
            if not branches and len(field.get("allOf", ())) == 1:
                branches = list(field["allOf"])
            if not branches:
                return field
            field = {key: value for key, value in field.items() if key not in _UNIONS} | dict(branches[0])

    def _value(self, name: str, field: Schema, text: str, depth: int) -> Any:
        """Return what the text says for a field, or None."""
        if "const" in field:
            return field["const"]
        if "enum" in field:
            return next(iter(_chosen(field, text)), None)
        match field.get("type"):
            case "object":
                nested = depth < _MAX_DEPTH and field.get("properties")
                value: Any = self.fields(field, text, depth) if nested else None
            case "array":
                value = self._array(name, field, text, depth)
            case "boolean":
                value = _boolean(name, text)
            case "integer" | "number":
                value = _number(name, field, text)
            case _:
                value = _text(name, field, text, self._now)
        return value

    def _empty(self, field: Schema, text: str, depth: int) -> Any:
        """Return a value that a required field may have where the text says nothing."""
        if "default" in field or "enum" in field:
            return field["default"] if "default" in field else field["enum"][0]
        match field.get("type"):
            case "integer" | "number":
                value: Any = field.get("minimum", field.get("exclusiveMinimum", -1) + 1)
            case "object":
                value = self.fields(field, text, depth + 1) if depth < _MAX_DEPTH else {}
            case "array":
                value = []
            case "boolean":
                value = False
            case "null":
                value = None
            case _:
                value = (sentences(text) or [""])[0][: field.get("maxLength", _LONGEST)]
        return value

    def _array(self, name: str, field: Schema, text: str, depth: int) -> list[Any]:
        items = self._resolve(field.get("items", {}))
        most = min(int(field.get("maxItems", _MAX_ITEMS)), _MAX_ITEMS)
        if "enum" in items:
            found: list[Any] = _chosen(items, text)
        elif items.get("type") in {"integer", "number"}:
            found = [_parsed(match[0], str(items["type"])) for match in _NUMBER.finditer(text)]
        elif items.get("type") == "object":
            said = sentences(text)[:most] if depth < _MAX_DEPTH else []
            found = [self.fields(items, sentence, depth + 1) for sentence in said]
        else:
            found = sentences(text) if name.casefold() in _WHOLE else keywords(text, most)
        return found[:most]


def _chosen(field: Schema, text: str) -> list[Any]:
    """Return the choices of an enumeration that the text names."""
    folded = normalise(text)
    return [choice for choice in field["enum"] if normalise(str(choice)) in folded]


def _boolean(name: str, text: str) -> bool | None:
    """True where a sentence speaks of the field, false where it denies it."""
    wanted = features(name.replace("_", " "))
    for sentence in sentences(text):
        if wanted & features(sentence):
            return not _NO.search(sentence)
    return None


def _number(name: str, field: Schema, text: str) -> int | float | None:
    """Return the number nearest to the field's name, else the first in the text, within its bounds."""
    low, high = field.get("minimum", -float("inf")), field.get("maximum", float("inf"))
    found = [(match, _parsed(match[0], str(field["type"]))) for match in _NUMBER.finditer(text)]
    admitted = [(match, number) for match, number in found if low <= number <= high]
    places = [place for word in name.casefold().split("_") if (place := text.casefold().find(word)) >= 0]
    if not admitted or not places:
        return admitted[0][1] if admitted else None
    return min(admitted, key=lambda entry: min(abs(entry[0].start() - place) for place in places))[1]


def _parsed(text: str, kind: str) -> int | float:
    digits = text.strip().replace(",", "").replace(",", "")
    scale = _SCALE.get(digits[-1], 1)
    number = float(digits.rstrip("万千亿kK ")) * scale
    return int(number) if kind == "integer" or number.is_integer() else number


def _text(name: str, field: Schema, text: str, now: datetime) -> str | None:
    folded = name.casefold()
    if field.get("format") in {"date", "date-time"} or folded.endswith(("date", "_at", "_on", "day")):
        return _date(field, text, now)
    for word in reversed(folded.split("_")):
        if pattern := _PATTERNS.get(_ALIASES.get(word, word)):
            match = pattern.search(text)
            return next((group for group in (match.groups() or (match[0],)) if group), None) if match else None
        if writer := _WRITERS.get(word):
            return writer(text)[: field.get("maxLength", 4000)] or None
    return next((said for said in sentences(text) if features(folded) & features(said)), None)


def _date(field: Schema, text: str, now: datetime) -> str | None:
    found = spans(text, now, now.tzinfo or UTC)
    start = found[0].start if found else None
    if start is None:
        return None
    return start.isoformat() if field.get("format") == "date-time" else start.date().isoformat()


def _digest(text: str) -> str:
    return " ".join(summarise([text], max_tokens=200))


_WRITERS: Final[dict[str, Callable[[str], str]]] = {
    "topic": lambda text: topic([text]),
    "subject": lambda text: topic([text]),
    "category": lambda text: topic([text]),
    "title": lambda text: (sentences(text) or [""])[0],
    "summary": _digest,
    "overview": _digest,
    "description": _digest,
    "content": lambda text: text,
    "text": lambda text: text,
    "query": lambda text: text,
    "question": lambda text: text,
    "message": lambda text: text,
    "answer": lambda text: (sentences(text) or [""])[-1],
}
