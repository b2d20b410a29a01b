import random
import time
from pathlib import Path

import pytest

from tests.store.faults.children import agreeing_rows, child, last_words, report


def kill_once(path: Path, start: int, seed: int) -> int:
    """Kill a writer at a random moment and assert that nothing acknowledged is lost and nothing is half there."""
    with child("put_loop", path, start) as writer:
        acknowledged = report(writer)["n"]
        time.sleep(random.Random(seed).uniform(0.0, 0.25))
        writer.kill()
        acknowledged = max([acknowledged, *(told["n"] for told in last_words(writer))])
    rows = agreeing_rows(path)
    sides = {side: {item.value["n"] for item in rows if item.value["side"] == side} for side in ("left", "right")}
    assert sides["left"] == sides["right"]
    newest: int = max(sides["left"])
    assert newest in {acknowledged, acknowledged + 1}
    assert sides["left"] == set(range(max(newest - 3, 0), newest + 1))
    return newest + 1


def kill_rounds(folder: Path, rounds: int) -> None:
    start = 0
    for seed in range(rounds):
        start = kill_once(folder / "memory.db", start, seed)


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    kill_rounds(tmp_path, 3)


@pytest.mark.slow
def test_fifty_killed_writers_lose_nothing_they_acknowledged(tmp_path: Path) -> None:
    kill_rounds(tmp_path, 50)
