"""The soak in its short form: load, a failing model and kills, and nothing lost, doubled or mixed up."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / "benchmarks").is_dir(), reason="the source distribution has no benchmarks")
def test_nothing_is_lost_under_load_a_failing_model_and_kills(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.soak", "--seconds", "60", "--kills", "6", "--threads", "4"]
    result = subprocess.run(
        [*command, "--results", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    (table,) = (json.loads(path.read_text()) for path in tmp_path.glob("*.json"))
    assert {row["passed"] for row in table["rows"]} <= {True, None}
