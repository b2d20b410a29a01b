"""Token counts: by script, from above, additive over what a prompt is made of."""

from typing import Any

import pytest
from hypothesis import given, strategies as st
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from langmem_ext.testing import ScriptedChatModel
from langmem_ext.tokens import (
    FILE_TOKENS,
    IMAGE_TOKENS,
    MESSAGE_TOKENS,
    REPLY_TOKENS,
    SMALL_IMAGE_TOKENS,
    count_message,
    count_messages,
    count_text,
    count_tools,
    counter_for,
)

ENGLISH = (
    "Last summer we walked from Grindelwald to the small lake above the village. The weather was good, the guesthouse "
    "had a balcony with a view of the mountains, and breakfast cost less than we had expected."
)
CHINESE = "去年夏天我们从村子走到山上的小湖，天气很好。民宿有一个能看到雪山的阳台，早餐也比我们想的便宜很多。"

# What the vocabularies themselves say: the largest of o200k_base, cl100k_base, Qwen 3.6 and DeepSeek V4.
MEASURED = {
    "2025-09-30 14:05:33, 20,000 CNY, +41 79 123 45 67, 3.14159265, 1234567890, order #A-99817-B": 81,
    "WARNING: DO NOT REMOVE THE BATTERY BEFORE SHUTTING DOWN THE INSTRUMENT CONTROLLER UNIT": 24,
    "我的 budget 是 20000 CNY,想住 guesthouse,10月5日 flight LX189 飞 Zürich。": 32,
}


def test_english_is_about_four_characters_a_token() -> None:
    assert 3.3 <= len(ENGLISH) / count_text(ENGLISH) <= 4.6


def test_chinese_is_a_bit_over_one_token_a_character() -> None:
    assert 1.0 <= count_text(CHINESE) / len(CHINESE) <= 1.35


def test_traditional_characters_cost_more_than_simplified() -> None:
    assert count_text("預算兩萬人民幣,擔心高原反應") > count_text("预算两万人民币,担心高原反应")


@pytest.mark.parametrize(("text", "tokens"), MEASURED.items())
def test_no_count_is_below_what_a_vocabulary_needs(text: str, tokens: int) -> None:
    assert tokens <= count_text(text) <= 2.2 * tokens


@pytest.mark.parametrize(("text", "least"), [("😀", 2), ("🇨🇭", 4), ("\ud800", 1), ("สวัสดีครับ", 10), ("안녕하세요", 4)])
def test_other_scripts_and_emoji_are_not_undercounted(text: str, least: int) -> None:
    assert count_text(text) >= least


def test_an_empty_text_has_no_tokens() -> None:
    assert count_text("") == 0


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_longer_text_never_has_many_fewer_tokens(left: str, right: str) -> None:
    whole = count_text(left + right)
    assert whole >= max(count_text(left), count_text(right)) - 2
    assert whole <= count_text(left) + count_text(right) + 2


@given(st.text(min_size=1, max_size=300))
def test_a_text_has_at_least_a_token_and_at_most_three_a_character(text: str) -> None:
    assert 1 <= count_text(text) <= 3 * len(text)


def test_a_long_text_without_spaces_is_counted() -> None:
    assert count_text("x" * 200_000) >= 200_000 // 4 - 1
    assert count_text("好" * 200_000) >= 200_000


def test_a_message_costs_its_text_role_and_name() -> None:
    text = count_text(CHINESE)
    assert count_message(HumanMessage(CHINESE)) == text + MESSAGE_TOKENS
    assert count_message(HumanMessage(CHINESE, name="alice")) > text + MESSAGE_TOKENS
    assert count_messages([SystemMessage(""), HumanMessage(CHINESE)]) == text + 2 * MESSAGE_TOKENS + REPLY_TOKENS
    assert count_messages([]) == 0


def test_parts_of_a_message_are_counted_each_by_its_kind() -> None:
    parts: list[Any] = [
        "plain ",
        {"type": "text", "text": ENGLISH},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}},
        {"type": "image_url", "image_url": {"url": "https://example.org/x.png", "detail": "low"}},
        {"type": "file", "base64": "A" * 100_000, "mime_type": "application/pdf"},
    ]
    expected = count_text("plain ") + count_text(ENGLISH) + IMAGE_TOKENS + SMALL_IMAGE_TOKENS + FILE_TOKENS
    assert count_message(HumanMessage(parts)) == expected + MESSAGE_TOKENS


def test_tool_calls_and_results_are_counted_once() -> None:
    call: Any = {"name": "search_memory", "args": {"query": CHINESE}, "id": "call_1", "type": "tool_call"}
    bare = AIMessage("", tool_calls=[call])
    blocks = AIMessage(
        [{"type": "tool_use", "id": "call_1", "name": "search_memory", "input": call["args"]}], tool_calls=[call]
    )
    assert count_message(bare) >= count_text(CHINESE) + count_text("search_memory")
    assert count_message(blocks) == count_message(bare)
    result = ToolMessage(ENGLISH, tool_call_id="call_1", artifact={"not": "sent" * 1000})
    assert count_text(ENGLISH) < count_message(result) < count_text(ENGLISH) + 20


def test_tools_of_every_form_are_counted() -> None:
    @tool
    def search_memory(query: str) -> str:
        """Search what was said before."""
        return query

    class Trip(BaseModel):
        """A trip."""

        place: str

    builtin = {"type": "web_search_preview"}
    as_dict = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
    counts = [count_tools([one]) for one in (search_memory, Trip, as_dict, builtin)]
    assert all(count > 12 for count in counts)
    assert count_tools([search_memory, Trip, as_dict, builtin]) == sum(counts)
    assert count_tools([]) == 0


class _Counting(FakeListChatModel):
    def get_num_tokens(self, text: str) -> int:
        if "\ud800" in text:
            raise ValueError("surrogates not allowed")
        return len(text)


def test_a_models_own_counter_is_used_where_it_works_alone() -> None:
    model = _Counting(responses=["x"])
    assert counter_for(model)("abc") == 3
    assert counter_for(model.bind(stop=["x"]))("abc") == 3
    encoding = FakeListChatModel(responses=["x"], custom_get_token_ids=lambda text: [1] * (2 * len(text)))
    assert counter_for(encoding)("abc") == 6
    assert count_messages([HumanMessage("abc")], counter_for(model)) == 3 + MESSAGE_TOKENS + REPLY_TOKENS


def test_counters_that_would_download_or_ask_a_service_are_not_used() -> None:
    openai = ChatOpenAI(model="gpt-4o", api_key=SecretStr("none"))
    for model in (None, FakeListChatModel(responses=["x"]), openai, "openai:gpt-4o"):
        assert counter_for(model) is count_text
    assert counter_for(ScriptedChatModel())(CHINESE) == count_text(CHINESE)


def test_a_counter_that_refuses_a_text_does_not_cost_the_turn() -> None:
    assert counter_for(_Counting(responses=["x"]))("\ud800") == count_text("\ud800")
