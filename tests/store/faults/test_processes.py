import contextlib
import json
from pathlib import Path

from tests.store.faults.children import agreeing_rows, child, report
from tests.store.faults.workers import NAMESPACE, open_store

PROCESSES = 4
ROUNDS = 25


def test_four_processes_mixing_writes_and_searches_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    names = [f"worker{letter}" for letter in "abcd"]
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(child("mix", path, name, ROUNDS)) for name in names]
        assert [report(worker) for worker in workers] == [{"done": name} for name in names]
        assert [worker.wait() for worker in workers] == [0] * PROCESSES
    rows = agreeing_rows(path)
    assert {(item.value["worker"], item.value["n"]) for item in rows} == {
        (name, n) for name in names for n in range(ROUNDS) if n % 3
    }


def test_every_search_sees_what_another_process_committed_before_it(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with open_store(str(path)) as store, child("answer", path) as other:
        assert report(other) == {"ready": True}
        assert other.stdin is not None
        expected: list[str] = []
        for n in range(30):
            if n % 3 == 2:
                store.delete(NAMESPACE, expected.pop(0))
            else:
                store.put(NAMESPACE, f"mine{n:02}", {"text": f"tea {n}"})
                expected.append(f"mine{n:02}")
            asked = {"key": expected[-1]} | ({"put": f"theirs{n:02}"} if n % 5 == 0 else {})
            expected += [asked["put"]] if "put" in asked else []
            other.stdin.write(json.dumps(asked) + "\n")
            other.stdin.flush()
            seen = report(other)
            assert seen["got"]
            assert seen["listed"] == seen["near"] == seen["words"] == sorted(expected)
            assert sorted(item.key for item in store.search(NAMESPACE, query="tea", limit=99)) == sorted(expected)
            assert sorted(item.key for item in store.search_lexical(NAMESPACE, "tea", limit=99)) == sorted(expected)


def test_a_fork_uses_the_store_or_is_told_that_it_cannot(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with child("fork", path) as parent:
        told = report(parent)
        assert parent.wait() == 0
    assert told["child"] in {0, 3}
    assert {"before", *(f"parent{n}" for n in range(20))} <= set(told["keys"])
    rows = agreeing_rows(path)
    assert {item.key for item in rows} == set(told["keys"]) | {f"child{n}" for n in range(20) if told["child"] == 0}
