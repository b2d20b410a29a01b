"""Real processes: stdio and streamable HTTP, driven by the SDK's own client, several at once on one store."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from langmem_ext.addresses import is_loopback
from langmem_ext.cli import run
from langmem_ext.errors import InvalidInputError
from tests.cli.terminal import COMMAND, environment

TOKEN = "0123456789abcdef0123"
ANY = "0.0.0.0"  # noqa: S104 - what must be refused
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}},
}


def arguments(store: Path, user: str, *more: str) -> list[str]:
    return ["mcp", "--store", str(store), "--user", user, *more]


def over_stdio(store: Path, user: str) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable, args=[*COMMAND[1:], *arguments(store, user)], env=environment(store.parent)
    )


async def contents(client: Client, query: str) -> set[str]:
    found = await client.call_tool("search_memory", {"query": query, "limit": 50})
    assert found.structured_content is not None, found
    return {memory["content"] for memory in found.structured_content["memories"]}


async def test_stdio_keeps_what_two_clients_at_once_remember(tmp_path: Path) -> None:
    store = tmp_path / "memory.db"

    async def remember(client: Client, name: str) -> None:
        for number in range(10):
            result = await client.call_tool("remember", {"content": f"{name}的第{number}个愿望 wish {number}"})
            assert not result.is_error, result

    async with (
        Client(over_stdio(store, "alice")) as one,
        Client(over_stdio(store, "alice")) as two,
        Client(over_stdio(store, "bob")) as other,
    ):
        async with anyio.create_task_group() as together:
            together.start_soon(remember, one, "小红")
            together.start_soon(remember, two, "小明")
        assert await contents(one, "愿望") == await contents(two, "wish")
        assert len(await contents(two, "愿望 wish")) == 20
        assert await contents(other, "愿望 wish") == set()


def test_nothing_but_the_protocol_is_on_stdout(tmp_path: Path) -> None:
    def asked(number: int, name: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": name, "arguments": given}}

    said: list[Any] = [
        HELLO,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        asked(2, "remember", {"content": "喜欢高山湖泊\n第二行 \u2028 🏔"}),
        asked(3, "search_memory", {"query": "湖泊"}),
        asked(4, "search_memory", {"query": "x", "before": "nonsense"}),
        asked(5, "no_such_tool", {}),
        {"jsonrpc": "2.0", "id": 6, "method": "resources/read", "params": {"uri": "memory://nowhere"}},
    ]
    lines = "".join(json.dumps(message, ensure_ascii=False) + "\n" for message in said) + "no json at all\n"
    server = subprocess.Popen(
        [*COMMAND, *arguments(tmp_path / "memory.db", "alice")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
    )
    assert server.stdin
    assert server.stdout
    server.stdin.write(lines.encode())
    server.stdin.flush()
    answers: dict[int, Any] = {}
    while answers.keys() < {1, 2, 3, 4, 5, 6}:
        answer = json.loads(server.stdout.readline())
        assert answer["jsonrpc"] == "2.0"
        answers[answer.get("id") or 0] = answer
    rest, errors = server.communicate(timeout=60)  # closes stdin, which ends the server
    for line in rest.decode().splitlines():
        assert json.loads(line)["jsonrpc"] == "2.0"
    assert server.returncode == 0, errors.decode()
    assert "高山湖泊" in str(answers[2]["result"]["structuredContent"])
    assert answers[4]["result"]["isError"]
    assert "error" in answers[6]
    assert "湖泊" not in errors.decode()


@contextmanager
def served(store: Path, *more: str) -> Iterator[str]:
    """Serve over HTTP on a free port of 127.0.0.1 in a process of its own; give its address."""
    server = subprocess.Popen(
        [*COMMAND, *arguments(store, "alice", "--transport", "http", "--port", "0", *more)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(store.parent),
        text=True,
    )
    try:
        assert server.stderr
        line = next((line for line in server.stderr if "serving at " in line), "")
        assert line, "the server ended before it served"
        yield line.split("serving at ")[1].split(",")[0]
    finally:
        server.send_signal(signal.SIGINT)
        printed, _ = server.communicate(timeout=30)
    assert printed == ""


@asynccontextmanager
async def connected(address: str, token: str | None = None) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield client


@pytest.mark.network_loopback
async def test_http_serves_many_clients_at_once(tmp_path: Path) -> None:
    with served(tmp_path / "memory.db") as address:
        assert address.startswith("http://127.0.0.1:")

        async def remember(name: str) -> None:
            async with Client(address) as client:
                for number in range(5):
                    result = await client.call_tool("remember", {"content": f"{name} 的愿望 wish {number}"})
                    assert not result.is_error, result

        async with anyio.create_task_group() as together:
            for name in ("Alice", "小红", "Bob", "小明"):
                together.start_soon(remember, name)
        async with Client(address) as client, Client(over_stdio(tmp_path / "memory.db", "alice")) as beside:
            assert len(await contents(client, "愿望")) == 20
            assert await contents(beside, "wish") == await contents(client, "愿望")
            (profile,) = (await client.read_resource("memory://profile")).contents
            assert profile.mime_type == "application/json"
            assert (await client.get_prompt("recall_what_matters", {"about": "愿望"})).messages


@pytest.mark.network_loopback
async def test_a_request_needs_the_token_and_a_name_of_this_machine(tmp_path: Path) -> None:
    with served(tmp_path / "memory.db", "--token", TOKEN) as address:
        async with httpx2.AsyncClient() as http:
            for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
                for method in ("GET", "POST", "DELETE", "OPTIONS"):
                    refused = await http.request(method, address, headers=wrong)
                    assert refused.status_code == 401
                    assert refused.headers["www-authenticate"] == "Bearer"
            right = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {TOKEN}"}
            rebound = await http.post(address, json=HELLO, headers=right | {"Host": "evil.example:80"})
            foreign = await http.post(address, json=HELLO, headers=right | {"Origin": "https://evil.example"})
            honest = await http.post(address, json=HELLO, headers=right)
        assert (rebound.status_code, foreign.status_code, honest.status_code) == (421, 403, 200)
        async with connected(address, TOKEN) as client:
            assert await contents(client, "anything") == set()


@pytest.mark.network_loopback
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("--host", ANY), "it needs a token"),
        (("--host", ANY, "--token", TOKEN), "needs the names under which clients reach it"),
        (("--token", "short"), "16 characters at least"),
        (("--port", "70000"), "port must be from 0 to 65535"),
        (("--host", "no.such.host.invalid", "--token", TOKEN), "can't listen on 'no.such.host.invalid', port 8765"),
    ],
)
def test_an_exposed_server_is_refused_without_protection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], expected: str
) -> None:
    assert run(arguments(tmp_path / "memory.db", "alice", "--transport", "http", *more)) == 2
    printed = capsys.readouterr()
    assert expected in printed.err
    assert printed.out == ""


@pytest.mark.network_loopback
def test_a_port_that_is_taken_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert run(arguments(tmp_path / "memory.db", "alice", "--transport", "http", "--port", port)) == 2
    assert f"port {port}: Address already in use" in capsys.readouterr().err


def test_a_read_only_server_starts_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments(tmp_path / "memory.db", "alice", "--read-only")) == 2
    assert "there is no store" in capsys.readouterr().err
    assert not (tmp_path / "memory.db").exists()


def test_without_the_extra_the_command_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "langmem_ext.mcp_server")
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert run(arguments(tmp_path / "memory.db", "alice")) == 2
    assert 'pip install "langmem-ext[mcp]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("localhost", True), (ANY, False), ("a.b", False)],
)
def test_loopback_is_told_from_the_world(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_an_exposed_application_needs_token_and_names() -> None:
    from mcp.server.mcpserver import MCPServer

    from langmem_ext.mcp_server import http_app

    with pytest.raises(InvalidInputError, match="needs a token"):
        http_app(MCPServer("x", log_level="WARNING"), host="192.0.2.1")
    http_app(MCPServer("x", log_level="WARNING"), host="192.0.2.1", token=TOKEN)
