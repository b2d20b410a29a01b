"""`MainContext`: the sections of a prompt under one token budget."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AnyMessage, BaseMessage, HumanMessage, SystemMessage, convert_to_messages

from langmem_ext.context import folding, pages as paging
from langmem_ext.context.counting import Counter
from langmem_ext.context.pages import Page
from langmem_ext.context.shortening import flat_text
from langmem_ext.context.turns import fit_turn, split_turns
from langmem_ext.errors import ContextBudgetError, InvalidInputError
from langmem_ext.metering import Meter
from langmem_ext.operations import Operation, asynchronous, synchronous
from langmem_ext.records import MemoryRecord
from langmem_ext.tokens import REPLY_TOKENS, count_text

LEAST_TURN = 64
"""Tokens that must be left for the newest turn beside what is never evicted; less can't show a question."""
_NO_PAGES = HumanMessage(paging.section([]))
"""What the section of pages takes before there is a page in it."""


class MainContext:
    """Working memory: what a model call may see, never more than its budget.

    Sections, in the order in which they are rendered, the most stable first so that a provider's prompt cache holds:
    the system message (the application's own words only), the core profile and the rolling summary, the recent
    messages, and right before the newest human message the recalled pages. Whatever was recalled or derived stands in
    human messages, delimited and escaped: it has the authority of something quoted, not that of the system.

    Example:
        >>> context = MainContext(1000, system="You are a travel agent.")
        >>> context.add_messages([("user", "Any lakes near Interlaken?")])
        >>> [message.type for message in context.render()]
        ['system', 'human']

    Not shared between threads; building one costs no more than counting what is in it.

    Args:
        budget: Tokens of everything rendered and of the tool schemas together, at most.
        system: The application's instructions. Never evicted.
        profile: Core profile, JSON. Never evicted.
        tools: Tools bound to the call, or the tokens of their schemas. Never evicted.
        summary: Rolling summary of what was paged out before.
        counter: Counts the tokens of a text (or a `Counter`, to share what it has counted).
        high_water: Share of the budget at which the oldest turns are due to be paged out.
        low_water: Share of the budget that paging goes down to.
        page_share: Share of the budget that messages leave to recalled pages when both want more.
        page_limit: Tokens of recalled pages at most, however much room there is; None is no bound.
        language: Of notes within the prompt, "en" or "zh".

    Raises:
        InvalidInputError: Shares or budget can't be meant.
        ContextBudgetError: What is never evicted leaves the newest turn less than 64 tokens of the budget.
    """

    def __init__(
        self,
        budget: int = 32_000,
        *,
        system: str = "",
        profile: Mapping[str, Any] | None = None,
        tools: Sequence[Any] | int = (),
        summary: str = "",
        counter: Callable[[str], int] | Counter = count_text,
        high_water: float = 0.9,
        low_water: float = 0.7,
        page_share: float = 0.25,
        page_limit: int | None = None,
        language: str = "en",
    ) -> None:
        _check_positive("budget", budget)
        if page_limit is not None:
            _check_positive("page_limit", page_limit)
        if not 0 < low_water <= high_water <= 1 or not 0 <= page_share < 1:
            raise InvalidInputError(
                "need 0 < low_water <= high_water <= 1 and 0 <= page_share < 1, "
                f"got {low_water!r}, {high_water!r}, {page_share!r}"
            )
        self.budget = budget
        self.system = system
        self.profile = dict(profile or {})
        self.summary = summary
        self.language = language
        self._counter = counter if isinstance(counter, Counter) else Counter(counter)
        self._high, self._low, self._page_share = high_water, low_water, page_share
        self._page_limit = page_limit
        self._tools = (tools if isinstance(tools, int) else self._counter.tools(tools)) + REPLY_TOKENS
        self._messages: list[BaseMessage] = []
        self._pages: dict[str, Page] = {}
        self._check_fixed()

    def _check_fixed(self) -> None:
        sizes = {
            "system": self._size(self._system_message(())),
            "profile": self._size(folding.head(self.profile, "")),
            "tools": self._tools,
        }
        if sum(sizes.values()) + LEAST_TURN > self.budget:
            detail = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise ContextBudgetError(
                f"the sections that are never evicted ({detail} tokens) leave less than {LEAST_TURN} of the budget of "
                f"{self.budget} tokens for the newest turn; raise the budget or shorten them"
            )

    def _size(self, message: BaseMessage | None) -> int:
        return self._counter.message(message) if message is not None else 0

    # What is in it

    @property
    def messages(self) -> list[BaseMessage]:
        """The recent messages, oldest first."""
        return list(self._messages)

    @property
    def pages(self) -> list[Page]:
        """The recalled pages, best first."""
        return sorted(self._pages.values(), key=lambda page: -page.value)

    @property
    def ids(self) -> frozenset[str]:
        """Ids of the messages and records that are in the context whole, so that recall need not load them again."""
        whole = [page.id for page in self._pages.values() if not page.cut]
        return frozenset([*whole, *(message.id for message in self._messages if message.id)])

    def add_messages(self, messages: Iterable[AnyMessage | BaseMessage | tuple[str, str] | dict[str, Any]]) -> None:
        """Append messages; a system message among them is rendered within the one system message."""
        self._messages.extend(convert_to_messages(list(messages)))

    def add_pages(
        self, records: Sequence[MemoryRecord], scores: Sequence[float] | None = None, *, about: str = ""
    ) -> list[Page]:
        """Add recalled records; what does not fit any more leaves, the lowest value first.

        A record that is there already keeps the higher of its two values. One that would take more than a quarter of
        the room is shown in part: its start, and the passage about the question.

        Args:
            records: Best first.
            scores: One per record; without them the order counts.
            about: The question.

        Returns:
            The pages that were not there before and have stayed.
        """
        worth = paging.values(scores if scores is not None else [1 / (1 + n) for n in range(len(records))])
        new: list[str] = []
        limit = max(LEAST_TURN, self.page_room // 4)
        for record, value in zip(records, worth, strict=True):
            page = paging.make_page(record, value, self._counter.text, limit=limit, about=about, language=self.language)
            known = self._pages.get(record.id)
            if known is None:
                new.append(record.id)
                self._pages[record.id] = page
            else:
                self._pages[record.id] = replace(page, value=max(value, known.value), carrier=known.carrier)
        self._evict_pages()
        return [self._pages[record_id] for record_id in new if record_id in self._pages]

    def restore_pages(self, pages: Iterable[Page]) -> None:
        """Put pages of an earlier state back."""
        self._pages.update({page.id: page for page in pages})

    def _free_pages(self) -> list[Page]:
        """Return the pages that no tool message shows."""
        return [page for page in self._pages.values() if not page.carrier]

    def _evict_pages(self) -> None:
        kept = {page.id for page in paging.best(self._free_pages(), self.page_room)}
        self._pages = {page.id: page for page in self._pages.values() if page.carrier or page.id in kept}

    @property
    def page_room(self) -> int:
        """Tokens that recalled pages may take, those already there included."""
        turns = split_turns(self._messages)
        newest = self._counter.messages(turns[-1]) if turns else 0
        older = sum(self._counter.messages(turn) for turn in turns[:-1])
        left = self.budget - self._fixed(self.summary) - self._size(_NO_PAGES) - newest
        room = max(left - older, min(self._reserved, left), 0)
        return room if self._page_limit is None else min(room, self._page_limit)

    # What is shown

    def _system_message(self, turns: Sequence[Sequence[BaseMessage]]) -> SystemMessage | None:
        lifted = [flat_text(message) for turn in turns for message in turn if isinstance(message, SystemMessage)]
        text = "\n\n".join(part for part in [self.system, *lifted] if part)
        return SystemMessage(text) if text else None

    def _fixed(self, summary: str) -> int:
        """Return the tokens of what is not chosen: tools, system message, profile and summary."""
        head = folding.head(self.profile, summary)
        return self._tools + self._size(self._system_message(())) + self._size(head)

    @property
    def _reserved(self) -> int:
        """Tokens that messages leave to pages."""
        return int(self.budget * self._page_share)

    def render(self) -> list[BaseMessage]:
        """Return the messages of a model call; with the tool schemas they are never more than the budget.

        What does not fit is left out, not forgotten: older turns before the newest, pages by value, and of the newest
        turn the middle of its longest messages, with a note of where the whole is.
        """
        return self.arrange()[0]

    def arrange(self) -> tuple[list[BaseMessage], dict[str, int]]:
        """Return what `render` and what `usage` return, worked out once."""
        summary, room = self._room()
        turns = split_turns(self._messages)
        newest = fit_turn(turns[-1], room, self._counter.message, language=self.language) if turns else []
        room -= self._counter.messages(newest)
        shown, room = self._older(turns[:-1], room)
        page_message = self._page_message(room)
        system = self._system_message([*shown, newest])
        head = folding.head(self.profile, summary)
        spoken = [message for turn in shown for message in turn if not isinstance(message, SystemMessage)]
        current = [message for message in newest if not isinstance(message, SystemMessage)]
        place = _before_newest_human(current)
        body = [*spoken, *current[:place], *([page_message] if page_message else []), *current[place:]]
        rendered = [*([system] if system else []), *([head] if head else []), *body]
        profile = self._size(folding.head(self.profile, ""))
        sizes = {
            "system": self._size(system),
            "profile": profile,
            "summary": self._size(head) - profile,
            "messages": self._counter.messages(spoken) + self._counter.messages(current),
            "pages": self._size(page_message),
            "tools": self._tools,
        }
        return rendered, sizes | {"total": sum(sizes.values()), "budget": self.budget}

    def _room(self) -> tuple[str, int]:
        """Return the summary as it can be shown, and the tokens left for turns and pages."""
        for summary in (self.summary, ""):
            room = self.budget - self._fixed(summary)
            if room >= LEAST_TURN:
                break
        return summary, room

    def _older(self, turns: Sequence[Sequence[BaseMessage]], room: int) -> tuple[list[list[BaseMessage]], int]:
        """Choose the newest of the older turns that fit, leaving the pages their share."""
        for_pages = min(sum(page.tokens for page in self._free_pages()), self._reserved, room)
        shown: list[list[BaseMessage]] = []
        for turn in reversed(turns):
            tokens = self._counter.messages(turn)
            if tokens > room - for_pages:
                break
            shown.insert(0, list(turn))
            room -= tokens
        return shown, room

    def _page_message(self, room: int) -> HumanMessage | None:
        """Return the section of recalled pages, as many of the best as fit; counted as it will be sent."""
        chosen = paging.best(self._free_pages(), room - self._size(_NO_PAGES))
        while chosen:
            message = HumanMessage(paging.section(chosen))
            if self._size(message) <= room:
                return message
            chosen.remove(min(chosen, key=lambda page: page.value))
        return None

    def usage(self) -> dict[str, int]:
        """Return the tokens of each section as `render` shows it, their sum as "total", and the "budget"."""
        return self.arrange()[1]

    # Paging

    @property
    def due(self) -> bool:
        """Whether the context is over its high-water mark, so that the oldest turns should be paged out."""
        return self._load() > self.budget * self._high and len(split_turns(self._messages)) > 1

    def _load(self) -> int:
        pages = sum(page.tokens for page in self._free_pages())
        return self._fixed(self.summary) + self._counter.messages(self._messages) + min(self._reserved, pages)

    def _page_out(
        self, *, model: BaseChatModel | None = None, meter: Meter | None = None, config: Any = None
    ) -> Operation[list[BaseMessage]]:
        """Page the oldest turns out down to the low-water mark and fold them into the rolling summary.

        Turns leave whole, never the newest. What leaves should be in a log already (`LongTermMemory.observe`).

        Args:
            model: Writes the new summary; without one, and when it fails, the summary is extracted.
            meter: Counts and caps the model's calls.
            config: Passed to the model.

        Returns:
            The messages that left, oldest first.
        """
        turns = split_turns(self._messages)
        target, load = self.budget * self._low, self._load()
        leaving: list[BaseMessage] = []
        for turn in turns[:-1]:
            if load <= target:
                break
            load -= self._counter.messages(turn)
            leaving.extend(turn)
        if leaving:
            self._messages = self._messages[len(leaving) :]
            limit = min(1000, self.budget // 10)
            self.summary = yield from folding.fold(
                self.summary,
                leaving,
                limit=limit,
                call_limit=self.budget,
                counter=self._counter,
                language=self.language,
                model=model,
                meter=meter or Meter(),
                config=config,
            )
        return leaving

    page_out = synchronous(_page_out)
    apage_out = asynchronous(_page_out)


def _check_positive(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInputError(f"{name} must be a positive number of tokens, got {value!r}")


def _before_newest_human(messages: Sequence[BaseMessage]) -> int:
    """Return the place of the turn's last human message, so that what was recalled for it stands right before it."""
    places = [place for place, message in enumerate(messages) if isinstance(message, HumanMessage)]
    return places[-1] if places else 0
