"""Spans: what a memory did, how long it took and how much of it there was, for OpenTelemetry.

Nothing here needs OpenTelemetry: where the application has not imported it, nothing is traced and nothing is paid. A
span holds counts and names of operations, never text, ids or namespaces.
"""

import sys
from collections.abc import Callable, Generator, Mapping
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from langmem_ext._version import __version__

P = ParamSpec("P")
T = TypeVar("T")
Y = TypeVar("Y")

PREFIX: Final = "langmem_ext."
"""Begins the name of every span and attribute."""
Measures = Mapping[str, int | float | str]


def traced(operation: Callable[P, Generator[Y, Any, T]]) -> Callable[P, Generator[Y, Any, T]]:
    """Let an operation run in a span named after it, with the counts of its result as attributes."""
    name = PREFIX + operation.__name__.removeprefix("_")

    @wraps(operation)
    def spanned(*args: P.args, **kwargs: P.kwargs) -> Generator[Y, Any, T]:
        tracer = _tracer()
        if tracer is None:
            return (yield from operation(*args, **kwargs))
        with tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:
            try:
                result = yield from operation(*args, **kwargs)
            except Exception as error:
                _mark_failed(span, error)
                raise
            if span.is_recording():
                span.set_attributes({PREFIX + field: value for field, value in measures(result).items()})
            return result

    return spanned


def measures(result: object) -> Measures:
    """Return what can be counted of a result: the length of a list, the numbers and lists of a model."""
    if isinstance(result, list):
        return {"count": len(result)}
    found: dict[str, int | float | str] = {}
    for field in getattr(type(result), "model_fields", ()):
        value = getattr(result, field)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[field] = value
        elif isinstance(value, list | dict):
            found[field] = len(value)
    return found


def annotate(count: Callable[[], Mapping[str, int]]) -> None:
    """Add counts to the span that the caller runs in; they are only made where there is one."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is not None:
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attributes({PREFIX + name: value for name, value in count().items()})


def _tracer() -> Any:
    trace = sys.modules.get("opentelemetry.trace")
    return None if trace is None else trace.get_tracer("langmem_ext", __version__)


def _mark_failed(span: Any, error: Exception) -> None:
    """Say which kind of error it was; its message may repeat what was said."""
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - there, or there would be no span

    span.set_status(Status(StatusCode.ERROR, type(error).__name__))
    span.set_attribute("error.type", type(error).__name__)
