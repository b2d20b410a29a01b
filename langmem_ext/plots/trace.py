"""How a recall went: which record came in at which step, and where it left."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from matplotlib.axes import Axes

from langmem_ext.errors import InvalidInputError
from langmem_ext.plots.style import PALETTE, Lettering, Theme, axes, check_theme, dress, head
from langmem_ext.reasons import reason
from langmem_ext.records import MemoryRecord, Recall, RecallStep
from langmem_ext.text import language as language_of

_SHOWN: Final = ("topic_index", "keyword_index", "rank", "rerank", "cover", "fit")
"""Steps that take single records in or out; the others say only how many."""
_COLUMNS: Final[dict[str, dict[str, str]]] = {
    "en": {},
    "zh": {
        "topic_index": "主题索引",
        "keyword_index": "关键词索引",
        "rank": "排序",
        "rerank": "重排",
        "cover": "覆盖",
        "fit": "装入",
    },
}
"""Step → what its column is called, where it is not the step's own name."""
_FINDS: Final = frozenset({"topic_index", "keyword_index"})


def plot_recall(
    recall: Recall,
    *,
    records: Iterable[MemoryRecord] = (),
    names: Mapping[str, str] | None = None,
    limit: int = 16,
    title: str | None = None,
    language: Literal["en", "zh"] | None = None,
    ax: Axes | None = None,
    theme: Theme = "auto",
) -> Axes:
    """Draw a recall's trace: a row per record, a column per step, a line for as long as it stayed.

    A ring is where an index named it, a dot where it was ranked or let through, a cross where it was dropped; the
    reason stands beside it. What was returned has a bold line and its place.

    Args:
        recall: What `LongTermMemory.recall` returned.
        records: Records that the trace names but the recall did not return, for their content: e.g. ``memory.log(…)``.
            Those that are unknown are shown by id.
        names: Step → what its column is called.
        limit: Rows at most: what was returned comes first, then what came farthest.
        title: Above the picture; None is the question.
        language: Of the columns and reasons; None is that of the question.
        ax: Axes to draw into; None makes a figure.
        theme: "auto" reads on light and dark, "light" and "dark" fill the background.

    Returns:
        The axes.

    Raises:
        InvalidInputError: The recall has no trace, or looked at nothing.
    """
    check_theme(theme)
    steps = [step for step in recall.trace if step.name in _SHOWN]
    rows = _rows(recall, steps)
    if not rows:
        raise InvalidInputError("there is nothing to draw: the trace of this recall names no record")
    shown = rows[:limit]
    lettering = Lettering()
    known = {record.id: record for record in (*records, *recall.records)}
    ax = axes(ax, 9.4, 0.32 * len(shown) + 1.3)
    returned = {record_id: place for place, record_id in enumerate(recall.ids(), 1)}
    speech = language or language_of(recall.query)
    reasons = _reasons(steps, returned, known, lettering, speech)
    for row, record_id in enumerate(shown):
        _draw(ax, row, record_id, steps, reason=reasons.get(record_id, ""), place=returned.get(record_id))
    labels = [lettering.label(_name(record_id, known), 46) for record_id in shown]
    ax.set_yticks(range(len(shown)), labels)
    called = _COLUMNS[speech] | dict(names or {})
    heads = [lettering.label(called.get(step.name, step.name.replace("_", " ")), 16) for step in steps]
    ax.set_xticks(range(len(steps)), [f"{head}\n{_count(step)}" for head, step in zip(heads, steps, strict=True)])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set_xlim(-0.4, len(steps) + 1.1)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    head(ax, lettering, title if title is not None else recall.query, len(shown), len(rows))
    dress(ax, theme, note=lettering.note)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def _rows(recall: Recall, steps: list[RecallStep]) -> list[str]:
    """Return every id that the trace names: returned first, then by how far it came and its rank there."""
    returned = list(recall.ids())
    rest: dict[str, None] = {}
    for step in reversed(steps):
        rest |= dict.fromkeys([*step.kept, *step.dropped])
    return returned + [record_id for record_id in rest if record_id not in set(returned)]


def _name(record_id: str, known: Mapping[str, MemoryRecord]) -> str:
    """Return what a record says, with its kind where it is no message; its id where nothing is known of it."""
    record = known.get(record_id)
    if record is None:
        return record_id
    return record.content if record.kind == "message" else f"{record.kind}: {record.content}"


def _reasons(
    steps: list[RecallStep],
    returned: Mapping[str, int],
    known: Mapping[str, MemoryRecord],
    lettering: Lettering,
    speech: str,
) -> dict[str, str]:
    """Return why each record was dropped; a record in a reason is said by its place, else by its content."""

    def called(record_id: str) -> str:
        if record_id in returned:
            return f"#{returned[record_id]}"
        return f"“{known[record_id].content[:14]}”" if record_id in known else record_id

    return {
        record_id: lettering.label(reason(why, speech, called), 60)
        for step in steps
        for record_id, why in step.dropped.items()
    }


def _count(step: RecallStep) -> str:
    return f"+{len(step.kept)}" if step.name in _FINDS else f"{step.found} → {len(step.kept)}"


def _draw(ax: Axes, row: int, record_id: str, steps: list[RecallStep], *, reason: str, place: int | None) -> None:
    colour = PALETTE["green"] if place else PALETTE["grey"]
    seen = [number for number, step in enumerate(steps) if record_id in step.kept or record_id in step.dropped]
    ax.plot([seen[0], seen[-1]], [row, row], color=colour, linewidth=2.6 if place else 1.0, zorder=1)
    for number in seen:
        step = steps[number]
        if record_id in step.dropped:
            ax.plot([number], [row], "x", color=PALETTE["red"], markersize=8, markeredgewidth=2, zorder=3)
            ax.text(number + 0.15, row, reason, va="center", fontsize=8)
        elif step.name in _FINDS:
            ax.plot(
                [number],
                [row],
                "o",
                markerfacecolor="none",
                markeredgecolor=PALETTE["orange"],
                markersize=9,
                markeredgewidth=2,
                zorder=3,
            )
        else:
            ax.plot([number], [row], "o", color=colour, markersize=7, zorder=2)
    if place:
        ax.text(len(steps) - 1 + 0.15, row, f"#{place}", va="center", fontsize=9, fontweight="bold")
