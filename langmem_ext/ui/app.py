"""`create_page`: the views, the files and the guard in one ASGI application."""

from importlib.resources import files

from langchain_core.language_models import BaseChatModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from langmem_ext.errors import LangMemExtError
from langmem_ext.longterm import LongTermMemory
from langmem_ext.ui import health, index, recalling, record, talking, timeline
from langmem_ext.ui.desk import Desk, acting, desk_of, language_of
from langmem_ext.ui.security import SESSION, Gate, Guard
from langmem_ext.ui.texts import TEXTS


def create_page(memory: LongTermMemory, *, user: str, model: BaseChatModel, gate: Gate | None = None) -> Guard:
    """Make the page of one user's memory.

    Args:
        memory: The memory; the page reads and changes nothing outside its namespace.
        user: What the user is called on the page.
        model: Answers in the conversation; `memory.model` distils what was said there.
        gate: Hands out sessions; None makes one, as ``page.gate``. Its token opens ``/enter?token=…`` once.

    Returns:
        An ASGI application for a server on loopback; `serve_page` runs it.
    """
    desk = Desk(memory, user, gate or Gate(), model)
    routes = [
        Route("/", timeline.page),
        Route("/topics", index.page),
        Route("/record", record.page),
        Route("/record/text", record.whole),
        Route("/recall", recalling.page),
        Route("/recall/whole", recalling.whole_history),
        Route("/talk", talking.page),
        Route("/health", health.page),
        Route("/health/tokens", health.tokens),
        Route("/health/check", health.check),
        Route("/record/revise", acting(record.revise), methods=["POST"]),
        Route("/record/retire", acting(record.retire), methods=["POST"]),
        Route("/record/undo", acting(record.undo), methods=["POST"]),
        Route("/record/pin", acting(record.pin), methods=["POST"]),
        Route("/record/forget", acting(record.forget), methods=["POST"]),
        Route("/talk/say", talking.say, methods=["POST"]),
        Route("/health/consolidate", health.consolidate, methods=["POST"]),
        Mount("/static", StaticFiles(directory=str(files("langmem_ext.ui") / "static"))),
    ]
    handlers = {LangMemExtError: _refuse, 404: _missing, 405: _missing, 500: _failed}
    application = Starlette(routes=routes, exception_handlers=handlers)
    application.state.desk = desk
    return Guard(application, desk.gate)  # around all of it, so that a failure's page has the headers, too


def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, LangMemExtError)  # noqa: S101 - what it is registered for
    return desk_of(request).refuse(request, error)


def _missing(request: Request, _error: Exception) -> Response:
    if SESSION not in request.scope:  # a file that is not there
        return PlainTextResponse("not found", 404)
    return desk_of(request).render(request, "problem.html", status=404, problem="")


def _failed(request: Request, error: Exception) -> Response:
    text = TEXTS[language_of(request)]["failed"]
    return desk_of(request).render(request, "problem.html", status=500, problem=text.format(error=type(error).__name__))
