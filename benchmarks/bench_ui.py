"""The page over a large memory: how long each view takes, asked over loopback of the command as a user starts it.

    python -m benchmarks.bench_ui                    # 100,000 records: a minute to fill
    python -m benchmarks.bench_ui --records 5000     # a quick look

The first view is the first request to a new process, which has read nothing yet. The others are asked once the first
has been looked at for some seconds, the first time each, and then again ("again", the median).
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from langchain_core.messages import AIMessage, HumanMessage

from benchmarks.common import Row, clock, environment, publish, summarise
from langmem_ext import LongTermMemory, open_store
from langmem_ext.offline import HashingEmbeddings

RECORDS = 100_000
FIRST_BOUND = 1500
BOUND = 500
LOOKED_AT = 6.0
REPEATS = 7
BATCH = 500
SAID = 0.7
"""Share of the records that are messages; the others were distilled from them."""
START = datetime(2024, 1, 1, tzinfo=UTC)
KINDS = ("fact", "preference", "relation", "event", "profile")
WORDS = [
    f"{a}{b}" for a in ("lake", "rail", "tea", "code", "garden", "bike") for b in ("", "walk", "plan", "club", "day")
]
CHINESE = ["预算", "住宿", "湖泊", "火车", "咖啡", "生日", "花生", "民宿", "远足", "音乐"]
VIEWS = {
    "timeline, page 1,000": "/?offset=49950",
    "timeline, of one kind": "/?kind=preference",
    "timeline, of one topic": "/?topic=topic_7",
    "timeline, of one keyword": "/?keyword=湖泊",
    "timeline, of one month": "/?after=2024-09&before=2024-09",
    "timeline, with a text": "/?text=gardenclub",
    "timeline, no longer believed": "/?archived=1",
    "topics and keywords": "/topics",
    "one topic": "/topics?topic=topic_7",
    "one record": "/record?id=r7",
    "recall": "/recall?q=What about the budget of the garden club?",
    "conversation": "/talk?thread=thread-3",
    "health": "/health",
}


def fill(path: str, records: int) -> None:
    """Write conversations and what was distilled from them."""
    generator, embeddings = random.Random(0), HashingEmbeddings()
    with open_store(path, index={"dims": embeddings.dims, "embed": embeddings}) as store:
        memory = LongTermMemory(store, ("memories", "alice"))
        messages = int(records * SAID)
        for start in range(0, messages, BATCH):
            batch = [_message(generator, number) for number in range(start, min(messages, start + BATCH))]
            memory.observe(batch, thread_id=f"thread-{start // BATCH}")
        for start in range(messages, records, BATCH):
            memory.remember_many(
                [_entry(generator, number - messages, messages) for number in range(start, min(records, start + BATCH))]
            )


def _message(generator: random.Random, number: int) -> HumanMessage | AIMessage:
    text = f"Message {number}: {' '.join(generator.choices(WORDS, k=12))} {''.join(generator.choices(CHINESE, k=3))}"
    when = START + timedelta(minutes=13 * number)
    make = AIMessage if number % 2 else HumanMessage
    return make(text, id=f"m{number}", additional_kwargs={"timestamp": when.isoformat()})


def _entry(generator: random.Random, number: int, messages: int) -> dict[str, object]:
    return {
        "id": f"r{number}",
        "content": f"Entry {number}: {' '.join(generator.choices(WORDS, k=9))}",
        "kind": generator.choice(KINDS),
        "topic": f"topic_{number % 200}",
        "keywords": [*generator.sample(WORDS + CHINESE, 3), f"word{number % 3000}"],
        "importance": round(generator.random(), 2),
        "occurred_at": START + timedelta(minutes=30 * number),
        "sources": [f"m{2 * number % messages}"],
    }


def measure(path: str, records: int) -> list[Row]:
    """Start the command, ask for every view, and stop it."""
    bounded = records >= RECORDS
    command = [sys.executable, "-u", "-m", "langmem_ext.cli", "ui", "--store", path, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stdout is not None
        match = re.match(r"open (\S+/)(enter\S+)", server.stdout.readline())
        assert match is not None
        try:
            with httpx.Client(base_url=match[1], timeout=60) as client:
                client.get(match[2]).raise_for_status()
                before = _processor(server.pid)
                seconds = clock(lambda: client.get("/").raise_for_status())
                note = f"processor {(_processor(server.pid) - before) * 1000:.0f} ms"
                bound = FIRST_BOUND if bounded else None
                rows = [Row("first view: timeline", "page", records, seconds * 1000, "ms", bound, note=note)]
                time.sleep(LOOKED_AT)
                for name, address in VIEWS.items():
                    rows.append(_row(client, server.pid, name, address, bounded=bounded, records=records))
        finally:
            server.terminate()
    return rows


def _row(client: httpx.Client, pid: int, name: str, address: str, *, records: int, bounded: bool) -> Row:
    before = _processor(pid)
    first = clock(lambda: client.get(address).raise_for_status())
    spent = _processor(pid) - before
    again = summarise([clock(lambda: client.get(address).raise_for_status()) for _ in range(REPEATS)])
    note = f"processor {spent * 1000:.0f} ms; again {again.median * 1000:.0f} ms"
    return Row(name, "page", records, first * 1000, "ms", BOUND if bounded else None, note=note)


def _processor(pid: int) -> float:
    """Return the seconds of processor time of a process (Linux): what it takes on a machine that does nothing else."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure and publish; return 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=RECORDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "memory.db")
        fill(path, arguments.records)
        rows = measure(path, arguments.records)
    return 0 if publish("ui", rows, environment("starlette", "jinja2", "uvicorn")) else 1


if __name__ == "__main__":
    sys.exit(main())
