"""Decide, as a model with tools would, whether something must be looked up first, and with which tool calls.

Round 0 searches long-term memory for what the question asks and the prompt does not say. A search that was bounded in
time and found nothing is repeated without bounds. The last resort is the raw log.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any, Final

from langmem_ext.offline.answering import Finding
from langmem_ext.offline.aspects import Aspect
from langmem_ext.offline.reading import Prompt, asks
from langmem_ext.times import spans

SEARCH_MEMORY: Final = "search_memory"
SEARCH_LOG: Final = "search_log"
MANAGE_MEMORY: Final = "manage_memory"
_ENOUGH: Final = 0.6
"""Share of a question that must be spoken of for an answer without a search."""
_MAX_CALLS: Final = 3
_MAX_QUERY: Final = 300
_REMEMBER: Final = re.compile(
    r"^\W*(?:please\s+)?(?:remember|note|keep in mind|don't forget|make a note)(?:\s+that)?\b[,:]?\s*(.+)$|"
    r"^\W*(?:请|麻烦|帮我)?(?:记住|记一下|记下|别忘了|不要忘记)[,,::]?\s*(.+)$",
    re.IGNORECASE | re.DOTALL,
)

Call = tuple[str, dict[str, Any]]


def plan_calls(prompt: Prompt, finding: Finding, tools: Mapping[str, Any]) -> list[Call]:
    """Return the calls to make before answering; none means answer now.

    Args:
        prompt: What the model is shown.
        finding: What it already says on the question.
        tools: Bound tools, JSON schema by name.
    """
    made = [name for name, _ in prompt.calls]
    if MANAGE_MEMORY in tools and not made and (kept := _REMEMBER.match(prompt.question)):
        return [(MANAGE_MEMORY, {"action": "create", "content": (kept[1] or kept[2]).strip()})]
    if not asks(prompt.question) or finding.coverage >= _ENOUGH:
        return []
    if SEARCH_MEMORY in tools and SEARCH_MEMORY not in made:
        return _first_search(prompt, finding, tools[SEARCH_MEMORY])
    return [] if finding.chosen else _search_further(prompt, tools, made)


def _search_further(prompt: Prompt, tools: Mapping[str, Any], made: Sequence[str]) -> list[Call]:
    """Search once more where nothing was found: without bounds if there were any, then in the raw log."""
    bounded = any("before" in args or "after" in args for name, args in prompt.calls if name == SEARCH_MEMORY)
    if SEARCH_MEMORY in tools and bounded and made.count(SEARCH_MEMORY) <= _MAX_CALLS:
        return [(SEARCH_MEMORY, {"query": _query(prompt.question)})]
    if SEARCH_LOG in tools and SEARCH_LOG not in made:
        return [(SEARCH_LOG, {"query": _query(prompt.question)})]
    return []


def _first_search(prompt: Prompt, finding: Finding, parameters: Mapping[str, Any]) -> list[Call]:
    """Search for the whole question where nothing is known, else for each thing that is missing."""
    bounds = {name: value for name, value in read_bounds(prompt).items() if name in parameters.get("properties", {})}
    queries = [_query(prompt.question)] if not finding.chosen else _queries(finding.missing)
    return [(SEARCH_MEMORY, {"query": query} | bounds) for query in queries[:_MAX_CALLS]]


def _queries(missing: Sequence[Aspect]) -> list[str]:
    return [aspect.name for aspect in sorted(missing, key=lambda aspect: -aspect.weight)]


def _query(question: str) -> str:
    return question.strip().rstrip("?？!！。. ")[:_MAX_QUERY]


def read_bounds(prompt: Prompt) -> dict[str, str]:
    """Read `before` and `after` out of a question, as ISO 8601 days.

    Only one time, and only a past one, bounds a memory: what was said about a future day was said before it.
    """
    now = prompt.now
    found = spans(prompt.question, now, now.tzinfo or UTC)
    if len(found) != 1:
        return {}
    start, end = found[0].start, found[0].end
    if (start or end or now) > now:
        return {}
    bounds = {} if start is None else {"after": start.date().isoformat()}
    return bounds if end is None else bounds | {"before": (end - timedelta(microseconds=1)).date().isoformat()}
