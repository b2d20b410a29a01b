"""Which of a chain's inputs and outputs are the conversation, and the messages they are. Pure functions."""

import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    BaseMessageChunk,
    HumanMessage,
    get_buffer_string,
    message_chunk_to_message,
)

from langmem_ext.errors import InvalidInputError

Inputs: TypeAlias = Mapping[str, Any]

_NEVER_SAID = frozenset({"stop"})
"""Inputs that chains pass on to the model and no prompt shows."""


def input_key(inputs: Inputs, variables: Collection[str], chosen: str | None) -> str:
    """Return the key of the input that the user said.

    Args:
        inputs: The inputs of the chain.
        variables: The variables that memory itself has put among them.
        chosen: The memory's `input_key`.

    Raises:
        InvalidInputError: Not exactly one input can be meant, or the chosen one is missing.
    """
    if chosen is not None:
        if chosen not in inputs:
            raise InvalidInputError(f"input_key is {chosen!r}, but the inputs are {sorted(map(str, inputs))}")
        return chosen
    candidates = [key for key in inputs if key not in variables and key not in _NEVER_SAID]
    if len(candidates) != 1:
        raise InvalidInputError(
            f"One input key expected got {sorted(map(str, candidates))}; set input_key= to the one that holds what the "
            "user said"
        )
    return candidates[0]


def output_key(outputs: Mapping[str, Any], chosen: str | None, owner: str) -> str:
    """Return the key of the output that is the answer.

    Args:
        outputs: The outputs of the chain.
        chosen: The memory's `output_key`.
        owner: Name of the memory's class, for the warning.

    Raises:
        InvalidInputError: Several outputs and none is called "output", none at all, or the chosen one is missing.
    """
    if chosen is not None:
        if chosen not in outputs:
            raise InvalidInputError(f"output_key is {chosen!r}, but the outputs are {sorted(map(str, outputs))}")
        return chosen
    if len(outputs) == 1:
        return next(iter(outputs))
    if "output" not in outputs:
        raise InvalidInputError(
            f"Got multiple output keys: {sorted(map(str, outputs))}, cannot determine which to store in memory. "
            "Please set the 'output_key' explicitly."
            if outputs
            else "there is no output to remember; pass outputs such as {'output': …}"
        )
    warnings.warn(
        f"'{owner}' got multiple output keys: {outputs.keys()}. The default 'output' key is being used. If this is "
        "not desired, please manually set 'output_key'.",
        stacklevel=2,
    )
    return "output"


def said(value: Any, role: type[HumanMessage] | type[AIMessage]) -> list[BaseMessage]:
    """Return the messages of one side of an exchange.

    Args:
        value: A text, the blocks of a multi-part content, a message, or the messages of a turn with its tool calls.
        role: Who said a value that is no message.
    """
    if isinstance(value, str):  # by far the most usual, and the others cost more to tell apart than all the rest
        return [role(content=value)]
    if isinstance(value, BaseMessage):
        return [_whole(value)]
    if _is_messages(value):
        return [_whole(message) for message in value]
    try:
        return [role(content=value)]
    except ValueError:
        raise InvalidInputError(
            f"what was said must be a text, content blocks or messages, got {type(value).__name__}; set "
            f"{'input_key' if role is HumanMessage else 'output_key'}= to another key, or pass its text"
        ) from None


def _is_messages(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(entry, BaseMessage) for entry in value)


def _whole(message: BaseMessage) -> BaseMessage:
    return message_chunk_to_message(message) if isinstance(message, BaseMessageChunk) else message


def as_text(messages: Sequence[BaseMessage], human_prefix: str, ai_prefix: str) -> str:
    """Return what LangChain's `get_buffer_string` returns, sooner.

    Most messages are a text by one of two; asking each what it is takes LangChain longer than all else that a memory
    does. The others are left to it.
    """
    lines: list[str] = []
    for message in messages:
        kind, content = message.type, message.content
        if kind == "human" and type(content) is str:
            lines.append(f"{human_prefix}: {content}")
        elif (
            kind == "ai"
            and type(content) is str
            and not (getattr(message, "tool_calls", None) or "function_call" in message.additional_kwargs)
        ):
            lines.append(f"{ai_prefix}: {content}")
        else:
            lines.append(get_buffer_string([message], human_prefix=human_prefix, ai_prefix=ai_prefix))
    return "\n".join(lines)
