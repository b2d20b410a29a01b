"""The command line with `--model openai:…` and `--embed openai:…`: processes, real clients, a server on loopback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from langmem_ext import LongTermMemory, open_store
from langmem_ext.offline import distilling
from langmem_ext.offline.model import respond
from langmem_ext.offline.reading import read_prompt
from langmem_ext.prompts import SUMMARISE, UPDATE
from langmem_ext.testing import OpenAIProtocolServer
from tests.cli.terminal import piped

pytestmark = pytest.mark.network_loopback
MODELS = ("--model", "openai:scripted", "--embed", "openai:scripted")


def reply(prompt: list[BaseMessage]) -> Any:
    """Answer and distil as the offline model does, through the protocol of a real one."""
    asked = read_prompt(prompt)
    for schema, instructions in (("MemoryUpdate", UPDATE), ("Digest", SUMMARISE)):
        if prompt[0].content in instructions.values():
            return distilling.distil(schema, asked)
    return respond(asked, {})[0]


@pytest.fixture
def server() -> Iterator[OpenAIProtocolServer]:
    with OpenAIProtocolServer([reply] * 60) as running:
        yield running


def connected(server: OpenAIProtocolServer) -> dict[str, str]:
    return {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": server.url, "COLUMNS": "100"}


def test_a_chat_remembers_from_one_process_to_the_next(server: OpenAIProtocolServer, tmp_path: Path) -> None:
    for said in ("我对花生过敏。\n", "我对什么过敏?\n"):
        done = piped(tmp_path, "chat", "--user", "fang", "--thread", said[:4], *MODELS, text=said, **connected(server))
        assert done.stderr == ""
        assert done.returncode == 0
    assert "花生" in done.stdout
    paths = {request.path for request in server.requests}
    assert paths == {"/v1/chat/completions", "/v1/embeddings"}
    inputs = [request.body["input"] for request in server.requests if request.path == "/v1/embeddings"]
    assert all(isinstance(text, str) for given in inputs for text in ([given] if isinstance(given, str) else given))


@pytest.mark.slow
def test_the_demo_tells_its_story_with_a_model(server: OpenAIProtocolServer, tmp_path: Path) -> None:
    done = piped(tmp_path, "demo", "--keep", *MODELS, TMPDIR=str(tmp_path), **connected(server))
    assert done.stderr == ""
    assert done.returncode == 0
    assert all(part in done.stdout for part in ("2 万", "景观民宿", "topic", "keywords"))
    (file,) = tmp_path.glob("langmem-ext-demo-*/memory.db")
    with open_store(str(file)) as store:
        assert LongTermMemory(store, ("memories", "小林")).records(kinds="summary")
