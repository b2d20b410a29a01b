"""Commands that move memories: as JSON lines of our own (see `jsonlines`), and in from other systems."""

import os
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from langmem_ext.cli.importing import Source, bring_in, tell
from langmem_ext.cli.opening import opened_memory
from langmem_ext.cli.options import OFFLINE, Embed, Json, StoreUrl, User
from langmem_ext.cli.output import print_json, say


def export(
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; default stdout.")] = None,
    user: User = "default",
    store: StoreUrl = None,
) -> None:
    """Write a whole memory as JSON lines: records, earlier versions, logs, indexes.

    [bold]Examples[/bold]

    langmem-ext export --user alice -o alice.jsonl
    langmem-ext export --user alice | gzip > alice.jsonl.gz
    """
    from langmem_ext.cli.jsonlines import dump, read_memory  # noqa: PLC0415 - langgraph

    with opened_memory(user, store) as memory:
        entries = read_memory(memory)
    lines = dump(entries, datetime.now(UTC))
    if output is None:
        for line in lines:
            sys.stdout.write(line)
    else:
        _write_whole(output, lines)
        say(f"{len(entries)} items of {user!r} written to {output}")


def _write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a file so that it is there whole or not at all; it holds private words, so only its owner may read it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def import_(
    file: Annotated[str, typer.Argument(help='File to read; "-" is stdin, for what export wrote.', metavar="FILE")],
    *,
    source: Annotated[Source, typer.Option("--from", help="What wrote the file.")] = "export",
    user: User = "default",
    store: StoreUrl = None,
    embed: Embed = OFFLINE,
    session: Annotated[str | None, typer.Option(help="sql-history: only this session.")] = None,
    table: Annotated[str | None, typer.Option(help="sql-history: table of the messages.")] = None,
    namespace: Annotated[
        str | None, typer.Option(help="langgraph, langmem: only below this namespace, e.g. memories/alice.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a memory that export wrote, or what another system remembers.

    The whole file is checked before anything is written; bad lines are named by number. What is there already is not
    written again, so an interrupted import can simply be repeated. What was not understood is listed at the end.

    [bold]Examples[/bold]

    langmem-ext import alice.jsonl --user alice --store other.db
    zcat alice.jsonl.gz | langmem-ext import - --user alice
    langmem-ext import conversations.json --from chatgpt --user alice
    langmem-ext import chat.db --from sql-history --session alice --user alice
    """
    if source != "export":
        with opened_memory(user, store, create=True, embed=embed) as memory:
            report = bring_in(memory, source, file, session=session, table=table, prefix=namespace)
        tell(report, user, as_json=as_json)
        return
    from langmem_ext.cli.jsonlines import load, write_memory  # noqa: PLC0415 - langgraph

    if file == "-":
        entries = load(sys.stdin, "stdin")
    else:
        with Path(file).open(encoding="utf-8", newline="\n") as lines:
            entries = load(lines, file)
    with opened_memory(user, store, create=True, embed=embed) as memory:
        written = write_memory(memory.store, memory.namespace, entries)
    if as_json:
        print_json({"items": len(entries), "written": written})
    else:
        say(f"{written} of {len(entries)} items written into the memory of {user!r}")
