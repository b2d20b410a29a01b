"""Which keyword names which entries, and what the summaries cover."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from langmem_ext.errors import InvalidInputError
from langmem_ext.plots.style import PALETTE, Lettering, Theme, axes, check_theme, dress, head
from langmem_ext.plots.timeline import KIND_COLOURS
from langmem_ext.records import DIGESTS, MemoryRecord

_KEYWORD_X, _ENTRY_X, _ENTRY_END, _DIGEST_X = 0.0, 0.55, 1.9, 2.4
_ROUNDS: Final = 8
"""Sweeps of the barycentre heuristic (Sugiyama, Tagawa, Toda 1981); it settles after a few."""


@dataclass(frozen=True, slots=True)
class _Graph:
    """Keywords, entries and digests in the order in which they are drawn, from top to bottom."""

    keywords: dict[str, list[str]]
    entries: list[MemoryRecord]
    digests: list[MemoryRecord]


def plot_keywords(
    keywords: Mapping[str, Sequence[str]],
    records: Sequence[MemoryRecord],
    *,
    highlight: Sequence[str] = (),
    limit: int = 30,
    title: str | None = None,
    ax: Axes | None = None,
    theme: Theme = "auto",
) -> Axes:
    """Draw keywords, the entries that they name, and the summaries that cover those entries.

    Args:
        keywords: Keyword → ids, as `LongTermMemory.keywords` returns it.
        records: The entries to draw, e.g. what `log` returns, and summaries or reflections whose sources they are. A
            keyword that names none of the entries is left out.
        highlight: Keywords whose lines stand out, e.g. those of a question.
        limit: Keywords at most; the most selective ones are drawn, and the title says so.
        title: Above the picture.
        ax: Axes to draw into; None makes a figure.
        theme: "auto" reads on light and dark, "light" and "dark" fill the background.

    Returns:
        The axes.

    Raises:
        InvalidInputError: No keyword names any of the records.
    """
    check_theme(theme)
    graph, total = _arrange(keywords, records, limit)
    lettering = Lettering()
    ax = axes(ax, 9.0, max(3.0, 0.24 * max(len(graph.keywords), 2 * len(graph.entries)) + 0.6))
    heights = dict(zip([r.id for r in graph.entries], _heights(len(graph.entries)), strict=True))
    chosen = {word.casefold() for word in highlight}
    for (word, ids), height in zip(graph.keywords.items(), _heights(len(graph.keywords)), strict=True):
        strong = word.casefold() in chosen
        _draw_keyword(ax, lettering.label(word, 22), height, strong=strong, faded=bool(chosen) and not strong)
        for record_id in ids:
            _link(ax, _KEYWORD_X, height, _ENTRY_X, heights[record_id], strong=strong, faded=bool(chosen))
    for record in graph.entries:
        _draw_entry(ax, lettering.label(record.content, 46), heights[record.id], KIND_COLOURS[record.kind])
    for digest, height in zip(graph.digests, _heights(len(graph.digests)), strict=True):
        _draw_digest(ax, digest, height, heights, lettering)
    ax.set_xlim(-0.62, _DIGEST_X + 0.7 if graph.digests else _ENTRY_END + 0.1)
    ax.set_ylim(-0.02, 1.02)
    head(ax, lettering, title, len(graph.keywords), total)
    ax.set_axis_off()
    return dress(ax, theme, note=lettering.note)


def _heights(count: int) -> list[float]:
    """Spread `count` nodes over the height of the picture, from 1 down to 0."""
    return [1 - (place + 0.5) / count for place in range(count)]


def _arrange(keywords: Mapping[str, Sequence[str]], records: Sequence[MemoryRecord], limit: int) -> tuple[_Graph, int]:
    """Choose what is drawn and put both sides in an order with few crossings; say of how many keywords."""
    entries = [record for record in records if record.kind not in DIGESTS]
    known = [record.id for record in entries]
    named = {word: [record_id for record_id in known if record_id in set(ids)] for word, ids in keywords.items()}
    named = {word: ids for word, ids in named.items() if ids}
    if not named:
        raise InvalidInputError(
            "no keyword names any of the records; pass the entries that `keywords()` has the ids of"
        )
    chosen = sorted(named, key=lambda word: (len(named[word]), word))[:limit]
    order = {record_id: float(place) for place, record_id in enumerate(known)}
    for _ in range(_ROUNDS):
        middle = {word: sum(order[i] for i in named[word]) / len(named[word]) for word in chosen}
        chosen.sort(key=lambda word: (middle[word], word))
    digests = [record for record in records if record.kind in DIGESTS and set(record.sources) & set(known)]
    return _Graph({word: named[word] for word in chosen}, entries, digests), len(named)


def _link(ax: Axes, x0: float, y0: float, x1: float, y1: float, *, strong: bool, faded: bool = False) -> None:
    colour = PALETTE["orange"] if strong else PALETTE["grey"]
    alpha = 1.0 if strong else 0.25 if faded else 0.6
    ax.plot([x0, x1], [y0, y1], color=colour, alpha=alpha, linewidth=1.6 if strong else 0.8, zorder=1)


def _draw_keyword(ax: Axes, label: str, height: float, *, strong: bool, faded: bool) -> None:
    colour = PALETTE["orange"] if strong else PALETTE["grey"]
    ax.plot([_KEYWORD_X], [height], "o", color=colour, markersize=5, zorder=2, alpha=0.5 if faded else 1)
    weight = "bold" if strong else "normal"
    ax.text(_KEYWORD_X - 0.03, height, label, ha="right", va="center", fontsize=9, fontweight=weight)


def _draw_entry(ax: Axes, label: str, height: float, colour: str) -> None:
    ax.plot([_ENTRY_X], [height], "s", color=colour, markersize=7, zorder=2)
    ax.text(_ENTRY_X + 0.04, height, label, ha="left", va="center", fontsize=9)


def _draw_digest(
    ax: Axes, digest: MemoryRecord, height: float, heights: Mapping[str, float], lettering: Lettering
) -> None:
    colour = KIND_COLOURS[digest.kind]
    for source in digest.sources:
        if source in heights:
            ax.plot([_ENTRY_END, _DIGEST_X], [heights[source], height], color=colour, alpha=0.6, linewidth=0.9)
    ax.plot([_DIGEST_X], [height], "D", color=colour, markersize=10, zorder=2)
    label = "\n".join(lettering.label(part, 24) for part in (digest.kind, digest.topic or "") if part)
    ax.text(_DIGEST_X + 0.05, height, label, ha="left", va="center", fontsize=9)
