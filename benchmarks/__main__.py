"""Run every benchmark of this folder, one after the other, each in a process of its own.

python -m benchmarks                # all of them
python -m benchmarks start store    # some

A benchmark exits with 1 where a bound is missed; so does this, after all have run.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PREFIX = "bench_"


def main(wanted: list[str]) -> int:
    """Run the named benchmarks, or all; return the exit code."""
    known = sorted(path.stem.removeprefix(PREFIX) for path in FOLDER.glob(f"{PREFIX}*.py"))
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        print(f"no benchmark named {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    missed = []
    for name in wanted or known:
        print(f"\n=== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{PREFIX}{name}"], check=False).returncode:
            missed.append(name)
    if missed:
        print(f"\nmissed bounds or failed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
