"""The template on a real LangGraph server: two threads of one user, the second recalls the first, streaming too."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.schema import StreamMode

pytestmark = [pytest.mark.network_loopback, pytest.mark.slow]

PROJECT = Path(__file__).parents[2]
SAID = {"messages": [{"role": "user", "content": "My budget for Switzerland is 2,000 francs."}]}
ASKED = {"messages": [{"role": "user", "content": "What is my budget for Switzerland?"}]}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _serve(folder: Path, *, own_store: bool) -> Iterator[str]:
    """Start `langgraph dev` on the project's langgraph.json, its files in a folder of its own."""
    settings = json.loads((PROJECT / "langgraph.json").read_text())
    settings["dependencies"] = [str(PROJECT)]
    settings["graphs"] = {name: path.replace("./", f"{PROJECT}/") for name, path in settings["graphs"].items()}
    settings["store"]["path"] = settings["store"]["path"].replace("./", f"{PROJECT}/")
    if own_store:
        del settings["store"]
    (folder / "langgraph.json").write_text(json.dumps(settings))
    port = _free_port()
    command = [sys.executable, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload", "--port", str(port)]
    environment = os.environ | {"LANGGRAPH_NO_VERSION_CHECK": "true", "LANGSMITH_TRACING": "false"}
    log = (folder / "server.log").open("w+")
    server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(port, server, folder)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGINT)
        server.wait(30)
        log.close()


def _wait(port: int, server: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the server did not start: " + (folder / "server.log").read_text()[-2000:])


async def _ask(client: LangGraphClient, given: dict[str, Any], user: str) -> str:
    """Say something in a new thread and return the answer."""
    thread = await client.threads.create()
    state: Any = await client.runs.wait(thread["thread_id"], "memory_agent", input=given, context={"user_id": user})
    return str(state["messages"][-1]["content"])


async def _stream(client: LangGraphClient, given: dict[str, Any], user: str) -> tuple[set[str], str]:
    """Say something in a new thread; return the nodes that ran and what was streamed."""
    thread = await client.threads.create()
    nodes: set[str] = set()
    spoken = ""
    modes: list[StreamMode] = ["messages-tuple", "updates"]
    async for part in client.runs.stream(
        thread["thread_id"], "memory_agent", input=given, context={"user_id": user}, stream_mode=modes
    ):
        if part.event == "updates":
            nodes |= part.data.keys()
        elif part.event == "messages":
            spoken += str(part.data[0]["content"])
    return nodes, spoken


@pytest.mark.parametrize("own_store", [False, True], ids=["faiss_store", "the_servers_store"])
async def test_a_second_thread_recalls_the_first(tmp_path: Path, own_store: bool) -> None:
    with _serve(tmp_path, own_store=own_store) as url:
        async with get_client(url=url) as client:
            assert "2,000" not in await _ask(client, ASKED, "alice")
            await _ask(client, SAID, "alice")
            assert "2,000" in await _ask(client, ASKED, "alice")
            assert "2,000" not in await _ask(client, ASKED, "bob")
            nodes, spoken = await _stream(client, ASKED, "alice")
            assert "2,000" in spoken
            assert nodes >= {"analyse", "update_memory"}
    assert (tmp_path / "memory.db").exists() is not own_store
    assert "Traceback" not in (tmp_path / "server.log").read_text()
