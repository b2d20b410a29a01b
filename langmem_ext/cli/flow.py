"""Text that wraps as Chinese and English are written: between any two ideographs, but never inside an amount.

Rich breaks lines at spaces first, which tears "2 万" apart and leaves a full stop alone on its line.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.measure import Measurement
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.style import StyleType

_IDEOGRAPH = r"[\u2e80-\u2fff\u3005-\u3007\u3021-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
_CLOSING = r"[,。、;:?!)】》」』”’…%.,;:?!)\]}]"
_OPENING = r"[(【《「『“‘(\[]"
_AMOUNT = rf"\d[\d.,]*\ ?{_IDEOGRAPH}"
_WORD = rf"(?:(?!{_IDEOGRAPH})\S)+?(?=\s|{_IDEOGRAPH}|$)"
_UNIT = re.compile(rf"{_OPENING}*(?:{_AMOUNT}|{_IDEOGRAPH}|{_WORD}){_CLOSING}*\s*|\s+|.")
"""What stays together on a line: a word, an ideograph, or an amount with its unit, and the punctuation around it."""


def units(line: str) -> list[str]:
    """Cut one line into the pieces that a line break may come between; joined, they are the line."""
    return _UNIT.findall(line)


def wrap(text: str, width: int) -> Iterator[str]:
    """Yield lines of at most `width` cells; only a piece that is wider alone is cut."""
    for paragraph in text.split("\n"):
        line = ""
        for unit in units(paragraph):
            if line and cell_len(line + unit.rstrip()) > width:
                yield line.rstrip()
                line = ""
            line += unit
            while cell_len(line.rstrip()) > width:
                head = _fitting(line, width)
                yield head
                line = line[len(head) :]
        yield line.rstrip()


def _fitting(text: str, width: int) -> str:
    """Return as much of the beginning as fits, one character at least."""
    length = 1
    while cell_len(text[: length + 1]) <= width:
        length += 1
    return text[:length]


class Flow:
    """A renderable that wraps its text; for panels and table cells."""

    def __init__(self, text: str, style: "StyleType" = "") -> None:
        self.text = text
        self.style = style

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        for line in wrap(self.text, max(1, options.max_width)):
            yield Text(line, style=self.style, no_wrap=True, overflow="ignore", end="\n")

    def __rich_measure__(self, console: "Console", options: "ConsoleOptions") -> Measurement:
        widest = max(map(cell_len, self.text.split("\n")), default=0)
        longest = max((cell_len(unit.rstrip()) for unit in units(self.text)), default=0)
        return Measurement(min(longest, options.max_width), min(widest, options.max_width))
