"""Whose memory a run reaches."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from langgraph.store.memory import InMemoryStore

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError
from langmem_ext.scope import USER_NAMESPACE, MemoryScope, Run, current_run

USERS = st.text(min_size=1, max_size=24) | st.sampled_from(
    ["a.b", "a%2E;b", "records", "%records;", "log", "{user_id}", "\ud800"]
)


def run_of(**values: Any) -> Run:
    return Run(None, None, values)


@settings(max_examples=50)
@given(USERS, USERS)
def test_two_users_never_share_a_namespace(one: str, other: str) -> None:
    scope = MemoryScope(USER_NAMESPACE, InMemoryStore(), {})
    first, second = (scope.namespace(run_of(user_id=user)) for user in (one, other))
    assert (first == second) == (one == other)
    assert first == namespaces.user_namespace(one)
    assert namespaces.root(first) == first


def test_same_user_gets_the_same_memory_and_another_time_another_clock() -> None:
    scope = MemoryScope(USER_NAMESPACE, InMemoryStore(), {})
    alice = scope.memory(run_of(user_id="alice"))
    assert scope.memory(run_of(user_id="alice")) is alice
    later = scope.memory(run_of(user_id="alice", now="2030-01-01"))
    assert later.namespace == alice.namespace
    assert later.now().isoformat() == "2030-01-01T00:00:00+00:00"


def test_number_of_kept_memories_is_bounded() -> None:
    scope = MemoryScope(USER_NAMESPACE, InMemoryStore(), {})
    first = scope.memory(run_of(user_id="0"))
    for number in range(1, 200):
        scope.memory(run_of(user_id=str(number)))
    assert scope.memory(run_of(user_id="0")) is not first


def test_context_wins_and_an_authenticated_user_wins_over_all() -> None:
    assert Run({"user_id": "alice"}, None, {"user_id": "bob"}).get("user_id") == "alice"
    assert Run({"user_id": "alice"}, None, {"user_id": "bob"}, user="carol").get("user_id") == "carol"
    assert Run({"user_id": "alice"}, None, {"thread_id": "t"}).thread_id == "t"


def test_outside_of_a_run_there_are_no_values() -> None:
    run = current_run()
    assert run.store is None
    assert run.get("user_id") is None
    assert run.thread_id == "default"


@pytest.mark.parametrize("value", [None, ""])
def test_missing_value_is_named(value: Any) -> None:
    with pytest.raises(InvalidInputError, match="org"):
        MemoryScope(("memories", "{org}"), InMemoryStore(), {}).namespace(run_of(user_id="alice", org=value))


def test_what_is_no_store_is_refused() -> None:
    store: Any = {"not": "a store"}
    with pytest.raises(InvalidInputError, match="BaseStore"):
        MemoryScope(USER_NAMESPACE, store, {})
