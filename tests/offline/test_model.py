"""`ExtractiveChatModel`: what a chat model must do, done by extraction, in both languages."""

import asyncio
from typing import Any, Literal

import pytest
from hypothesis import given, settings, strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_tests.unit_tests import ChatModelUnitTests
from pydantic import BaseModel, Field

from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm.schemas import Digest, MemoryUpdate, Reflections, SummaryDraft
from langmem_ext.offline import ExtractiveChatModel
from langmem_ext.prompts import ANALYSE, ASSISTANT, FOLD, SUMMARISE, UPDATE

TRIP_ZH = """<memories>
<memory id="1" kind="message" date="2026-09-30" speaker="user">喜欢高山湖泊</memory>
<memory id="2" kind="message" date="2026-09-30" speaker="user">预算 2 万人民币</memory>
<memory id="3" kind="message" date="2026-09-30" speaker="user">希望住有景观的民宿</memory>
<memory id="4" kind="message" date="2026-09-30" speaker="user">担心高原反应</memory>
<memory id="5" kind="message" date="2026-09-30" speaker="user">喜欢摄影</memory>
<memory id="6" kind="message" date="2026-09-30" speaker="user">已订好 10月5日机票</memory>
</memories>"""
TRIP_EN = """<memories>
<memory id="1" kind="message" date="2026-09-30" speaker="user">I love mountain lakes and photography!</memory>
<memory id="2" kind="message" date="2026-09-30" speaker="user">My budget is about 20,000 RMB.</memory>
<memory id="3" kind="message" date="2026-09-29" speaker="user">I'd like to stay in a guesthouse with a view.</memory>
<memory id="4" kind="message" date="2026-09-28" speaker="user">I'm worried about altitude sickness.</memory>
<memory id="5" kind="fact" date="2026-09-28">Alice booked her flight for 5 October.</memory>
</memories>"""
QUESTION_ZH = "我瑞士旅行的预算和住宿安排是怎样的?"
QUESTION_EN = "What are the budget and accommodation for my Switzerland trip?"
SYSTEM_ZH = SystemMessage(ASSISTANT["zh"] + ANALYSE["zh"].format(now="2026-10-01"))
SYSTEM_EN = SystemMessage(ASSISTANT["en"] + ANALYSE["en"].format(now="2026-10-01"))


@tool
def search_memory(query: str, before: str | None = None, after: str | None = None) -> str:
    """Search long-term memory."""
    return query


@tool
def search_log(query: str) -> str:
    """Page through the raw log."""
    return query


@tool
def manage_memory(content: str, action: Literal["create", "revise"] = "create") -> str:
    """Store a memory."""
    return content


class TestStandard(ChatModelUnitTests):
    """LangChain's own suite for chat models."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ExtractiveChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {}


def ask(*messages: Any, tools: Any = ()) -> AIMessage:
    model = ExtractiveChatModel()
    bound = model.bind_tools(tools) if tools else model
    answer = bound.invoke(list(messages))
    assert isinstance(answer, AIMessage)
    return answer


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


class TestSearching:
    """When tools are bound, it asks for what the prompt lacks."""

    def test_missing_memory_is_searched_for(self) -> None:
        (call,) = ask(SYSTEM_ZH, HumanMessage(QUESTION_ZH), tools=[search_memory]).tool_calls
        assert call["name"] == "search_memory"
        assert "预算" in call["args"]["query"]
        assert call["id"]

    def test_bounds_are_read_out_of_the_question(self) -> None:
        (call,) = ask(
            SYSTEM_EN, HumanMessage("What did I say about my budget last week?"), tools=[search_memory]
        ).tool_calls
        assert (call["args"]["after"], call["args"]["before"]) == ("2026-09-21", "2026-09-27")
        (call,) = ask(SYSTEM_ZH, HumanMessage("9月30日之前我说过预算是多少?"), tools=[search_memory]).tool_calls
        assert call["args"]["before"] == "2026-09-29"
        assert "after" not in call["args"]

    def test_day_to_come_bounds_nothing(self) -> None:
        (call,) = ask(SYSTEM_EN, HumanMessage("What is my flight on 5 October 2026?"), tools=[search_memory]).tool_calls
        assert not {"before", "after"} & call["args"].keys()

    def test_nothing_is_searched_for_when_memories_suffice(self) -> None:
        answer = ask(SYSTEM_ZH, HumanMessage(TRIP_ZH), HumanMessage(QUESTION_ZH), tools=[search_memory])
        assert not answer.tool_calls
        assert "2 万人民币" in answer.text

    def test_statement_is_not_searched_for(self) -> None:
        assert not ask(HumanMessage("My budget is 500 euros."), tools=[search_memory]).tool_calls

    def test_log_is_the_last_resort_and_then_it_answers(self) -> None:
        prompt: list[Any] = [SYSTEM_EN, HumanMessage(QUESTION_EN)]
        names = []
        for _ in range(5):
            answer = ask(*prompt, tools=[search_memory, search_log])
            if not answer.tool_calls:
                break
            names.append(answer.tool_calls[0]["name"])
            nothing = [ToolMessage("No memory matches.", tool_call_id=call["id"]) for call in answer.tool_calls]
            prompt += [answer, *nothing]
        assert names == ["search_memory", "search_log"]
        assert answer.text.startswith("I found nothing about")

    def test_bounded_search_without_result_is_repeated_without_bounds(self) -> None:
        question = HumanMessage("What did I say about my budget last week?")
        first = ask(SYSTEM_EN, question, tools=[search_memory])
        nothing = ToolMessage("No memory matches.", tool_call_id=first.tool_calls[0]["id"], name="search_memory")
        (call,) = ask(SYSTEM_EN, question, first, nothing, tools=[search_memory]).tool_calls
        assert not {"before", "after"} & call["args"].keys()

    def test_log_messages_answer(self) -> None:
        call = AIMessage("", tool_calls=[{"name": "search_log", "args": {"query": "budget"}, "id": "1"}])
        page = (
            '<log page="1">\n<message id="7" thread="t" n="0" date="2026-09-30T10:00+00:00" speaker="user">'
            "My budget is 500 euros.</message>\n</log>"
        )
        text = ask(
            HumanMessage("What is my budget?"), call, ToolMessage(page, tool_call_id="1", name="search_log")
        ).text
        assert "your budget is 500 euros" in text
        assert "30 September 2026" in text

    def test_request_to_remember_is_a_tool_call(self) -> None:
        (call,) = ask(HumanMessage("Please remember that I am vegetarian."), tools=[manage_memory]).tool_calls
        assert call["args"] == {"action": "create", "content": "I am vegetarian."}
        (call,) = ask(HumanMessage("请记住我吃素"), tools=[manage_memory]).tool_calls
        assert call["args"]["content"] == "我吃素"

    def test_tool_choice_none_calls_nothing(self) -> None:
        bound = ExtractiveChatModel().bind_tools([search_memory], tool_choice="none")
        assert not bound.invoke([HumanMessage(QUESTION_EN)]).tool_calls

    @pytest.mark.parametrize("choice", ["any", "required", "search_memory"])
    def test_forced_tool_is_called_with_arguments_it_takes(self, choice: str) -> None:
        bound = ExtractiveChatModel().bind_tools([search_memory], tool_choice=choice)
        (call,) = bound.invoke([HumanMessage("My budget is 500 euros.")]).tool_calls
        assert isinstance(call["args"]["query"], str)

    def test_unknown_tool_choice_is_refused(self) -> None:
        with pytest.raises(InvalidInputError, match="search_memory"):
            ExtractiveChatModel().bind_tools([search_memory], tool_choice="nonsense")


class TestStructuredOutput:
    """Distillation's schemas, and any other."""

    def test_memory_update_quotes_the_message(self) -> None:
        body = (
            "<known_memories>\n</known_memories>\n<new_messages>\n"
            '<message n="1" speaker="user" date="2026-09-30T10:00+00:00">我喜欢摄影,预算 2 万人民币</message>\n'
            '<message n="2" speaker="assistant" date="2026-09-30T10:00+00:00">好的</message>\n</new_messages>'
        )
        model = ExtractiveChatModel().with_structured_output(MemoryUpdate, include_raw=True)
        result = model.invoke([SystemMessage(UPDATE["zh"]), HumanMessage(body)])
        assert isinstance(result, dict)
        update = result["parsed"]
        assert isinstance(update, MemoryUpdate)
        assert update.operations
        assert all(operation.message == 1 and operation.quote in body for operation in update.operations)
        assert result["raw"].usage_metadata["input_tokens"] > 0

    @pytest.mark.parametrize("schema", [Digest, SummaryDraft])
    def test_summary_covers_the_entries_by_number(self, schema: type[Any]) -> None:
        body = (
            '<entries>\n<session n="1" date="2026-09-30">\n'
            '<entry n="3" speaker="user">我打算去瑞士徒步,预算 2 万人民币</entry>\n'
            '<entry n="4" speaker="user">希望住有景观的民宿</entry>\n</session>\n</entries>'
        )
        result = (
            ExtractiveChatModel()
            .with_structured_output(schema)
            .invoke([SystemMessage(SUMMARISE["zh"]), HumanMessage(body)])
        )
        draft = result.summaries[0] if isinstance(result, Digest) else result
        assert isinstance(draft, SummaryDraft)
        assert "2 万" in draft.content
        assert draft.topic
        assert {entry.entry for entry in draft.entries} <= {3, 4}

    def test_reflections_are_well_formed(self) -> None:
        body = '<entries>\n<entry n="1">I like tea.</entry>\n<entry n="2">I like green tea.</entry>\n</entries>'
        result = ExtractiveChatModel().with_structured_output(Reflections).invoke([HumanMessage(body)])
        assert isinstance(result, Reflections)

    def test_running_summary_is_folded(self) -> None:
        entries = "<entries>\n<entry>I will fly on 5 October.</entry>\n</entries>"
        body = f"<summary>\nThe budget is 500 euros.\n</summary>\n{entries}"
        text = ask(SystemMessage(FOLD["en"]), HumanMessage(body)).text
        assert "500 euros" in text
        assert "5 October" in text

    def test_other_schemas_are_filled_by_name_and_type(self) -> None:
        class Guest(BaseModel):
            """A guest."""

            name: str
            email: str | None = None
            nights: int = Field(ge=1)
            room: Literal["single", "double"]
            smoker: bool = False
            arrival: str = Field(json_schema_extra={"format": "date"})
            wishes: list[str] = []

        text = "My name is Alice Miller, alice@example.org. A double room for 3 nights from 2026-10-05, please."
        guest = ExtractiveChatModel().with_structured_output(Guest).invoke([HumanMessage(text)])
        assert isinstance(guest, Guest)
        assert (guest.name, guest.email, guest.nights, guest.room) == ("Alice Miller", "alice@example.org", 3, "double")
        assert not guest.smoker
        assert guest.arrival == "2026-10-05"

    def test_nested_and_json_schemas_validate(self) -> None:
        class Item(BaseModel):
            title: str
            amount: float

        class Order(BaseModel):
            items: list[Item]
            first: Item

        order = ExtractiveChatModel().with_structured_output(Order).invoke([HumanMessage("Two lamps for 30.50 euros.")])
        assert isinstance(order, Order)
        schema = {
            "title": "note",
            "description": "A note",
            "type": "object",
            "properties": {"summary": {"type": "string"}},
        }
        note = ExtractiveChatModel().with_structured_output(schema).invoke([HumanMessage("The lake is deep.")])
        assert note == {"summary": "The lake is deep."}


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
