"""Structured output by extraction: the two schemas of distillation, and any other JSON schema field by field.

A field is filled from the text by its name, its type and its choices; where the text has nothing, its default stands,
or the empty value of its type.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, Final

from langmem_ext.longterm.extract import sentences, summarise, topic
from langmem_ext.offline.reading import Prompt
from langmem_ext.text import features, keywords, normalise
from langmem_ext.times import spans

_MAX_DEPTH = 6
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
    return _object(schema, text, schema.get("$defs", {}), prompt, 0)


def _object(schema: Schema, text: str, defs: Schema, prompt: Prompt, depth: int) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    filled: dict[str, Any] = {}
    for name, field in schema.get("properties", {}).items():
        value = _value(name, _resolve(field, defs), text, defs, prompt, depth + 1)
        if value is not None:
            filled[name] = value
        elif name in required:
            filled[name] = _empty(_resolve(field, defs), text, defs, prompt, depth)
    return filled


def _resolve(field: Schema, defs: Schema) -> Schema:
    """Follow a reference, and take the first branch of a union that is not null."""
    while True:
        if "$ref" in field:
            field = defs.get(str(field["$ref"]).rsplit("/", 1)[-1], {})
            continue
        branches = [branch for branch in field.get("anyOf", field.get("oneOf", ())) if branch.get("type") != "null"]
        if not branches and len(field.get("allOf", ())) == 1:
            branches = list(field["allOf"])
        if not branches:
            return field
        field = {key: value for key, value in field.items() if key not in {"anyOf", "oneOf", "allOf"}} | dict(
            branches[0]
        )


def _value(name: str, field: Schema, text: str, defs: Schema, prompt: Prompt, depth: int) -> Any:
    """Return what the text says for a field, or None."""
    if "const" in field:
        return field["const"]
    if "enum" in field:
        folded = normalise(text)
        return next((choice for choice in field["enum"] if normalise(str(choice)) in folded), None)
    kind = field.get("type", "string")
    if kind == "object":
        return _object(field, text, defs, prompt, depth) if depth < _MAX_DEPTH and field.get("properties") else None
    if kind == "array":
        return _array(name, field, text, defs, prompt, depth)
    if kind == "boolean":
        return _boolean(name, text)
    if kind in {"integer", "number"}:
        return _number(name, field, text)
    return _text(name, field, text, prompt)


def _empty(field: Schema, text: str, defs: Schema, prompt: Prompt, depth: int) -> Any:
    """Return a value that a required field may have where the text says nothing."""
    if "default" in field:
        return field["default"]
    if "enum" in field:
        return field["enum"][0]
    kind = field.get("type", "string")
    if kind in {"integer", "number"}:
        return field.get("minimum", field.get("exclusiveMinimum", -1) + 1)
    if kind == "object":
        return _object(field, text, defs, prompt, depth + 1) if depth < _MAX_DEPTH else {}
    if kind == "string":
        return (sentences(text) or [""])[0][: field.get("maxLength", 200)]
    return {"array": [], "boolean": False}.get(kind)


def _array(name: str, field: Schema, text: str, defs: Schema, prompt: Prompt, depth: int) -> list[Any] | None:
    items = _resolve(field.get("items", {}), defs)
    kind = items.get("type", "string")
    most = min(int(field.get("maxItems", 10)), 10)
    if "enum" in items:
        folded = normalise(text)
        return [choice for choice in items["enum"] if normalise(str(choice)) in folded][:most]
    if kind == "string":
        whole = {"sentences", "facts", "points", "notes", "steps", "items", "memories"}
        return (sentences(text) if name.casefold() in whole else keywords(text, most))[:most]
    if kind in {"integer", "number"}:
        return [_parsed(match[0], kind) for match in _NUMBER.finditer(text)][:most]
    if kind == "object" and depth < _MAX_DEPTH:
        return [_object(items, sentence, defs, prompt, depth + 1) for sentence in sentences(text)[:most]]
    return None


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


def _text(name: str, field: Schema, text: str, prompt: Prompt) -> str | None:
    folded = name.casefold()
    if field.get("format") in {"date", "date-time"} or folded.endswith(("date", "_at", "_on", "day")):
        return _date(field, text, prompt)
    for word in reversed(folded.split("_")):
        if pattern := _PATTERNS.get(_ALIASES.get(word, word)):
            match = pattern.search(text)
            return next((group for group in (match.groups() or (match[0],)) if group), None) if match else None
        if writer := _WRITERS.get(word):
            return writer(text)[: field.get("maxLength", 4000)] or None
    return next((said for said in sentences(text) if features(folded) & features(said)), None)


def _date(field: Schema, text: str, prompt: Prompt) -> str | None:
    found = spans(text, prompt.now, prompt.now.tzinfo or UTC)
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
