"""A LangGraph graph as an arc diagram: no browser, no network, unlike LangGraph's own PNG."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from langchain_core.runnables.graph import Graph
from langgraph.constants import END, START
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Patch

from langmem_ext.errors import InvalidInputError
from langmem_ext.plots.style import PALETTE, Lettering, Theme, axes, check_theme, dress, head

_ENDS: Final = {START: "start", END: "end"}
_BEND: Final = 0.28
"""Height of an arc per node that it passes, as a share of its length."""
_ABOVE_TEXT: Final = 5
"""Arrows are drawn after the boxes that they touch: only then is it known how large those are."""


def plot_graph(
    graph: Graph,
    *,
    visited: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    theme: Theme = "auto",
) -> Axes:
    """Draw a compiled graph from left to right: ways ahead above, ways back below, conditional ones dashed.

    Args:
        graph: What ``agent.get_graph()`` returns.
        visited: Nodes that stand out, e.g. those of a run.
        names: Node → what it is called.
        title: Above the picture.
        ax: Axes to draw into; None makes a figure.
        theme: "auto" reads on light and dark, "light" and "dark" fill the background.

    Returns:
        The axes.

    Raises:
        InvalidInputError: The graph has no node.
    """
    check_theme(theme)
    order = _order(graph)
    if not order:
        raise InvalidInputError("the graph has no node to draw")
    places = {name: float(place) for place, name in enumerate(order)}
    lettering = Lettering()
    ax = axes(ax, min(11.0, 1.6 * len(order)), 2.6)
    boxes = {}
    for name, place in places.items():
        shown = (names or {}).get(name, _ENDS.get(name, name))
        lines = [lettering.label(line, 18) for line in re.split(r"(?<=\.)", shown)]
        boxes[name] = _draw_node(ax, place, "\n".join(lines), strong=name in visited, end=name in _ENDS)
    for edge in graph.edges:
        ends = (boxes[edge.source], boxes[edge.target])
        _draw_edge(ax, places[edge.source], places[edge.target], ends, conditional=edge.conditional)
    ax.set_xlim(-0.6, len(order) - 0.4)
    ax.set_ylim(-1.0, 1.0)
    head(ax, lettering, title)
    ax.set_axis_off()
    return dress(ax, theme, note=lettering.note)


def _order(graph: Graph) -> list[str]:
    """Return the nodes by their distance from the start, the end last; of the same distance as they were added."""
    distance = dict.fromkeys(graph.nodes, len(graph.nodes))
    reached = [name for name in graph.nodes if name == START]
    distance |= dict.fromkeys(reached, 0)
    while reached:
        ahead = [edge for edge in graph.edges if edge.source in reached and distance[edge.target] == len(graph.nodes)]
        distance |= {edge.target: distance[edge.source] + 1 for edge in ahead}
        reached = [edge.target for edge in ahead]
    return sorted(graph.nodes, key=lambda name: (name == END, distance[name]))


def _draw_edge(
    ax: Axes, source: float, target: float, boxes: tuple[Patch | None, Patch | None], *, conditional: bool
) -> None:
    """Draw an arrow: straight from box to box to the next node, else in an arc over or under the nodes between."""
    near = target - source == 1
    height = 0.0 if near else 0.14 if target > source else -0.14
    arrow = FancyArrowPatch(
        (source, height),
        (target, height),
        connectionstyle=f"arc3,rad={0.0 if near else -_BEND}",
        arrowstyle="-|>",
        mutation_scale=11,
        patchA=boxes[0] if near else None,
        patchB=boxes[1] if near else None,
        shrinkA=3,
        shrinkB=3,
        linestyle="--" if conditional else "-",
        color=PALETTE["grey"],
        zorder=_ABOVE_TEXT,
    )
    ax.add_patch(arrow)


def _draw_node(ax: Axes, place: float, label: str, *, strong: bool, end: bool) -> Patch | None:
    colour = PALETTE["orange"] if strong else PALETTE["grey"] if end else PALETTE["blue"]
    box = {"boxstyle": "round,pad=0.45", "facecolor": "none", "edgecolor": colour, "linewidth": 2.2 if strong else 1.2}
    weight = "bold" if strong else "normal"
    text = ax.text(place, 0, label, ha="center", va="center", fontsize=8.5, fontweight=weight, bbox=box)
    return text.get_bbox_patch()
