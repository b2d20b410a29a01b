"""What the tests of the offline model ask it: prompts, tools that it may call, one call."""

from typing import Any, Literal

from langchain_core.messages import AIMessage, SystemMessage
from langchain_core.tools import tool

from langmem_ext.offline import ExtractiveChatModel
from langmem_ext.prompts import ANALYSE, ASSISTANT

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


def ask(*messages: Any, tools: Any = ()) -> AIMessage:
    model = ExtractiveChatModel()
    bound = model.bind_tools(tools) if tools else model
    answer = bound.invoke(list(messages))
    assert isinstance(answer, AIMessage)
    return answer
