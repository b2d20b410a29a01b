"""What fills the context, turn by turn."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes

from langmem_ext.errors import InvalidInputError
from langmem_ext.plots.style import INK, PALETTE, Lettering, Theme, axes, check_theme, dress, head

_SECTIONS: Final = {
    "system": "grey",
    "tools": "brown",
    "profile": "violet",
    "summary": "orange",
    "messages": "blue",
    "pages": "green",
}
"""Sections of `MainContext.usage`, from the most stable to what changes every turn, and their colours."""
_TOTALS: Final = frozenset({"total", "budget"})
_SPARE: Final = ("pink", "red", "grey")


def plot_tokens(
    usages: Sequence[Mapping[str, float]],
    *,
    labels: Sequence[str] | None = None,
    budget: int | None = None,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    theme: Theme = "auto",
) -> Axes:
    """Draw the tokens of each turn as a stacked bar, a layer per section, and the budget as a line.

    Args:
        usages: One mapping per turn, section → tokens, as `MainContext.usage` returns it ("total" and "budget" are no
            sections). Sections of your own are drawn, too.
        labels: One per turn; None numbers them from 1.
        budget: Tokens at most, drawn as a line; None takes the "budget" of the first usage, where it has one.
        names: Section → what the legend calls it; also of "budget", and of the axes, "tokens" and "turn".
        title: Above the picture.
        ax: Axes to draw into; None makes a figure.
        theme: "auto" reads on light and dark, "light" and "dark" fill the background.

    Returns:
        The axes.

    Raises:
        InvalidInputError: There is no usage, a size is negative, or labels and usages differ in number.
    """
    check_theme(theme)
    _check(usages, labels)
    ax = axes(ax, min(10.0, max(5.0, 0.32 * len(usages) + 3.2)), 3.4)
    lettering = Lettering()
    places = np.arange(len(usages))
    bottom = np.zeros(len(usages))
    spare = iter(_SPARE * len(usages[0]))
    for section in _sections(usages):
        sizes = np.array([float(usage.get(section, 0)) for usage in usages])
        colour = PALETTE[_SECTIONS[section] if section in _SECTIONS else next(spare)]
        name = lettering.label((names or {}).get(section, section))
        ax.bar(places, sizes, 0.82, bottom=bottom, label=name, color=colour)
        bottom += sizes
    limit = budget if budget is not None else usages[0].get("budget")
    if limit is not None:
        name = lettering.label((names or {}).get("budget", "budget"))
        ax.axhline(limit, color=INK[theme], linestyle="--", linewidth=1, label=name)
    ax.set_ylim(0, 1.06 * max(float(bottom.max()), limit or 0, 1))
    _name_turns(ax, labels, len(usages), lettering, (names or {}).get("turn", "turn"))
    ax.set_ylabel(lettering.label((names or {}).get("tokens", "tokens")))
    head(ax, lettering, title)
    handles, shown = ax.get_legend_handles_labels()
    ax.legend(
        handles[::-1], shown[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9, labelcolor=INK[theme]
    )
    return dress(ax, theme, note=lettering.note)


def _check(usages: Sequence[Mapping[str, float]], labels: Sequence[str] | None) -> None:
    if not usages:
        raise InvalidInputError("usages is empty; pass one mapping of section → tokens per turn")
    if labels is not None and len(labels) != len(usages):
        raise InvalidInputError(f"need one label per turn, got {len(labels)} for {len(usages)}")
    negative = [name for usage in usages for name, size in usage.items() if size < 0]
    if negative:
        raise InvalidInputError(f"tokens can't be negative, but those of {negative[0]!r} are")


def _sections(usages: Sequence[Mapping[str, float]]) -> list[str]:
    """Return the sections that have tokens in some turn: ours in our order, then others as they come."""
    there = {name: None for usage in usages for name, size in usage.items() if size and name not in _TOTALS}
    return [name for name in _SECTIONS if name in there] + [name for name in there if name not in _SECTIONS]


def _name_turns(ax: Axes, labels: Sequence[str] | None, count: int, lettering: Lettering, axis: str) -> None:
    if labels is not None:
        ax.set_xticks(range(count), [lettering.label(label, 16) for label in labels])
        return
    step = max(1, count // 10)
    shown = range(step - 1, count, step)
    ax.set_xticks(list(shown), [str(place + 1) for place in shown])
    ax.set_xlabel(lettering.label(axis))
