"""Counting model calls and tokens, with a cap: the difference between a memory and a bill shock."""

from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage

from langmem_ext.errors import CapReachedError
from langmem_ext.tokens import count_text


@dataclass(slots=True)
class Meter:
    """Calls and tokens spent, and how many may be; not shared between threads.

    Attributes:
        max_calls: Model calls allowed; None is no cap.
        max_tokens: Tokens allowed, input and output together; None is no cap.
        calls: Model calls made.
        input_tokens: Tokens sent, as the model reports them, else by our counter.
        output_tokens: Tokens received, likewise.
    """

    max_calls: int | None = None
    max_tokens: int | None = None
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Tokens spent so far."""
        return self.input_tokens + self.output_tokens

    def reserve(self, tokens: int) -> None:
        """Check that one more call with this many input tokens is within the caps, and count the call.

        Raises:
            CapReachedError: It is not; nothing was counted.
        """
        if self.max_calls is not None and self.calls >= self.max_calls:
            raise CapReachedError(f"the cap of {self.max_calls} model calls is used up")
        if self.max_tokens is not None and self.tokens + tokens > self.max_tokens:
            raise CapReachedError(
                f"{tokens} more tokens would pass the cap of {self.max_tokens} ({self.tokens} are spent)"
            )
        self.calls += 1

    def spend(self, message: Any, sent: int) -> None:
        """Count the tokens of an answered call; `sent` is used where the model reports no usage."""
        usage = message.usage_metadata if isinstance(message, AIMessage) else None
        self.input_tokens += usage["input_tokens"] if usage else sent
        self.output_tokens += usage["output_tokens"] if usage else count_text(str(getattr(message, "content", "")))
