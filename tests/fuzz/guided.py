"""Fuzzing that is guided by the code it covers, with Atheris over libFuzzer.

``python -m tests.fuzz.guided TARGET --seconds N``. The fuzzer runs in a process of its own, in a folder that goes with
it; what it finds is printed, to be kept as a test.
"""

import argparse
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.fuzz.targets import TARGETS

ROOT: Final = Path(__file__).parents[2]
_MEGABYTES: Final = 2048
_SLOWEST: Final = 30
"""Seconds that one input may take."""


def inside(name: str, folder: Path, seconds: int) -> None:
    """Fuzz one target in this process, which ends with it."""
    atheris = importlib.import_module("atheris")
    if TARGETS[name].patterns:
        atheris.enabled_hooks.add("RegEx")
    with atheris.instrument_imports(include=["langmem_ext"]):
        check = TARGETS[name].make()
    options = [
        f"-max_total_time={seconds}", f"-rss_limit_mb={_MEGABYTES}", f"-timeout={_SLOWEST}", "-print_final_stats=1",
        f"-max_len={TARGETS[name].longest}", f"-artifact_prefix={folder}/found-",
    ]  # fmt: skip
    if os.environ.get("CI"):
        options.append("-seed=1")  # as with Hypothesis: what CI runs must not depend on chance
    if TARGETS[name].words:
        options.append(f"-dict={folder}/words")
    atheris.Setup([name, *options, str(folder / "corpus")], check)
    atheris.Fuzz()


def fuzz(name: str, seconds: int) -> str | None:
    """Fuzz one target in a process of its own; return what was found, None where nothing was."""
    with TemporaryDirectory(prefix="langmem-fuzz-") as place:
        folder = Path(place)
        (folder / "corpus").mkdir()
        for number, seed in enumerate(TARGETS[name].seeds()):
            (folder / "corpus" / str(number)).write_bytes(seed)
        (folder / "words").write_text("".join(f'"{_quoted(word)}"\n' for word in TARGETS[name].words.split()))
        command = [sys.executable, "-m", "tests.fuzz.guided", name, "--seconds", str(seconds), "--inside", place]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        told = done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace")
        runs = re.search(r"number_of_executed_units: (\d+)", told)
        print(f"{name}: {int(runs[1]) if runs else 0:,} inputs in {seconds} s")  # noqa: T201
        found = sorted(folder.glob("found-*"))
        if done.returncode == 0 and not found:
            return None
        inputs = "\n".join(f"{path.name}: {path.read_bytes()!r}" for path in found)
        return f"{told[-6000:]}\n{name} fails at\n{inputs}"


def _quoted(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def main() -> int:
    """Fuzz the targets that are asked for; return how many of them fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=int, default=60, help="how long to fuzz each target (default: 60)")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options.target, options.inside, options.seconds)
    found = [fuzz(name, options.seconds) for name in (TARGETS if options.target == "all" else [options.target])]
    print("\n\n".join(filter(None, found)))  # noqa: T201
    return sum(one is not None for one in found)


if __name__ == "__main__":
    sys.exit(main())
