"""How the demo looks: the summary record, the keyword index, the recall trace, the answer."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from langmem_ext.cli.output import console, plain
from langmem_ext.cli.story_texts import Story

if TYPE_CHECKING:
    from langmem_ext import LongTermMemory
    from langmem_ext.records import MemoryRecord, Recall, RecallStep

_REPLY = 200
_KEYWORDS_SHOWN = 14


def _fill(caption: str, **parts: object) -> Text:
    return Text(plain(caption.format(**parts)))


def show_title(story: Story, store: Path, model: str, embed: str) -> None:
    """Say what is going to happen."""
    console().print(
        Panel(_fill(story.intro, store=store, model=model, embed=embed), title=story.title, border_style="cyan")
    )


def show_day(story: Story, *, first: bool) -> None:
    """Open a day, naming the process it runs in."""
    day = story.first_day if first else story.second_day
    process = story.process.format(pid=os.getpid())
    screen = console()
    screen.print()
    screen.print(Rule(f"[bold]{day}[/bold] · {process}", style="cyan"))


def show_turn(story: Story, said: str, replied: str) -> None:
    """Show one turn of the conversation."""
    table = _pairs()
    table.add_row(Text(story.speaker_user, style="bold green"), Text(plain(said)))
    table.add_row(Text(story.speaker_agent, style="bold blue"), Text(plain(replied, limit=_REPLY), style="dim"))
    console().print(table)


def _pairs() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def show_distilled(story: Story, memory: "LongTermMemory", thread_id: str) -> None:
    """Show what distillation left: the summary records and the keyword index."""
    screen = console()
    summaries = memory.records(kinds="summary")
    for summary in summaries:
        screen.print()
        screen.print(Panel(_summary(summary), title=story.summary, title_align="left", border_style="yellow"))
    entries = _raw_entries(memory, thread_id)
    screen.print(_keyword_table(story, memory.keywords(), entries))


def _summary(record: "MemoryRecord") -> RenderableType:
    table = _pairs()
    fields = record.data if isinstance(record.data, dict) else {}
    for name in ("type", "topic", "timestamp", "keywords", "importance"):
        value = fields.get(name)
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        table.add_row(Text(name, style="yellow"), Text(plain(shown)))
    return Group(table, Text(), Text(plain(record.content)))


def _raw_entries(memory: "LongTermMemory", thread_id: str) -> dict[str, str]:
    """Number what the user said that day: record id → "#1", "#2" and so on."""
    said = [record for record in memory.log(thread_id) if record.speaker == "user"]
    return {record.id: f"#{number}" for number, record in enumerate(said, 1)}


def _names(ids: Iterable[str], entries: dict[str, str]) -> str:
    return " ".join(sorted(entries[record_id] for record_id in ids if record_id in entries))


def _keyword_table(story: Story, index: dict[str, list[str]], entries: dict[str, str]) -> RenderableType:
    table = Table(title=story.keyword_index, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for _ in range(2):
        table.add_column(story.keyword, style="magenta", overflow="fold")
        table.add_column(story.entries, overflow="fold")
    named = [(keyword, _names(ids, entries)) for keyword, ids in index.items()]
    rows = sorted((pair for pair in named if pair[1]), key=lambda pair: (len(pair[1]), pair[1]))[:_KEYWORDS_SHOWN]
    for left, right in zip(rows[::2], [*rows[1::2], ("", "")], strict=False):
        table.add_row(*(Text(plain(cell)) for cell in (*left, *right)))
    return table


def show_exit(story: Story, store: Path) -> None:
    """Say that the process ends and what it leaves."""
    size = sum(file.stat().st_size for file in store.parent.iterdir() if file.is_file()) // 1024
    console().print(_fill(story.exits, pid=os.getpid(), size=size), style="dim")


def show_question(story: Story) -> None:
    """Show what the second process is asked."""
    table = _pairs()
    table.add_row(Text(story.asked, style="bold green"), Text(story.question))
    console().print(table)


def show_trace(story: Story, memory: "LongTermMemory", thread_id: str, recalls: Sequence["Recall"]) -> None:
    """Show how the answer was found, and what it cost beside reading everything."""
    recall = recalls[0]
    entries = _raw_entries(memory, thread_id)
    topics = {record.id: record.topic or record.id for record in memory.records(kinds="summary")}
    table = _pairs()
    for step in recall.trace:
        line = _step_line(story, step, recall, entries, topics)
        if line is not None:
            table.add_row(Text(story.step_names[step.name], style="bold"), line)
    whole = sum(memory.counter(record.text) for record in memory.log(thread_id))
    cost = _fill(story.cost, used=recall.tokens, whole=whole)
    console().print(Panel(Group(table, Text(), cost), title=story.trace, title_align="left", border_style="magenta"))


def _step_line(
    story: Story, step: "RecallStep", recall: "Recall", entries: dict[str, str], topics: dict[str, str]
) -> Text | None:
    """Say one step in the story's language; None for a step that the story leaves out."""
    if step.name == "main_context":
        return Text(story.trace_empty) if not step.found else Text(str(step.found))
    if step.name == "topic_index":
        hits = ", ".join(topics.get(record_id, record_id) for record_id in step.kept)
        return _fill(story.trace_topic, topic=hits) if hits else Text(story.trace_no_topic)
    if step.name == "keyword_index":
        named = {keyword: _names(ids, entries) for keyword, ids in step.detail.get("keywords", {}).items()}
        lines = [story.trace_keyword.format(keyword=word, entries=names) for word, names in named.items() if names]
        return Text(plain("\n".join(lines)))
    if step.name == "cover":
        covered = _names(step.dropped, entries)
        return _fill(story.trace_covered, entries=covered) if covered else Text(story.trace_nothing_covered)
    if step.name == "fit":
        loaded = " ".join(filter(None, (entries.get(record.id, record.kind) for record in recall.records)))
        return Text(f"{story.trace_loaded.format(count=len(recall))}: {loaded}")
    return None


def show_answer(story: Story, answer: str) -> None:
    """Show the answer."""
    console().print(Panel(Text(plain(answer)), title=story.answer, title_align="left", border_style="green"))


def show_end(story: Story, store: Path, *, kept: bool) -> None:
    """Say what can be done next."""
    if kept:
        console().print(_fill(story.kept, store=store, user=story.user), soft_wrap=True)
    else:
        console().print(_fill(story.again, user=story.user), style="dim")
