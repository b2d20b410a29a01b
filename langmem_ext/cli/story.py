"""The demo: two real processes and one store on disk. The first hears six messages, the second answers from them."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from langmem_ext.cli.opening import chat_model, memory_over, opened_store
from langmem_ext.cli.options import OFFLINE, Embed, Lang, Model
from langmem_ext.cli.story_texts import STORIES, Story

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage, HumanMessage

ZONE: Final = ZoneInfo("Asia/Shanghai")
FIRST_EVENING: Final = datetime(2026, 9, 30, 20, 0, tzinfo=ZONE)
SECOND_MORNING: Final = datetime(2026, 10, 1, 9, 0, tzinfo=ZONE)
THREADS: Final = ("2026-09-30", "2026-10-01")
"""A conversation a day: the second day's is new and empty, as its process is."""

Language = Annotated[Lang, typer.Option("--lang", help="Language of the story.")]


def demo(
    *,
    lang: Language = "zh",
    model: Model = OFFLINE,
    embed: Embed = OFFLINE,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the store and say where it is.")] = False,
) -> None:
    """Remember today, recall tomorrow: two processes, one store, six messages, one question.

    [bold]Examples[/bold]

    langmem-ext demo
    langmem-ext demo --lang en --keep
    langmem-ext demo --model openai:gpt-5-mini --embed openai:text-embedding-3-small
    """
    from langmem_ext.cli import story_view  # noqa: PLC0415 - rich, which the days import again themselves

    story = STORIES[lang]
    with _folder(keep=keep) as folder:
        store = folder / "memory.db"
        story_view.show_title(story, store, model, embed)
        for day in ("1", "2"):
            _run_day(day, store, lang, model, embed)
        story_view.show_end(story, store, kept=keep)


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="langmem-ext-demo-"))
    try:
        yield folder
    finally:
        if not keep:
            rmtree(folder)


def _run_day(day: str, store: Path, lang: Lang, model: str, embed: str) -> None:
    """Run one day in a process of its own, which prints to this terminal; its failure is ours."""
    sys.stdout.flush()
    command = [sys.executable, "-m", "langmem_ext.cli", "demo-day", day]
    command += ["--store", str(store), "--lang", lang, "--model", model, "--embed", embed]
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own interpreter and module
    if code:
        raise typer.Exit(code)


def demo_day(
    day: int,
    *,
    store: Annotated[str, typer.Option("--store")],
    lang: Language = "zh",
    model: Model = OFFLINE,
    embed: Embed = OFFLINE,
) -> None:
    """One day of the demo, in the process that it has to itself."""
    story = STORIES[lang]
    if day == 1:
        _listen(story, store, model, embed)
    else:
        _answer(story, store, model, embed)


def _say(text: str, moment: datetime, number: int) -> "HumanMessage":
    from langchain_core.messages import HumanMessage  # noqa: PLC0415 - heavy

    return HumanMessage(text, id=f"{moment:%m%d}-{number}", additional_kwargs={"timestamp": moment.isoformat()})


def _listen(story: Story, store_path: str, model_name: str, embed: str) -> None:
    """Hear the six messages, one turn of the agent each, then distil them."""
    from langmem_ext.cli import story_view  # noqa: PLC0415
    from langmem_ext.loop import Context, create_memory_agent  # noqa: PLC0415 - langgraph
    from langmem_ext.namespaces import user_namespace  # noqa: PLC0415

    model = chat_model(model_name)
    with opened_store(store_path, create=True, embed=embed) as store:
        agent = create_memory_agent(model, store=store, update="inline")
        story_view.show_day(story, first=True)
        history: list[BaseMessage] = []
        moment = FIRST_EVENING
        for number, text in enumerate(story.said, 1):
            moment = FIRST_EVENING + timedelta(minutes=2 * number)
            context = Context(user_id=story.user, thread_id=THREADS[0], now=moment)
            history = agent.invoke({"messages": [*history, _say(text, moment, number)]}, context=context)["messages"]
            story_view.show_turn(story, text, str(history[-1].text))
        memory = memory_over(
            store, user_namespace(story.user), model=model, timezone=ZONE, clock=lambda: moment + timedelta(minutes=1)
        )
        memory.update()
        memory.consolidate()
        story_view.show_distilled(story, memory, THREADS[0])
    story_view.show_exit(story, Path(store_path))


def _answer(story: Story, store_path: str, model_name: str, embed: str) -> None:
    """Ask the next day's question of a new agent over the store that the first day left."""
    from langmem_ext.cli import story_view  # noqa: PLC0415
    from langmem_ext.loop import Context, create_memory_agent  # noqa: PLC0415 - langgraph
    from langmem_ext.namespaces import user_namespace  # noqa: PLC0415

    model = chat_model(model_name)
    with opened_store(store_path, embed=embed) as store:
        memory = memory_over(store, user_namespace(story.user), timezone=ZONE, clock=lambda: SECOND_MORNING)
        agent = create_memory_agent(model, store=store, update="off")
        story_view.show_day(story, first=False)
        context = Context(user_id=story.user, thread_id=THREADS[1], now=SECOND_MORNING)
        result = agent.invoke({"messages": [_say(story.question, SECOND_MORNING, 1)]}, context=context)
        story_view.show_question(story)
        for recall in result.get("recalls", [])[:1]:
            story_view.show_trace(story, memory, THREADS[0], recall)
        story_view.show_answer(story, str(result["messages"][-1].text))
