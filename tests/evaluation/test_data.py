"""Files of conversations: what is read, in which order it is told, and what is said about malformed ones."""

import copy
from pathlib import Path
from typing import Any

import pytest

from langmem_ext.errors import InvalidInputError
from langmem_ext.evaluation import Conversation, load
from langmem_ext.evaluation.data import phases
from tests.evaluation.conversations import CHINESE, ENGLISH, conversations, write


def changed(**query: Any) -> dict[str, Any]:
    entry = copy.deepcopy(ENGLISH)
    entry["queries"][0].update(query)
    return entry


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    write(tmp_path / "b.json", [ENGLISH])
    write(tmp_path / "a.json", [CHINESE])
    assert [conversation.name for conversation in load(tmp_path)] == ["厨房", "hiking"]


def test_a_question_knows_only_what_came_before_it() -> None:
    english = conversations()[0]
    told: list[str] = []
    asked = []
    for phase in phases(english, [0, 1, 2]):
        told += [document.id for _, documents in phase.sessions for document in documents]
        asked.append((list(told), [question.number for question in phase.questions]))
    assert asked == [(["h1", "h2", "h3"], [1]), (["h1", "h2", "h3", "h4"], [0, 2])]


def test_a_question_without_a_time_is_asked_after_what_is_known() -> None:
    english, chinese = conversations()
    (first, second) = [phase.questions[0].now.isoformat() for phase in phases(english, [0, 1])]
    assert (first, second) == ("2024-04-02T18:00:01+00:00", "2024-05-05T18:00:01+00:00")
    (phase,) = phases(chinese, [0])
    assert phase.questions[0].now.isoformat() == "2024-06-01T08:00:00+00:00"


def test_speakers_without_a_role_are_named_humans() -> None:
    english, chinese = conversations()
    assert (english.docs[0].message().type, english.docs[0].message().name) == ("human", "Tessa")
    assert [document.message().type for document in chinese.docs] == ["human", "ai"]
    assert chinese.docs[0].message().name is None


def test_a_gold_answer_may_be_a_number() -> None:
    assert Conversation.model_validate(changed(answer=2022)).queries[0].answer == "2022"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (changed(gold=["h9"]), "queries.0.gold: no message or session has the id 'h9'"),
        (changed(before=9), "queries.0.before: 9 is more than the 4 docs"),
        (changed(before=0), "queries.0.before"),
        (changed(time="yesterday"), "queries.0.time"),
        ({"name": "x", "queries": []}, "docs: Field required"),
        (ENGLISH | {"docs": ENGLISH["docs"][:1] * 2}, "the id 'h1' is there twice"),
        (ENGLISH | {"docs": [{**ENGLISH["docs"][0], "time": 3}]}, "docs.0.time"),
        ("text", "conversation 1 (None)"),
    ],
)
def test_a_malformed_entry_is_named_with_its_file_and_what_is_wrong(tmp_path: Path, entry: Any, said: str) -> None:
    file = write(tmp_path / "data.json", [CHINESE, entry])
    with pytest.raises(InvalidInputError) as caught:
        load(file)
    assert str(file) in str(caught.value)
    assert "conversation 1" in str(caught.value)
    assert said in str(caught.value)
    assert "Mona" not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "{}", "[]", "3"])
def test_a_file_that_is_no_list_of_conversations_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "data.json"
    file.write_text(text)
    with pytest.raises(InvalidInputError, match=r"data\.json"):
        load(file)


def test_names_are_unique_over_files(tmp_path: Path) -> None:
    write(tmp_path / "a.json", [ENGLISH])
    write(tmp_path / "b.json", [ENGLISH])
    with pytest.raises(InvalidInputError, match="two conversations 'hiking'"):
        load(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"holds no \*\.json"):
        load(tmp_path)
