"""Every message of the package, read from its source, with its cure; ``python -m tests.messages`` writes the page.

A message tells its cure where it has one ("…; create it first", "… must be …, got …"); the cures of the others stand
here, and a message that has none in either place is an error.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import langmem_ext
from langmem_ext import errors

ROOT = Path(langmem_ext.__file__).parent
PAGE = ROOT.parent / "docs" / "messages.md"
MARKED = re.compile(r"(<!-- messages -->\n).*?(<!-- /messages -->)", re.DOTALL)
OURS = {name for name, value in vars(errors).items() if isinstance(value, type)} | {"InvalidNamespaceError"}
GAP = "…"

PARTS = {
    "store": "Stores",
    "longterm": "The memory",
    "loop": "The agent",
    "context": "The main context",
    "tools": "Tools",
    "middleware": "Middleware",
    "memory": "Memory classes for chains",
    "importers": "Importing",
    "evaluation": "Evaluating",
    "cli": "The command line",
    "mcp_server": "The MCP server",
    "ui": "The page",
    "plots": "Pictures",
    "times": "Times",
}
OTHERS = "Everywhere"

ASKS = re.compile(r"\b(?:must|needs?|needed|expected|is a non-empty|is …, without|pass|leave|use)\b")
CURES = {
    r"can't be stored as JSON": (
        "Store what JSON can hold: texts of valid Unicode, finite numbers, lists, dictionaries."
    ),
    (
        r"JSON|UTF-8|nested too deeply|is incomplete|no result|no export|illegal label|newer than the format|"
        r"line …: …|is …$|conversation … \(…\)|queries|docs:"
    ): (
        "The file was cut off, edited, or is of another kind or a newer version: make it again, or repair "
        "the place named."
    ),
    r"text is missing": (
        "The file was edited: an entry of a record needs its fields, as `langmem-ext export` writes them."
    ),
    r"SQLite failed|SQLSTATE": (
        "What the database said follows; the log of the server, or `langmem-ext check`, tells more."
    ),
    r"stayed locked": "Another process holds a long transaction on the file; end it, then try again.",
    r"NaN or infinity|function failed": "See to the embedding service; what was to be stored can be stored again.",
    r"out of resources": "Give the server more connections, memory or disk, then try again.",
    r"there is no (?:file|store)": "Check the path; a relative one counts from the current folder.",
    r"can't be read": "Check that the file is of the kind named and may be read.",
    r"embeds nothing": "Internal to `migrate`: a target that asks for embeddings is opened without them.",
    r"no store of LangGraph": "Pass a database that LangGraph's `SqliteStore` or `PostgresStore` has written.",
    (
        r"did not return a usable|can be stored: …|operations can be applied|known memory|new message|"
        r"its quote|its data is no|forgotten meanwhile|changed meanwhile|earlier operation"
    ): (
        "A model's mistake, or a change at the same time: the range stays pending and the next update tries "
        "again. Where a model keeps making it, use a stronger one."
    ),
    r"was forgotten|forgotten or changed|nothing to undo|nothing to go back to": (
        "Nothing is left to change; `history(id)` shows the versions that are there."
    ),
    r"no chat model": "Install the provider's package and set its key, or pass a chat model.",
    r"(?:input|output)_key is": "Set it to one of those keys.",
    r"is used up": "Raise the cap, or go on tomorrow; what was said is in the log.",
    r"no node|nothing to draw|can't be negative": (
        "Pass something that can be drawn; an empty picture would say nothing."
    ),
    r"no record of a memory": "Something else wrote this item; remove it with `forget(id)` or through the store.",
    r"no regular expression": "Mend the pattern; `re.compile` says where it breaks.",
    r"not to be stored": "Leave it out, or use a `Redactor` that replaces instead of refusing.",
    r"its folder is read-only|can't (?:read|create|write)|can't use": (
        "Check the permissions, the path and the free space."
    ),
    r"no 32-bit float": "Let the embedding function return lists of finite numbers.",
    r"nested deeper": "Write the condition flatter, with `$in` or several fields.",
    r"no PostgreSQL URL": "Write it like `postgresql://user:password@host:5432/db`; encode special characters.",
    r"PostgreSQL can't hold": "Remove NUL and lone surrogates, or keep the memory in a file, which holds them.",
    r"that message has": "Ask for a page that there is.",
    r"the message is empty": "Write something first.",
    r"the clock|naive": "Give times with a zone, such as `datetime.now(UTC)`.",
}


class Message(NamedTuple):
    """A message with gaps for what is filled in, the exception that carries it, and the part it is of."""

    text: str
    exception: str
    part: str


def messages() -> list[Message]:
    """Return every message of an exception of ours, in the order of the source, each once for a part."""
    return list(dict.fromkeys(message for path in sorted(ROOT.rglob("*.py")) for message in _of_file(path)))


def _of_file(path: Path) -> Iterator[Message]:
    part = path.relative_to(ROOT).parts[0].removesuffix(".py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and _name(node.func) in OURS:
            text = _text(node.args[0])
            if text.strip(GAP + " "):
                yield Message(text, _name(node.func), PARTS.get(part, OTHERS))


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""


def _text(node: ast.expr) -> str:
    """Return a literal as it reads, with gaps for what is not known before it runs."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return re.sub(f"{GAP}+", GAP, "".join(map(_text, node.values)))
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return GAP


def cure(text: str) -> str:
    """Return what to do about a message; "" where the message says it.

    Raises:
        ValueError: Neither the message nor this module says.
    """
    _, _, last = text.rpartition("; ")
    if last not in {text, "nothing was written"} or ASKS.search(text):
        return ""
    for pattern, told in CURES.items():
        if re.search(pattern, text):
            return told
    raise ValueError(f"the message has no cure: {text}")


def tables() -> str:
    """Return the page's tables: a part each, a message a line."""
    found = messages()
    lines: list[str] = []
    for part in [*dict.fromkeys(PARTS.values()), OTHERS]:
        own = [message for message in found if message.part == part]
        if own:
            lines += [f"\n## {part}\n", "| message | exception | what to do, where it does not say |", "|---|---|---|"]
            lines += [f"| {_cell(one.text)} | `{one.exception}` | {_cell(cure(one.text))} |" for one in own]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return re.sub(r"([|<>_*\[\]])", r"\\\1", text).replace("\n", " ") if "`" not in text else text.replace("|", "\\|")


def main() -> None:
    """Write the page anew."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(MARKED.sub(lambda match: match[1] + tables() + match[2], page), encoding="utf-8")


if __name__ == "__main__":
    main()
