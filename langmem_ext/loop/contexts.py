"""The main context of a model call: built from the graph's state, for what the call is offered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import ToolMessage

from langmem_ext.context import MainContext, Page
from langmem_ext.context.counting import Counter
from langmem_ext.longterm.log import message_text
from langmem_ext.loop.calling import Models
from langmem_ext.loop.exchanges import conversation, paired
from langmem_ext.loop.runs import Run
from langmem_ext.prompts import ANALYSE, ASSISTANT, REFERENCE_NOTE, TODAY


@dataclass(slots=True)
class Contexts:
    """Builds main contexts. Stateless but for caches; may be shared by threads.

    Attributes:
        models: The chat model, and the tools it is offered.
        counter: Counts tokens.
        system_prompt: The application's instructions; None is a short default in the user's language.
        recall_tokens: Tokens that recalled pages take at most.
    """

    models: Models
    counter: Counter
    system_prompt: str | None
    recall_tokens: int
    _schemas: dict[tuple[bool, bool], int] = field(default_factory=dict)

    def of(self, state: Mapping[str, Any], run: Run, *, searching: bool, offered: bool = True) -> MainContext:
        """Build the main context of a call from the state.

        Args:
            state: The graph's state.
            run: The run.
            searching: Whether the memory's tools are offered and their exchanges of this turn shown as such; otherwise
                what they found is among the pages, and no provider meets calls of tools that it is not offered.
            offered: Whether the application's tools are.

        Raises:
            ContextBudgetError: The system prompt, profile and tool schemas alone are too large.
        """
        speech = state.get("language") or "en"
        today = run.now.astimezone(run.memory.zone).date().isoformat()
        context = MainContext(
            run.budget,
            system=self._system(speech, today, searching=searching),
            profile=state.get("profile"),
            tools=self._schema_tokens(memory=searching and self.models.searches, own=offered),
            summary=state.get("summary", ""),
            counter=self.counter,
            language=speech,
            page_limit=self.recall_tokens,
        )
        messages = state["messages"]
        visible = paired(messages) if searching else conversation(messages, self.models.names)
        context.add_messages(message for message in visible if message_text(message))
        shown = {message.tool_call_id for message in visible if isinstance(message, ToolMessage)}
        pages = [Page.of(value) for value in state.get("pages", [])]
        context.restore_pages(page if page.carrier in shown else page.uncarried() for page in pages)
        return context

    def check(self, budget: int) -> None:
        """Build the largest fixed part of a context once, so that a budget that can't work is an error now.

        Raises:
            ContextBudgetError: Its instructions and tool schemas are more than the budget.
        """
        tools = self._schema_tokens(memory=self.models.searches, own=True)
        for speech in ("en", "zh"):
            system = self._system(speech, "2026-01-01", searching=True)
            MainContext(budget, system=system, tools=tools, counter=self.counter)

    def _schema_tokens(self, *, memory: bool, own: bool) -> int:
        key = (memory, own)
        if key not in self._schemas:
            self._schemas[key] = self.counter.tools(self.models.schemas(memory=memory) if own else [])
        return self._schemas[key]

    def _system(self, speech: str, today: str, *, searching: bool) -> str:
        parts = [self.system_prompt or ASSISTANT[speech], REFERENCE_NOTE[speech]]
        parts.append((ANALYSE if searching else TODAY)[speech].format(now=today))
        return "\n\n".join(parts)
