"""What every view works with: the memory, the templates, the texts; and how a form's answer is made."""

import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from langmem_ext.errors import InvalidInputError, LangMemExtError, RecordNotFoundError
from langmem_ext.longterm import LongTermMemory
from langmem_ext.longterm.reading import MemoryStats
from langmem_ext.loop import create_memory_agent
from langmem_ext.records import KINDS
from langmem_ext.ui import shown
from langmem_ext.ui.security import SESSION, Gate
from langmem_ext.ui.texts import TEXTS

PROOF = "proof"
"""Name of the form field, and with ``x-`` of the header, that proves a change to come from a page of the session."""

_SETTINGS = {
    "timezone": "zone",
    "clock": "clock",
    "counter": "counter",
    "settings": "settings",
    "reranker": "reranker",
    "redact": "redact",
}
"""Arguments of a `LongTermMemory`, and the attributes that hold them: the agent's memory is to be the page's own."""

PIECE = "x-piece"
"""Header with which the page's script asks for a piece of a page."""

Act = Callable[[Request, FormData], Response]


def templates() -> Environment:
    """Return the environment of the templates: everything is escaped, and a name that is missing is an error."""
    environment = Environment(
        loader=PackageLoader("langmem_ext.ui"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "shown": shown.shown,
        "label": shown.label,
        "pretty": shown.pretty,
        "plain": shown.plain,
    }
    environment.globals |= {"KINDS": KINDS, "link": link, "quoted": shown.quoted, "shares": shown.shares, "zip": zip}
    return environment


def link(path: str, **query: Any) -> str:
    """Return an address with those values of its query that are there."""
    given = {name: value for name, value in query.items() if value is not None and value != ""}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def pages_around(path: str, offset: int, size: int, total: int, **query: Any) -> tuple[str, str]:
    """Return the addresses of the pages before and after one of so many entries; "" where there is none."""
    before = link(path, **query, offset=max(0, offset - size)) if offset else ""
    return before, link(path, **query, offset=offset + size) if offset + size < total else ""


@dataclass
class Desk:
    """One user's page. Shared by all requests.

    Attributes:
        memory: The memory it shows; nothing else is read.
        user: What the user is called.
        gate: Who may see it.
        model: Answers in the conversation, and distils.
        environment: The templates.
    """

    memory: LongTermMemory
    user: str
    gate: Gate
    model: BaseChatModel
    environment: Environment = field(default_factory=templates)
    _warmed: threading.Lock = field(default_factory=threading.Lock)
    _counted: tuple[MemoryStats, MemoryStats] | None = None

    @cached_property
    def agent(self) -> CompiledStateGraph[Any, Any, Any, Any]:
        """The agent of the conversation; without a checkpointer, for what was said is in the log."""
        return create_memory_agent(
            self.model,
            store=self.memory.store,
            update="off",
            memory_options={name: getattr(self.memory, attribute) for name, attribute in _SETTINGS.items()},
        )

    def counted(self) -> MemoryStats:
        """Return the counts with the tokens, for which every record is read, but once only for the same counts."""
        quick = self.memory.stats(tokens=False)
        known = self._counted
        if known is None or known[0] != quick:
            known = self._counted = quick, self.memory.stats()
        return known[1]

    def warm(self) -> None:
        """Let the store read what the other views need, once, while the first one is being looked at."""
        memory = self.memory
        if self._warmed.acquire(blocking=False):
            memory.stats(tokens=False)
            for record in memory.browse(limit=1).records:
                memory.recall("memory 记忆", as_of=memory.now(), limit=1, count=False)
                memory.history(record.id)

    def render(self, request: Request, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page made of a template."""
        return HTMLResponse(self.text(request, name, **values), status)

    def text(self, request: Request, name: str, **values: Any) -> str:
        """Return a template filled in."""
        language = language_of(request)
        zone = self.memory.zone
        common = {
            "user": self.user,
            "language": language,
            "t": TEXTS[language],
            "proof": self.gate.proof(request.scope[SESSION]),
            "path": request.url.path,
            "day": lambda day: shown.long_date(day, language),
            "at": lambda moment: shown.moment(moment, zone, language),
            "clock": lambda moment: f"{shown.in_zone(moment, zone):%H:%M}",
        }
        return self.environment.get_template(name).render(**common, **values)

    def piece(self, request: Request, name: str, **values: Any) -> HTMLResponse:
        """Return a piece of a page where the page's script asks for it, else a page of its own."""
        text = self.text(request, name, **values)
        if PIECE in request.headers:
            return HTMLResponse(text)
        return self.page_of(request, text)

    def page_of(self, request: Request, piece: str) -> HTMLResponse:
        """Return a page around a piece that a template of ours made."""
        return self.render(request, "piece.html", body=Markup(piece))  # noqa: S704 - escaped where it was made

    def refuse(self, request: Request, error: LangMemExtError) -> HTMLResponse:
        """Return the page that says what was wrong."""
        status = 404 if isinstance(error, RecordNotFoundError) else 400
        return self.render(request, "problem.html", status=status, problem=str(error))


def desk_of(request: Request) -> Desk:
    """Return the desk of the page that is asked."""
    desk: Desk = request.app.state.desk
    return desk


def language_of(request: Request) -> str:
    """Return the language in which a browser wants the page."""
    return shown.choose_language(request.headers.get("accept-language", ""))


def acting(act: Act) -> Callable[[Request], Awaitable[Response]]:
    """Make a view of something that changes the memory: it needs a form with the session's proof."""

    async def view(request: Request) -> Response:
        form = await proven(request)
        return await run_in_threadpool(act, request, form)

    return view


async def proven(request: Request) -> FormData:
    """Return the form of a request that proves to come from a page of its session.

    Raises:
        InvalidInputError: It does not.
    """
    form = await request.form()
    proof = request.headers.get(f"x-{PROOF}") or form.get(PROOF)
    if not desk_of(request).gate.proves(request.scope[SESSION], proof):
        raise InvalidInputError("the form is not of this page, or the page was restarted; load it again")
    return form


def field_of(form: FormData, name: str) -> str:
    """Return a field of a form as text; "" where it is missing.

    Browsers write every line break of a text area as carriage return and line feed; one character is meant.
    """
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def redirect(path: str, **query: Any) -> RedirectResponse:
    """Send the browser to a page after a change, so that loading it again repeats nothing."""
    return RedirectResponse(link(path, **query), 303)


def query_of(request: Request) -> Mapping[str, str]:
    """Return the query of an address with what is empty left out."""
    return {name: value for name, value in request.query_params.items() if value.strip()}


def whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a number of a query.

    Raises:
        InvalidInputError: It is none.
    """
    value = query.get(name, str(default)).strip()
    if not value.isascii() or not value.isdecimal() or len(value) > 9:  # noqa: PLR2004 - a page beyond 10**9 is a slip
        raise InvalidInputError(f"{name} must be a whole number, got {value[:20]!r}")
    return int(value)


LINES = "application/x-ndjson"
"""Media type of a stream of events, one JSON object a line."""


def wants_stream(request: Request) -> bool:
    """Whether the page's script asks, which takes events as they come."""
    return request.headers.get("accept") == LINES


def streamed(events: AsyncIterator[dict[str, Any]]) -> StreamingResponse:
    """Send events as they come."""

    async def lines() -> AsyncIterator[str]:
        async for event in events:
            yield json.dumps(event, ensure_ascii=False) + "\n"

    return StreamingResponse(lines(), media_type=LINES)
