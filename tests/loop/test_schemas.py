"""An application's own types of data, through the agent and through the middleware."""

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from pydantic import BaseModel

from langmem_ext import MemoryMiddleware, create_memory_agent
from langmem_ext.testing import ScriptedChatModel
from tests.loop.fakes import ALICE, memory_of


class Trip(BaseModel):
    to: str
    days: int


LEARNT = {
    "operations": [
        {
            "action": "add",
            "message": 1,
            "quote": "Rome for 3 days",
            "content": "Trip to Rome",
            "schema": "Trip",
            "data": {"to": "Rome", "days": "3"},
        }
    ]
}


def agent(store: BaseStore, model: ScriptedChatModel) -> Any:
    return create_memory_agent(model, store=store, analysis="recall", memory_options={"schemas": [Trip]})


def with_middleware(store: BaseStore, model: ScriptedChatModel) -> Any:
    middleware = MemoryMiddleware(model=model, schemas=[Trip])
    return create_agent(model, middleware=[middleware], store=store, context_schema=type(ALICE))


@pytest.mark.parametrize("make", [agent, with_middleware])
def test_what_it_learns_follows_the_applications_schemas(make: Any) -> None:
    store = InMemoryStore()
    make(store, ScriptedChatModel(responses=["Noted.", LEARNT])).invoke(
        {"messages": [HumanMessage("I go to Rome for 3 days")]}, context=ALICE
    )
    (learnt,) = memory_of(store).records(kinds="fact")
    assert learnt.data == {"schema": "Trip", "to": "Rome", "days": 3}
