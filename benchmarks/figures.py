"""The table of figures in this folder's README: what was measured last, beside what must be kept."""

import json
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def write_figures(readme: Path, results: Path = RESULTS) -> None:
    """Replace the table in a README by the figures with a bound of every result that is there.

    Raises:
        ValueError: The README has no place for it, or there are no results.
    """
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))]
    if not found:
        raise ValueError(f"there are no results in {results.name}; run python -m benchmarks first")
    before, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme.name} has no lines {BEGIN} and {END}")
    readme.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}", encoding="utf-8")


def table(results: list[dict[str, Any]]) -> str:
    """Return a table of every figure that has a bound."""
    lines = ["| benchmark | what | items | measured | bound |", "|---|---|---|---|---|"]
    lines += [
        _line(result["name"], row) for result in results for row in result.get("rows", ()) if row["bound"] is not None
    ]
    return "\n".join(lines)


def _line(name: str, row: dict[str, Any]) -> str:
    sign = "≥" if row["at_least"] else "≤"
    cells = [
        name.replace("_", " "),
        row["work"].replace("|", "/"),
        f"{row['size']:,}",
        f"{_number(row['value'])} {row['unit']}",
        f"{sign} {row['bound']:,g} {row['unit']}{'' if row['passed'] else ' (missed)'}",
    ]
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    """Return three digits, or all there are before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
