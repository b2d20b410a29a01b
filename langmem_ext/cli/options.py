"""The options that several commands share."""

from typing import Annotated, Literal, TypeAlias

import typer

User: TypeAlias = Annotated[
    str, typer.Option("--user", "-u", envvar="LANGMEM_EXT_USER", help="Whose memory it is.", show_default=True)
]
StoreUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--store",
        "-s",
        envvar="LANGMEM_EXT_STORE",
        help="Database file, or any URL that open_store takes.",
        show_default="~/.langmem-ext/memory.db",
    ),
]
Model: TypeAlias = Annotated[
    str,
    typer.Option(
        "--model",
        envvar="LANGMEM_EXT_MODEL",
        help='Chat model as "provider:name", e.g. openai:gpt-5-mini; "offline" extracts, with no key and no network.',
    ),
]
Embed: TypeAlias = Annotated[
    str,
    typer.Option(
        "--embed",
        envvar="LANGMEM_EXT_EMBED",
        help='Embedding model as "provider:name"; "offline" hashes words and characters. A store keeps to one.',
    ),
]
Redact: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--redact",
        envvar="LANGMEM_EXT_REDACT",
        help="Take passwords, keys, card, account, identity and telephone numbers and e-mail addresses out of what is "
        "stored.",
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Kinds: TypeAlias = Annotated[
    list[str] | None, typer.Option("--kind", "-k", help="Only this kind: fact, preference, summary … (repeatable).")
]
Before: TypeAlias = Annotated[
    str | None, typer.Option("--before", help="Only what happened up to then, e.g. 2025-09-30 (that day included).")
]
After: TypeAlias = Annotated[str | None, typer.Option("--after", help="Only what happened from then on.")]
AsOf: TypeAlias = Annotated[
    str | None, typer.Option("--as-of", help="What was believed then, later corrections unknown.")
]
RecordId: TypeAlias = Annotated[
    str, typer.Argument(help="Id of the record, as the other commands print it.", metavar="ID")
]
Lang: TypeAlias = Literal["zh", "en"]

OFFLINE = "offline"
