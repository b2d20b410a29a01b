"""What OpenAI's protocol looks like on the wire: completions, their streamed chunks, vectors. Pure functions."""

import base64
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from langchain_core.messages import AIMessage

from langmem_ext.testing.faults import BROKEN
from langmem_ext.testing.models import chunks_of

JSON = dict[str, Any]


def _arguments(arguments: JSON, *, broken: bool) -> str:
    return BROKEN if broken else json.dumps(arguments, ensure_ascii=False)


def _finish(message: AIMessage) -> str:
    return "tool_calls" if message.tool_calls else "stop"


def _head(body: JSON, kind: str) -> JSON:
    return {
        "id": "chatcmpl-scripted",
        "object": kind,
        "created": int(time.time()),
        "model": body.get("model", "scripted"),
    }


def completion(body: JSON, message: AIMessage, usage: JSON, *, broken: bool) -> JSON:
    """Return a whole completion."""
    said: JSON = {"role": "assistant", "content": message.text or None, "refusal": None}
    if message.tool_calls:
        said["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": _arguments(call["args"], broken=broken)},
            }
            for call in message.tool_calls
        ]
    choice = {"index": 0, "message": said, "finish_reason": _finish(message), "logprobs": None}
    return _head(body, "chat.completion") | {"choices": [choice], "usage": usage}


def events(body: JSON, message: AIMessage, usage: JSON | None, *, broken: bool) -> Iterator[JSON]:
    """Yield the chunks of a streamed completion."""
    head = _head(body, "chat.completion.chunk")

    def event(delta: JSON, finish: str | None = None) -> JSON:
        return head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}

    yield event({"role": "assistant", "content": ""})
    for chunk in chunks_of(message):
        if chunk.text:
            yield event({"content": chunk.text})
        for part in chunk.tool_call_chunks:
            arguments = part["args"] or ""
            called: JSON = {"index": part["index"], "function": {"arguments": arguments}}
            if part["name"]:
                called |= {"id": part["id"], "type": "function"}
                called["function"] = {"name": part["name"], "arguments": ""}
            elif broken:
                called["function"] = {"arguments": BROKEN}
            yield event({"tool_calls": [called]})
    yield event({}, _finish(message))
    if usage is not None:
        yield head | {"choices": [], "usage": usage}


def base64_of(vector: Sequence[float]) -> str:
    """Return a vector as its little-endian float32 bytes in base64."""
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode("ascii")
