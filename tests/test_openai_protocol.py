"""`ChatOpenAI` and `OpenAIEmbeddings` against a server on loopback: the real clients, the real protocol."""

import json
import urllib.request
from functools import reduce
from operator import add
from typing import Any
from urllib.error import HTTPError

import numpy as np
import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, SecretStr

from langmem_ext.offline import HashingEmbeddings
from langmem_ext.testing import Fault, OpenAIProtocolServer

pytestmark = pytest.mark.network_loopback


class Trip(BaseModel):
    """A trip."""

    place: str
    budget: int


@tool
def search_memory(query: str, before: str | None = None) -> str:
    """Search the memory."""
    return f"{query} {before}"


def chat(server: OpenAIProtocolServer, **settings: Any) -> ChatOpenAI:
    settings = {"max_retries": 0, "timeout": 10} | settings
    return ChatOpenAI(base_url=server.url, api_key=SecretStr("none"), model="scripted", **settings)


def embedder(server: OpenAIProtocolServer, **settings: Any) -> OpenAIEmbeddings:
    settings = {"base_url": server.url, "api_key": "none", "check_embedding_ctx_length": False} | settings
    return OpenAIEmbeddings(model="scripted", **settings)


def test_an_answer_comes_with_its_usage() -> None:
    with OpenAIProtocolServer(["约 2 万"]) as server:
        answer = chat(server).invoke("预算是多少?")
        assert answer.content == "约 2 万"
        assert answer.usage_metadata is not None
        assert answer.usage_metadata["input_tokens"] > 5
        (request,) = server.requests
        assert request.path == "/v1/chat/completions"
        assert request.headers["authorization"] == "Bearer none"
        assert request.body["messages"][-1]["content"] == "预算是多少?"


@pytest.mark.parametrize("stream", [False, True])
def test_tool_calls_arrive_whole_and_streamed(stream: bool) -> None:
    calls = [
        {
            "name": "search_memory",
            "args": {"query": "瑞士 预算", "before": "2025-09-30"},
            "id": "1",
            "type": "tool_call",
        },
        {"name": "search_memory", "args": {"query": "housing"}, "id": "2", "type": "tool_call"},
    ]
    with OpenAIProtocolServer([AIMessage("", tool_calls=calls)]) as server:
        model = chat(server).bind_tools([search_memory])
        if stream:
            assert reduce(add, model.stream("?")).tool_calls == calls
        else:
            assert model.invoke("?").tool_calls == calls
        assert server.requests[0].body["tools"][0]["function"]["name"] == "search_memory"


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output_in_both_methods(method: str) -> None:
    with OpenAIProtocolServer([Trip(place="瑞士", budget=20000)]) as server:
        structured = chat(server).with_structured_output(Trip, method=method)  # type: ignore[arg-type]
        assert structured.invoke("?") == Trip(place="瑞士", budget=20000)


async def test_streaming_joins_to_the_answer_and_reports_usage_once() -> None:
    text = "Your budget is 20,000 CNY. 你的预算是两万。"
    with OpenAIProtocolServer([text, text]) as server:
        model = chat(server, stream_usage=True)
        for chunks in ([chunk async for chunk in model.astream("?")], list(model.stream("?"))):
            assert len(chunks) > 5
            assert "".join(str(chunk.content) for chunk in chunks) == text
            assert sum(chunk.usage_metadata is not None for chunk in chunks) == 1


def test_a_function_answers_from_the_prompt() -> None:
    with OpenAIProtocolServer([lambda messages: messages[-1].text[::-1]]) as server:
        assert chat(server).invoke([HumanMessage("abc")]).content == "cba"


def test_a_rate_limit_is_retried_after_the_time_it_names() -> None:
    with OpenAIProtocolServer([Fault.rate_limited(0.01), "done"]) as server:
        assert chat(server, max_retries=1).invoke("?").content == "done"
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.rate_limited(), openai.RateLimitError),
        (Fault.server_error(503), openai.InternalServerError),
        (Fault.dropped(), openai.APIConnectionError),
    ],
)
def test_a_refused_or_broken_request_raises_what_openai_raises(fault: Fault, error: type[Exception]) -> None:
    with OpenAIProtocolServer([fault]) as server, pytest.raises(error):
        chat(server).invoke("?")


def test_a_hanging_request_times_out_and_the_server_still_closes_at_once() -> None:
    with OpenAIProtocolServer([Fault.hang(3600)]) as server, pytest.raises(openai.APITimeoutError):
        chat(server, timeout=0.2).invoke("?")


def test_a_dropped_stream_raises_after_its_first_tokens() -> None:
    with OpenAIProtocolServer([Fault.dropped()]) as server:
        got: list[str] = []
        with pytest.raises(Exception, match=r"(?i)peer closed|incomplete|connection"):
            got.extend(str(chunk.content) for chunk in chat(server).stream("?"))


@pytest.mark.parametrize("stream", [False, True])
def test_malformed_tool_arguments_become_an_invalid_tool_call(stream: bool) -> None:
    with OpenAIProtocolServer([Fault.malformed_arguments()]) as server:
        model = chat(server, streaming=stream).bind_tools([search_memory])
        answer = model.invoke("?")
        assert not answer.tool_calls or stream
        assert stream or answer.invalid_tool_calls[0]["name"] == "search_memory"


def test_an_empty_answer_is_empty() -> None:
    with OpenAIProtocolServer([Fault.empty_answer()]) as server:
        assert chat(server).invoke("?").content == ""


def test_a_request_beyond_the_script_is_refused_with_a_reason() -> None:
    with OpenAIProtocolServer() as server:
        with pytest.raises(openai.BadRequestError, match="exhausted"):
            chat(server).invoke("?")
        server.add("now there is one")
        assert chat(server).invoke("?").content == "now there is one"


def test_embeddings_come_as_base64_and_as_floats() -> None:
    texts = ["I love hiking", "我喜欢徒步", ""]
    expected = np.array(HashingEmbeddings().embed_documents(texts))
    with OpenAIProtocolServer() as server:
        coded = embedder(server).embed_documents(texts)
        plain = embedder(server, model_kwargs={"encoding_format": "float"}).embed_documents(texts)
        small = embedder(server, dimensions=64).embed_query("x")
    np.testing.assert_allclose(coded, expected, atol=1e-6)
    np.testing.assert_allclose(plain, expected, atol=1e-6)
    assert len(small) == 64


def test_embedding_faults_come_before_vectors() -> None:
    with OpenAIProtocolServer(embedding_faults=[Fault.server_error()]) as server:
        with pytest.raises(openai.InternalServerError):
            embedder(server, max_retries=0).embed_query("x")
        assert len(embedder(server).embed_query("x")) == 384


def test_unknown_paths_and_broken_bodies_are_refused() -> None:
    with OpenAIProtocolServer() as server:
        for path, data, status in (("/nothing", b"{}", 404), ("/chat/completions", b"{broken", 400)):
            with pytest.raises(HTTPError) as caught:
                urllib.request.urlopen(urllib.request.Request(server.url + path, data=data))  # noqa: S310 - loopback
            with caught.value as answer:
                assert answer.code == status
                assert json.load(answer)["error"]["message"]
        with urllib.request.urlopen(server.url + "/models") as answer:  # noqa: S310
            assert json.load(answer)["data"][0]["id"] == "scripted"


def test_the_address_is_only_known_while_it_runs() -> None:
    server = OpenAIProtocolServer()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url
