"""`langmem-ext eval` as a person and as a script use it, a real client against a server on loopback included."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from langmem_ext.testing import Fault, OpenAIProtocolServer
from tests.cli.conftest import Cli, cli
from tests.evaluation.conversations import write

__all__ = ["cli"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIProtocolServer]:
    """Serve as the endpoint of every "openai:…" model."""
    with OpenAIProtocolServer() as running:
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("OPENAI_API_BASE", running.url)
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        yield running


def reply(prompt: list[BaseMessage]) -> Any:
    """Answer from what is shown; grade by the gold answer."""
    asked = next((message.text for message in prompt if "</answer>" in message.text), prompt[-1].text)
    if "</answer>" not in asked:
        return "She keeps them in Graz." if "bees" in asked else "花生" if "过敏" in asked else "I don't know."
    gold = re.search(r"<gold_answer>\n(.*)\n</gold_answer>", asked)
    said = re.search(r"<answer>\n(.*)\n</answer>", asked)
    assert said
    right = said[1] == "I don't know." if gold is None else gold[1].removeprefix("in ") in said[1]
    return {"reason": "compared", "correct": right}


def test_the_offline_model_is_evaluated_without_a_network(cli: Cli, tmp_path: Path) -> None:
    data = write(tmp_path / "data.json")
    result = cli("eval", data, "--json")
    assert result.code == 0
    assert result.json["overall"]["questions"] == 3
    assert result.json["overall"]["accuracy"] is None
    assert result.json["overall"]["evidence"] == 1
    shown = cli("eval", data)
    assert shown.code == 0
    for text in ("overall", "temporal", "(adversarial)", "4 questions asked", "evidence"):
        assert text in shown.out


def test_a_limit_is_for_each_conversation(cli: Cli, tmp_path: Path) -> None:
    assert cli("eval", write(tmp_path / "data.json"), "--limit", 1, "--json").json["asked"] == 2


@pytest.mark.network_loopback
def test_a_judge_grades_the_answers_of_a_real_client(cli: Cli, tmp_path: Path, server: OpenAIProtocolServer) -> None:
    server.add(*[reply] * 8)
    result = cli(
        "eval", write(tmp_path / "data.json"), "--model", "openai:scripted", "--judge", "openai:judge", "--json"
    )
    assert result.code == 0, result.err
    assert result.json["overall"]["accuracy"] == pytest.approx(2 / 3)
    assert result.json["categories"]["adversarial"]["accuracy"] == 1
    assert result.json["spent"]["calls"] == len(server.requests) == 8
    assert result.json["spent"]["input_tokens"] > 0
    assert {request.body["model"] for request in server.requests} == {"scripted", "judge"}


@pytest.mark.network_loopback
def test_a_capped_run_says_so_and_the_next_goes_on(cli: Cli, tmp_path: Path, server: OpenAIProtocolServer) -> None:
    server.add(*[reply] * 8)
    options = ("eval", write(tmp_path / "data.json"), "--model", "openai:scripted", "--out", tmp_path / "out.jsonl")
    result = cli(*options, "--max-calls", 2)
    assert result.code == 1
    assert "the cap is used up with 2 questions open" in result.err
    assert len(server.requests) == 2
    result = cli(*options, "--json")
    assert result.code == 0
    assert (result.json["resumed"], result.json["asked"], result.json["overall"]["questions"]) == (2, 2, 3)
    assert len(server.requests) == 4


@pytest.mark.network_loopback
def test_a_judge_that_returns_no_verdict_is_asked_once_more(
    cli: Cli, tmp_path: Path, server: OpenAIProtocolServer
) -> None:
    server.add(
        reply, Fault.malformed_arguments(), reply, reply, Fault.malformed_arguments(), Fault.malformed_arguments()
    )
    out = tmp_path / "out.jsonl"
    options = ("--judge", "openai:judge", "--limit", 1, "--parallel", 1, "--out", out)
    result = cli("eval", write(tmp_path / "data.json"), "--model", "openai:scripted", *options, "--json")
    assert result.code == 3
    assert result.json["asked"] == 1
    assert "ModelOutputError: the judge returned no verdict twice" in result.err
    assert "run it again to go on" in result.err


@pytest.mark.network_loopback
def test_a_failing_endpoint_is_a_clear_error_and_its_questions_stay_open(
    cli: Cli, tmp_path: Path, server: OpenAIProtocolServer
) -> None:
    server.add(*[Fault.server_error(400)] * 4)
    result = cli("eval", write(tmp_path / "data.json"), "--model", "openai:scripted", "--json")
    assert result.code == 3
    assert result.json["remaining"] == 4
    assert "Error code: 400" in result.err
    assert "a scripted fault" in result.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--judge", "offline"), "can't grade"),
        (("--limit", 0), "--limit"),
        (("--model", "nobody:x"), "--model 'nobody:x' can't be used"),
    ],
)
def test_options_that_can_t_be_meant_are_refused_before_anything_is_written(
    cli: Cli, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    out = tmp_path / "out.jsonl"
    result = cli("eval", write(tmp_path / "data.json"), *options, "--out", out)
    assert result.code == 2
    assert said in result.err
    assert not out.exists()


def test_malformed_data_is_one_line_that_names_the_file(cli: Cli, tmp_path: Path) -> None:
    result = cli("eval", write(tmp_path / "data.json", [{"name": "x", "docs": [], "queries": []}]))
    assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert "data.json, conversation 0 ('x'): docs" in result.err
    assert cli("eval", tmp_path / "missing.json").code == 2


def test_the_profile_is_shown_with_its_later_values(cli: Cli) -> None:
    assert "nothing is in the profile" in cli("profile", "--user", "alice", "--store", ":memory:").out
    cli("remember", "Alice 住在上海", "--user", "alice", "--kind", "profile")
    assert cli("profile", "--user", "alice", "--json").json == {"notes": ["Alice 住在上海"]}
    assert "住在上海" in cli("profile", "--user", "alice").out
    assert cli("profile", "--user", "bob", "--json").json == {}
