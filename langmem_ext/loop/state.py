"""What a run carries: its context, its state, and what goes in and out. Plain data, JSON all through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, NotRequired

from langchain_core.messages import AnyMessage, BaseMessage
from langgraph.channels import UntrackedValue
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict  # pydantic makes no schema of typing's before Python 3.12

from langmem_ext.records import Recall, clean


@dataclass(frozen=True, kw_only=True)
class Context:
    """Run-scoped settings: who is speaking, where, when, and for how much.

    The memory's namespace comes from here alone (or from the authenticated user of a LangGraph server, which wins),
    never from messages or tool arguments.

    Attributes:
        user_id: Whose memory it is. Left at "default", ``config["configurable"]["user_id"]`` is used where it is set.
        namespace: Root of the memory, instead of the user's own ``("memories", user_id)``.
        thread_id: Conversation in the log; None takes ``config["configurable"]["thread_id"]``, else "default".
        now: Present moment, for replays and tests: a datetime or ISO 8601; None is the clock.
        context_budget: Tokens of the main context; None is the agent's.
        max_searches: Rounds of searching; None is the agent's.
    """

    user_id: str = "default"
    namespace: Sequence[str] | None = None
    thread_id: str | None = None
    now: datetime | str | None = None
    context_budget: int | None = None
    max_searches: int | None = None


class Usage(TypedDict):
    """What the newest turn has spent so far.

    Attributes:
        model_calls: Calls made, those of an inline update included.
        input_tokens: Tokens sent, as the model reports them, else by our counter.
        output_tokens: Tokens received, likewise.
    """

    model_calls: int
    input_tokens: int
    output_tokens: int


def append(left: Any, right: Any) -> Any:
    """Add messages as LangGraph does, with lone surrogates replaced: no wire format or file can hold them."""
    return [_cleaned(message) for message in add_messages(left, right) if isinstance(message, BaseMessage)]


def _cleaned(message: BaseMessage) -> BaseMessage:
    if isinstance(message.content, str):
        content = clean(message.content)
        return message if content == message.content else message.model_copy(update={"content": content})
    return message


class InputState(TypedDict):
    """What goes in: new messages."""

    messages: Annotated[list[AnyMessage], append]


class AgentState(TypedDict):
    """What the graph keeps between nodes and turns.

    Attributes:
        messages: The window of the conversation; what was paged out has left it.
        summary: Rolling summary of what was paged out.
        profile: Core profile, as it was when the turn began.
        pages: Recalled pages (`langmem_ext.context.Page`), as JSON.
        language: Of the prompts in this thread, from its first message.
        turn: Id of the human message that the following belong to.
        logged: Id of the last message that is in the log.
        searches: Rounds of searching so far.
        usage: Model calls and tokens so far.
        recalls: What was recalled, the recall before the model first, each with its trace; not in checkpoints.
        warnings: What went wrong without failing the turn.
    """

    messages: Annotated[list[AnyMessage], append]
    summary: NotRequired[str]
    profile: NotRequired[dict[str, Any]]
    pages: NotRequired[list[dict[str, Any]]]
    language: NotRequired[str]
    turn: NotRequired[str]
    logged: NotRequired[str]
    searches: NotRequired[int]
    usage: NotRequired[Usage]
    recalls: NotRequired[Annotated[list[Recall], UntrackedValue]]
    warnings: NotRequired[list[str]]


class OutputState(TypedDict):
    """What comes out: the conversation, and how the newest answer came about."""

    messages: Annotated[list[AnyMessage], append]
    summary: NotRequired[str]
    usage: NotRequired[Usage]
    recalls: NotRequired[Annotated[list[Recall], UntrackedValue]]
    warnings: NotRequired[list[str]]
