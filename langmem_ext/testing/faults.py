"""What may go wrong with a provider, in place of an answer; see `langmem_ext.testing.openai_server`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from langchain_core.messages import AIMessage

BROKEN: Final = '{"query": "unfinished'
"""Arguments that are no JSON."""
_LONG: Final = "This answer is broken off before it comes to its end."


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong in place of an answer; made by the class methods.

    Attributes:
        kind: What goes wrong.
        status: HTTP status of a refused request.
        retry_after: Seconds of the ``Retry-After`` header; None sends none.
        seconds: How long a hanging request is held before the connection is closed.
    """

    kind: Literal["status", "hang", "drop", "malformed", "empty"]
    status: int = 500
    retry_after: float | None = None
    seconds: float = 0.0

    @classmethod
    def rate_limited(cls, retry_after: float = 0.0) -> Self:
        """Refuse with 429 and a ``Retry-After`` header, in seconds."""
        return cls("status", 429, retry_after)

    @classmethod
    def server_error(cls, status: int = 500) -> Self:
        """Refuse with a server error."""
        return cls("status", status)

    @classmethod
    def hang(cls, seconds: float) -> Self:
        """Say nothing for so many seconds, then close the connection; closing the server ends it at once."""
        return cls("hang", seconds=seconds)

    @classmethod
    def dropped(cls) -> Self:
        """Break the connection off in the middle of the answer."""
        return cls("drop")

    @classmethod
    def malformed_arguments(cls) -> Self:
        """Call the first bound tool with arguments that are no JSON; without tools, answer with broken JSON."""
        return cls("malformed")

    @classmethod
    def empty_answer(cls) -> Self:
        """Answer with an empty message."""
        return cls("empty")


def message_of(fault: Fault, tools: Sequence[Mapping[str, Any]]) -> AIMessage:
    """Return the message of a fault that has one."""
    if fault.kind == "malformed":
        if not tools:
            return AIMessage(BROKEN)
        call = {"name": tools[0]["function"]["name"], "args": {}, "id": "call_malformed", "type": "tool_call"}
        return AIMessage("", tool_calls=[call])
    return AIMessage(_LONG if fault.kind == "drop" else "")
