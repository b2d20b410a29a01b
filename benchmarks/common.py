"""What the benchmarks share: data, timing, tables and JSON.

A benchmark collects `Row` objects and hands them to `publish`, which prints one table and writes
``benchmarks/results/NAME.json``. Contenders of one row are timed in turns (`alternate`), so that a busy machine slows
them alike.
"""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_name("results")
Vectors = NDArray[np.float32]
PER_CLUSTER = 200
"""Vectors per cluster of `unit_rows("clustered", …)`."""
SPREAD = 0.6
"""Length of the noise added to a cluster's centre, in units of the centre's length."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds per call: median and 95th percentile over `calls` calls."""

    median: float
    p95: float
    calls: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a benchmark's table.

    Attributes:
        work: What was done.
        contender: Who did it.
        size: How many items the store held.
        value: What was measured, in `unit`.
        unit: Unit of `value` and `bound`.
        bound: What must be reached, or None where nothing is promised.
        at_least: Whether `bound` is a lower bound.
        note: Anything a reader must know, such as the absolute times behind a ratio.
    """

    work: str
    contender: str
    size: int
    value: float
    unit: str
    bound: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether the bound is kept; None without a bound."""
        if self.bound is None:
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def summarise(seconds: list[float]) -> Timing:
    """Return median and 95th percentile (nearest rank) of single measurements."""
    ordered = sorted(seconds)
    return Timing(statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], len(ordered))


def clock(work: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alternate(works: Mapping[str, Callable[[int], object]], calls: int, *, warm_up: int = 2) -> dict[str, Timing]:
    """Time several contenders in turns.

    Args:
        works: Contender to function; it receives the number of the call, the same for every contender.
        calls: Measured calls of each contender.
        warm_up: Calls of each contender before measuring.

    Returns:
        Timing of each contender.
    """
    for number in range(warm_up):
        for work in works.values():
            work(number)
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for number in range(calls):
        for name, work in works.items():
            start = time.perf_counter()
            work(number)
            seconds[name].append(time.perf_counter() - start)
    return {name: summarise(measured) for name, measured in seconds.items()}


def repeat(work: Callable[[int], object], calls: int, *, warm_up: int = 2) -> Timing:
    """Time one contender; see `alternate`."""
    return alternate({"it": work}, calls, warm_up=warm_up)["it"]


def unit_rows(kind: Literal["random", "clustered"], count: int, dims: int, seed: int = 0) -> Vectors:
    """Make vectors of unit length.

    Args:
        kind: `random` has no structure at all, the worst case for approximate indexes; `clustered` has centres with
            about `PER_CLUSTER` vectors around each, which is nearer to embeddings of text.
        count: Number of vectors.
        dims: Size of each.
        seed: Same seed, same vectors.

    Returns:
        ``(count, dims)`` float32, unit rows.
    """
    generator = np.random.default_rng(seed)
    rows = generator.standard_normal((count, dims), dtype=np.float32)
    if kind == "clustered":
        centres = generator.standard_normal((max(count // PER_CLUSTER, 1), dims), dtype=np.float32)
        rows = centres[generator.integers(0, len(centres), count)] + SPREAD * rows
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def resident_bytes() -> int:
    """Return the resident memory of this process (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def environment(*packages: str) -> dict[str, Any]:
    """Describe the machine and the versions that a result was measured with."""
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "load_before": os.getloadavg(),
        "versions": {package: metadata.version(package) for package in packages},
    }


def publish(name: str, rows: list[Row], facts: Mapping[str, Any], folder: Path = RESULTS) -> bool:
    """Print the table, write the JSON, and say whether every bound was kept.

    Args:
        name: Name of the benchmark: title of the table and name of the file.
        rows: What was measured.
        facts: What else belongs to the result, see `environment`.
        folder: Where the JSON goes.

    Returns:
        True when no row misses its bound.
    """
    table = Table(title=name)
    for heading in ("work", "size", "contender", "measured", "bound", "", "note"):
        table.add_column(heading, justify="right" if heading in {"size", "measured", "bound"} else "left")
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        bound = "" if row.bound is None else f"{sign} {row.bound:,g} {row.unit}"
        verdict = {None: "", True: "[green]pass[/]", False: "[red]FAIL[/]"}[row.passed]
        table.add_row(
            row.work, f"{row.size:,}", row.contender, f"{row.value:,.4g} {row.unit}", bound, verdict, row.note
        )
    Console(width=None if sys.stdout.isatty() else 180).print(table)
    folder.mkdir(exist_ok=True)
    content = {"name": name, **facts, "rows": [{**asdict(row), "passed": row.passed} for row in rows]}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    Console().print(f"written to {path.name} in {folder.name}")
    return all(row.passed is not False for row in rows)
