"""What is distilled and recalled is the same in every process, whatever order its sets have."""

import json
import os
import subprocess
import sys
from typing import Any

SEEDS = ("0", "1", "2")


def outcome_in_a_process(seed: str) -> dict[str, Any]:
    """Distil and recall in a process whose sets of words have an order of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.longterm.faults.alone"],
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_every_process_distils_and_recalls_the_same_to_the_last_digit() -> None:
    first, *others = [outcome_in_a_process(seed) for seed in SEEDS]
    assert any("/records/" in place for place in first["stored"])
    assert first["recalled"]
    for other in others:
        assert other["stored"] == first["stored"]
        assert other["recalled"] == first["recalled"]
