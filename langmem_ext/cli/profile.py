"""`langmem-ext profile`: what is always in the agent's context."""

import json as jsons
from typing import Any

from langmem_ext.cli.opening import opened_memory
from langmem_ext.cli.options import Json, StoreUrl, User
from langmem_ext.cli.output import console, plain, print_json, say


def profile(*, user: User = "default", store: StoreUrl = None, json: Json = False) -> None:
    """Show the core profile: what the agent always has in its context about the user.

    It is made of the records of kind profile; `list --kind profile` shows them with their ids, `revise` and `forget`
    change them.

    [bold]Examples[/bold]

    langmem-ext profile --user alice
    """
    from langmem_ext.longterm.profile import profile as read  # noqa: PLC0415 - langgraph
    from langmem_ext.operations import run  # noqa: PLC0415

    with opened_memory(user, store) as memory:
        fields = run(read(memory))
    if json:
        print_json(fields)
        return
    if not fields:
        say(f"nothing is in the profile of {plain(user)} yet")
        return
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for name, value in fields.items():
        table.add_row(Text(plain(name)), Text(plain(_shown(value))))
    console().print(table)


def _shown(value: Any) -> str:
    """Return a field as a person reads it: lists line by line, objects as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return "\n".join(value)
    return jsons.dumps(value, ensure_ascii=False)
