"""Commands that serve a memory to other programs."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from langmem_ext.cli.opening import chat_model, memory_over, opened_memory, opened_store, redactor, users
from langmem_ext.cli.options import OFFLINE, Embed, Model, Redact, StoreUrl, User
from langmem_ext.cli.output import complain
from langmem_ext.errors import InvalidInputError
from langmem_ext.namespaces import user_namespace

if TYPE_CHECKING:
    from langgraph.store.base import BaseStore

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


def ui(
    *,
    user: Annotated[
        str | None,
        typer.Option(
            "--user", "-u", envvar="LANGMEM_EXT_USER", help="Whose memory it is; a store of one user needs none."
        ),
    ] = None,
    store: StoreUrl = None,
    model: Model = OFFLINE,
    embed: Embed = OFFLINE,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; anything but loopback lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port; 0 takes a free one.")] = 8642,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", help="Name under which the page is asked for (repeatable).")
    ] = None,
    redact: Redact = False,
    browse: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Look inside a memory: a page on this machine, in English or Chinese as the browser prefers.

    Timeline, topics and keywords, records with their versions, recall step by step, conversation, health. The printed
    address opens it once; a new one is printed then. Needs the extra ui; see docs/ui.md.

    [bold]Examples[/bold]

    langmem-ext ui --store memory.db --user alice
    langmem-ext ui --user alice --model openai:gpt-5-mini --open
    """
    from langmem_ext.ui import is_loopback, serve_page  # noqa: PLC0415 - an extra

    chosen = chat_model(model)
    with opened_store(store, create=True, embed=embed) as opened:
        name = user or only_user(opened)
        memory = memory_over(opened, user_namespace(name), model=chosen, redact=redactor(wanted=redact))
        if not is_loopback(host):
            complain(f"{host} is reached by others, over plain HTTP; put a server with TLS in front of it")

        def ready(address: str) -> None:
            nonlocal browse
            typer.echo(f"open {address}  (works once)")
            if browse:
                browse = False
                typer.launch(address)

        serve_page(memory, user=name, model=chosen, host=host, port=port, allowed_hosts=allow_host or (), ready=ready)


def only_user(store: "BaseStore") -> str:
    """Return the one user of a store; "default" where there is none yet.

    Raises:
        InvalidInputError: There are several.
    """
    names = sorted(users(store))
    if len(names) > 1:
        shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")  # noqa: PLR2004
        raise InvalidInputError(f"the store holds the memories of {len(names)} users; name one with --user: {shown}")
    return names[0] if names else "default"


def _say_where(address: str) -> None:
    complain(f"serving at {address}, until interrupted")
