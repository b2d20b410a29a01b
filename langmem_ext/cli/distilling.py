"""The command that distils: once, or again and again for as long as it is left running."""

import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langmem_ext.cli.main import INTERRUPTED, NEGATIVE
from langmem_ext.cli.opening import chat_model, local_zone, memory_over, opened_store, redactor, users
from langmem_ext.cli.options import OFFLINE, Embed, Json, Model, Redact, StoreUrl, User
from langmem_ext.cli.output import complain, plain, print_json, print_json_line, progress_bar, say
from langmem_ext.errors import InvalidInputError

if TYPE_CHECKING:
    from types import FrameType

    from langgraph.store.base import BaseStore

    from langmem_ext import LongTermMemory
    from langmem_ext.longterm.consolidate import ConsolidationReport
    from langmem_ext.longterm.reflect import ReflectionReport
    from langmem_ext.longterm.update import UpdateReport

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SHORTEST, _LONGEST = 1.0, 366 * 86_400.0


def consolidate(
    *,
    user: User = "default",
    everyone: Annotated[bool, typer.Option("--all", help="Every user's memory in the store.")] = False,
    store: StoreUrl = None,
    thread: Annotated[str | None, typer.Option("--thread", help="Only this conversation.")] = None,
    every: Annotated[
        str | None,
        typer.Option("--every", help="Again and again, e.g. 30s, 10m, 1h; sessions that may still go on wait."),
    ] = None,
    model: Model = OFFLINE,
    embed: Embed = OFFLINE,
    redact: Redact = False,
    json: Json = False,
) -> None:
    """Distil what the conversation log holds beyond the last time: records, summaries, insights, index.

    It can be stopped and run again at any time, and run beside a chat or another of its kind; nothing is distilled
    twice. Ctrl-C stops it after the range at hand.

    [bold]Examples[/bold]

    langmem-ext consolidate --user alice
    langmem-ext consolidate --user alice --model openai:gpt-5-mini
    langmem-ext consolidate --all --every 10m
    """
    seconds = None if every is None else duration(every)
    if everyone and thread is not None:
        raise InvalidInputError("name one user's --thread, or pass --all")
    work = Work(thread, due_only=seconds is not None, as_json=json)
    settings = {"model": chat_model(model), "redact": redactor(wanted=redact)}
    with opened_store(store, embed=embed) as opened, _until_interrupted(work.stop):
        memories = Memories(opened, None if everyone else user, settings)
        while not work.stop.is_set():
            work.round(memories)
            if seconds is None or work.stop.wait(seconds):
                break
    if seconds is None:
        work.finish(one=not everyone)


def duration(text: str) -> float:
    """Read a duration such as ``10m`` as seconds.

    Raises:
        InvalidInputError: It is none, or not between a second and a year.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not _SHORTEST <= seconds <= _LONGEST:
        raise InvalidInputError(f"--every needs a time from 1s to 366d, such as 30s, 10m or 1h, got {text!r}")
    return seconds


@contextmanager
def _until_interrupted(stop: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and a polite kill set an event; a second one interrupts at once."""

    def ask_to_stop(_signal: int, _frame: "FrameType | None") -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Memories:
    """The memories of a store that are worked on; each is opened once."""

    store: "BaseStore"
    user: str | None
    settings: dict[str, Any]
    _open: "dict[str, LongTermMemory]" = field(default_factory=dict)

    def __iter__(self) -> "Iterator[tuple[str, LongTermMemory]]":
        from langmem_ext.namespaces import user_namespace  # noqa: PLC0415

        for user in [self.user] if self.user is not None else users(self.store):
            if user not in self._open:
                self._open[user] = memory_over(self.store, user_namespace(user), **self.settings)
            yield user, self._open[user]


@dataclass
class Done:
    """What was done for one user."""

    user: str
    update: "UpdateReport"
    consolidate: "ConsolidationReport"
    reflect: "ReflectionReport"

    @property
    def warnings(self) -> list[str]:
        """What went wrong."""
        return [*self.update.warnings, *self.consolidate.warnings, *self.reflect.warnings]

    @property
    def changed(self) -> bool:
        """Whether there was anything to do."""
        digested = self.consolidate
        return bool(
            self.update.ranges or digested.messages or digested.rolled_up or digested.merged or digested.archived
        )

    def as_json(self) -> dict[str, Any]:
        """Return the reports."""
        reports = {"update": self.update, "consolidate": self.consolidate, "reflect": self.reflect}
        return {name: report.model_dump(mode="json") for name, report in reports.items()}

    def line(self) -> str:
        """Say it in one line."""
        updated, digested, reflected = self.update, self.consolidate, self.reflect
        learnt = [
            f"{len(updated.added)} records added",
            f"{len(updated.revised)} revised",
            f"{len(updated.retired)} retired",
            f"{len(updated.reinforced)} reinforced",
        ]
        parts = [
            ", ".join(learnt),
            f"{digested.messages} messages digested into {len(digested.summaries)} summaries",
        ]
        more = {
            "rolled up": len(digested.rolled_up),
            "merged": len(digested.merged),
            "archived": len(digested.archived),
            "insights": len(reflected.reflections),
        }
        parts += [f"{count} {name}" for name, count in more.items() if count]
        calls = sum(report.model_calls for report in (updated, digested, reflected))
        tokens = sum(report.tokens for report in (updated, digested, reflected))
        return "; ".join([*parts, f"{calls:,} model calls, {tokens:,} tokens"])


@dataclass
class Work:
    """The rounds of one command.

    Attributes:
        thread: Only this conversation; None is all.
        due_only: Whether sessions that may still go on wait: always where the work is done again and again.
        as_json: Whether to print JSON.
        stop: Set when the work is to end after the range at hand.
    """

    thread: str | None
    due_only: bool
    as_json: bool
    stop: threading.Event = field(default_factory=threading.Event)
    done: list[Done] = field(default_factory=list)
    failed: bool = False

    def round(self, memories: Memories) -> None:
        """Distil every memory once; one that fails keeps no other from its turn."""
        self.done.clear()
        for user, memory in memories:
            if self.stop.is_set():
                return
            try:
                done = self._distil(user, memory)
            except Exception as error:
                if memories.user is not None and not self.due_only:
                    raise
                self.failed = True
                complain(f"{plain(user)}: {type(error).__name__}: {error}")
                continue
            self.done.append(done)
            for warning in done.warnings:
                complain(f"{plain(user)}: {warning}")
            if self.due_only and (done.changed or done.warnings):
                self._print(done)

    def finish(self, *, one: bool) -> None:
        """Print what one round has done, and end with the code for it."""
        if self.as_json:
            reports = [{"user": done.user} | done.as_json() for done in self.done]
            print_json(self.done[0].as_json() if one and self.done else reports)
        else:
            for done in self.done if one else [done for done in self.done if done.changed]:
                say(done.line() if one else f"{plain(done.user)}: {done.line()}")
            if not one:
                say(f"{len(self.done)} memories looked at")
        if self.stop.is_set():
            complain("stopped; what is left stays pending")
            raise typer.Exit(INTERRUPTED)
        if self.failed or any(done.warnings for done in self.done):
            raise typer.Exit(NEGATIVE)

    def _print(self, done: Done) -> None:
        now = datetime.now(local_zone()).isoformat(timespec="seconds")
        if self.as_json:
            print_json_line({"at": now, "user": done.user} | done.as_json())
        else:
            say(f"{now} {plain(done.user)}: {done.line()}")

    def _distil(self, user: str, memory: "LongTermMemory") -> Done:
        shown = plain(user, limit=30)
        with progress_bar(f"{shown}: update") as show:
            updated = memory.update(thread_id=self.thread, progress=self._told(show))
        with progress_bar(f"{shown}: consolidate") as show:
            digested = memory.consolidate(thread_id=self.thread, due_only=self.due_only, progress=self._told(show))
        return Done(user, updated, digested, memory.reflect(due_only=True))

    def _told(self, show: "Callable[[int, int], None]") -> "Callable[[int, int], bool]":
        """Return the callback that shows how far the work is, and stops it when it is to stop."""

        def told(done: int, total: int) -> bool:
            show(done, total)
            return not self.stop.is_set()

        return told
