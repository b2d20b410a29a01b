"""`ExtractiveChatModel`: what a chat model must do, done by extraction, in both languages."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_tests.unit_tests import ChatModelUnitTests

from langmem_ext.offline import ExtractiveChatModel
from tests.offline.asking import (
    QUESTION_EN,
    QUESTION_ZH,
    SYSTEM_EN,
    SYSTEM_ZH,
    TRIP_EN,
    TRIP_ZH,
    ask,
    manage_memory,
    search_memory,
)


class TestStandard(ChatModelUnitTests):
    """LangChain's own suite for chat models."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ExtractiveChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {}


def test_chinese_question_is_answered_from_memories_alone() -> None:
    text = ask(SYSTEM_ZH, HumanMessage(TRIP_ZH), HumanMessage(QUESTION_ZH)).text
    assert "约 2 万人民币" in text
    assert "景观民宿" in text
    assert "2026年9月30日" in text
    for other in ("高原反应", "摄影", "机票", "湖泊"):
        assert other not in text


def test_english_question_is_answered_from_memories_alone() -> None:
    text = ask(SYSTEM_EN, HumanMessage(TRIP_EN), HumanMessage(QUESTION_EN)).text
    assert "your budget is about 20,000 RMB" in text
    assert "guesthouse with a view (29 September 2026)" in text
    for other in ("altitude", "photography", "5 October"):
        assert other not in text


def test_question_in_one_language_finds_what_was_said_in_the_other() -> None:
    assert "2 万人民币" in ask(HumanMessage(TRIP_ZH), HumanMessage("What is my budget?")).text
    assert "20,000 RMB" in ask(HumanMessage(TRIP_EN), HumanMessage("我的预算是多少?")).text


@pytest.mark.parametrize("place", ["system", "human", "tool"])
def test_memories_are_read_wherever_the_prompt_builder_put_them(place: str) -> None:
    call = AIMessage("", tool_calls=[{"name": "search_memory", "args": {"query": "预算"}, "id": "1"}])
    prompts: dict[str, list[BaseMessage]] = {
        "system": [SystemMessage(TRIP_ZH), HumanMessage(QUESTION_ZH)],
        "human": [HumanMessage(f"{TRIP_ZH}\n{QUESTION_ZH}")],
        "tool": [HumanMessage(QUESTION_ZH), call, ToolMessage(TRIP_ZH, tool_call_id="1", name="search_memory")],
    }
    assert "2 万人民币" in ask(*prompts[place]).text


def test_what_was_said_in_the_conversation_is_found_without_memories() -> None:
    said = [HumanMessage("My budget is 500 euros."), AIMessage("Noted: your budget is 500 euros.")]
    assert ask(*said, HumanMessage("What is my budget?")).text == "From what you told me: your budget is 500 euros."


def test_core_profile_and_summary_are_read() -> None:
    head = '<profile>\n{"name": "Alice"}\n</profile>\n<summary>\nThe budget is 500 euros.\n</summary>'
    assert "Alice" in ask(HumanMessage(head), HumanMessage("What is my name?")).text
    assert "500 euros" in ask(HumanMessage(head), HumanMessage("What is my budget?")).text


def test_profile_is_told_in_a_sentence_and_not_beside_what_was_said() -> None:
    head = '<profile>\n{"allergic_to": ["花生", "猫毛"]}\n</profile>'
    assert ask(HumanMessage(head), HumanMessage("我对什么过敏?")).text == "根据之前的记录:你对花生过敏;你对猫毛过敏。"
    said = head + '\n<memories>\n<memory id="1" kind="fact" date="2026-09-30">我对花生过敏</memory>\n</memories>'
    answer = ask(HumanMessage(said), HumanMessage("我对什么过敏?")).text
    assert answer.count("花生") == answer.count("猫毛") == 1


@pytest.mark.parametrize(
    ("question", "told", "other"),
    [
        ("我下周有什么安排?", "上海", "牙医"),
        ("What do I have next week?", "上海", "牙医"),
        ("我10月有什么事?", "牙医", "花生"),
    ],
)
def test_question_about_a_time_is_answered_by_what_happens_then(question: str, told: str, other: str) -> None:
    page = (
        "Today is 2026-09-30.\n<memories>\n"
        '<memory id="1" kind="event" date="2026-10-06">我下周二(2026-10-06)要去上海出差</memory>\n'
        '<memory id="2" kind="event" date="2026-10-20">我有个牙医预约</memory>\n'
        '<memory id="3" kind="profile" date="2026-09-30">我对花生过敏</memory>\n</memories>'
    )
    answer = ask(SystemMessage(page), HumanMessage(question)).text
    assert told in answer
    assert other not in answer


@pytest.mark.parametrize(
    ("profile", "told", "question", "answer", "other"),
    [
        ("{}", ("我的预算是一万块", "预算改成两万"), "我的预算是多少?", "两万", "一万"),
        ("{}", ("My budget is 500 euros.", "My budget went up to 900 euros."), "What is my budget?", "900", "500"),
        ('{"lives_in": "Paris"}', ("I live in Berlin.", "I live in Paris."), "Where do I live?", "Paris", "Berlin"),
        (
            '{"lives_in": "Berlin"}',
            ("I moved to Paris.", "I live in Berlin."),
            "Where did I live before?",
            "Paris",
            "Rome",
        ),
    ],
)
def test_of_what_one_has_one_of_the_last_word_is_told(
    profile: str, told: tuple[str, str], question: str, answer: str, other: str
) -> None:
    page = f"<profile>\n{profile}\n</profile>\n<memories>\n" + "\n".join(
        f'<memory id="{n}" kind="message" date="2026-09-30" speaker="user">{text}</memory>'
        for n, text in enumerate(told)
    )
    said = ask(SystemMessage(page + "\n</memories>"), HumanMessage(question)).text
    assert answer in said
    assert other not in said


def test_same_fact_is_said_once() -> None:
    twice = TRIP_EN.replace(
        "</memories>", '<memory id="9" kind="fact" date="2026-09-30">Budget about 20,000 RMB.</memory>'
    )
    assert ask(HumanMessage(twice), HumanMessage("What is my budget?")).text.count("20,000") == 1


def test_question_about_someone_is_answered_by_what_they_said() -> None:
    page = (
        '<memories>\n<memory id="1" kind="message" date="2026-05-01" speaker="Dana">I adopted a puppy.</memory>\n'
        '<memory id="2" kind="message" date="2026-05-01" speaker="Robin">Wow, Dana!</memory>\n'
        '<memory id="3" kind="message" date="2026-05-02" speaker="Robin">Dana, I adopted nothing.</memory>\n</memories>'
    )
    text = ask(HumanMessage(page), HumanMessage("What did Dana adopt?")).text
    assert "Dana: I adopted a puppy" in text
    assert "Wow" not in text


def test_own_earlier_answers_are_no_evidence() -> None:
    earlier = [HumanMessage("What is my budget?"), AIMessage("I found nothing about budget in what I remember.")]
    assert "I found nothing about budget" in ask(*earlier, HumanMessage("What is my budget?")).text


@pytest.mark.parametrize(
    ("question", "subject", "others"),
    [
        ("What is my cat's name?", "cat", "Anna"),
        ("我的猫叫什么名字?", "名字", "小明"),
        ("What does Bob like?", "bob", "lakes"),
    ],
)
def test_nothing_found_is_said_plainly(question: str, subject: str, others: str) -> None:
    known = [HumanMessage(TRIP_EN), HumanMessage("My sister is called Anna."), HumanMessage("我弟弟叫小明。")]
    text = ask(*known, HumanMessage(question)).text
    assert text.startswith(("I found nothing about", "我没有找到"))
    assert subject in text
    assert others not in text


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ("预算 2 万人民币", "记下了:预算 2 万人民币。"),
        ("我喜欢摄影。", "记下了:你喜欢摄影。"),
        ("My sister is called Anna.", "Noted: your sister is called Anna."),
        ("I'm allergic to nuts.", "Noted: you're allergic to nuts."),
    ],
)
def test_statement_is_acknowledged_by_what_it_says(said: str, noted: str) -> None:
    assert ask(SYSTEM_EN, HumanMessage(said)).text == noted


@pytest.mark.parametrize("said", ["hi", "你好!", "thanks", "谢谢", "who are you?", "你是谁?"])
def test_small_talk_is_neither_searched_for_nor_noted(said: str) -> None:
    answer = ask(SYSTEM_EN, HumanMessage(said), tools=[search_memory])
    assert not answer.tool_calls
    assert not answer.text.startswith(("Noted", "记下了", "I found nothing", "我没有找到"))


def test_it_says_that_it_is_extraction() -> None:
    assert "not understanding" in ask(HumanMessage("Who are you?")).text
    assert "不是理解" in ask(HumanMessage("你是谁?")).text


def collect(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return whole


PROMPTS = [[HumanMessage(TRIP_ZH), HumanMessage(QUESTION_ZH)], [HumanMessage(TRIP_EN), HumanMessage(QUESTION_EN)]]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_streams_sync_and_async_give_the_invoked_answer_token_by_token(prompt: list[Any]) -> None:
    model = ExtractiveChatModel()
    whole = model.invoke(prompt)

    async def stream() -> list[AIMessageChunk]:
        return [chunk async for chunk in model.astream(prompt)]

    chunks = list(model.stream(prompt))
    for streamed in (chunks, asyncio.run(stream())):
        assert len(streamed) > 10
        assert collect(streamed).text == whole.text
        assert collect(streamed).usage_metadata == whole.usage_metadata


def test_tool_calls_stream() -> None:
    bound = ExtractiveChatModel().bind_tools([search_memory])
    chunks = [chunk for chunk in bound.stream([HumanMessage(QUESTION_ZH)]) if isinstance(chunk, AIMessageChunk)]
    assert collect(chunks).tool_calls == bound.invoke([HumanMessage(QUESTION_ZH)]).tool_calls


def test_max_tokens_and_stop_end_an_answer() -> None:
    prompt = PROMPTS[1]
    assert ExtractiveChatModel(stop=["budget"]).invoke(prompt).text.endswith("your ")
    short = ExtractiveChatModel(max_tokens=5).invoke(prompt)
    assert short.text
    assert short.usage_metadata is not None
    assert short.usage_metadata["output_tokens"] <= 5


@pytest.mark.parametrize(
    "text",
    [
        "<memory " * 25_000,
        "<memory>" * 25_000,
        "<memories>" * 20_000 + "</log>",
        "<summary>" * 20_000,
        "预算" * 100_000,
        "a" + " " * 200_000 + "b?",
        "的" * 200_000 + "?",
        "I'd like " * 25_000,
    ],
)
def test_long_hostile_text_is_answered(text: str) -> None:
    answer = ask(HumanMessage(TRIP_ZH), HumanMessage(text), tools=[search_memory, manage_memory])
    assert len(answer.text) < 1_000
    assert answer.text or answer.tool_calls


TEXTS = st.text(max_size=80) | st.sampled_from(
    [QUESTION_ZH, TRIP_ZH, "<memory", "</memories>", "<summary>", "?", "的?", "\ud800"]
)


@settings(max_examples=50)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_any_prompt_gets_the_same_answer_twice(texts: list[str]) -> None:
    prompt = [HumanMessage(text) for text in texts]
    for model in (ExtractiveChatModel(), ExtractiveChatModel().bind_tools([search_memory, manage_memory])):
        first, second = model.invoke(prompt), model.invoke(prompt)
        assert first.text or first.tool_calls
        assert (first.text, first.tool_calls) == (second.text, second.tool_calls)


@pytest.mark.parametrize(
    ("old", "said", "kept"),
    [
        ("The user is allergic to peanuts.", "Human: The budget is 500 euros.\nAI: Noted.", ("peanuts", "500 euros")),
        ("用户对花生过敏。", "Human: 预算是 500 元。\nAI: 记下了。", ("花生", "500 元")),
    ],
)
def test_langchains_progressive_summary_is_folded_from_the_last_lines_alone(
    old: str, said: str, kept: tuple[str, ...]
) -> None:
    from langchain_classic.memory.prompt import SUMMARY_PROMPT

    summary = ExtractiveChatModel().invoke(SUMMARY_PROMPT.format(summary=old, new_lines=said)).text
    assert all(words in summary for words in kept)
    assert "artificial intelligence" not in summary
    assert "Human:" not in summary
