"""A child process that distils: ``python -m tests.longterm.faults.worker DATABASE``; it reports on standard output."""

import json
import sys

from langmem_ext import open_store
from tests.longterm.faults.history import index, memory_over


def say(**report: object) -> None:
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def main(path: str) -> None:
    with open_store(path, index=index()) as store:
        memory = memory_over(store)
        say(ready=True)
        sys.stdin.readline()
        updated = memory.update()
        digested = memory.consolidate()
        reflected = memory.reflect()
        say(
            ranges=updated.ranges,
            added=updated.added,
            warnings=[*updated.warnings, *digested.warnings, *reflected.warnings],
            summaries=digested.summaries,
            messages=digested.messages,
            pending=[digested.pending, len(updated.pending)],
        )


if __name__ == "__main__":
    main(sys.argv[1])
