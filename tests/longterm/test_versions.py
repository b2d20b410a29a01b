"""Revise, retire, undo and history; `as_of` sees through them."""

import pytest

from langmem_ext import LongTermMemory
from langmem_ext.errors import InvalidInputError
from tests.longterm.conftest import Call, Clock


def believed(memory: LongTermMemory, call: Call, **when: object) -> set[str]:
    return {record.content for record in call(memory, "recall", "where does Alice live", **when).records}


def test_a_revision_supersedes_and_the_old_version_stays(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    old = call(memory, "remember", "Alice lives in Paris", topic="home", keywords=["city"])
    clock.advance(days=1)
    new = call(memory, "revise", old.id, "Alice lives in Berlin")
    assert believed(memory, call) == {"Alice lives in Berlin"}
    stored = call(memory, "get", old.id)
    assert (stored.superseded_by, stored.superseded_at) == (new.id, clock.moment)
    assert (new.topic, new.keywords, new.supersedes) == ("home", ["city"], old.id)
    assert [version.id for version in call(memory, "history", new.id)] == [old.id, new.id]
    assert call(memory, "topics") == {"home": [new.id]}


def test_revising_an_old_version_revises_the_newest(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    first = call(memory, "remember", "Alice lives in Paris")
    clock.advance(days=1)
    call(memory, "revise", first.id, "Alice lives in Berlin")
    clock.advance(days=1)
    call(memory, "revise", first.id, "Alice lives in Rome")
    assert believed(memory, call) == {"Alice lives in Rome"}
    assert [v.content.split()[-1] for v in call(memory, "history", first.id)] == ["Paris", "Berlin", "Rome"]


def test_as_of_sees_every_moment_as_it_was(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    old = call(memory, "remember", "Alice lives in Paris")
    in_paris = clock.moment
    revised_at = clock.advance(days=1)
    call(memory, "revise", old.id, "Alice lives in Berlin")
    undone_at = clock.advance(days=1)
    call(memory, "undo", old.id)
    retired_at = clock.advance(days=1)
    call(memory, "retire", old.id)
    restored_at = clock.advance(days=1)
    call(memory, "undo", old.id)
    assert believed(memory, call, as_of="2026-09-29") == set()
    assert believed(memory, call, as_of=in_paris) == {"Alice lives in Paris"}
    assert believed(memory, call, as_of=revised_at) == {"Alice lives in Berlin"}
    assert believed(memory, call, as_of=undone_at) == {"Alice lives in Paris"}
    assert believed(memory, call, as_of=retired_at) == set()
    assert believed(memory, call, as_of=restored_at) == {"Alice lives in Paris"}
    assert believed(memory, call) == {"Alice lives in Paris"}


def test_undo_gives_the_same_record_back(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    old = call(memory, "remember", "Alice lives in Paris", topic="home")
    clock.advance(days=1)
    new = call(memory, "revise", old.id, "Alice lives in Berlin")
    clock.advance(days=1)
    restored = call(memory, "undo", new.id)
    assert restored == old
    assert [record.id for record in call(memory, "records")] == [old.id]
    assert call(memory, "topics") == {"home": [old.id]}
    clock.advance(days=1)
    again = call(memory, "revise", old.id, "Alice lives in Rome")
    assert believed(memory, call) == {"Alice lives in Rome"}
    assert call(memory, "get", again.id).live


def test_retired_memory_is_not_recalled_until_it_is_undone(memory: LongTermMemory, call: Call, clock: Clock) -> None:
    record = call(memory, "remember", "Alice lives in Paris", keywords=["city"])
    clock.advance(days=1)
    call(memory, "retire", record.id)
    assert believed(memory, call) == set()
    assert call(memory, "keywords") == {}
    with pytest.raises(InvalidInputError, match="retired"):
        call(memory, "revise", record.id, "Alice lives in Rome")
    call(memory, "undo", record.id)
    assert believed(memory, call) == {"Alice lives in Paris"}
    assert list(call(memory, "keywords").values()) == [[record.id]]


def test_nothing_to_undo_is_said(memory: LongTermMemory, call: Call) -> None:
    record = call(memory, "remember", "Alice lives in Paris")
    with pytest.raises(InvalidInputError, match="nothing to undo"):
        call(memory, "undo", record.id)


def test_logged_messages_are_not_rewritten(memory: LongTermMemory, call: Call) -> None:
    call(memory, "observe", [{"role": "user", "content": "hello", "id": "m1"}], thread_id="t")
    for name, arguments in (("revise", ["m1", "bye"]), ("retire", ["m1"])):
        with pytest.raises(InvalidInputError, match="message of the log"):
            call(memory, name, *arguments)
