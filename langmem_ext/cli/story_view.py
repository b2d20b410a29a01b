"""How the demo looks: the summary record, the keyword index, the recall trace, the answer."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from langmem_ext.cli.flow import Flow
from langmem_ext.cli.output import console, plain
from langmem_ext.cli.story_texts import Story
from langmem_ext.records import render

if TYPE_CHECKING:
    from langmem_ext import LongTermMemory
    from langmem_ext.records import MemoryRecord, Recall, RecallStep

_REPLY = 200
_KEYWORDS_SHOWN = 8


def _fill(caption: str, **parts: object) -> Flow:
    return Flow(plain(caption.format(**parts)))


def show_title(story: Story, store: Path, model: str, embed: str) -> None:
    """Say what is going to happen."""
    console().print(
        Panel(_fill(story.intro, store=store.name, model=model, embed=embed), title=story.title, border_style="cyan")
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
    table.add_row(Text(story.speaker_user, style="bold green"), Flow(plain(said)))
    table.add_row(Text(story.speaker_agent, style="bold blue"), Flow(plain(replied, limit=_REPLY), style="dim"))
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
    return Group(table, Text(), Flow(plain(record.content)))


def _raw_entries(memory: "LongTermMemory", thread_id: str) -> dict[str, "MemoryRecord"]:
    """Number what the user said that day: "#1", "#2" and so on → record."""
    said = [record for record in memory.log(thread_id) if record.speaker == "user"]
    return {f"#{number}": record for number, record in enumerate(said, 1)}


def _names(ids: Iterable[str], entries: dict[str, "MemoryRecord"]) -> str:
    wanted = set(ids)
    return " ".join(name for name, record in entries.items() if record.id in wanted)


def _grouped(keywords: dict[str, list[str]], entries: dict[str, "MemoryRecord"]) -> dict[str, list[str]]:
    """Turn keyword → ids into names of raw entries → keywords, the most selective first."""
    groups: dict[str, list[str]] = {}
    for keyword, ids in keywords.items():
        names = _names(ids, entries)
        if names:
            groups.setdefault(names, []).append(keyword)
    return {names: groups[names] for names in sorted(groups, key=lambda names: (len(names), names))}


def _keyword_table(story: Story, index: dict[str, list[str]], entries: dict[str, "MemoryRecord"]) -> RenderableType:
    table = Table(title=story.keyword_index, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column(story.keyword, style="magenta", overflow="fold")
    table.add_column("")
    table.add_column(story.entries, overflow="fold")
    for names, keywords in _grouped(index, entries).items():
        content = entries[names].content if names in entries else ""
        table.add_row(Text(plain(" ".join(keywords[:_KEYWORDS_SHOWN]))), Text(names), Flow(plain(content)))
    return table


def show_exit(story: Story, store: Path) -> None:
    """Say that the process ends and what it leaves."""
    size = sum(file.stat().st_size for file in store.parent.iterdir() if file.is_file()) // 1024
    console().print(_fill(story.exits, pid=os.getpid(), size=size), style="dim")


def show_question(story: Story) -> None:
    """Show what the second process is asked."""
    table = _pairs()
    table.add_row(Text(story.asked, style="bold green"), Flow(story.question))
    console().print(table)


def show_trace(story: Story, memory: "LongTermMemory", thread_id: str, recall: "Recall") -> None:
    """Show how the answer was found, and what it cost beside reading everything."""
    entries = _raw_entries(memory, thread_id)
    table = _pairs()
    for step in recall.trace:
        line = _step_line(story, step, recall, entries)
        if line:
            table.add_row(Text(story.step_names[step.name], style="bold"), line)
    history = memory.log(thread_id)
    whole = sum(memory.counter(render(message)) for message in history)
    cost = _fill(story.cost, used=recall.tokens, whole=whole, messages=len(history))
    console().print(Panel(Group(table, Text(), cost), title=story.trace, title_align="left", border_style="magenta"))


def _step_line(story: Story, step: "RecallStep", recall: "Recall", entries: dict[str, "MemoryRecord"]) -> Flow | None:
    """Say one step in the story's language; nothing of a step that the story leaves out."""
    if step.name == "main_context":
        return _fill(story.trace_context, count=step.found)
    if step.name == "topic_index":
        topics = ", ".join(dict.fromkeys(r.topic or r.id for r in recall.records if r.id in step.kept))
        return _fill(story.trace_topic, topic=topics) if topics else Flow(story.trace_no_topic)
    if step.name == "keyword_index":
        groups = _grouped(step.detail.get("keywords", {}), entries)
        return Flow(plain("\n".join(f"{' '.join(keywords)} → {names}" for names, keywords in groups.items())))
    if step.name == "cover":
        covered = _names(step.dropped, entries)
        return _fill(story.trace_covered, entries=covered) if covered else None
    if step.name != "fit":
        return None
    loaded = {record.id for record in recall.records}
    left = _names([record.id for record in entries.values() if record.id not in loaded], entries)
    return _fill(story.trace_loaded, kinds=_kinds(recall, entries), left=left or "-")


def _kinds(recall: "Recall", entries: dict[str, "MemoryRecord"]) -> str:
    """Name what was loaded: raw entries by number, other records by kind."""
    raw = _names(recall.ids(), entries)
    known = {record.id for record in entries.values()}
    others = Counter(record.kind for record in recall.records if record.id not in known)
    counted = [kind if count == 1 else f"{kind} ×{count}" for kind, count in others.items()]
    return " + ".join(filter(None, [*counted, raw]))


def show_answer(story: Story, answer: str) -> None:
    """Show the answer, in one piece: the terminal wraps it, a pipe gets it whole."""
    screen = console()
    screen.print(Rule(f"[bold]{story.answer}[/bold]", style="green", align="left"))
    screen.print(Text(plain(answer), style="bold"), soft_wrap=True)


def show_end(story: Story, store: Path, *, kept: bool) -> None:
    """Say what can be done next."""
    if kept:
        console().print(_fill(story.kept, store=store, user=story.user), soft_wrap=True)
    else:
        console().print(_fill(story.again, user=story.user), style="dim")
