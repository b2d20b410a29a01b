"""Run every benchmark of this folder, one after the other, each in a process of its own.

    python -m benchmarks                            # all that need no conversations
    python -m benchmarks --data ../shared/data      # with the conversations: recall, evidence, distillation as well
    python -m benchmarks start store                # some
    python -m benchmarks --readme                   # write what was measured last into the table of README.md

A benchmark exits with 1 where a bound is missed; so does this, after all have run.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import write_figures

FOLDER = Path(__file__).parent
WITHOUT_DATA: dict[str, tuple[str, ...]] = {
    "bench_start": (),
    "bench_store": (),
    "bench_recall": ("--speed",),
    "bench_loop": (),
    "bench_distill": (),
    "bench_memory": (),
    "bench_times": (),
    "bench_scale": (),
    "bench_users": (),
    "bench_ui": (),
    "soak": ("--seconds", "60", "--kills", "6"),
}
WITH_DATA = ("bench_recall", "bench_loop", "bench_distill")


def runs(wanted: Sequence[str], data: Path | None) -> list[tuple[str, tuple[str, ...]]]:
    """Return the modules to run with their arguments; conversations replace or add to what runs without them."""
    planned: list[tuple[str, tuple[str, ...]]] = []
    for module, arguments in WITHOUT_DATA.items():
        if wanted and module.removeprefix("bench_") not in wanted:
            continue
        with_data = data is not None and module in WITH_DATA
        if arguments or not with_data:
            planned.append((module, arguments))
        if with_data:
            planned.append((module, ("--data", str(data))))
    return planned


def main() -> int:
    """Run the named benchmarks, or all; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [module.removeprefix("bench_") for module in WITHOUT_DATA]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(names)}; none is all")
    parser.add_argument("--data", type=Path, help="folder of the conversations")
    parser.add_argument("--readme", action="store_true", help="run nothing; write the table of README.md")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(names)):
        parser.error(f"no benchmark named {', '.join(unknown)}; there are {', '.join(names)}")
    if options.readme:
        write_figures(FOLDER / "README.md")
        return 0
    missed = []
    for module, arguments in runs(options.names, options.data):
        print(f"\n=== {' '.join([module, *arguments])}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *arguments], check=False).returncode:
            missed.append(module)
    if missed:
        print(f"\nmissed bounds or failed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
