"""`ExtractiveChatModel`: a chat model without a model, for demos, tests and machines without a network.

It goes through exactly the code path a real model goes through: it reads the same prompts, answers in text, tool
calls or structured output, streams and reports usage. What it does is extraction, not understanding.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCall, tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from langmem_ext.errors import InvalidInputError
from langmem_ext.offline import answering, distilling, phrasing, searching, structure
from langmem_ext.offline.reading import Prompt, asks, read_prompt
from langmem_ext.tokens import count_messages, count_text

_TOKEN = re.compile(r"\s*(?:[\u3400-\u9fff]|[^\s\u3400-\u9fff]+)|\s+$")
_FREE = {None, "auto", "none"}

Tools = Mapping[str, Mapping[str, Any]]


class ExtractiveChatModel(BaseChatModel):
    """A deterministic chat model that answers by extraction, in Chinese and English, with no key and no network.

    It answers questions with the best sentences of ``<memories>``, of tool results and of the conversation,
    acknowledges statements, calls `search_memory` (and, as a last resort, `search_log`) where they are bound and the
    prompt lacks what the question needs, and fills structured output from the text. It says plainly when it finds
    nothing. The same messages give the same answer; one instance may be shared by threads and tasks.

    Example:
        >>> from langmem_ext.offline import ExtractiveChatModel
        >>> ExtractiveChatModel().invoke([("human", "My budget is 500 euros."), ("human", "What is my budget?")]).text
        'From what you told me: your budget is 500 euros.'

    Attributes:
        model_name: Name under which traces know it.
        max_tokens: Longest answer, in tokens of `langmem_ext.tokens`; None is no bound.
        stop: Texts at which an answer ends, themselves left out.
    """

    model_name: str = "extractive"
    max_tokens: int | None = None
    stop: list[str] | None = None

    @property
    def _llm_type(self) -> str:
        return "extractive"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "max_tokens": self.max_tokens, "stop": self.stop}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools that it may call.

        Args:
            tools: Anything that LangChain can turn into an OpenAI tool.
            tool_choice: None or "auto": as it sees fit; "none": never; "any" or "required": it must; or a tool's name.
            kwargs: Further call arguments.

        Raises:
            InvalidInputError: `tool_choice` names no bound tool.
        """
        formatted = [convert_to_openai_tool(tool) for tool in tools]
        names = [tool["function"]["name"] for tool in formatted]
        if tool_choice not in {*_FREE, "any", "required", True, False, *names}:
            raise InvalidInputError(f"tool_choice must be 'auto', 'none', 'any' or one of {names}, got {tool_choice!r}")
        return self.bind(tools=formatted, tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - BaseChatModel's signature
        **kwargs: Any,
    ) -> ChatResult:
        message = self._respond(messages, stop, kwargs)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in _chunks(self._respond(messages, stop, kwargs)):
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in _chunks(self._respond(messages, stop, kwargs)):
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _respond(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, options: Mapping[str, Any]
    ) -> AIMessage:
        """Answer with text or tool calls, and with what that cost."""
        tools = {
            tool["function"]["name"]: tool["function"].get("parameters", {}) for tool in options.get("tools") or ()
        }
        prompt = read_prompt(messages)
        text, calls = respond(prompt, tools, options.get("tool_choice"))
        text = self._cut(text, [*(stop or ()), *(self.stop or ())])
        spent = count_messages(messages)
        gained = count_text(text) + sum(count_text(str(call["args"])) for call in calls)
        return AIMessage(
            content=text,
            tool_calls=calls,
            usage_metadata=UsageMetadata(input_tokens=spent, output_tokens=gained, total_tokens=spent + gained),
            response_metadata={"model_name": self.model_name, "finish_reason": "tool_calls" if calls else "stop"},
        )

    def _cut(self, text: str, stops: Sequence[str]) -> str:
        for mark in filter(None, stops):
            text = text.split(mark, 1)[0]
        if self.max_tokens is None or count_text(text) <= self.max_tokens:
            return text
        kept = ""
        for token in _TOKEN.findall(text):
            if count_text(kept + token) > self.max_tokens:
                break
            kept += token
        return kept


def respond(prompt: Prompt, tools: Tools, choice: object = None) -> tuple[str, list[ToolCall]]:
    """Return the answer to a prompt as text, or the tool calls to make first.

    Args:
        prompt: What the model is shown.
        tools: Bound tools: parameters (JSON schema) by name.
        choice: LangChain's `tool_choice`.
    """
    if tools and choice not in {*_FREE, False}:
        name = choice if isinstance(choice, str) and choice in tools else _forced(prompt, tools)
        return "", [_call(prompt, 0, name, _arguments(name, tools[name], prompt))]
    if prompt.entries or prompt.transcript:
        return distilling.fold(prompt), []
    if talk := phrasing.small_talk(prompt.question, prompt.language):
        return talk, []
    finding = answering.find(prompt)
    offered = {} if choice in {"none", False} else tools
    if planned := searching.plan_calls(prompt, finding, offered):
        return "", [_call(prompt, place, name, args) for place, (name, args) in enumerate(planned)]
    return _text(prompt, finding), []


def _forced(prompt: Prompt, tools: Tools) -> str:
    """Choose a tool where one must be called: memory where the question needs it, else the first that is not memory."""
    finding = answering.find(prompt)
    if planned := searching.plan_calls(prompt, finding, tools):
        return planned[0][0]
    memory = {searching.SEARCH_MEMORY, searching.SEARCH_LOG, searching.MANAGE_MEMORY}
    return next((name for name in tools if name not in memory), next(iter(tools)))


def _arguments(name: str, parameters: Mapping[str, Any], prompt: Prompt) -> dict[str, Any]:
    return distilling.distil(name, prompt) or structure.fill(parameters, prompt)


def _text(prompt: Prompt, finding: answering.Finding) -> str:
    """Answer a question, acknowledge a statement, or pass on what a tool that is not memory returned."""
    other = [text for name, text in prompt.results if name not in {searching.SEARCH_MEMORY, searching.SEARCH_LOG}]
    if other and not finding.chosen:
        return phrasing.result(other[-1], prompt.language)
    stated = distilling.statements(prompt.question)
    noted = phrasing.noted(stated, prompt.language) if stated else ""
    if not asks(prompt.question):
        return noted
    return f"{noted} {answering.answer(prompt, finding)}".strip()


def _call(prompt: Prompt, place: int, name: str, args: dict[str, Any]) -> ToolCall:
    """Make a tool call; its id derives from what it asks and when, so that a rerun gives the same one."""
    key = json.dumps([prompt.question, len(prompt.calls), place, name, args], default=str).encode()
    return tool_call(name=name, args=args, id=f"call_{sha256(key).hexdigest()[:24]}")


def _chunks(message: AIMessage) -> Iterator[ChatGenerationChunk]:
    """Cut an answer into the chunks of a stream: a word or Chinese character each, then calls and usage."""
    for token in _TOKEN.findall(message.text):
        yield ChatGenerationChunk(message=AIMessageChunk(content=token))
    calls = [
        tool_call_chunk(
            name=call["name"], args=json.dumps(call["args"], ensure_ascii=False), id=call["id"], index=index
        )
        for index, call in enumerate(message.tool_calls)
    ]
    last = AIMessageChunk(
        content="",
        tool_call_chunks=calls,
        usage_metadata=message.usage_metadata,
        response_metadata=message.response_metadata,
        chunk_position="last",
    )
    yield ChatGenerationChunk(message=last)
