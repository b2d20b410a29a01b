"""Child processes of the fault tests: ``python workers.py ROLE DATABASE …``; they report on standard output."""

import json
import os
import resource
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from langgraph.store.base import IndexConfig, PutOp

from langmem_ext.store import FaissStore
from langmem_ext.testing.conformance.embedding import DIMS, vector

NAMESPACE = ("memories", "alice")
WORDS = ("tea", "coffee", "hiking", "opera")


def embed(texts: Iterable[str]) -> list[list[float]]:
    return [vector(text) for text in texts]


def open_store(path: str) -> Any:
    return FaissStore.from_conn_string(path, index=IndexConfig(dims=DIMS, embed=embed, fields=["text"]))


def say(**report: Any) -> None:
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def pair(n: int) -> list[PutOp]:
    """Two items that are always written together, and the deletion of the pair four rounds before."""
    word = WORDS[n % len(WORDS)]
    value = {"text": f"{word} number{n}", "n": n, "padding": "x" * 300}
    puts = [PutOp(NAMESPACE, f"{side}{n}", {**value, "side": side}) for side in ("left", "right")]
    return [*puts, *(PutOp(NAMESPACE, f"{side}{n - 4}", None) for side in ("left", "right"))]


def put_loop(path: str, start: str) -> None:
    """Write pairs for ever, acknowledging each one after its batch has returned."""
    with open_store(path) as store:
        for n in range(int(start), 1_000_000):
            store.batch(pair(n))
            say(n=n)


def fill_up(path: str, extra_bytes: str) -> None:
    """Write until the file size limit stops it, then show that the store still answers."""
    with open_store(path) as store:
        if int(extra_bytes):
            largest = max(entry.stat().st_size for entry in Path(path).parent.iterdir())
            limit = largest + int(extra_bytes)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        written = 0
        try:
            for written in range(1, 100_000):
                value = {"text": f"tea number{written}", "padding": "y" * 5000}
                store.batch(
                    [PutOp(NAMESPACE, f"fill{written}", value), PutOp(NAMESPACE, f"twin{written}", value, index=False)]
                )
        except Exception as error:  # noqa: BLE001 - which error it is, is what the parent asks
            say(acknowledged=written - 1, error=type(error).__name__, message=str(error))
        say(
            left=len(store.search(NAMESPACE, limit=200_000)),
            near=len(store.search(NAMESPACE, query="tea", limit=200_000)),
        )
        if int(extra_bytes):
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def mix(path: str, worker: str, rounds: str) -> None:
    """Put, delete and search in one file with others; fail on the first thing that isn't as it must be."""
    with open_store(path) as store:
        for n in range(int(rounds)):
            word = WORDS[n % len(WORDS)]
            store.put(NAMESPACE, f"{worker}-{n}", {"text": f"{word} {worker}", "worker": worker, "n": n})
            if n % 3 == 0:
                store.delete(NAMESPACE, f"{worker}-{n}")
            expected = {m for m in range(n + 1) if m % 3}
            for found in (
                store.search(NAMESPACE, filter={"worker": worker}, limit=1000),
                store.search(NAMESPACE, query=word, filter={"worker": worker}, limit=1000),
                store.search_lexical(NAMESPACE, worker, filter={"worker": worker}, limit=1000),
            ):
                assert {item.value["n"] for item in found} == expected, (worker, n)
            assert all(item.key.startswith(item.value["worker"]) for item in store.search(NAMESPACE, query=word))
    say(done=worker)


def answer(path: str) -> None:
    """Answer one question a line: what is there now, by key, by vector, by word."""
    with open_store(path) as store:
        say(ready=True)
        for line in sys.stdin:
            ask = json.loads(line)
            if "put" in ask:
                store.put(NAMESPACE, ask["put"], {"text": "tea " + ask["put"]})
            say(
                got=store.get(NAMESPACE, ask["key"]) is not None,
                listed=sorted(item.key for item in store.search(NAMESPACE, limit=1000)),
                near=sorted(item.key for item in store.search(NAMESPACE, query="tea", limit=1000)),
                words=sorted(item.key for item in store.search_lexical(NAMESPACE, "tea", limit=1000)),
            )


def fork(path: str) -> None:
    """Use an open store in a forked child and in its parent; the child may refuse, but not damage anything."""
    with open_store(path) as store:
        store.put(NAMESPACE, "before", {"text": "tea"})
        store.search(NAMESPACE, query="tea")
        store.search_lexical(NAMESPACE, "tea")
        child = os.fork()
        if child == 0:
            os._exit(_use_after_fork(store))
        for n in range(20):
            store.put(NAMESPACE, f"parent{n}", {"text": "coffee"})
        _, status = os.waitpid(child, 0)
        say(
            child=os.waitstatus_to_exitcode(status),
            keys=sorted(item.key for item in store.search(NAMESPACE, limit=1000)),
        )


def _use_after_fork(store: Any) -> int:
    from langmem_ext.errors import StoreError

    try:
        for n in range(20):
            store.put(NAMESPACE, f"child{n}", {"text": "opera"})
        found = store.search(NAMESPACE, query="opera", limit=100)
    except StoreError as error:
        return 3 if "fork" in str(error) else 4
    return 0 if {f"child{n}" for n in range(20)} <= {item.key for item in found} else 5


ROLES: dict[str, Callable[..., None]] = {
    "put_loop": put_loop,
    "fill_up": fill_up,
    "mix": mix,
    "answer": answer,
    "fork": fork,
}

if __name__ == "__main__":
    ROLES[sys.argv[1]](*sys.argv[2:])
