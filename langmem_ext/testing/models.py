"""A chat model that follows a script: for tests that drive real chains and graphs without a model.

Owns the fake; it is part of the product, so that users test their own agents with it. It goes through LangChain's own
code for invoking, streaming, binding tools and structured output; only the words are scripted.
"""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolCall
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, Field, PrivateAttr

from langmem_ext.errors import LangMemExtError
from langmem_ext.tokens import count_message, count_messages, count_text, count_tools

Response: TypeAlias = str | AIMessage | BaseModel | dict[str, Any] | BaseException | type[BaseException]
"""A text, a whole message, structured output (the arguments of the bound tool), or an exception to raise."""

Step: TypeAlias = Response | Callable[[list[BaseMessage]], Response]
"""A response, or a function that makes it from the messages it answers."""

_PIECE: Final = re.compile(r"\s*(?:[\u3400-\u9fff]|[^\s\u3400-\u9fff]+)|\s+")


class ScriptExhaustedError(LangMemExtError, LookupError):
    """A scripted model was called more often than its script has responses."""


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """A call that a scripted model received.

    Attributes:
        messages: The prompt.
        tools: The bound tools, in OpenAI's form.
        kwargs: The other arguments: ``tool_choice``, ``stop`` and what was bound.
    """

    messages: list[BaseMessage]
    tools: list[dict[str, Any]] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)


class ScriptedChatModel(BaseChatModel):
    """A chat model that gives scripted responses in turn and records every call.

    Thread-safe: each call takes the next response, whatever thread or task it comes from. Models bound from one
    (`bind_tools`, `with_structured_output`, `bind`) share its script and its record.

    A `BaseModel` or a dict in the script is structured output: with tools bound it becomes a call of the bound tool of
    the same name (of the only or the first tool for a dict), without tools it is written as JSON. A text is sent as it
    is, also where structure was asked for: that is how malformed output is scripted. An exception, or its class, is
    raised when its turn comes.

    Args:
        responses: The script.
        model_name: Name that is reported.

    Raises:
        ScriptExhaustedError: On the call after the last response.
    """

    responses: list[Any] = Field(default_factory=list)
    model_name: str = "scripted"

    _lock: Any = PrivateAttr(default_factory=threading.Lock)
    _calls: list[ScriptedCall] = PrivateAttr(default_factory=list)

    @property
    def calls(self) -> list[ScriptedCall]:
        """The calls so far, oldest first; a copy."""
        with self._lock:
            return list(self._calls)

    @property
    def remaining(self) -> int:
        """Responses that have not been given yet."""
        with self._lock:
            return max(0, len(self.responses) - len(self._calls))

    @property
    def _llm_type(self) -> str:
        return "scripted-chat"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name}

    def get_num_tokens(self, text: str) -> int:
        """Count by script, without a vocabulary."""
        return count_text(text)

    def get_num_tokens_from_messages(self, messages: list[BaseMessage], tools: Sequence[Any] | None = None) -> int:
        """Count a prompt by script, without a vocabulary."""
        return count_messages(messages) + count_tools(tools or ())

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools in OpenAI's form; the script decides whether they are called."""
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - the signature is LangChain's
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages, stop, kwargs))])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        await asyncio.sleep(0)
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages, stop, kwargs))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in chunks_of(self._answer(messages, stop, kwargs)):
            yield ChatGenerationChunk(message=chunk)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in chunks_of(self._answer(messages, stop, kwargs)):
            await asyncio.sleep(0)  # other tasks run, and a cancellation arrives, between tokens
            yield ChatGenerationChunk(message=chunk)

    def _answer(self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]) -> AIMessage:
        """Record the call, take the next step and make the message it scripts."""
        rest = dict(kwargs)
        tools = list(rest.pop("tools", None) or ())
        if stop:
            rest["stop"] = stop
        step = self._next(ScriptedCall(list(messages), tools, rest))
        response = response_of(step, messages)
        if isinstance(response, BaseException) or (isinstance(response, type) and issubclass(response, BaseException)):
            raise response
        message = as_message(response, tools)
        if stop and isinstance(message.content, str):
            ends = [place for word in stop if (place := message.content.find(word)) >= 0]
            message.content = message.content[: min(ends, default=None)]
        message.usage_metadata = message.usage_metadata or _usage(messages, tools, message)
        message.response_metadata = {"model_name": self.model_name} | message.response_metadata
        return message

    def _next(self, call: ScriptedCall) -> Any:
        with self._lock:
            place = len(self._calls)
            self._calls.append(call)
            if place >= len(self.responses):
                raise ScriptExhaustedError(
                    f"the script has {len(self.responses)} responses and this is call {place + 1}; add a response, or "
                    "look at .calls for who called"
                )
            return self.responses[place]


def response_of(step: Any, messages: list[BaseMessage]) -> Any:
    """Return the response of a step: itself, or what the function that it is makes of the messages."""
    scripted = isinstance(step, AIMessage | BaseModel | BaseException | type)
    return step(messages) if callable(step) and not scripted else step


def as_message(response: Any, tools: Sequence[dict[str, Any]]) -> AIMessage:
    """Make a message of a scripted response; a message in the script is copied, so that nobody changes the script."""
    if isinstance(response, AIMessage):
        return response.model_copy(deep=True)
    if isinstance(response, str):
        return AIMessage(response)
    if isinstance(response, BaseModel):
        return _structured(type(response).__name__, response.model_dump(mode="json"), tools)
    if isinstance(response, dict):
        return _structured(None, response, tools)
    raise TypeError(
        f"a scripted response must be a text, an AIMessage, a pydantic object, a dict or an exception, got {response!r}"
    )


def _structured(name: str | None, arguments: dict[str, Any], tools: Sequence[dict[str, Any]]) -> AIMessage:
    names: list[str] = [tool["function"]["name"] for tool in tools if "function" in tool]
    if not names:
        return AIMessage(json.dumps(arguments, ensure_ascii=False))
    called = name if name is not None and name in names else names[0]
    return AIMessage("", tool_calls=[ToolCall(name=called, args=arguments, id=f"call_{called}")])


def _usage(messages: list[BaseMessage], tools: Sequence[Any], answer: AIMessage) -> UsageMetadata:
    sent, received = count_messages(messages) + count_tools(tools), count_message(answer)
    return UsageMetadata(input_tokens=sent, output_tokens=received, total_tokens=sent + received)


def _pieces(text: str) -> list[str]:
    """Cut a text into words and Chinese characters that join to it again."""
    return [match.group() for match in _PIECE.finditer(text)]


def chunks_of(message: AIMessage) -> Iterator[AIMessageChunk]:
    """Cut a message into the chunks that a provider would stream: its text, then its tool calls, then its usage."""
    contents: list[Any] = _pieces(message.content) if isinstance(message.content, str) else [message.content]
    for content in contents:
        yield AIMessageChunk(content=content, id=message.id)
    for index, call in enumerate(message.tool_calls):
        first = tool_call_chunk(name=call["name"], args="", id=call["id"], index=index)
        yield AIMessageChunk(content="", id=message.id, tool_call_chunks=[first])
        for piece in _pieces(json.dumps(call["args"], ensure_ascii=False)):
            more = tool_call_chunk(name=None, args=piece, id=None, index=index)
            yield AIMessageChunk(content="", id=message.id, tool_call_chunks=[more])
    yield AIMessageChunk(
        content="",
        id=message.id,
        usage_metadata=message.usage_metadata,
        response_metadata=message.response_metadata,
        additional_kwargs=message.additional_kwargs,
        chunk_position="last",
    )
