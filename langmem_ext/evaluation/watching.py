"""What the answer was given from: the agent's last prompt, and how much of the evidence it holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage

from langmem_ext.evaluation.data import Conversation
from langmem_ext.loop.nodes import SPEAKING
from langmem_ext.records import MemoryRecord, render

_BEGINNING = 40
"""Characters of a message that tell it is there; the end of a long one may have been left out."""


class Watch(BaseCallbackHandler):
    """Keeps the last prompt of the agent's answering nodes; one per question."""

    def __init__(self) -> None:
        self.prompt: list[BaseMessage] = []

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002 - the signature is LangChain's
        messages: list[list[BaseMessage]],
        *,
        metadata: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Keep a prompt."""
        if (metadata or {}).get("langgraph_node") in SPEAKING:
            self.prompt = messages[0]


def evidence(
    conversation: Conversation, gold: Sequence[str], told: Mapping[str, MemoryRecord], prompt: Sequence[BaseMessage]
) -> float | None:
    """Return the share of the gold ids whose content is in a prompt.

    Args:
        conversation: The conversation.
        gold: Ids of messages or of sessions; a session is there if one of its messages is.
        told: Records of the messages so far, by id.
        prompt: The context of the answer.

    Returns:
        0 to 1; None without gold ids.
    """
    if not gold:
        return None
    shown = "\n".join(message.text for message in prompt)
    found = [any(key in told and _mark(told[key]) in shown for key in conversation.evidence(each)) for each in gold]
    return sum(found) / len(found)


def _mark(record: MemoryRecord) -> str:
    """Return how a record begins where it is rendered; text can't imitate it, for it is escaped."""
    rendered = render(record)
    return rendered[: rendered.index(">") + 1 + _BEGINNING]
