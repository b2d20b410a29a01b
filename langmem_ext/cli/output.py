"""What commands print: text for people, JSON for scripts, complaints on stderr.

Stored text is never taken for markup, and control characters in it never reach the terminal.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from pydantic import BaseModel

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from langmem_ext.records import MemoryRecord, RecallStep

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_COMPLAINT_LENGTH = 1000
_CONTENT_LENGTH = 500


def plain(text: str, *, limit: int | None = None) -> str:
    """Return text that a terminal shows as it is: no control or direction-changing characters, shortened if asked."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    if limit is not None and len(text) > limit:
        return f"{text[:limit]}… ({len(text):,} characters)"
    return text


def console() -> "Console":
    """Return a console on the present stdout; without colours where that is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - 60 ms that --json need not wait for

    return Console(highlight=False, emoji=False)


def complain(message: str) -> None:
    """Say what was wrong, in one line on stderr."""
    line = " ".join(plain(message, limit=_COMPLAINT_LENGTH).split())
    typer.echo(f"langmem-ext: {line}", err=True)


def say(message: str) -> None:
    """Print one line for a person."""
    console().print(message, markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print a value as JSON: models by their fields, one document, readable characters kept."""
    typer.echo(json.dumps(_jsonable(value), ensure_ascii=False, indent=2))


def print_json_line(value: Any) -> None:
    """Print a value as JSON on one line, at once: for what goes on."""
    typer.echo(json.dumps(_jsonable(value), ensure_ascii=False))
    sys.stdout.flush()


def _jsonable(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {name: _jsonable(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(entry) for entry in value]
    return value


@contextmanager
def progress_bar(title: str) -> "Iterator[Callable[[int, int], None]]":
    """Give a function that shows (done, of how many) as a bar on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def record_lines(record: "MemoryRecord", *, score: float | None = None) -> "RenderableType":
    """Return a record as a person reads it: one line about it, its content, its id."""
    from rich.padding import Padding  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    about = [record.kind, f"importance {record.importance:.2f}"]
    about += [part for part in (record.speaker, record.topic) if part]
    if score is not None:
        about.append(f"score {score:.2f}")
    if not record.live:
        about.append(f"superseded {record.superseded_at:%Y-%m-%d %H:%M}")
    text = Text(f"{record.occurred_at:%Y-%m-%d}", style="bold cyan")
    text.append(f"  {plain(' · '.join(about))}\n", style="not bold dim default")
    text.append(plain(record.content, limit=_CONTENT_LENGTH))
    text.append(f"\nid {plain(record.id)}", style="dim")
    return Padding(text, (0, 0, 1, 0))


def print_records(records: Sequence["MemoryRecord"], scores: Sequence[float] | None = None) -> None:
    """Print records one below the other."""
    screen = console()
    for place, record in enumerate(records):
        screen.print(record_lines(record, score=scores[place] if scores else None))


def print_trace(steps: Iterable["RecallStep"]) -> None:
    """Print the steps of a recall as a table: what each looked for, found, kept and dropped."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("step", "looked for"):
        table.add_column(name, overflow="fold")
    for name in ("found", "kept", "dropped", "ms"):
        table.add_column(name, justify="right")
    for step in steps:
        numbers = (str(step.found), str(len(step.kept)), str(len(step.dropped)), f"{step.milliseconds:.1f}")
        table.add_row(step.name, Text(plain(step.asked)), *numbers)
    console().print(table)
