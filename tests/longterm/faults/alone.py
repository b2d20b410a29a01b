"""A child process that distils a history and recalls from it; it reports what is stored and what it found."""

import json
import sys

from langmem_ext import open_store
from tests.longterm.faults.history import distil, hear, index, memory_over, outcome

QUESTIONS = ("How far did I walk near the Jungfrau?", "budget for Switzerland", "高山湖泊在哪里?")


def main() -> None:
    with open_store(":memory:", index=index()) as store:
        memory = memory_over(store)
        hear(memory, 28, "t", "u")
        distil(memory)
        stored = {"/".join([*place, key]): value for (place, key), value in outcome(store).items()}
        found = [memory.recall(question) for question in QUESTIONS]
        recalled = [list(zip([record.id for record in each.records], each.scores, strict=True)) for each in found]
    json.dump({"stored": stored, "recalled": recalled}, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
