"""Starts and ends the children of the fault tests, and looks at what they left behind."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from langgraph.store.base import SearchItem

from tests.store.faults.workers import NAMESPACE, WORDS, open_store

WORKERS = Path(__file__).with_name("workers.py")
EVERYTHING = 1_000_000


@contextlib.contextmanager
def child(role: str, path: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a worker; it is killed at the end if it is still there."""
    command = [sys.executable, str(WORKERS), role, str(path), *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def report(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Read the next report of a worker."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the worker ended without a report"
    told: dict[str, Any] = json.loads(line)
    return told


def last_words(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """Read what a killed worker had still said; its last line may be cut."""
    assert process.stdout is not None
    return [json.loads(line) for line in process.stdout.read().splitlines() if line.endswith("}")]


def agreeing_rows(path: Path) -> list[SearchItem]:
    """Open a store, assert that rows, vectors, full text and `check` agree, and return all items."""
    with open_store(str(path)) as store:
        rows: list[SearchItem] = store.search(NAMESPACE, limit=EVERYTHING)
        keys = {item.key for item in rows}
        for word in WORDS:
            having = {item.key for item in rows if word in item.value["text"]}
            near = store.search(NAMESPACE, query=word, limit=EVERYTHING)
            assert {item.key for item in near if item.score is not None and item.score > 0.5} == having
            assert {item.key for item in store.search_lexical(NAMESPACE, word, limit=EVERYTHING)} == having
            assert {item.key for item in near} <= keys
        checked = store.check()
        assert checked.ok, checked
    return rows
