"""Ask the advisory database about the pinned dependencies; exit with 1 where one has a known vulnerability.

    python -m tests.security.audit

Where the database is out of reach this says so and exits with 0: a check of style must work without a network. What is
accepted, and why, stands in `ACCEPTED`.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PINS = Path(__file__).parents[2] / "constraints.txt"
ACCEPTED: dict[str, str] = {}
"""Advisory id → why it does not concern this package."""


def advisories() -> list[dict[str, Any]] | None:
    """Return the pinned dependencies as the database knows them; None where it can't be asked."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(PINS), "--no-deps", "--disable-pip"]
    done = subprocess.run(
        [*command, "--progress-spinner", "off", "--format", "json"], capture_output=True, text=True, check=False
    )
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    return found


def main() -> int:
    """Print what was found; return the exit code."""
    dependencies = advisories()
    known = [one for one in dependencies or [] if "vulns" in one]
    if not known:
        sys.stdout.write("audit: the advisory database is out of reach, nothing was checked\n")
        return 0
    found = [(one, each) for one in known for each in one["vulns"] if each["id"] not in ACCEPTED]
    for one, each in found:
        fixed = ", ".join(each["fix_versions"]) or "no version yet"
        sys.stdout.write(f"audit: {one['name']} {one['version']}: {each['id']}, fixed in {fixed}\n")
    asked = len(dependencies or [])
    sys.stdout.write(f"audit: {len(known)} of {asked} pinned dependencies checked, {len(found)} advisories\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
