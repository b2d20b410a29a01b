"""The command that moves a whole store into another: from a file to a server, or back."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langmem_ext.cli.main import NEGATIVE
from langmem_ext.cli.options import Json
from langmem_ext.cli.output import print_json, progress_bar, say
from langmem_ext.errors import InvalidInputError

if TYPE_CHECKING:
    from langgraph.store.base import IndexConfig

    from langmem_ext.store.moving import Movable, Moved

_Url = Annotated[str, typer.Argument(help="Any URL that open_store takes.", show_default=False)]


def migrate(source: _Url, target: _Url, *, json: Json = False) -> None:
    """Copy a whole store into another: all users, all versions, times and vectors as they are; nothing is embedded.

    What the target has already is not written again, so after an interruption the same command goes on. At the end
    everything is read once more on both sides and compared. The source is never changed; it should not be written to
    meanwhile. Exit code 1 when the comparison finds a difference.

    [bold]Examples[/bold]

    langmem-ext migrate memory.db postgresql://user:password@host/memories
    langmem-ext migrate postgresql://user:password@host/memories backup.db
    """
    from langmem_ext.store import open_store  # noqa: PLC0415 - faiss and numpy

    if "://" not in source and not Path(source).exists():
        raise InvalidInputError(f"there is no store at {source!r}")
    with open_store(source) as origin:
        dims = origin.stored_vector_size()
        with open_store(target, index=_index(dims)) as copy:
            moved = _move(origin, copy)
    _report(moved, json=json)
    if not moved.ok:
        raise typer.Exit(NEGATIVE)


def _index(dims: int | None) -> "IndexConfig | None":
    """Return a configuration that makes room for vectors and embeds nothing."""
    return None if dims is None else {"dims": dims, "embed": _embed_nothing}


def _embed_nothing(_texts: object) -> list[list[float]]:
    raise InvalidInputError("moving a store embeds nothing")


def _move(origin: "Movable", copy: "Movable") -> "Moved":
    from langmem_ext.store.moving import move  # noqa: PLC0415 - faiss and numpy

    total = 2 * sum(origin.stored_namespaces().values())
    done = 0
    with progress_bar("copy and compare") as show:

        def advance(count: int) -> None:
            nonlocal done
            done += count
            show(done, total)

        return move(origin, copy, advance)


def _report(moved: "Moved", *, json: bool) -> None:
    if json:
        print_json(
            asdict(moved) | {"checksum": f"{moved.checksum:016x}", "found": f"{moved.found:016x}", "ok": moved.ok}
        )
        return
    say(
        f"{moved.items:,} items with {moved.vectors:,} vectors in {moved.namespaces:,} namespaces: {moved.written:,} "
        f"written, {moved.items - moved.written:,} there already"
    )
    say(
        f"compared: everything agrees, checksum {moved.checksum:016x}"
        if moved.ok
        else f"compared: {moved.missing:,} items are missing or differ; was the source written to? Run it again"
    )
