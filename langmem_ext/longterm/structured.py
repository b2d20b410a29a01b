"""A chat model bound to return instances of a schema, together with its raw message.

LangChain's own ``with_structured_output(…, include_raw=True)`` starts and joins a pool of threads for every call, some
milliseconds that a turn would wait for; the sequence that it returns without `include_raw` has the same model and
parser as its steps, and is taken apart here. What is no such sequence is asked for its raw message as LangChain does.
LangChain also makes a JSON schema for its traces on every call, five milliseconds more; here it is made once.
"""

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableBinding, RunnableSequence
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel

from langmem_ext.operations import Operation, invoke


class StructuredModel:
    """A model bound to a schema; stateless, may be shared by threads.

    Args:
        model: The chat model.
        schema: What it is to return.

    Raises:
        NotImplementedError: The model can't return structure; LangChain says it so.
    """

    def __init__(self, model: BaseChatModel, schema: type[BaseModel]) -> None:
        bound: Runnable[Any, Any] = model.with_structured_output(schema)
        self._parser: Runnable[Any, Any] | None = None
        if isinstance(bound, RunnableSequence) and not bound.middle:
            self._model, self._parser = _with_traced_schema(bound.first), bound.last
        else:
            self._model = model.with_structured_output(schema, include_raw=True)

    def answer(self, messages: list[BaseMessage]) -> Operation[dict[str, Any]]:
        """Return LangChain's ``raw``, ``parsed`` and ``parsing_error``.

        Raises:
            Exception: Whatever the model itself raises.
        """
        raw = yield from invoke(self._model, messages)
        if self._parser is None:
            return raw if isinstance(raw, dict) else {"raw": None, "parsed": raw, "parsing_error": None}
        try:
            return {"raw": raw, "parsed": self._parser.invoke(raw), "parsing_error": None}
        except Exception as error:  # noqa: BLE001 - a parser may raise anything; what it says goes into the repair
            return {"raw": raw, "parsed": None, "parsing_error": error}


_FORMAT = "ls_structured_output_format"
"""The argument in which LangChain hands the schema to its tracers, and to nobody else."""


def _with_traced_schema(model: Runnable[Any, Any]) -> Runnable[Any, Any]:
    """Return the same model with the schema for its traces made already."""
    traced = model.kwargs.get(_FORMAT) if isinstance(model, RunnableBinding) else None
    if not isinstance(traced, dict) or "schema" not in traced:
        return model
    return model.bind(**{_FORMAT: traced | {"schema": convert_to_json_schema(traced["schema"])}})
