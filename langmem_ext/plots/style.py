"""How the pictures look: colours that read on light and dark, and letters for Chinese where a font has them."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.font_manager import fontManager
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation

from langmem_ext.errors import InvalidInputError

Theme: TypeAlias = Literal["auto", "light", "dark"]
"""`auto` has no background and mid-tones that read on white and on black alike; the others fill their background."""

INK: Final[dict[str, str]] = {"auto": "#7d7d7d", "light": "#24292f", "dark": "#e6e6e6"}
"""Letters and axes. The mid-grey has a contrast of 4.1 to white and 4.5 to JupyterLab's dark background."""
_GROUND: Final = {"auto": "none", "light": "#ffffff", "dark": "#16181d"}

PALETTE: Final = {
    "blue": "#3b82c4",
    "orange": "#e08214",
    "green": "#2a9d6f",
    "red": "#d1495b",
    "violet": "#8f6fc1",
    "brown": "#a57548",
    "pink": "#d36fa5",
    "grey": "#8a8a8a",
}
"""Mid-tones, told apart by lightness too; every one has a contrast of 2.7 or more to white and to black."""

_CJK: Final = re.compile(r"[\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]+")
_CJK_FAMILIES: Final = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Heiti TC",
    "Arial Unicode MS",
    "Noto Serif CJK SC",
    "Noto Sans CJK JP",
)
_LATIN: Final = "DejaVu Sans"
"""Comes with matplotlib, so pictures look the same everywhere."""
NO_FONT_NOTE: Final = (
    "Chinese labels need a font that has them; none was found, so they are numbered here.\n"
    "Install one (Debian, Ubuntu: apt-get install fonts-noto-cjk) and restart Python."
)


@lru_cache(maxsize=1)
def cjk_family() -> str | None:
    """Return the first installed font family that has Chinese, or None. Looked up once per process."""
    installed = {font.name for font in fontManager.ttflist}
    return next((family for family in _CJK_FAMILIES if family in installed), None)


class Lettering:
    """Makes labels that can be drawn: shortened, on one line, and with Chinese numbered where no font has it."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def label(self, text: str, width: int = 40) -> str:
        """Return the text as one line of about `width` cells (a Chinese character takes two), safe from mathtext."""
        line = _shortened(" ".join(text.split()), width)
        if cjk_family() is None:
            line = _CJK.sub(self._numbered, line)
        return line.replace("$", r"\$")

    def _numbered(self, match: re.Match[str]) -> str:
        number = self._numbers.setdefault(match.group(), len(self._numbers) + 1)
        return f"[zh {number}]"

    @property
    def note(self) -> str:
        """What to say below the picture; empty where every label could be drawn."""
        return NO_FONT_NOTE if self._numbers else ""


def cells(text: str) -> int:
    """Return the width of a text in Latin letters, about."""
    return len(text) + sum(map(len, _CJK.findall(text)))


def _shortened(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    taken = 0
    for place, character in enumerate(text):
        taken += cells(character)
        if taken >= width:
            return text[:place].rstrip() + "…"
    return text


def check_theme(theme: str) -> None:
    """Refuse a theme that there is not.

    Raises:
        InvalidInputError: It is none of the three.
    """
    if theme not in INK:
        raise InvalidInputError(f'theme must be "auto", "light" or "dark", got {theme!r}')


def axes(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the given axes, or those of a new figure of this size in inches."""
    return ax if ax is not None else plt.subplots(figsize=(width, height), dpi=100, layout="constrained")[1]


def head(ax: Axes, lettering: Lettering, title: str | None, shown: int = 0, total: int = 0) -> None:
    """Write the title, and how many are drawn of how many where that is not all."""
    text = f"{title or ''} ({shown} of {total})".strip() if shown < total else title
    if text:
        ax.set_title(lettering.label(text, 90), fontsize=11, loc="left")


def dress(ax: Axes, theme: Theme = "auto", *, note: str = "") -> Axes:
    """Give axes our colours and fonts, so that a picture of one's own stands well beside ours.

    Call it last: it goes over every text, tick and line of the axes that are there.

    Args:
        ax: The axes; their figure's background is set, too.
        theme: See `Theme`.
        note: A line below the picture.

    Returns:
        The same axes.

    Raises:
        InvalidInputError: There is no such theme.
    """
    check_theme(theme)
    ink, ground = INK[theme], _GROUND[theme]
    ax.figure.set_facecolor(ground)
    ax.set_facecolor("none")
    for name in ("top", "right"):
        ax.spines[name].set_visible(False)
    for spine in ax.spines.values():
        spine.set_edgecolor(ink)
        spine.set_linewidth(0.8)
    ax.tick_params(colors=ink, labelsize=9)
    if note:
        ax.annotate(
            note,
            xy=(0, 0),
            xycoords="axes fraction",
            xytext=(0, -40),
            textcoords="offset points",
            va="top",
            fontsize=8,
        )
    legend = ax.get_legend()
    if legend is not None:
        legend.set_frame_on(False)
    _write(ax, ink)
    return ax


def legend_below(ax: Axes, handles: Sequence[Artist], theme: Theme) -> None:
    """Put a legend below the ticks, at the same distance whatever the height of the axes."""
    place = ax.transAxes + ScaledTranslation(0, -32 / 72, ax.figure.dpi_scale_trans)
    ax.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=place,
        ncols=3,
        fontsize=8,
        labelcolor=INK[theme],
    )


def _write(ax: Axes, ink: str) -> None:
    """Set the ink of every text that has no colour of its own, and the fonts of all of them."""
    uncoloured = {to_hex("black"), to_hex(plt.rcParams["text.color"])}
    families = [_LATIN, *filter(None, [cjk_family()])]
    for text in ax.findobj(Text):
        if isinstance(text, Text):
            text.set_fontfamily(families)
            if to_hex(text.get_color()) in uncoloured:
                text.set_color(ink)
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set_fontfamily(families)
