"""The growth that `bench_scale` measured, as a picture."""

import json
from pathlib import Path

_PANELS = (
    ("growth: bytes per memory", "bytes per memory on disk"),
    ("growth: recall, p50", "milliseconds of a user's recall, p50"),
    ("growth: ingest", "memories written per second"),
)
_COLOURS = {"FaissStore": "#2a7f62", "PostgreSQL": "#33658a"}


def plot(results: Path, target: Path) -> None:
    """Draw each measure over the number of memories, one line for each contender.

    Args:
        results: What `publish` wrote.
        target: SVG or PNG.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rows = json.loads(results.read_text(encoding="utf-8"))["rows"]
    figure, axes = plt.subplots(1, len(_PANELS), figsize=(12, 3.6), layout="constrained")
    for axis, (work, label) in zip(axes, _PANELS, strict=True):
        for name, colour in _COLOURS.items():
            points = sorted(
                (row["size"], row["value"]) for row in rows if (row["work"], row["contender"]) == (work, name)
            )
            if points:
                axis.plot(*zip(*points, strict=True), marker="o", color=colour, label=name)
        axis.set(xscale="log", xlabel="memories (100 per user)", title=label)
        axis.set_ylim(bottom=0)
        axis.grid(visible=True, alpha=0.3)
    axes[0].legend()
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)
