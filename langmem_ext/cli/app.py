"""The command line's table of contents: which commands there are, in which order and group."""

from typing import Annotated

import typer

from langmem_ext._version import __version__
from langmem_ext.cli import (
    changes,
    distilling,
    evaluate,
    looking,
    maintenance,
    migrate,
    profile,
    serving,
    story,
    talking,
    transfer,
)

app = typer.Typer(
    name="langmem-ext",
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Long-term memory for LangChain and LangGraph: remember today, recall tomorrow.

    Every command works on the memory of one user (--user) in one store (--store); nothing leaves this machine unless a
    model is named.

    Exit codes: 0 done · 1 nothing found, or damage found · 2 bad input · 3 a model or the program failed.
    """


_TALK, _LOOK, _CHANGE, _KEEP, _SERVE = "Talk", "Look", "Change", "Keep", "Serve"

app.command("demo", rich_help_panel=_TALK)(story.demo)
app.command("demo-day", hidden=True)(story.demo_day)
app.command("chat", rich_help_panel=_TALK)(talking.chat)

app.command("recall", rich_help_panel=_LOOK)(looking.recall)
app.command("list", rich_help_panel=_LOOK)(looking.list_records)
app.command("show", rich_help_panel=_LOOK)(looking.show)
app.command("history", rich_help_panel=_LOOK)(looking.history)
app.command("topics", rich_help_panel=_LOOK)(looking.topics)
app.command("keywords", rich_help_panel=_LOOK)(looking.keywords)
app.command("stats", rich_help_panel=_LOOK)(looking.stats)
app.command("profile", rich_help_panel=_LOOK)(profile.profile)
app.command("eval", rich_help_panel=_LOOK)(evaluate.evaluate)

app.command("remember", rich_help_panel=_CHANGE)(changes.remember)
app.command("revise", rich_help_panel=_CHANGE)(changes.revise)
app.command("retire", rich_help_panel=_CHANGE)(changes.retire)
app.command("undo", rich_help_panel=_CHANGE)(changes.undo)
app.command("pin", rich_help_panel=_CHANGE)(changes.pin)
app.command("forget", rich_help_panel=_CHANGE)(changes.forget)

app.command("consolidate", rich_help_panel=_KEEP)(distilling.consolidate)
app.command("export", rich_help_panel=_KEEP)(transfer.export)
app.command("import", rich_help_panel=_KEEP)(transfer.import_)
app.command("migrate", rich_help_panel=_KEEP)(migrate.migrate)
app.command("check", rich_help_panel=_KEEP)(maintenance.check)

app.command("ui", rich_help_panel=_SERVE)(serving.ui)
app.command("mcp", rich_help_panel=_SERVE)(serving.mcp)
