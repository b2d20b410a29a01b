"""The main context: never over its budget, cut only between turns, nothing evicted that must stay."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from langmem_ext import MainContext
from langmem_ext.context import Page
from langmem_ext.context.turns import split_turns
from langmem_ext.errors import ContextBudgetError, InvalidInputError
from langmem_ext.records import MemoryRecord
from langmem_ext.tokens import count_messages, count_tools

DAY = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = ["lake", "budget", "湖泊", "预算两万元", "the quick brown fox", "9 May 2026", "🏔️", "<b>&", "\n", "x" * 90]

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=60).map(" ".join)


def _turn(parts: tuple[str, list[tuple[str, str, bool]], str], number: int) -> list[BaseMessage]:
    question, steps, answer = parts
    turn: list[BaseMessage] = [HumanMessage(question, id=f"h{number}")]
    for place, (argument, result, twice) in enumerate(steps):
        ids = [f"c{number}-{place}-{n}" for n in range(1 + twice)]
        calls = [{"name": "look", "args": {"at": argument}, "id": call_id} for call_id in ids]
        turn.append(AIMessage("", tool_calls=calls, id=f"t{number}-{place}"))
        turn.extend(ToolMessage(result, tool_call_id=call_id, id=f"r{call_id}") for call_id in ids)
    return [*turn, AIMessage(answer, id=f"a{number}")]


turns = st.lists(
    st.tuples(texts, st.lists(st.tuples(texts, texts, st.booleans()), max_size=3), texts), min_size=1, max_size=12
)
conversations = turns.map(lambda parts: [m for n, part in enumerate(parts) for m in _turn(part, n)])


def record(number: int, text: str, **fields: Any) -> MemoryRecord:
    return MemoryRecord(
        id=f"r{number}", content=text, occurred_at=DAY + timedelta(days=number), recorded_at=DAY, **fields
    )


def whole(messages: list[BaseMessage]) -> bool:
    """Whether every call has its results and every result its call."""
    calls = [call["id"] for m in messages if isinstance(m, AIMessage) for call in m.tool_calls]
    return calls == [m.tool_call_id for m in messages if isinstance(m, ToolMessage)]


def tokens(context: MainContext, tools: tuple[Any, ...] = ()) -> int:
    return count_messages(context.render()) + count_tools(tools)


@settings(max_examples=60, deadline=None)
@given(
    conversation=conversations,
    cut=st.integers(0, 5),
    budget=st.integers(200, 1500),
    pages=st.lists(texts, max_size=12),
    summary=st.one_of(st.just(""), texts),
)
def test_what_is_rendered_is_never_over_the_budget(
    conversation: list[BaseMessage], cut: int, budget: int, pages: list[str], summary: str
) -> None:
    context = MainContext(budget, system="You help. 你好。", profile={"name": "王芳"}, summary=summary)
    context.add_messages(conversation[: len(conversation) - cut] or conversation)
    context.add_pages([record(n, text) for n, text in enumerate(pages)])
    assert tokens(context) <= budget
    assert context.usage()["total"] == tokens(context)
    assert context.usage()["total"] == sum(v for k, v in context.usage().items() if k not in {"total", "budget"})


@settings(max_examples=40, deadline=None)
@given(conversation=conversations, budget=st.integers(200, 900))
def test_a_call_is_never_shown_without_its_results(conversation: list[BaseMessage], budget: int) -> None:
    context = MainContext(budget)
    context.add_messages(conversation)
    assert whole(context.render())


@settings(max_examples=40, deadline=None)
@given(conversation=conversations, budget=st.integers(200, 900), pages=st.lists(texts, max_size=6))
def test_system_and_profile_are_always_shown_and_the_newest_question_with_them(
    conversation: list[BaseMessage], budget: int, pages: list[str]
) -> None:
    context = MainContext(budget, system="Speak like a pirate.", profile={"allergy": "花生"})
    context.add_messages(conversation)
    context.add_pages([record(n, text) for n, text in enumerate(pages)])
    rendered = context.render()
    assert rendered[0] == SystemMessage("Speak like a pirate.")
    assert "花生" in str(rendered[1].content)
    newest = max(place for place, message in enumerate(conversation) if isinstance(message, HumanMessage))
    assert any(message.id == conversation[newest].id for message in rendered)


@settings(max_examples=40, deadline=None)
@given(conversation=conversations, budget=st.integers(250, 900))
def test_paging_takes_the_oldest_whole_turns_down_to_the_low_water_mark(
    conversation: list[BaseMessage], budget: int
) -> None:
    context = MainContext(budget)
    context.add_messages(conversation)
    due = context.due
    evicted = context.page_out()
    assert evicted + context.messages == conversation
    assert [len(turn) for turn in split_turns(evicted)] + [len(turn) for turn in split_turns(context.messages)] == [
        len(turn) for turn in split_turns(conversation)
    ]
    assert whole(evicted)
    assert len(split_turns(context.messages)) >= 1
    assert not context.due
    if due:
        assert evicted
        assert context.summary


def test_a_turn_begins_at_a_human_message_and_takes_the_ones_right_after_it_along() -> None:
    messages = [
        AIMessage("hi"),
        HumanMessage("here is a document"),
        HumanMessage("sum it up"),
        AIMessage("done"),
        HumanMessage("ok"),
    ]
    assert [len(turn) for turn in split_turns(messages)] == [1, 3, 1]


def test_pages_stand_right_before_the_newest_question_in_the_order_of_time() -> None:
    context = MainContext(1000, system="s")
    context.add_messages([("user", "first"), ("ai", "yes"), ("user", "second"), AIMessage("", tool_calls=[])])
    context.add_pages([record(2, "later"), record(1, "earlier")], [0.9, 0.1])
    kinds = [str(message.content)[:10] for message in context.render()]
    assert kinds == ["s", "first", "yes", "<memories>", "second", ""]
    shown = str(context.render()[3].content)
    assert shown.index("earlier") < shown.index("later")


def test_pages_of_the_lowest_value_leave_first() -> None:
    context = MainContext(400)
    context.add_messages([("user", "question")])
    context.add_pages([record(n, f"note {n} " + "word " * 20) for n in range(20)], [float(20 - n) for n in range(20)])
    kept = [page.id for page in context.pages]
    assert kept == [f"r{n}" for n in range(len(kept))]
    assert 0 < len(kept) < 20
    worst = context.pages[-1].id
    assert context.add_pages([record(99, "the newest note " + "word " * 20)], [1.0])
    assert worst not in {page.id for page in context.pages}
    assert tokens(context) <= 400


@pytest.mark.parametrize(
    ("filler", "needle", "question"),
    [
        ("The committee met and talked about nothing. ", "The wifi password is plover.", "What is the wifi password?"),
        ("委员会开会,什么也没有决定。", "无线网络的密码是鸻鸟。", "无线网络的密码是什么?"),
    ],
    ids=["en", "zh"],
)
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_of_a_long_record_its_start_and_what_answers_the_question_are_shown(
    filler: str, needle: str, question: str, place: float
) -> None:
    before = int(400 * place)
    text = "START " + filler * before + needle + filler * (400 - before)
    context = MainContext(2000)
    context.add_messages([("user", question)])
    others = [record(n, "a short note") for n in range(5)]
    context.add_pages([record(9, text, kind="message"), *others], about=question)
    shown = str(context.render()[0].content)
    assert "START" in shown
    assert needle in shown
    assert 'search_log(message_id="r9")' in shown
    assert shown.count("a short note") == 5
    assert tokens(context) <= 2000


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=3000), about=st.text(max_size=60), budget=st.integers(150, 900), name=st.text(max_size=9))
def test_any_record_can_be_shown_in_part(text: str, about: str, budget: int, name: str) -> None:
    context = MainContext(budget)
    context.add_messages([("user", "q")])
    long = record(1, text * 3, kind="message").model_copy(update={"id": f"{{{name}}}"})
    context.add_pages([long], about=about)
    assert tokens(context) <= budget


def test_a_page_that_is_there_already_is_not_shown_twice() -> None:
    context = MainContext(1000)
    context.add_messages([("user", "q")])
    assert [page.id for page in context.add_pages([record(1, "alpine lakes")])] == ["r1"]
    assert context.add_pages([record(1, "alpine lakes")]) == []
    assert str(context.render()).count("alpine lakes") == 1
    assert "r1" in context.ids


def test_pages_survive_a_round_trip_through_json() -> None:
    context = MainContext(1000)
    context.add_messages([("user", "q")])
    context.add_pages([record(1, "高山湖泊", pinned=True)])
    restored = MainContext(1000)
    restored.add_messages([("user", "q")])
    restored.restore_pages(Page.of(page.as_dict()) for page in context.pages)
    assert [m.content for m in restored.render()] == [m.content for m in context.render()]


def test_what_can_never_be_evicted_must_fit_when_the_context_is_built() -> None:
    with pytest.raises(ContextBudgetError, match=r"system \d+, profile \d+, tools \d+") as error:
        MainContext(500, system="rules " * 100, profile={"notes": ["n " * 600]})
    assert "500" in str(error.value)
    assert "n n n" not in str(error.value)


@pytest.mark.parametrize("text", ["word " * 40_000, "长" * 200_000, "x" * 200_000])
def test_an_overlong_newest_message_is_shown_cut_in_the_middle_with_a_note(text: str) -> None:
    context = MainContext(1000, system="s")
    context.add_messages([HumanMessage(f"START {text} END", id="m1")])
    assert tokens(context) <= 1000
    shown = str(context.render()[-1].content)
    assert shown.startswith("START")
    assert shown.endswith("END")
    assert 'search_log(message_id="m1")' in shown
    assert tokens(context) > 700  # most of the room is used
    assert str(context.messages[0].content).startswith("START " + text[:1000])  # only shown shorter


def test_tool_schemas_are_part_of_the_budget() -> None:
    tool = {
        "type": "function",
        "function": {"name": "look", "description": "d " * 200, "parameters": {"type": "object"}},
    }
    context = MainContext(700, tools=[tool])
    context.add_messages([("user", "w " * 2000)])
    assert context.usage()["tools"] >= 200
    assert tokens(context, (tool,)) <= 700


def test_a_model_that_fails_to_summarise_costs_no_turn_and_no_summary() -> None:
    class Broken:
        def invoke(self, *_args: Any, **_kwargs: Any) -> None:
            raise RuntimeError("down")

    context = MainContext(300)
    for number in range(20):
        context.add_messages([("user", f"My sister number {number} lives in Bergen."), ("ai", "I see. " * 10)])
    evicted = context.page_out(model=Broken())  # type: ignore[arg-type]
    assert evicted
    assert "Bergen" in context.summary


def test_the_rolling_summary_keeps_its_bound_over_many_evictions() -> None:
    context = MainContext(400)
    for number in range(200):
        context.add_messages([("user", f"On day {number} I met Dr. Number{number} in 苏黎世。"), ("ai", "noted " * 8)])
        if context.due:
            context.page_out()
    assert tokens(context) <= 400
    assert context.usage()["summary"] <= 60
    assert len(context.messages) < 60


async def test_paging_works_the_same_on_an_event_loop() -> None:
    pair = []
    for _ in range(2):
        context = MainContext(300)
        for number in range(20):
            context.add_messages(
                [HumanMessage(f"I like lake {number}", id=str(number)), AIMessage("ok " * 9, id=f"a{number}")]
            )
        pair.append(context)
    assert pair[0].page_out() == await pair[1].apage_out()
    assert pair[0].summary == pair[1].summary


@pytest.mark.parametrize(
    "arguments",
    [{"budget": 0}, {"budget": 1.5}, {"low_water": 0.9, "high_water": 0.5}, {"page_share": 1.0}, {"page_limit": 0}],
)
def test_settings_that_cannot_be_meant_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        MainContext(**arguments)


def test_system_messages_of_a_conversation_are_shown_within_the_one_system_message() -> None:
    context = MainContext(500, system="one")
    context.add_messages([("system", "two"), ("user", "q")])
    rendered = context.render()
    assert [message.type for message in rendered] == ["system", "human"]
    assert rendered[0].content == "one\n\ntwo"
    assert tokens(context) == context.usage()["total"]
