"""Serve over stdio or streamable HTTP. HTTP is bound to loopback unless told otherwise, and then asks for a token."""

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from langmem_ext.addresses import in_url, is_loopback
from langmem_ext.errors import InvalidInputError

PATH: Final = "/mcp"
LEAST_TOKEN: Final = 16
"""Characters of a token at least; 128 bits in hexadecimal have 32."""
_PATIENCE: Final = 3
"""Seconds that open streams have to end when the server stops."""
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_HIGHEST_PORT: Final = 65_535


def serve_stdio(server: MCPServer[Any]) -> None:
    """Serve one client over stdin and stdout until it closes them; nothing else is written to stdout meanwhile."""
    anyio.run(server.run_stdio_async)


def serve_http(
    server: MCPServer[Any],
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    token: str | None = None,
    allowed_hosts: Sequence[str] = (),
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve any number of clients over streamable HTTP until interrupted.

    Args:
        server: What `create_mcp_server` made.
        host: Address to listen on.
        port: Port; 0 takes a free one.
        token: Bearer token that every request must carry; see `http_app`.
        allowed_hosts: See `http_app`.
        ready: Told the address once connections are accepted.

    Raises:
        InvalidInputError: See `http_app`; or the address can't be listened on.
    """
    import uvicorn  # noqa: PLC0415 - 0.1 s that stdio need not wait for

    if not 0 <= port <= _HIGHEST_PORT:
        raise InvalidInputError(f"port must be from 0 to {_HIGHEST_PORT}, got {port!r}")
    app = http_app(server, host=host, token=token, allowed_hosts=allowed_hosts)
    listening = _listen(host, port)
    settings = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=_PATIENCE)
    with listening:
        if ready is not None:
            ready(f"http://{in_url(host)}:{listening.getsockname()[1]}{PATH}")
        uvicorn.Server(settings).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unusable(host, port, error) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise _unusable(host, port, error) from error
    return listening


def _unusable(host: str, port: int, error: OSError) -> InvalidInputError:
    return InvalidInputError(f"can't listen on {host!r}, port {port}: {error.strerror}; choose another")


def http_app(
    server: MCPServer[Any], *, host: str = "127.0.0.1", token: str | None = None, allowed_hosts: Sequence[str] = ()
) -> ASGIApp:
    """Return the ASGI application that serves a memory at ``/mcp``, to be run by any ASGI server.

    Args:
        server: What `create_mcp_server` made.
        host: Address it will listen on.
        token: Bearer token that every request must carry, 16 characters at least; needed off loopback. On loopback it
            keeps out the other users of the machine.
        allowed_hosts: Names under which clients reach it (``"memory.example.org"``), where that is not `host` itself. A
            request under any other name is refused, so that no web page can reach it through a name of its own
            (DNS rebinding).

    Raises:
        InvalidInputError: An exposed server without a token, or without a name; a token that is too short.
    """
    exposed = not is_loopback(host)
    if exposed and token is None:
        raise InvalidInputError(
            f"a server on {host!r} can be reached from other machines: it needs a token, which every request must carry"
        )
    if token is not None and len(token) < LEAST_TOKEN:
        raise InvalidInputError(f"a token needs {LEAST_TOKEN} characters at least, got {len(token)}")
    if exposed and not allowed_hosts and _is_any(host):
        raise InvalidInputError(
            f"a server on {host!r} needs the names under which clients reach it, such as memory.example.org"
        )
    names = [*allowed_hosts, *_LOOPBACK]
    if exposed and not _is_any(host):
        names.append(in_url(host))
    app = server.streamable_http_app(streamable_http_path=PATH, host=host, transport_security=_only(names))
    return app if token is None else _BearerToken(app, token)


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host


def _only(names: Sequence[str]) -> TransportSecuritySettings:
    """Return the settings that refuse a request under any other name, and pages of any other origin."""
    hosts = [form for name in names for form in (name, f"{name}:*")]
    origins = [f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")]
    return TransportSecuritySettings(enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins)


class _BearerToken:
    """Lets in only requests that carry the token, before anything of them is read."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = _digest(token.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._carries_token(Headers(scope=scope)):
            refusal = PlainTextResponse(
                "This server needs its token: Authorization: Bearer …", 401, {"WWW-Authenticate": "Bearer"}
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _carries_token(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(_digest(given.strip().encode()), self._expected)


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
