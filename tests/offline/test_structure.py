"""Structured output of `ExtractiveChatModel`: distillation's schemas, and any other."""

from typing import Any, Literal

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from pydantic import BaseModel, Field

from langmem_ext.longterm.schemas import Digest, MemoryUpdate, Reflections, SummaryDraft
from langmem_ext.offline import ExtractiveChatModel
from langmem_ext.prompts import FOLD, SUMMARISE, UPDATE
from tests.offline.asking import ask


def test_memory_update_quotes_the_message() -> None:
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
def test_summary_covers_the_entries_by_number(schema: type[Any]) -> None:
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


def test_reflections_are_well_formed() -> None:
    body = '<entries>\n<entry n="1">I like tea.</entry>\n<entry n="2">I like green tea.</entry>\n</entries>'
    result = ExtractiveChatModel().with_structured_output(Reflections).invoke([HumanMessage(body)])
    assert isinstance(result, Reflections)


def test_running_summary_is_folded() -> None:
    entries = "<entries>\n<entry>I will fly on 5 October.</entry>\n</entries>"
    body = f"<summary>\nThe budget is 500 euros.\n</summary>\n{entries}"
    text = ask(SystemMessage(FOLD["en"]), HumanMessage(body)).text
    assert "500 euros" in text
    assert "5 October" in text


def test_other_schemas_are_filled_by_name_and_type() -> None:
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


def test_nested_and_json_schemas_validate() -> None:
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
