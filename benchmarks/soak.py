"""The whole under load and faults: many users, agent threads, two processes on one file, a failing model, kills.

    python -m benchmarks.soak                 # 50 users, 2 × 8 threads, 20 kills, 5 minutes
    python -m benchmarks.soak --seconds 60 --kills 6

While agents talk, background updates and consolidation run, one model call in twenty fails, and a process is killed
(SIGKILL) at a random moment and started again. Then the processes end in peace, what was left pending is distilled with
a model that works, and the file is counted: every message that was acknowledged is in the log once, every one was
distilled exactly once, no user has another's words, `check()` is clean, and memory stayed flat.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, Row, environment, publish
from benchmarks.soak_worker import UnreliableModel, mark, opened
from langmem_ext import FaissStore, LongTermMemory
from langmem_ext.namespaces import user_namespace

FLAT = 0.15
"""Share by which a process may take more memory at the end than in the middle of the time after the last kill."""
CALM = 0.6
"""Share of the time in which processes are killed; the rest is long enough to see whether memory grows."""


@dataclass
class Told:
    """What the processes reported."""

    said: list[tuple[str, str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    leaks: list[Any] = field(default_factory=list)
    failed: int = 0
    drained: list[bool] = field(default_factory=list)


@dataclass
class Process:
    """One worker process and a thread that reads what it reports."""

    popen: "subprocess.Popen[str]"
    reader: threading.Thread
    memory: list[tuple[float, int]] = field(default_factory=list)

    @classmethod
    def start(cls, path: Path, users: int, threads: int, told: Told) -> "Process":
        """Start one."""
        command = [sys.executable, "-m", "benchmarks.soak_worker", str(path), str(users), str(threads)]
        popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        memory: list[tuple[float, int]] = []
        reader = threading.Thread(target=_read, args=(popen, told, memory))
        reader.start()
        return cls(popen, reader, memory)

    def kill(self) -> None:
        """Kill it at once."""
        self.popen.kill()
        self.popen.wait()
        self.reader.join()

    def end(self, told: Told) -> None:
        """Let it finish what it is doing."""
        assert self.popen.stdin
        self.popen.stdin.close()
        code = self.popen.wait(timeout=180)
        self.reader.join()
        if code:
            told.errors.append(f"a worker ended with {code}")

    def growth(self) -> float:
        """Memory in the last quarter of its life beside that of the second quarter, as a share of the latter."""
        if len(self.memory) < 16:
            return 0.0
        sizes = [size for _, size in self.memory]
        quarter = len(sizes) // 4
        middle, last = sizes[quarter : 2 * quarter], sizes[-quarter:]
        return sum(last) / len(last) / (sum(middle) / len(middle)) - 1


def _read(popen: "subprocess.Popen[str]", told: Told, memory: list[tuple[float, int]]) -> None:
    assert popen.stdout
    for line in popen.stdout:
        if not line.endswith("}\n"):  # cut by the kill
            continue
        report = json.loads(line)
        if "said" in report:
            user, thread, message = report["said"]
            told.said.append((str(user), thread, message))
        elif "rss" in report:
            memory.append((report["at"], report["rss"]))
        elif "error" in report:
            told.errors.append(report["error"])
        elif "leak" in report:
            told.leaks.append(report["leak"])
        elif "drained" in report:
            told.drained.append(report["drained"])
        told.failed += report.get("failed", 0)


def soak(path: Path, *, seconds: float, users: int, processes: int, threads: int, kills: int) -> tuple[Told, float]:
    """Run the processes and kill them; return what they told and the growth of memory after the last kill."""
    told = Told()
    generator = random.Random(0)
    began = time.monotonic()
    running = [Process.start(path, users, threads, told) for _ in range(processes)]
    moments = sorted(generator.uniform(0.05, CALM) * seconds for _ in range(kills))
    for moment in moments:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        victim = generator.randrange(processes)
        running[victim].kill()
        running[victim] = Process.start(path, users, threads, told)
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    for process in running:
        process.end(told)
    return told, max(process.growth() for process in running)


@dataclass
class Count:
    """What the file holds, counted against what was said."""

    messages: int = 0
    acknowledged_missing: int = 0
    twice_in_log: int = 0
    gaps: int = 0
    never_distilled: int = 0
    distilled_twice: int = 0
    pending: int = 0
    foreign: int = 0
    damage: int = 0


def count(store: FaissStore, told: Told, users: int) -> Count:
    """Distil what was left pending, then count everything."""
    result = Count()
    logged: Counter[tuple[str, str, str]] = Counter()
    for user in map(str, range(users)):
        memory = LongTermMemory(store, user_namespace(user), model=UnreliableModel(failing=0.0))
        memory.update()
        memory.consolidate()
        result.pending += memory.stats().pending
        _count_log(memory, user, logged, result)
        _count_facts(memory, user, result)
    for said in told.said:
        result.acknowledged_missing += not logged[said]
    result.twice_in_log = sum(times - 1 for times in logged.values())
    result.messages = sum(logged.values())
    report = store.check()
    result.damage = 0 if report.ok else 1
    return result


def _count_log(memory: LongTermMemory, user: str, logged: "Counter[tuple[str, str, str]]", result: Count) -> None:
    for thread in memory.threads():
        start = 0
        while page := memory.log(thread, start=start, limit=1000):
            result.gaps += [record.position for record in page] != [*range(start, start + len(page))]
            logged.update((user, thread, record.id) for record in page)
            start += len(page)


def _count_facts(memory: LongTermMemory, user: str, result: Count) -> None:
    """Count the memories that quote each message: one of each, whatever has become of it since."""
    own = mark(int(user))
    quoted: dict[str, str] = {}
    said: set[str] = set()
    for item in memory.store.search(memory.records_leaf, limit=1_000_000):
        value = item.value
        result.foreign += bool(set(re.findall(r"Qx\d{3}z", json.dumps(value, ensure_ascii=False))) - {own})
        if value["kind"] == "message" and value.get("speaker") == "user":
            said.add(value["content"])
        if value["kind"] == "fact" and "supersedes" not in value:
            quoted[value["id"]] = value["quote"]
    result.never_distilled += len(said - set(quoted.values()))
    result.distilled_twice += len(quoted) - len(set(quoted.values()))


def rows(told: Told, result: Count, growth: float, *, kills: int, seconds: float) -> list[Row]:
    """Return the table."""
    took = f"in {seconds:.0f} s"

    def none(work: str, value: int, note: str = "") -> Row:
        return Row(work, "langmem_ext", result.messages, value, "", 0, note=note)

    return [
        Row("messages acknowledged", "langmem_ext", result.messages, len(told.said), "", 20, at_least=True, note=took),
        Row("turns whose model failed", "langmem_ext", result.messages, told.failed, "", 1, at_least=True),
        Row("processes killed", "langmem_ext", result.messages, kills, ""),
        none("acknowledged and not in the log", result.acknowledged_missing),
        none("twice in the log", result.twice_in_log),
        none("gaps in the logs", result.gaps),
        none("messages never distilled", result.never_distilled),
        none("messages distilled twice", result.distilled_twice),
        none("messages pending at the end", result.pending),
        none("words of another user", result.foreign + len(told.leaks), "records and turns"),
        none("unexpected errors", len(told.errors), "; ".join(sorted(set(told.errors)))[:300]),
        none("check() finds damage", result.damage),
        Row(
            "growth of memory",
            "langmem_ext",
            result.messages,
            growth * 100,
            "%",
            FLAT * 100,
            note="after the kills",
        ),
    ]


def main() -> int:
    """Soak, count, publish; return 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8, help="agent threads of each process")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "soak.db"
        told, growth = soak(
            path, seconds=given.seconds, users=given.users, processes=given.processes, threads=given.threads,
            kills=given.kills,
        )  # fmt: skip
        with opened(str(path)) as store:
            result = count(store, told, given.users)
    table = rows(told, result, growth, kills=given.kills, seconds=given.seconds)
    return 0 if publish("soak", table, environment("langgraph", "langchain-core", "faiss-cpu"), given.results) else 1


if __name__ == "__main__":
    sys.exit(main())
