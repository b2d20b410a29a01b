"""Calling the model: what it is offered, counted, capped, and an empty answer asked for once more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool

from langmem_ext.context.shortening import flat_text
from langmem_ext.errors import InvalidInputError, ModelOutputError
from langmem_ext.loop.exchanges import identified, only
from langmem_ext.loop.searching import MEMORY_SCHEMAS
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, invoke

Bound = Runnable[LanguageModelInput, AIMessage]


@dataclass(slots=True)
class Models:
    """The chat model in the forms in which the loop calls it. May be shared by threads.

    Attributes:
        plain: The model with no tools.
        tools: The application's tools.
        searches: Whether the model takes tools at all, so that it can be offered the memory's.
    """

    plain: BaseChatModel
    tools: Sequence[BaseTool]
    searches: bool = True
    _bound: dict[bool, Bound] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Try to bind tools now, so that a model that can't is known before the first run."""
        try:
            self.bound(memory=self.searches)
        except NotImplementedError:
            self.searches = False
            if self.tools:
                raise InvalidInputError(
                    f"{type(self.plain).__name__} can't call tools; leave `tools` out or pass a model that can"
                ) from None

    @property
    def names(self) -> frozenset[str]:
        """Names of the application's tools."""
        return frozenset(tool.name for tool in self.tools)

    def schemas(self, *, memory: bool) -> list[Any]:
        """Return what a call is offered, with or without the memory's tools."""
        return [*(MEMORY_SCHEMAS if memory else []), *self.tools]

    def bound(self, *, memory: bool) -> Bound:
        """Return the model with its tools bound."""
        if memory not in self._bound:
            schemas = self.schemas(memory=memory)
            self._bound[memory] = self.plain.bind_tools(schemas) if schemas else self.plain
        return self._bound[memory]


def call_model(
    model: Bound,
    prompt: Sequence[BaseMessage],
    sent: int,
    meter: Meter,
    config: RunnableConfig,
    *,
    calls: bool = True,
) -> Operation[AIMessage]:
    """Call the model and return its message; an empty one is asked for once more.

    Args:
        model: The model with whatever is bound to it.
        prompt: The rendered main context.
        sent: Tokens of the prompt with the schemas.
        meter: Counts and caps.
        config: The node's config: callbacks, tags, streaming.
        calls: Whether tools are offered; calls that a model makes all the same are dropped.

    Raises:
        CapReachedError: The meter's cap is used up.
        ModelOutputError: The model gave nothing twice.
        Exception: Whatever the model itself raises.
    """
    for _attempt in range(2):
        meter.reserve(sent)
        message = yield from invoke(model, list(prompt), config)
        meter.spend(message, sent)
        if not calls and (message.tool_calls or message.invalid_tool_calls):
            message = only(message, ())
        if message.tool_calls or message.invalid_tool_calls or flat_text(message).strip():
            return identified(message)
    raise ModelOutputError("the model returned an empty answer twice; what was said is in the log, ask again")


def refuses_tools(error: Exception) -> bool:
    """Whether an endpoint says that its model takes no tools: a request error that speaks of tools."""
    status = getattr(error, "status_code", None)
    return status in {None, 400, 404, 422, 501} and "tool" in str(error).lower() and "support" in str(error).lower()
