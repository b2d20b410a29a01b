"""How remembered text is shown: always as text, shortened, its direction kept to itself. Pure functions.

What was remembered may be anything: markup, control characters, characters that turn the direction of a line, a
megabyte without a space. It is escaped by the templates; here it is cut, what can't be seen is made visible, and it is
put into ``<bdi>``, so that no character in it moves a character outside.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Final

from markupsafe import Markup, escape

EXCERPT: Final = 320
"""Characters shown of a record in a list."""
WHOLE: Final = 20_000
"""Characters shown of the record that a page is about."""
LABEL: Final = 80
"""Characters shown of a topic, keyword, speaker or id."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
_WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "zh": ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def visible(text: str) -> Markup:
    """Escape text, and write out what can't be seen, direction controls among it, as its code point."""
    parts: list[Markup] = []
    place = 0
    for match in _UNSEEN.finditer(text):
        parts.append(escape(text[place : match.start()]))
        parts.append(Markup('<span class="unseen">U+{:04X}</span>').format(ord(match[0])))
        place = match.end()
    return Markup("").join([*parts, escape(text[place:])])


def shown(text: object, limit: int = EXCERPT) -> Markup:
    """Return text for a page: isolated, escaped and cut, saying how long it is where it was cut."""
    whole = str(text)
    body = Markup("<bdi>{}</bdi>").format(visible(whole[:limit]))
    if len(whole) <= limit:
        return body
    return Markup('{}<span class="cut">… {:,}</span>').format(body, len(whole))


def label(text: object) -> Markup:
    """Return a short name for a page; see `shown`."""
    return shown(" ".join(str(text).split()) or "␣", LABEL)


def plain(text: object, limit: int = LABEL) -> str:
    """Return a short name for where no markup can stand, a title or a choice; what can't be seen is replaced."""
    name = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", " ".join(str(text).split()))
    return name if len(name) <= limit else f"{name[:limit]}…"


def quoted(text: str, quote: str | None, limit: int = WHOLE) -> Markup:
    """Return text with the first occurrence of a quote marked, in the part around it."""
    place = text.find(quote) if quote else -1
    if not quote or place < 0:
        return shown(text, limit)
    start = max(0, place - limit // 2)
    before, said = text[start:place], text[place : place + len(quote)][:limit]
    after = text[place + len(said) : place + len(said) + limit // 2]
    lead, rest = ("…" if start else ""), ("…" if place + len(said) + len(after) < len(text) else "")
    return Markup("<bdi>{}{}<mark>{}</mark>{}{}</bdi>").format(
        lead, visible(before), visible(said), visible(after), rest
    )


def pretty(value: Any) -> str:
    """Return JSON as a person reads it."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def long_date(day: date, language: str) -> str:
    """Return a day with its weekday."""
    weekday = _WEEKDAYS[language][day.weekday()]
    return f"{short_date(day, language)} {weekday}" if language == "zh" else f"{weekday} {short_date(day, language)}"


def short_date(day: date, language: str) -> str:
    """Return a day."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment(at: datetime, zone: tzinfo, language: str) -> str:
    """Return a moment in a zone, to the minute."""
    local = in_zone(at, zone)
    return f"{short_date(local.date(), language)} {local:%H:%M}"


def in_zone(at: datetime, zone: tzinfo) -> datetime:
    """Return a moment in a zone, or in UTC at the ends of the calendar, where a zone may have no such day."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at.astimezone(UTC)


def choose_language(accept: str) -> str:
    """Return "zh" or "en", whichever an `Accept-Language` header wants more; English where it names neither."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",")):
        tag, _, parameter = part.partition(";")
        language = tag.strip().lower().split("-")[0]
        if language in {"zh", "en"}:
            wanted.append((-_quality(parameter), place, language))
    return min(wanted)[2] if wanted else "en"


def _quality(parameter: str) -> float:
    match = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter)
    return float(match[1]) if match else 1.0


def shares(numbers: Iterable[float], width: float = 100.0) -> list[tuple[float, float]]:
    """Return where each number's piece of a bar begins and how wide it is."""
    listed = list(numbers)
    total = sum(listed) or 1.0
    found: list[tuple[float, float]] = []
    place = 0.0
    for number in listed:
        size = width * number / total
        found.append((round(place, 3), round(size, 3)))
        place += size
    return found
