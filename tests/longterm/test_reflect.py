"""Reflection: insights with evidence, when enough has gathered."""

import pytest
from langgraph.store.base import BaseStore

from langmem_ext import LongTermMemory
from langmem_ext.offline import ExtractiveChatModel
from langmem_ext.testing import ScriptedChatModel
from tests.longterm.conftest import Call, Clock


def learn(memory: LongTermMemory, count: int, importance: float = 0.8) -> None:
    memory.remember_many(
        [
            {
                "id": f"f{n}",
                "content": f"Alice went on hike number {n}",
                "keywords": ["hiking"],
                "importance": importance,
            }
            for n in range(count)
        ]
    )


def test_reflection_waits_until_enough_importance_has_gathered(
    memory: LongTermMemory, call: Call, clock: Clock
) -> None:
    learn(memory, 10)
    assert not call(memory, "reflect", due_only=True).due
    memory.remember_many([{"content": f"Alice cooked dish {n}", "importance": 1.0} for n in range(8)])
    assert call(memory, "reflect", due_only=True).due
    clock.advance(hours=1)
    assert call(memory, "reflect", due_only=True).gathered < 2


def test_an_insight_keeps_its_evidence_and_an_unsupported_one_is_left_out(
    store: BaseStore, call: Call, clock: Clock
) -> None:
    answer = {
        "insights": [
            {"content": "Alice hikes a lot", "entries": [1, 2, 3], "keywords": ["hiking"], "importance": 0.9},
            {"content": "Alice is rich", "entries": [1, 99]},
        ]
    }
    memory = LongTermMemory(store, ("memories", "alice"), model=ScriptedChatModel(responses=[answer]), clock=clock)
    learn(memory, 4)
    report = call(memory, "reflect")
    (insight,) = memory.records(kinds="reflection")
    assert report.reflections == [insight.id]
    assert (insight.content, len(insight.sources), insight.data) == ("Alice hikes a lot", 3, {"about": "user"})
    assert len(report.warnings) == 1


def test_an_insight_is_recalled_in_place_of_what_it_came_from(memory: LongTermMemory, call: Call) -> None:
    learn(memory, 4)
    memory.remember(
        "Alice goes hiking again and again",
        id="r",
        kind="reflection",
        sources=[f"f{n}" for n in range(4)],
        keywords=["hiking"],
    )
    assert set(call(memory, "recall", "Does Alice go hiking?").ids()) == {"r"}


def test_a_failing_model_leaves_the_reflection_due(store: BaseStore, call: Call, clock: Clock) -> None:
    answer: dict[str, list[str]] = {"insights": []}
    memory = LongTermMemory(
        store, ("memories", "alice"), model=ScriptedChatModel(responses=[OSError("down"), answer]), clock=clock
    )
    learn(memory, 4)
    assert call(memory, "reflect").warnings
    report = call(memory, "reflect")
    assert (report.due, report.model_calls, report.warnings) == (True, 1, [])


def test_without_a_model_what_comes_up_again_and_again_is_counted(memory: LongTermMemory, call: Call) -> None:
    learn(memory, 4)
    call(memory, "reflect")
    (insight,) = memory.records(kinds="reflection")
    assert "hiking" in insight.content
    assert sorted(insight.sources) == ["f0", "f1", "f2", "f3"]


@pytest.mark.parametrize("content", ["Alice went hiking near lake number {}", "小林第{}次去徒步"])
def test_the_offline_model_reflects_on_what_repeats(store: BaseStore, call: Call, content: str) -> None:
    memory = LongTermMemory(store, ("memories", "alice"), model=ExtractiveChatModel())
    for number in range(3):
        memory.remember(content.format(number), id=f"f{number}", importance=0.8)
    call(memory, "reflect")
    insights = memory.records(kinds="reflection")
    assert [sorted(insight.sources) for insight in insights] == [["f0", "f1", "f2"]]
