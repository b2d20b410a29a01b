"""``langmem-ext import --from …``: what other systems remember, read from their files."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from langmem_ext.cli.output import print_json, progress_bar, say

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
