"""Why a step of a recall dropped a record, in the reader's language."""

import re
from collections.abc import Callable
from typing import Final

_REASONS: Final = (
    (re.compile(r"covered by (?P<id>.+)"), "covered by {id}", "{id} 已包含"),
    (re.compile(r"says what (?P<id>.+) says"), "says what {id} says", "与{id}相同"),
    (re.compile(r"beyond the limit of (?P<limit>\d+)"), "beyond the limit of {limit}", "超出 {limit} 条的限制"),
    (
        re.compile(r"(?P<tokens>\d+) tokens, (?P<left>-?\d+) left"),
        "{tokens} tokens, {left} left",
        "需要 {tokens} token,只剩 {left}",
    ),
    (re.compile("no room in the main context"), "no room in the main context", "主上下文放不下"),
    (re.compile("left out by the reranker"), "left out by the reranker", "被重排模型舍去"),
    (re.compile("already in the main context"), "already in the main context", "已在主上下文中"),
    (
        re.compile("outside the asked time, kind or belief"),
        "outside the asked time, kind or belief",
        "不在所问的时间、类型或所信之内",
    ),
    (re.compile("forgotten meanwhile"), "forgotten meanwhile", "其间已被遗忘"),
)


def reason(why: str, language: str, called: Callable[[str], str]) -> str:
    """Return why a step dropped a record, in the reader's language, a record it names as the reader knows it.

    Args:
        why: What the trace says.
        language: "en" or "zh"; what has no translation is said as it is.
        called: Gives what the record of an id is called, such as its first words in quotes.
    """
    for pattern, english, chinese in _REASONS:
        if match := pattern.fullmatch(why):
            parts = {name: called(part) if name == "id" else part for name, part in match.groupdict().items()}
            return (chinese if language == "zh" else english).format(**parts)
    return why
