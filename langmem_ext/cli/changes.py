"""Commands that change what is remembered."""

from typing import Annotated, Any

import typer

from langmem_ext.cli.opening import opened_memory
from langmem_ext.cli.options import OFFLINE, Embed, Json, RecordId, Redact, StoreUrl, User, Yes
from langmem_ext.cli.output import print_json, print_records, say
from langmem_ext.errors import InvalidInputError
from langmem_ext.records import ForgetReceipt, MemoryRecord

Topic = Annotated[str | None, typer.Option("--topic", help="Topic label, e.g. switzerland_hiking.")]
Keywords = Annotated[list[str] | None, typer.Option("--keyword", help="Keyword for the index (repeatable).")]
OccurredAt = Annotated[str | None, typer.Option("--occurred-at", help="When it happened; default now.")]


def _print_record(record: MemoryRecord, *, as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        print_records([record])


def remember(
    content: Annotated[str, typer.Argument(help="What to remember.", metavar="CONTENT")],
    *,
    user: User = "default",
    store: StoreUrl = None,
    kind: Annotated[str, typer.Option("--kind", "-k", help="fact, preference, relation, event or profile.")] = "fact",
    topic: Topic = None,
    keyword: Keywords = None,
    importance: Annotated[float, typer.Option("--importance", help="0 to 1.")] = 0.5,
    occurred_at: OccurredAt = None,
    embed: Embed = OFFLINE,
    redact: Redact = False,
    json: Json = False,
) -> None:
    """Remember one thing, as it is said.

    [bold]Examples[/bold]

    langmem-ext remember "Alice is allergic to peanuts" --user alice --importance 0.9
    langmem-ext remember 喜欢高山湖泊 --user alice --kind preference --keyword 湖泊
    """
    with opened_memory(user, store, create=True, embed=embed, redact=redact) as memory:
        chosen: Any = kind
        record = memory.remember(
            content,
            kind=chosen,
            topic=topic,
            keywords=keyword or (),
            importance=importance,
            occurred_at=occurred_at,
        )
    _print_record(record, as_json=json)


def revise(
    id: RecordId,  # noqa: A002
    content: Annotated[str, typer.Argument(help="What it says from now on.", metavar="CONTENT")],
    *,
    user: User = "default",
    store: StoreUrl = None,
    topic: Topic = None,
    keyword: Keywords = None,
    importance: Annotated[float | None, typer.Option("--importance", help="0 to 1; default as before.")] = None,
    occurred_at: OccurredAt = None,
    embed: Embed = OFFLINE,
    json: Json = False,
) -> None:
    """Replace what a record says; the old version stays in its history.

    [bold]Examples[/bold]

    langmem-ext revise 5f0c2a4e-… "The budget is 25,000 yuan" --user alice
    """
    with opened_memory(user, store, embed=embed) as memory:
        record = memory.revise(
            id, content, topic=topic, keywords=keyword or None, importance=importance, occurred_at=occurred_at
        )
    _print_record(record, as_json=json)


def undo(
    id: RecordId,  # noqa: A002
    *,
    user: User = "default",
    store: StoreUrl = None,
    embed: Embed = OFFLINE,
    json: Json = False,
) -> None:
    """Take the last revision or retirement of a record back.

    [bold]Examples[/bold]

    langmem-ext undo 5f0c2a4e-… --user alice
    """
    with opened_memory(user, store, embed=embed) as memory:
        record = memory.undo(id)
    _print_record(record, as_json=json)


def retire(
    id: RecordId,  # noqa: A002
    *,
    user: User = "default",
    store: StoreUrl = None,
    embed: Embed = OFFLINE,
    json: Json = False,
) -> None:
    """Stop believing a record, without a successor; undo brings it back.

    [bold]Examples[/bold]

    langmem-ext retire 5f0c2a4e-… --user alice
    """
    with opened_memory(user, store, embed=embed) as memory:
        record = memory.retire(id)
    _print_record(record, as_json=json)


def pin(
    id: RecordId,  # noqa: A002
    *,
    user: User = "default",
    store: StoreUrl = None,
    off: Annotated[bool, typer.Option("--off", help="Take the pin off.")] = False,
    embed: Embed = OFFLINE,
    json: Json = False,
) -> None:
    """Keep a record from fading, however old and unused it gets.

    [bold]Examples[/bold]

    langmem-ext pin 5f0c2a4e-… --user alice
    langmem-ext pin 5f0c2a4e-… --user alice --off
    """
    with opened_memory(user, store, embed=embed) as memory:
        record = memory.pin(id, pinned=not off)
    _print_record(record, as_json=json)


def forget(
    id: Annotated[str | None, typer.Argument(help="Id of the record.", metavar="[ID]")] = None,  # noqa: A002
    *,
    user: User = "default",
    store: StoreUrl = None,
    embed: Embed = OFFLINE,
    everything: Annotated[bool, typer.Option("--all", help="Forget everything about this user.")] = False,
    log: Annotated[
        bool, typer.Option("--log", help="Also the logged messages that it was learnt from, and what rests on them.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Remove a record for good, with all that was derived from it alone, and say what went.

    [bold]Examples[/bold]

    langmem-ext forget 5f0c2a4e-… --user alice
    langmem-ext forget 5f0c2a4e-… --user alice --log
    langmem-ext forget --all --user alice --yes
    """
    if (id is None) != everything:
        raise InvalidInputError("name one record's ID, or pass --all")
    what = f"everything about {user!r}" if id is None else f"record {id!r}"
    if not yes:
        typer.confirm(f"Forget {what}? It can't be undone.", abort=True, err=True)
    with opened_memory(user, store, embed=embed) as memory:
        receipt = memory.forget_all() if id is None else memory.forget(id, log=log)
    if json:
        print_json(receipt)
    else:
        _print_receipt(receipt)


def _print_receipt(receipt: ForgetReceipt) -> None:
    say(
        f"forgotten: {receipt.records} records, {receipt.versions} earlier versions, {receipt.index_entries} index "
        f"entries, {receipt.log_messages} logged messages"
    )
    if receipt.rewritten:
        say(f"written anew without it: {', '.join(receipt.rewritten)}")
    say("the bytes are gone from the files" if receipt.purged else "this store can't erase bytes from its files")
