"""Run the page on a server of its own until it is interrupted."""

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn
from langchain_core.language_models import BaseChatModel

from langmem_ext.addresses import in_url
from langmem_ext.longterm import LongTermMemory
from langmem_ext.ui.app import create_page
from langmem_ext.ui.security import ENTRANCE, Gate


def serve_page(
    memory: LongTermMemory,
    *,
    user: str,
    model: BaseChatModel,
    host: str = "127.0.0.1",
    port: int = 0,
    allowed_hosts: Sequence[str] = (),
    ready: Callable[[str], None],
) -> None:
    """Serve the page of one user's memory; returns when it is interrupted.

    Args:
        memory: The memory.
        user: What the user is called on the page.
        model: Answers in the conversation.
        host: Address to listen at. Anything but loopback lets others reach the page, over plain HTTP.
        port: Port to listen at; 0 takes a free one.
        allowed_hosts: Names under which the page is asked for.
        ready: Told the address that opens the page; again with a new one whenever one was used, for each works once.

    Raises:
        OSError: The address can't be listened at.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    with listening:
        bound = listening.getsockname()[1]
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, in_url(host))  # noqa: S104

        def announce(token: str) -> None:
            ready(f"http://{shown}:{bound}{ENTRANCE}?token={token}")

        page = create_page(memory, user=user, model=model, gate=Gate([host, *allowed_hosts], announce=announce))
        config = uvicorn.Config(page, log_level="warning", access_log=False, server_header=False, proxy_headers=False)
        with suppress(KeyboardInterrupt):  # which ends a server that nothing else ends
            uvicorn.Server(config).run(sockets=[listening])
