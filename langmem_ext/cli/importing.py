"""``langmem-ext import --from …``: what other systems remember, read from their files."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias

from langmem_ext.cli.output import print_json, say

if TYPE_CHECKING:
    from langmem_ext.importers import ImportReport, Progress
    from langmem_ext.longterm import LongTermMemory

Source: TypeAlias = Literal["export", "chatgpt", "mem0", "langgraph", "langmem", "sql-history"]


def bring_in(
    memory: "LongTermMemory", source: Source, file: str, *, session: str | None, table: str | None, prefix: str | None
) -> "ImportReport":
    """Import a file of another system into a memory, with a progress bar where stderr is a terminal."""
    with progress_bar(f"importing {source}") as progress:
        return _importer(source, session=session, table=table, prefix=prefix)(memory, file, progress)


def _importer(
    source: Source, *, session: str | None, table: str | None, prefix: str | None
) -> "Callable[[LongTermMemory, str, Progress], ImportReport]":
    from langmem_ext import importers  # noqa: PLC0415 - needed by this command alone
    from langmem_ext.importers.histories import TABLE  # noqa: PLC0415

    if source == "chatgpt":
        return lambda memory, file, progress: importers.import_chatgpt(memory, file, progress=progress)
    if source == "mem0":
        return lambda memory, file, progress: importers.import_mem0(memory, file, progress=progress)
    if source == "sql-history":
        return lambda memory, file, progress: importers.import_sql_history(
            memory, file, session_id=session, table=table or TABLE, progress=progress
        )
    given = tuple(part for part in (prefix or "").split("/") if part)

    def from_store(memory: "LongTermMemory", file: str, progress: "Progress") -> "ImportReport":
        from langmem_ext.importers.stores import opened_sqlite_store  # noqa: PLC0415

        with opened_sqlite_store(file) as store:
            run = importers.import_langmem if source == "langmem" else importers.import_store
            return run(memory, store, namespace=given, progress=progress)

    return from_store


def tell(report: "ImportReport", user: str, *, as_json: bool) -> None:
    """Print what an import did."""
    if as_json:
        print_json(report)
        return
    say(f"into the memory of {user!r}:")
    for line in report.text().splitlines():
        say(f"  {line}")


@contextmanager
def progress_bar(title: str) -> "Iterator[Progress]":
    """Show a bar on stderr while something is done; nothing where that is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - loaded by the commands that show something
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield progress
