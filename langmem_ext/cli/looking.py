"""Commands that look at a memory and change nothing."""

from typing import Annotated, Any

import typer

from langmem_ext.cli.main import NEGATIVE
from langmem_ext.cli.opening import opened_memory
from langmem_ext.cli.options import OFFLINE, After, AsOf, Before, Embed, Json, Kinds, RecordId, StoreUrl, User
from langmem_ext.cli.output import console, plain, print_json, print_records, print_trace, record_lines, say
from langmem_ext.errors import RecordNotFoundError


def recall(
    query: Annotated[str, typer.Argument(help="The question.", metavar="QUERY")],
    *,
    user: User = "default",
    store: StoreUrl = None,
    before: Before = None,
    after: After = None,
    as_of: AsOf = None,
    kind: Kinds = None,
    topic: Annotated[str | None, typer.Option("--topic", help="Only records of this topic.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Records at most.")] = 8,
    budget: Annotated[int | None, typer.Option("--budget", help="Tokens at most.")] = None,
    embed: Embed = OFFLINE,
    trace: Annotated[bool, typer.Option("--trace", help="Show how they were found.")] = False,
    json: Json = False,
) -> None:
    """Find what matters for a question.

    Exit code 1 when nothing was found.

    [bold]Examples[/bold]

    langmem-ext recall "What is my budget?" --user alice
    langmem-ext recall 预算 --user alice --before 2025-09-30 --trace
    langmem-ext recall budget --json | jq -r ".records[].content"
    """
    with opened_memory(user, store, embed=embed) as memory:
        chosen: Any = kind
        found = memory.recall(
            query,
            before=before,
            after=after,
            as_of=as_of,
            kinds=chosen,
            topic=topic,
            limit=limit,
            token_budget=budget,
        )
    if json:
        print_json(found)
    else:
        if trace:
            print_trace(found.trace)
            say("")
        print_records(found.records, found.scores)
        say(f"{len(found)} records, {found.tokens} tokens")
    if not found:
        raise typer.Exit(NEGATIVE)


def list_records(
    *,
    user: User = "default",
    store: StoreUrl = None,
    kind: Kinds = None,
    topic: Annotated[str | None, typer.Option("--topic", help="Only what the topic index names under it.")] = None,
    keyword: Annotated[
        str | None, typer.Option("--keyword", help="Only what the keyword index names under it.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="Only what contains this text.")] = None,
    before: Before = None,
    after: After = None,
    archived: Annotated[bool, typer.Option("--archived", help="What is no longer believed instead.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Records at most.")] = 20,
    offset: Annotated[int, typer.Option("--offset", help="Records to skip.")] = 0,
    json: Json = False,
) -> None:
    """List what is remembered, the last written first.

    [bold]Examples[/bold]

    langmem-ext list --user alice --kind preference --kind fact
    langmem-ext list --user alice --topic switzerland_hiking --after 2025-09 --text budget
    langmem-ext list --user alice --limit 100 --offset 100 --json
    """
    chosen: Any = kind
    with opened_memory(user, store) as memory:
        page = memory.browse(
            kinds=chosen,
            topic=topic,
            keyword=keyword,
            text=text,
            before=before,
            after=after,
            live=not archived,
            clock="recorded",
            limit=limit,
            offset=offset,
        )
    if json:
        print_json(page.records)
    else:
        print_records(page.records)
        say(f"{len(page.records)} of {page.total} records")


def topics(*, user: User = "default", store: StoreUrl = None, json: Json = False) -> None:
    """List the topics of the index, each with how many records it names.

    [bold]Examples[/bold]

    langmem-ext topics --user alice
    """
    with opened_memory(user, store) as memory:
        counted = memory.topic_counts()
    _print_counts(counted, as_json=json)


def keywords(*, user: User = "default", store: StoreUrl = None, json: Json = False) -> None:
    """List the keywords of the index, each with how many records it names.

    [bold]Examples[/bold]

    langmem-ext keywords --user alice --json
    """
    with opened_memory(user, store) as memory:
        counted = memory.keyword_counts()
    _print_counts(counted, as_json=json)


def _print_counts(counted: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json(counted)
        return
    for name, number in counted.items():
        say(f"{number:>8,}  {plain(name)}")


def show(id: RecordId, *, user: User = "default", store: StoreUrl = None, json: Json = False) -> None:  # noqa: A002
    """Show everything about one record.

    [bold]Examples[/bold]

    langmem-ext show 5f0c2a4e-… --user alice
    """
    with opened_memory(user, store) as memory:
        record = memory.get(id)
    if record is None:
        raise RecordNotFoundError(f"no record {id!r} in the memory of {user!r}; `langmem-ext list` shows what is there")
    if json:
        print_json(record)
        return
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    for name, value in record.model_dump(mode="json", exclude_none=True).items():
        table.add_row(Text(name, style="dim"), Text(plain(value if isinstance(value, str) else str(value))))
    console().print(table)


def history(id: RecordId, *, user: User = "default", store: StoreUrl = None, json: Json = False) -> None:  # noqa: A002
    """Show all versions of a record, oldest first.

    [bold]Examples[/bold]

    langmem-ext history 5f0c2a4e-… --user alice
    """
    with opened_memory(user, store) as memory:
        versions = memory.history(id)
    if json:
        print_json(versions)
        return
    for version in versions:
        console().print(record_lines(version))


def stats(*, user: User = "default", store: StoreUrl = None, json: Json = False) -> None:
    """Count what is remembered.

    [bold]Examples[/bold]

    langmem-ext stats --user alice
    """
    with opened_memory(user, store) as memory:
        counted = memory.stats()
    if json:
        print_json(counted)
        return
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    for name, value in counted.model_dump().items():
        if isinstance(value, dict):
            for kind, number in sorted(value.items()):
                table.add_row(f"{name} of kind {kind}" if name == "records" else f"{name}: {kind}", f"{number:,}")
        else:
            table.add_row(name, f"{value:,}")
    console().print(table)
