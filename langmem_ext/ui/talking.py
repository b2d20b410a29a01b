"""The conversation: what is said streams in, with what was recalled and what was learnt beside it."""

import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from langmem_ext.errors import InvalidInputError, LangMemExtError
from langmem_ext.longterm import LongTermMemory
from langmem_ext.loop import Context
from langmem_ext.loop.exchanges import RECENT, from_first_human
from langmem_ext.loop.nodes import SPEAKING
from langmem_ext.records import MemoryRecord, Recall
from langmem_ext.ui.desk import (
    Desk,
    desk_of,
    field_of,
    language_of,
    proven,
    query_of,
    redirect,
    streamed,
    wants_stream,
    whole_number,
)
from langmem_ext.ui.recalling import of_turn
from langmem_ext.ui.texts import TEXTS

SIZE = 60
THREADS = 100
FIRST = "page"
"""Name of the conversation that one starts with where there is none."""


def page(request: Request) -> Response:
    """Show a conversation, the last active one by default, and how one of its turns came about."""
    desk = desk_of(request)
    query = query_of(request)
    conversations = desk.memory.conversations()
    thread = query.get("thread") or (conversations[0].thread_id if conversations else FIRST)
    length = next((each.messages for each in conversations if each.thread_id == thread), 0)
    start = whole_number(query, "start", max(0, length - SIZE))
    messages = desk.memory.log(thread, start=start, limit=SIZE)
    turn = query.get("turn") or next((m.id for m in reversed(messages) if role(m) == "user"), "")
    return desk.render(
        request,
        "talk.html",
        thread=thread,
        conversations=conversations[:THREADS],
        messages=messages,
        role=role,
        start=start,
        earlier=max(0, start - SIZE) if start else None,
        later=start + SIZE if start + SIZE < length else None,
        turn=turn,
        aside=aside(desk.memory, turn),
    )


def role(message: MemoryRecord) -> str:
    """Return who said a logged message: user, assistant, tool or system."""
    return str(message.data.get("role", "user")) if isinstance(message.data, dict) else "user"


def aside(memory: LongTermMemory, turn: str) -> dict[str, Any] | None:
    """Return how a turn came about: what it recalled and what was learnt from it."""
    message = memory.get(turn) if turn else None
    if message is None:
        return None
    recalls, replayed = of_turn(memory, message)
    return {
        "turn": message,
        "recalls": recalls,
        "replayed": replayed,
        "learnt": memory.browse(source=message.id, limit=SIZE).records,
    }


async def say(request: Request) -> Response:
    """Say something: streamed where the page's script asks for it, else answered before the page is shown again."""
    form = await proven(request)
    text, thread = field_of(form, "text").strip(), field_of(form, "thread").strip() or FIRST
    if not text:
        raise InvalidInputError("the message is empty")
    desk = desk_of(request)
    events = Turn(request, desk, thread).run(text)
    if wants_stream(request):
        return streamed(events)
    said = [event async for event in events]
    failure = next((event["text"] for event in said if event["event"] == "problem"), None)
    if failure:
        return desk.render(request, "problem.html", status=502, problem=failure)
    return redirect("/talk", thread=thread)


class Turn:
    """One turn of a conversation: logged first, answered, then distilled; each as an event of the stream."""

    def __init__(self, request: Request, desk: Desk, thread: str) -> None:
        self._request = request
        self._desk = desk
        self._memory = desk.memory
        self._thread = thread
        self._recalls: list[Recall] = []
        self._warnings: list[str] = []
        self._answered = False

    async def run(self, text: str) -> AsyncIterator[dict[str, Any]]:
        """Yield what happens; what fails is an event, and what was said is in the log all the same."""
        try:
            async for event in self._run(text):
                yield event
        except Exception as error:  # noqa: BLE001 - a provider may raise anything
            yield {"event": "problem", "text": self._problem(error)}

    async def _run(self, text: str) -> AsyncIterator[dict[str, Any]]:
        now = self._memory.now().astimezone(self._memory.zone)
        message = HumanMessage(text, id=str(uuid.uuid4()), additional_kwargs={"timestamp": now.isoformat()})
        earlier = await self._recent()
        await self._memory.aobserve([message], thread_id=self._thread)
        yield {"event": "said", "turn": message.id, "text": text}
        async for event in self._answer([*earlier, message], now):
            yield event
        self._answered = True
        await self._memory.anote_recalls(str(message.id), self._recalls)
        yield {"event": "learning"}
        retired = await self._learn()
        yield {"event": "learnt", "html": await run_in_threadpool(self._aside, str(message.id), retired)}

    async def _recent(self) -> list[BaseMessage]:
        """Return the end of the log."""
        return from_first_human(await self._memory.amessages(self._thread, start=-RECENT, limit=RECENT))

    async def _answer(self, messages: list[BaseMessage], now: datetime) -> AsyncIterator[dict[str, Any]]:
        stream: AsyncIterator[Any] = self._desk.agent.astream(
            {"messages": messages},
            config={"configurable": {"thread_id": self._thread}},
            context=Context(namespace=self._memory.namespace, thread_id=self._thread, now=now),
            stream_mode=["messages", "updates"],
        )
        async for mode, payload in stream:
            if mode == "messages":
                chunk, metadata = payload
                if metadata.get("langgraph_node") in SPEAKING and isinstance(chunk, AIMessage) and chunk.text:
                    yield {"event": "text", "text": str(chunk.text)}
                continue
            for values in payload.values():
                self._warnings = (values or {}).get("warnings") or self._warnings
                if recalls := (values or {}).get("recalls"):
                    self._recalls = list(recalls)
                    yield {"event": "recalled", "html": self._recalled()}

    def _recalled(self) -> str:
        return self._desk.text(self._request, "recalled.html", recalls=self._recalls, replayed=False)

    async def _learn(self) -> list[MemoryRecord]:
        """Distil what was said; return what is no longer believed."""
        report = await self._memory.aupdate(thread_id=self._thread)
        found = [await self._memory.aget(record_id) for record_id in report.retired]
        digest = await self._memory.aconsolidate(thread_id=self._thread, due_only=True)
        self._warnings = [*self._warnings, *report.warnings, *digest.warnings]
        return [record for record in found if record]

    def _aside(self, turn: str, retired: list[MemoryRecord]) -> str:
        values = {"aside": aside(self._memory, turn), "retired": retired, "warnings": self._warnings}
        return self._desk.text(self._request, "aside.html", **values)

    def _problem(self, error: Exception) -> str:
        if isinstance(error, LangMemExtError):
            return str(error)
        return TEXTS[language_of(self._request)]["failed" if self._answered else "no_answer"].format(
            error=type(error).__name__
        )
