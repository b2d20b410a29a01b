"""What a model that distils is shown of records: escaped, and no more than it should read in one call."""

from collections.abc import Sequence

from langmem_ext.longterm.core import Core
from langmem_ext.records import MemoryRecord, escape
from langmem_ext.tokens import level

_LEFT_OUT = " […] "


def contents(core: Core, records: Sequence[MemoryRecord]) -> list[str]:
    """Return the contents of records, escaped; too much for one call (`window_tokens`) is cut, the longest first.

    Of a record that is cut, start and end stay. A pasted document must neither break the model's window nor fill the
    bill; the whole of it is in the log.
    """
    sizes = [core.counter(record.content) for record in records]
    limit = level(sizes, core.distillation.window_tokens)
    return [
        escape(record.content if size <= limit else _cut(record.content, len(record.content) * limit // size))
        for record, size in zip(records, sizes, strict=True)
    ]


def entries(core: Core, records: Sequence[MemoryRecord], *, kinds: bool = False) -> str:
    """Return the section of a prompt that shows records, numbered from 1, with their dates and, if asked, kinds."""
    lines = ["<entries>"]
    for number, (record, text) in enumerate(zip(records, contents(core, records), strict=True), 1):
        kind = f' kind="{record.kind}"' if kinds else ""
        lines.append(f'<entry n="{number}"{kind} date="{record.occurred_at.date()}">{text}</entry>')
    return "\n".join([*lines, "</entries>"])


def _cut(text: str, kept: int) -> str:
    head = kept * 2 // 3
    return f"{text[:head]}{_LEFT_OUT}{text[len(text) - (kept - head) :]}"
