"""Who may see the page: the host it is asked by, the one-time token, the session's cookie, the proof of a form.

The page speaks plain HTTP on loopback. Against other sites in the same browser stand the host check (a name that was
re-bound to 127.0.0.1 is refused), a same-site cookie, the check of `Origin` and `Sec-Fetch-Site`, and a token in every
form; against hostile text, a policy that allows no script, style or resource but our own files.
"""

import hashlib
import hmac
import ipaddress
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENTRANCE: Final = "/enter"
STATIC: Final = "/static/"
SESSION: Final = "langmem_ext.session"
"""Name of the session in the scope of a request that was let through."""
MAX_BODY: Final = 16 * 2**20
"""Bytes of a request: a memory of a megabyte, percent-encoded, and some."""
MAX_SESSIONS: Final = 32
_SAFE: Final = frozenset({"GET", "HEAD"})
_SAME: Final = frozenset({"same-origin", "none"})

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types langmem-ext"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with "no-referrer" the browser would name no origin in our own forms either
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class Gate:
    """Hands out sessions for one-time tokens. May be used from any thread.

    Args:
        hosts: Names under which the page is asked for, besides the loopback ones and plain addresses.
        announce: Told each new token: the first at once, another whenever one was used.
    """

    def __init__(self, hosts: Collection[str] = (), *, announce: Callable[[str], None] | None = None) -> None:
        self._hosts = frozenset({"localhost", *(host.lower() for host in hosts)})
        self._announce = announce
        self._key = secrets.token_bytes(32)
        self._sessions: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._token = ""
        self._renew()

    @property
    def token(self) -> str:
        """The token that opens the page once."""
        return self._token

    def _renew(self) -> None:
        self._token = secrets.token_urlsafe(32)
        if self._announce:
            self._announce(self._token)

    def enter(self, token: str) -> str | None:
        """Return a new session for the token, which is then used up; None for any other text."""
        with self._lock:
            if not hmac.compare_digest(token.encode(), self._token.encode()):
                return None
            session = secrets.token_urlsafe(32)
            self._sessions[session] = None
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
            self._renew()
        return session

    def knows(self, session: str | None) -> bool:
        """Whether a session was handed out by this gate."""
        with self._lock:
            return session is not None and session in self._sessions

    def proof(self, session: str) -> str:
        """Return what the forms of a session carry."""
        return hmac.new(self._key, session.encode(), hashlib.sha256).hexdigest()

    def proves(self, session: str, proof: object) -> bool:
        """Whether a form comes from a page of the session."""
        return isinstance(proof, str) and hmac.compare_digest(proof.encode(), self.proof(session).encode())

    def admits_host(self, host: str) -> bool:
        """Whether a `Host` header names this machine: an address, which no one can re-bind, or a known name."""
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        name = name.strip("[]").lower()
        if name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


class Guard:
    """ASGI middleware: lets through what the gate admits, with the session in the scope; sets the headers on all."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        answer = self._answer(scope)
        await (answer or self.app)(scope, receive, guarded)

    def _answer(self, scope: Scope) -> Response | None:
        """Return what ends the request here, or nothing where it may go on."""
        headers = Headers(scope=scope)
        if not self.gate.admits_host(headers.get("host", "")):
            return PlainTextResponse("unknown host: open the address that the program printed", 421)
        if scope["method"] not in _SAFE and (refusal := _refuse_change(headers)):
            return refusal
        if scope["path"].startswith(STATIC):
            return None
        if scope["path"] == ENTRANCE:
            return self._enter(scope)
        session = _cookie(headers, cookie_name(scope))
        if session is None or not self.gate.knows(session):
            return PlainTextResponse(CLOSED, 403)
        scope[SESSION] = session
        return None

    def _enter(self, scope: Scope) -> Response:
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        session = self.gate.enter(token) if scope["method"] == "GET" else None
        if session is None:
            return PlainTextResponse(CLOSED, 403)
        # A page that goes on by itself: after a redirect the browser would still count the visit as another site's.
        page = (
            '<!doctype html><meta charset="utf-8"><title>langmem_ext</title>'
            '<link rel="icon" href="/static/icon.svg"><meta http-equiv="refresh" content="0;url=/">'
        )
        response = Response(page, media_type="text/html")
        response.set_cookie(cookie_name(scope), session, httponly=True, samesite="strict", path="/")
        return response


CLOSED: Final = (
    "This page is closed. Open the address that the program printed last; each works once.\n"
    "此页面未打开。请打开程序最后打印的地址,每个地址只能使用一次。\n"
)


def cookie_name(scope: Scope) -> str:
    """Return the name of the session's cookie: with the port, for browsers share cookies between ports."""
    server = scope.get("server") or ("", 80)
    return f"langmem_ext_{server[1]}"


def _cookie(headers: Headers, name: str) -> str | None:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _refuse_change(headers: Headers) -> Response | None:
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        return PlainTextResponse("a form of another site", 403)
    if headers.get("sec-fetch-site", "same-origin") not in _SAME:
        return PlainTextResponse("a request of another site", 403)
    length = headers.get("content-length", "")
    if not length.isdecimal():
        return PlainTextResponse("the length of the request is missing", 411)
    if int(length) > MAX_BODY:
        return PlainTextResponse(f"the request is larger than {MAX_BODY} bytes", 413)
    return None
