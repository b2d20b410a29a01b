"""Why a record was dropped, told to a reader of either language."""

from typing import Any

import pytest

from langmem_ext import LongTermMemory
from langmem_ext.reasons import reason


def called(record_id: str) -> str:
    return f"“words of {record_id}”"


def test_reasons_are_told_in_both_languages_with_words_for_ids() -> None:
    assert reason("covered by a1", "en", called) == "covered by “words of a1”"
    assert reason("says what a1 says", "zh", called) == "与“words of a1”相同"
    assert reason("12 tokens, -3 left", "zh", called) == "需要 12 token,只剩 -3"
    assert reason("no such reason", "zh", called) == "no such reason"


@pytest.mark.parametrize("more", [{"limit": 1}, {"token_budget": 40}, {}])
def test_every_reason_that_a_recall_gives_has_a_translation(more: dict[str, Any]) -> None:
    from langgraph.store.memory import InMemoryStore

    memory = LongTermMemory(InMemoryStore())
    memory.observe([("user", f"I like mountain lake number {n} near the Jungfrau") for n in range(9)], thread_id="t")
    memory.update()
    memory.consolidate()
    found = memory.recall("Which mountain lakes do I like?", **more)
    given = {why for step in found.trace for why in step.dropped.values()}
    assert given
    for why in given:
        told = reason(why, "zh", called)
        assert told != why
        assert not told.isascii()
