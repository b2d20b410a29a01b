"""How fast it starts: the import, the command line, and the demo's second process from its start to its answer.

python -m benchmarks.bench_start
"""

import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.common import Row, Timing, environment, publish, repeat

IMPORT_BOUND = 0.5
ANSWER_BOUND = 3.0
CALLS = 7
COMMAND = ("-m", "langmem_ext.cli")


def python(*arguments: str) -> None:
    """Run one interpreter to its end, its output unseen."""
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def timed(*arguments: str) -> Timing:
    """Time whole processes, interpreter included."""
    return repeat(lambda _number: python(*arguments), CALLS, warm_up=1)


def processor_seconds(*arguments: str) -> float:
    """Return what one process costs the processor: what it would take on a machine that does nothing else."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    python(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def day(number: str, store: Path, lang: str) -> tuple[str, ...]:
    """The command of one day of the demo."""
    return (*COMMAND, "demo-day", number, "--store", str(store), "--lang", lang)


def main() -> None:
    """Run the benchmark from the command line."""
    row = partial(Row, size=1, unit="s")
    bare = timed("-c", "pass").median
    imported = timed("-c", "import langmem_ext").median
    rows = [
        row("bare interpreter", "python", value=bare),
        row("import langmem_ext", "langmem_ext", value=imported - bare, bound=IMPORT_BOUND, note="without interpreter"),
        row("langmem-ext --help", "langmem-ext", value=timed(*COMMAND, "--help").median),
    ]
    for lang in ("zh", "en"):
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "memory.db"
            python(*day("1", store, lang))
            answered = timed(*day("2", store, lang))
            processor = min(processor_seconds(*day("2", store, lang)) for _ in range(3))
        note = f"whole process; p95 {answered.p95:.2f} s; processor time {processor:.2f} s"
        rows.append(
            row(f"second day ({lang})", "langmem-ext demo", value=answered.median, bound=ANSWER_BOUND, note=note)
        )
    if not publish("start", rows, environment("langgraph", "langchain-core", "faiss-cpu")):
        sys.exit(1)


if __name__ == "__main__":
    main()
