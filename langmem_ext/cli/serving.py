"""Commands that serve a memory to other programs."""

from typing import Annotated, Literal

import typer

from langmem_ext.cli.opening import opened_memory
from langmem_ext.cli.options import OFFLINE, Embed, Redact, StoreUrl, User
from langmem_ext.cli.output import complain

TOKEN_VARIABLE = "LANGMEM_EXT_MCP_TOKEN"  # noqa: S105 - the name of one


def mcp(
    *,
    user: User = "default",
    store: StoreUrl = None,
    embed: Embed = OFFLINE,
    transport: Annotated[
        Literal["stdio", "http"], typer.Option("--transport", "-t", help="stdio, or streamable HTTP at /mcp.")
    ] = "stdio",
    host: Annotated[str, typer.Option("--host", help="Address for http; off loopback a token is needed.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", help="Port for http; 0 takes a free one.")] = 8765,
    token: Annotated[
        str | None,
        typer.Option("--token", envvar=TOKEN_VARIABLE, help="Bearer token for http; better in the environment."),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", help="Name under which clients reach it (repeatable).")
    ] = None,
    redact: Redact = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="Offer the searches only.")] = False,
) -> None:
    """Serve one user's memory to assistants that speak MCP, over stdio or HTTP.

    Needs the extra mcp. An assistant's configuration names this command; see docs/mcp.md.

    [bold]Examples[/bold]

    langmem-ext mcp --user alice --store ~/memory.db
    langmem-ext mcp --user alice --transport http --port 8765
    """
    from langmem_ext.mcp_server import create_mcp_server, serve_http, serve_stdio  # noqa: PLC0415 - an extra

    with opened_memory(user, store, create=not read_only, embed=embed, redact=redact) as memory:
        server = create_mcp_server(memory, read_only=read_only)
        if transport == "stdio":
            serve_stdio(server)
        else:
            serve_http(server, host=host, port=port, token=token, allowed_hosts=allow_host or (), ready=_say_where)


def _say_where(address: str) -> None:
    complain(f"serving at {address}, until interrupted")
