"""Commands that keep a store in order."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langmem_ext.cli.main import NEGATIVE
from langmem_ext.cli.opening import index_config
from langmem_ext.cli.options import Json
from langmem_ext.cli.output import complain, plain, print_json, say
from langmem_ext.errors import InvalidInputError, StoreCorruptError

if TYPE_CHECKING:
    from langmem_ext.store import CheckReport


def check(
    file: Annotated[str, typer.Argument(help="The database file, or a URL of a server.", metavar="FILE")],
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild what can be rebuilt from the items.")] = False,
    embed: Annotated[
        str | None, typer.Option("--embed", help="Embedding model to repair vectors with, as the store was begun with.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a store: file, items, vectors and full text against each other.

    Exit code 1 when something is wrong and was not repaired. Items themselves are never changed.

    [bold]Examples[/bold]

    langmem-ext check memory.db
    langmem-ext check memory.db --repair --embed offline
    langmem-ext check postgresql://user:password@host/memories
    """
    from langmem_ext.store import open_store  # noqa: PLC0415 - faiss

    if "://" not in file and not Path(file).exists():
        raise InvalidInputError(f"there is no file {file!r}")
    try:
        with open_store(file, index=index_config(embed) if embed else None) as store:
            report = store.check(repair=repair)
    except StoreCorruptError as error:
        complain(str(error))
        raise typer.Exit(NEGATIVE) from error
    if json:
        print_json(asdict(report) | {"ok": report.ok})
    else:
        _print_report(report)
    if not report.ok:
        raise typer.Exit(NEGATIVE)


def _print_report(report: "CheckReport") -> None:
    say(
        f"{report.path}: {report.items:,} items in {report.namespaces:,} namespaces, {report.vectors:,} vectors, "
        f"{report.texts:,} items with full text"
    )
    for problem in report.problems:
        say(f"{problem.layer}: {plain(problem.message)} ({problem.count:,})")
    if report.repaired:
        say(f"{report.repaired:,} defects repaired")
    say("everything agrees" if report.ok else "--repair rebuilds vectors and full text from the items")
