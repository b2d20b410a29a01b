"""When it happened and how long it was believed: the two clocks of a memory."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.lines import Line2D

from langmem_ext.errors import InvalidInputError
from langmem_ext.plots.style import INK, PALETTE, Lettering, Theme, axes, check_theme, dress, head, legend_below
from langmem_ext.records import MemoryRecord

KIND_COLOURS: Final = {
    "message": PALETTE["grey"],
    "fact": PALETTE["blue"],
    "preference": PALETTE["green"],
    "relation": PALETTE["brown"],
    "event": PALETTE["orange"],
    "profile": PALETTE["violet"],
    "summary": PALETTE["red"],
    "reflection": PALETTE["pink"],
}
_DAY: Final = 86_400
_LEAST_MARGIN: Final = 1 / 48
"""Days before the first time and after the last, at least: half an hour."""
_WORDS: Final = {
    "occurred": "happened",
    "believed": "believed",
    "superseded": "superseded",
}


def plot_timeline(
    records: Sequence[MemoryRecord],
    *,
    now: datetime | None = None,
    limit: int = 30,
    names: dict[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    theme: Theme = "auto",
) -> Axes:
    """Draw each record on both clocks: a dot where it happened, a bar while it was believed.

    A bar that ends in a stroke was superseded there; an open end is believed still.

    Args:
        records: As `LongTermMemory.records` and `history` return them, in any order; the same id counts once.
        now: Right end of what is believed still; None is the latest time in the records.
        limit: Rows at most; of more records the newest are drawn, and the title says so.
        names: What the legend calls "occurred", "believed" and "superseded".
        title: Above the picture.
        ax: Axes to draw into; None makes a figure.
        theme: "auto" reads on light and dark, "light" and "dark" fill the background.

    Returns:
        The axes; times are in the zone of the first record.

    Raises:
        InvalidInputError: There is no record, or `limit` is less than 1.
    """
    check_theme(theme)
    if not records or limit < 1:
        raise InvalidInputError(f"need at least one record and one row, got {len(records)} and {limit}")
    unique = sorted({record.id: record for record in records}.values(), key=_order)
    shown = unique[-limit:]
    lettering = Lettering()
    end = now or max(max(_times(record)) for record in shown)
    ax = axes(ax, 8.4, 0.34 * len(shown) + 1.5)
    for row, record in enumerate(shown):
        _draw(ax, row, record, end)
    ax.set_yticks(range(len(shown)), [lettering.label(record.content, 44) for record in shown])
    ax.set_ylim(len(shown) - 0.4, -0.6)
    zone = shown[0].occurred_at.tzinfo
    locator = AutoDateLocator(tz=zone, minticks=3)  # type: ignore[no-untyped-call] # matplotlib's dates have no types
    ax.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=zone)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(formatter)
    ax.set_xlim(*_span([*(moment for record in shown for moment in _times(record)), end]))
    head(ax, lettering, title, len(shown), len(unique))
    _legend(ax, shown, {**_WORDS, **(names or {})}, lettering, theme)
    return dress(ax, theme, note=lettering.note)


def _order(record: MemoryRecord) -> tuple[datetime, datetime, int]:
    return record.recorded_at, record.occurred_at, record.position or 0


def _times(record: MemoryRecord) -> list[datetime]:
    return [record.occurred_at, record.recorded_at, *([record.superseded_at] if record.superseded_at else [])]


def _number(moment: datetime) -> float:
    """Return matplotlib's number of a time: days since 1970, its default epoch."""
    return moment.timestamp() / _DAY


def _span(times: Sequence[datetime]) -> tuple[float, float]:
    """Return the ends of the time axis: a little beyond all times, and an hour where there is but one moment."""
    first, last = _number(min(times)), _number(max(times))
    margin = max(0.03 * (last - first), _LEAST_MARGIN)
    return first - margin, last + margin


def _draw(ax: Axes, row: int, record: MemoryRecord, end: datetime) -> None:
    colour = KIND_COLOURS[record.kind]
    begin, until = _number(record.recorded_at), _number(record.superseded_at or max(end, record.recorded_at))
    happened = _number(record.occurred_at)
    alpha = 0.9 if record.live else 0.45
    ax.plot([happened, begin], [row, row], color=colour, linewidth=0.8, linestyle=":", alpha=alpha)
    ax.plot([begin, until], [row, row], color=colour, linewidth=5, solid_capstyle="butt", alpha=alpha)
    if not record.live:
        ax.plot([until], [row], marker="|", markersize=13, markeredgewidth=2, color=colour)
    ax.plot([happened], [row], marker="o", markersize=5 + 5 * record.importance, color=colour)


def _legend(ax: Axes, shown: Sequence[MemoryRecord], words: dict[str, str], lettering: Lettering, theme: Theme) -> None:
    ink = INK[theme]
    kinds = dict.fromkeys(record.kind for record in shown)
    handles = [Line2D([], [], color=KIND_COLOURS[kind], marker="s", linestyle="", label=kind) for kind in kinds]
    handles.append(Line2D([], [], color=ink, marker="o", linestyle="", label=lettering.label(words["occurred"])))
    handles.append(Line2D([], [], color=ink, linewidth=5, label=lettering.label(words["believed"])))
    if not all(record.live for record in shown):
        mark = Line2D([], [], color=ink, marker="|", markersize=12, markeredgewidth=2, linestyle="")
        mark.set_label(lettering.label(words["superseded"]))
        handles.append(mark)
    legend_below(ax, handles, theme)
