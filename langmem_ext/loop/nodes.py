"""The nodes of the loop in execution order, as operations: one body for sync and async runs."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, RemoveMessage
from langchain_core.runnables import Runnable, RunnableConfig

from langmem_ext.context import MainContext, Page
from langmem_ext.context.pages import fade
from langmem_ext.context.shortening import flat_text
from langmem_ext.errors import InvalidInputError
from langmem_ext.longterm.background import BackgroundUpdates, distil
from langmem_ext.longterm.log import message_text, observe
from langmem_ext.longterm.profile import profile
from langmem_ext.longterm.recall import recall
from langmem_ext.loop.calling import Models, call_model, refuses_tools
from langmem_ext.loop.contexts import Contexts
from langmem_ext.loop.exchanges import answered, calls_one_of, conversation, newest_human, pending
from langmem_ext.loop.runs import Run, Runs
from langmem_ext.loop.searching import Room, execute, loaded
from langmem_ext.loop.state import AgentState, Usage, append
from langmem_ext.loop.waiting import quietly, together
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, invoke
from langmem_ext.text import language

logger = logging.getLogger("langmem_ext")

Update = dict[str, Any]
SPEAKING: Final = frozenset({"analyse", "answer"})
"""Nodes whose model calls speak to the user: what they stream is the answer, or what leads to it."""
_QUERY = 2000
"""Characters of each end of a long message that are searched for; what it asks is at one of the two."""
_LEAST_RECORD = 56
"""Tokens of a short rendered record; no more of them are asked for than could fit."""
_LEAST_RESULT = 64
"""Tokens under which a recall can't show a record."""


@dataclass(slots=True)
class Nodes:
    """The loop's nodes and their settings. Stateless but for caches; may be shared by threads.

    Attributes:
        models: The chat model.
        runs: Finds the memory of a run.
        contexts: Builds what the model is shown.
        tool_node: Executes the application's tools; None where there are none.
        analysis: Whether the model decides what to search for ("model"), or the recall before it is all ("recall").
        update: When the log is distilled.
        background: The worker for ``update="background"``.
        recall_limit: Records that the recall before the model brings at most.
        max_model_calls: Model calls of a turn at most; None is no cap.
        max_tokens: Tokens of a turn at most; None is no cap.
    """

    models: Models
    runs: Runs
    contexts: Contexts
    tool_node: Runnable[Any, Any] | None
    analysis: Literal["model", "recall"]
    update: Literal["inline", "background", "off"]
    background: BackgroundUpdates | None
    recall_limit: int
    max_model_calls: int | None
    max_tokens: int | None

    # analyse

    def analyse(self, state: AgentState, config: RunnableConfig) -> Operation[Update]:
        """Log what was said, recall for it, and let the model answer or say what it must remember.

        Raises:
            InvalidInputError: There is no human message, or it is empty.
        """
        run = self.runs.of(config)
        update = yield from self._begin(state, run)
        view = _merged(state, update)
        if answered(view["messages"]):  # the same message again: it has its answer
            return update
        if self.analysis == "recall" or not self.models.searches or view["searches"] >= run.max_searches:
            return update
        meter = self._meter(view["usage"])
        prompt, sizes = self.contexts.of(view, run, searching=True).arrange()
        if not self._affords_tools(meter, sizes["total"]):
            return update
        try:
            message = yield from call_model(self.models.bound(memory=True), prompt, sizes["total"], meter, config)
        except Exception as error:
            if not refuses_tools(error) or self.models.tools:
                raise
            logger.warning("the model takes no tools; recall goes before its answers from now on")
            self.models.searches = False
            return update
        return update | {"messages": [*update.get("messages", []), message], "usage": _usage(meter)}

    def _begin(self, state: AgentState, run: Run) -> Operation[Update]:
        """Start a turn: log its messages, page out what is too much, recall; nothing where the turn goes on."""
        human = newest_human(state["messages"])
        if human is None:
            raise InvalidInputError(
                'there is no human message to answer; pass {"messages": [{"role": "user", "content": …}]}'
            )
        if state.get("turn") == human.id:
            return {}
        if not message_text(human):
            raise InvalidInputError("the message is empty; pass one with text")
        kept = conversation(state["messages"], self.models.names)
        changes = _changes(state["messages"], kept)
        update: Update = {
            "turn": human.id,
            "searches": 0,
            "usage": Usage(model_calls=0, input_tokens=0, output_tokens=0),
            "recalls": [],
            "warnings": [],
            "language": state.get("language") or language(flat_text(human)),
            "summary": state.get("summary", ""),
            "profile": (yield from profile(run.memory)),
            "pages": [page.as_dict() for page in fade(Page.of(value) for value in state.get("pages", []))],
            "logged": (yield from self._log(kept, state.get("logged"), run)),
        }
        context = self.contexts.of(_merged(state, update), run, searching=False)
        changes.extend((yield from self._page_out(context, run, None, None)))
        update |= yield from self._recall(context, flat_text(human), run)
        update["summary"] = context.summary
        return update | {"messages": changes}

    def _log(self, messages: Sequence[AnyMessage], logged: str | None, run: Run) -> Operation[str | None]:
        """Append to the log what is not there yet; return the id of the last message in it."""
        place = next((n for n in range(len(messages) - 1, -1, -1) if messages[n].id == logged), -1)
        new = [message for message in messages[place + 1 :] if message_text(message)]
        if not new:
            return logged
        records = yield from observe(run.memory, new, thread_id=run.thread_id, occurred_at=run.now)
        return records[-1].id

    def _recall(self, context: MainContext, text: str, run: Run) -> Operation[Update]:
        """Recall for the newest message without a model call, into the room that the context has."""
        room = context.page_room
        if room < _LEAST_RESULT:
            return {}
        limit = min(self.recall_limit, room // _LEAST_RECORD)
        query = text if len(text) <= 2 * _QUERY else f"{text[:_QUERY]} {text[-_QUERY:]}"
        seen = [message.id for message in context.messages if message.id]
        try:
            found = yield from recall(run.memory, query, now=run.now, limit=limit, exclude=seen)
        except Exception as error:  # noqa: BLE001 - an embedder or a store that fails must not cost the answer
            logger.warning("recall failed, the turn goes on without it: %s", type(error).__name__)
            return {"warnings": [f"recall failed, the turn went on without it: {type(error).__name__}"]}
        context.add_pages(found.records, found.scores, about=query)
        pages = context.pages
        return {"pages": [page.as_dict() for page in pages], "recalls": [loaded(found, pages)]}

    # search_memory

    def search_memory(self, state: AgentState, config: RunnableConfig) -> Operation[Update]:
        """Execute the model's calls of memory tools together, and add what they found to the context."""
        run = self.runs.of(config)
        calls = [call for call in pending(state["messages"]) if not calls_one_of(call, self.models.names)]
        context = self.contexts.of(state, run, searching=True)
        tokens = max(_LEAST_RESULT, context.page_room // max(1, len(calls)))
        room = Room(tokens, sorted(context.ids), self.contexts.counter.text)
        others = sorted(self.models.names)
        results = yield from together([partial(execute, run, call, room, others) for call in calls])
        pages = {value["id"]: value for value in state.get("pages", [])}
        for result in results:
            pages |= {page.id: page.as_dict() for page in result.pages}
        recalls = [result.recall for result in results if result.recall is not None]
        return {
            "messages": [result.message for result in results],
            "recalls": [*state.get("recalls", []), *recalls],
            "pages": list(pages.values()),
            "searches": state.get("searches", 0) + 1,
        }

    # tools

    def tools(self, state: AgentState, config: RunnableConfig) -> Operation[Any]:
        """Execute the model's calls of the application's own tools."""
        assert self.tool_node is not None  # noqa: S101 - the graph has this node only with tools
        own = [call for call in pending(state["messages"]) if calls_one_of(call, self.models.names)]
        request = AIMessage("", tool_calls=own)
        return (yield from invoke(self.tool_node, {**state, "messages": [*state["messages"], request]}, config))

    # answer

    def answer(self, state: AgentState, config: RunnableConfig) -> Operation[Update]:
        """Answer from the main context, unless `analyse` has answered already."""
        if answered(state["messages"]):
            return {}
        run = self.runs.of(config)
        meter = self._meter(state["usage"])
        offered = bool(self.models.tools)
        prompt, sizes = self.contexts.of(state, run, searching=False, offered=offered).arrange()
        if offered and not self._affords_tools(meter, sizes["total"]):
            offered = False
            prompt, sizes = self.contexts.of(state, run, searching=False, offered=False).arrange()
        model = self.models.bound(memory=False) if offered else self.models.plain
        message = yield from call_model(model, prompt, sizes["total"], meter, config, calls=offered)
        return {"messages": [message], "usage": _usage(meter)}

    # update_memory

    def update_memory(self, state: AgentState, config: RunnableConfig) -> Operation[Update]:
        """Log the answer, page out what is too much, and distil: now, in the background, or not at all."""
        run = self.runs.of(config)
        kept = conversation(state["messages"], self.models.names)
        logged = yield from self._log(kept, state.get("logged"), run)
        meter = self._meter(state["usage"])
        warnings = list(state.get("warnings", []))
        context = self.contexts.of(state, run, searching=False)
        gone = yield from self._page_out(context, run, meter, config)
        if self.update == "inline":
            memory, thread = run.memory, run.thread_id
            warnings.extend((yield from quietly(config, lambda: distil(memory, thread, meter))))
        elif self.background is not None:
            self.background.submit(run.memory, run.thread_id)
        return {
            "messages": gone,
            "logged": logged,
            "summary": context.summary,
            "usage": _usage(meter),
            "warnings": warnings,
        }

    def _page_out(
        self, context: MainContext, run: Run, meter: Meter | None, config: RunnableConfig | None
    ) -> Operation[list[BaseMessage]]:
        """Page out where it is due; return the removals. Everything that leaves is in the log already."""
        if not context.due:
            return []
        use_model = self.update == "inline" and meter is not None and config is not None
        model = run.memory.model if use_model else None

        def body() -> Operation[list[BaseMessage]]:
            return (yield from context._page_out(model=model, meter=meter))  # noqa: SLF001 - the operation of `page_out`

        leaving = yield from (quietly(config, body) if config is not None else body())
        return [RemoveMessage(id=message.id) for message in leaving if message.id]

    def _meter(self, usage: Usage) -> Meter:
        meter = Meter(self.max_model_calls, self.max_tokens)
        meter.calls, meter.input_tokens, meter.output_tokens = (
            usage["model_calls"],
            usage["input_tokens"],
            usage["output_tokens"],
        )
        return meter

    def _affords_tools(self, meter: Meter, sent: int) -> bool:
        """Whether a call that may end in tool calls leaves one for the answer, and tokens for it: as many again."""
        calls = self.max_model_calls is None or meter.calls + 1 < self.max_model_calls
        return calls and (self.max_tokens is None or meter.tokens + 2 * sent <= self.max_tokens)


def _changes(before: Sequence[AnyMessage], after: Sequence[AnyMessage]) -> list[BaseMessage]:
    """Return what makes the channel hold `after` where it held `before`: removals, and messages that are replaced."""
    left = {message.id: message for message in after}
    gone: list[BaseMessage] = [
        RemoveMessage(id=message.id) for message in before if message.id and message.id not in left
    ]
    known = {message.id: message for message in before}
    return gone + [message for message in after if message is not known.get(message.id)]


def _merged(state: AgentState, update: Update) -> dict[str, Any]:
    """Return the state as it will be after an update."""
    return {**state, **update, "messages": append(state["messages"], update.get("messages", []))}


def _usage(meter: Meter) -> Usage:
    return Usage(model_calls=meter.calls, input_tokens=meter.input_tokens, output_tokens=meter.output_tokens)
