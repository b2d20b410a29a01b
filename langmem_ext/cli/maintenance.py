"""Commands that keep a store in order."""

from pathlib import Path
from typing import Annotated, Any

import typer

from langmem_ext.cli.opening import opened_memory
from langmem_ext.cli.options import OFFLINE, Embed, Json, Model, StoreUrl, User
from langmem_ext.cli.output import complain, print_json, say
from langmem_ext.errors import InvalidInputError


def consolidate(
    *,
    user: User = "default",
    store: StoreUrl = None,
    thread: Annotated[str | None, typer.Option("--thread", help="Only this conversation.")] = None,
    model: Model = OFFLINE,
    embed: Embed = OFFLINE,
    json: Json = False,
) -> None:
    """Distil what the conversation log holds beyond the last time: records, summaries, index.

    It can be stopped and run again at any time; nothing is distilled twice.

    [bold]Examples[/bold]

    langmem-ext consolidate --user alice
    langmem-ext consolidate --user alice --model openai:gpt-5-mini
    """
    with opened_memory(user, store, embed=embed, model=model) as memory:
        updated = memory.update(thread_id=thread)
        digested = memory.consolidate(thread_id=thread)
    if json:
        print_json({"update": updated, "consolidate": digested})
    else:
        say(
            f"{len(updated.added)} records added, {len(updated.revised)} revised, {len(updated.retired)} retired, "
            f"{len(updated.reinforced)} reinforced; {digested.messages} messages digested into "
            f"{len(digested.summaries)} summaries"
        )
        say(f"{updated.model_calls + digested.model_calls} model calls, {updated.tokens + digested.tokens} tokens")
    warnings = [*updated.warnings, *digested.warnings]
    for warning in warnings:
        complain(warning)
    if warnings:
        raise typer.Exit(1)


def check(
    file: Annotated[Path, typer.Argument(help="The database file.", metavar="FILE")],
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild what can be rebuilt from the rows.")] = False,
    json: Json = False,
) -> None:
    """Check a store: file, rows, vectors, full text and snapshots against each other.

    Exit code 1 when something is wrong and was not repaired.

    [bold]Examples[/bold]

    langmem-ext check memory.db
    langmem-ext check memory.db --repair
    """
    from langmem_ext.store import FaissStore  # noqa: PLC0415 - faiss

    if not file.exists():
        raise InvalidInputError(f"there is no file {str(file)!r}")
    with FaissStore.from_conn_string(str(file)) as store:
        report: Any = store.check(repair=repair)
    if json:
        print_json(report)
    else:
        say(str(report))
    if not report.ok:
        raise typer.Exit(1)
