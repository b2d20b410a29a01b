"""What an evaluation spends, over all its threads, and the cap on it."""

import threading
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from langchain_core.rate_limiters import BaseRateLimiter

from langmem_ext.errors import CapReachedError
from langmem_ext.tokens import count_messages, count_text


class Account(BaseCallbackHandler):
    """Counts every call of the models it is put on, the agent's, the judge's and the distiller's alike.

    Safe to share between threads.

    Args:
        max_calls: Model calls at most; None is no cap.
        max_tokens: No call begins once so many tokens are spent, input and output together; None is no cap.
    """

    def __init__(self, max_calls: int | None = None, max_tokens: int | None = None) -> None:
        self.max_calls = max_calls
        self.max_tokens = max_tokens
        self.calls = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self._sent: dict[UUID, int] = {}
        self._lock = threading.Lock()

    @property
    def spent(self) -> bool:
        """Whether no further call may begin."""
        with self._lock:
            return self._reached() is not None

    def on_model(self, model: BaseChatModel) -> BaseChatModel:
        """Return a copy of the model whose calls are counted here and refused past the cap."""
        return model.model_copy(update={"callbacks": [self], "rate_limiter": _Gate(self)})

    def begin(self) -> None:
        """Count a call that is about to be made.

        Raises:
            CapReachedError: The cap is used up; nothing was counted.
        """
        with self._lock:
            reached = self._reached()
            if reached:
                raise CapReachedError(reached)
            self.calls += 1

    def _reached(self) -> str | None:
        if self.max_calls is not None and self.calls >= self.max_calls:
            return f"the cap of {self.max_calls} model calls is used up"
        if self.max_tokens is not None and self.input_tokens + self.output_tokens >= self.max_tokens:
            return f"the cap of {self.max_tokens} tokens is used up"
        return None

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002 - the signature is LangChain's
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        **_: Any,
    ) -> None:
        """Note the size of what is sent, for a model that reports no usage."""
        sent = sum(map(count_messages, messages))
        with self._lock:
            self._sent[run_id] = sent

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **_: Any) -> None:
        """Add the tokens of an answered call."""
        generation = response.generations[0][0]
        message = generation.message if isinstance(generation, ChatGeneration) else None
        usage = message.usage_metadata if isinstance(message, AIMessage) else None
        with self._lock:
            sent = self._sent.pop(run_id, 0)
            self.input_tokens += usage["input_tokens"] if usage else sent
            self.output_tokens += usage["output_tokens"] if usage else count_text(generation.text)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:  # noqa: ARG002 - LangChain's
        """Forget a call that failed."""
        with self._lock:
            self._sent.pop(run_id, None)


class _Gate(BaseRateLimiter):
    """The account as a rate limiter: the one hook that every call of a LangChain model passes, and that may raise."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def acquire(self, *, blocking: bool = True) -> bool:  # noqa: ARG002 - never waits
        self._account.begin()
        return True

    async def aacquire(self, *, blocking: bool = True) -> bool:
        return self.acquire(blocking=blocking)
