"""What only a server can show: other processes, what this process holds, damage and its repair."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psycopg
import pytest
from langgraph.store.base import PutOp

from langmem_ext import open_store
from langmem_ext.errors import InvalidInputError
from langmem_ext.store.hybrid import HybridStore
from langmem_ext.store.postgres import PostgresMemoryStore
from tests.store.helpers import ALICE, BOB, index

pytestmark = pytest.mark.network_loopback

HOLD = """
import sys
from langmem_ext import open_store
with open_store(sys.argv[1]) as store, store.exclusive("work") as held:
    print(held, flush=True)
    sys.stdin.read()
"""


def words(store: HybridStore, namespace: tuple[str, ...] = ALICE) -> set[str]:
    return set(store.search_candidates(namespace, "tea", dense=False).keys)


def test_what_is_held_follows_every_change_of_another_handle(database: str) -> None:
    generator = np.random.default_rng(7)
    held: dict[str, str] = {}
    with open_store(database, index=index()) as one, open_store(database, index=index()) as two:
        for step in range(60):
            writer, reader = (one, two) if step % 2 else (two, one)
            key = str(generator.integers(12))
            text = None if generator.random() < 0.3 else str(generator.choice(["tea", "coffee"]))
            writer.batch([PutOp(ALICE, key, None if text is None else {"text": text, "n": step})])
            held.pop(key, None)
            if text is not None:
                held[key] = text
            expected = {key for key, text in held.items() if text == "tea"}
            assert words(reader) == words(writer) == expected
            found = reader.search_candidates(ALICE, "tea", filter={"n": {"$gte": step - 10}}, limit=99)
            assert set(found.keys) <= set(held)
            assert found.total == sum(1 for item in reader.search(ALICE, filter={"n": {"$gte": step - 10}}, limit=99))


def test_candidates_are_those_of_a_file_score_by_score(database: str) -> None:
    texts = ["tea with Ann", "Which tea?", "coffee on 8 May", "我喜欢喝茶", "hiking by the lake", "tea, tea and tea"]
    ops = [
        PutOp(ALICE, str(n), {"text": text, "speaker": "Ann", "thread_id": "t", "occurred_ts": 1.7e9 + n, "n": n})
        for n, text in enumerate(texts * 20)
    ]
    with open_store(":memory:", index=index()) as file, open_store(database, index=index()) as server:
        file.batch(ops)
        server.batch(ops)
        for question, chosen in (("Which tea does Ann drink?", None), ("喝茶", {"n": {"$lt": 60}}), ("May", {"n": 2})):
            expected = file.search_candidates(ALICE, question, filter=chosen, limit=40)
            found = server.search_candidates(ALICE, question, filter=chosen, limit=40)
            assert set(found.keys) >= set(expected.keys)
            place = [list(found.keys).index(key) for key in expected.keys]
            for name in ("words", "dates", "characters", "dense", "times", "lengths", "marks"):
                assert np.allclose(getattr(found, name)[place], getattr(expected, name), atol=1e-5, equal_nan=True), (
                    name
                )
            assert (found.total, found.named) == (expected.total, expected.named)
            assert found.coverage == pytest.approx(expected.coverage)
            assert found.feedback is not None


def test_an_emptied_namespace_is_gone_and_may_come_back(database: str) -> None:
    with open_store(database, index=index()) as one, open_store(database, index=index()) as two:
        one.put(ALICE, "k", {"text": "tea"})
        assert words(two) == {"k"}
        one.delete(ALICE, "k")
        assert words(two) == set()
        assert two.search_candidates(ALICE, "tea", filter={"n": 1}).keys == []
        assert two.search_lexical(ALICE, "tea", filter={"n": 1}) == []
        assert two.list_namespaces() == []
        one.put(ALICE, "l", {"text": "tea"})
        assert words(two) == {"l"}


def test_namespaces_of_similar_names_are_told_apart(database: str) -> None:
    names = ["a", "a_", "a%", "ab", "a-", "a/", "a\\", "A", "用户", "用"]
    with open_store(database) as store:
        for name in names:
            store.put((name,), "k", {"text": "tea"})
            store.put((name, "deep"), "k", {"text": "tea"})
        for name in names:
            assert {item.namespace for item in store.search((name,))} == {(name,), (name, "deep")}
            assert len(store.search_lexical((name,), "tea")) == 2
            assert store.count_items((name,)) == {(name,): 1, (name, "deep"): 1}


def test_what_does_not_fit_in_memory_is_found_all_the_same(database: str) -> None:
    with PostgresMemoryStore(database, index=index(), memory_budget=0) as store:
        store.batch([PutOp(("u", str(n % 9)), str(n), {"text": f"tea {n}"}) for n in range(90)])
        for n in range(9):
            assert len(store.search_lexical(("u", str(n)), "tea", limit=99)) == 10
        assert store.shelf_count == 1
        assert len(store.search_lexical(("u",), "tea", limit=99)) == 90


def test_of_a_namespace_too_large_to_hold_the_server_names_what_to_rank(database: str) -> None:
    """The rarest words lead, in both languages; filters hold; nothing is kept in this process."""
    with PostgresMemoryStore(database, index=index(), shelf_rows=500) as store:
        ops = [PutOp(ALICE, str(n), {"text": f"common words number {n}", "even": n % 2 == 0}) for n in range(1000)]
        ops += [PutOp(ALICE, "alps", {"text": "hiking in the Alps", "even": True})]
        ops += [PutOp(ALICE, "湖", {"text": "周末去湖边徒步", "even": False})]
        store.batch(ops)
        assert store.search_lexical(ALICE, "common hike", limit=1)[0].key == "alps"
        found = store.search_candidates(ALICE, "去湖边徒步的周末", limit=5)
        best = found.keys[int(np.argmax(found.words))]
        assert best == "湖"
        assert np.count_nonzero(~np.isnan(found.dense)) == len(found.keys)
        found = store.search_candidates(ALICE, "hiking in the Alps", filter={"even": False}, limit=5)
        assert "alps" not in found.keys
        assert all(int(key) % 2 for key in found.keys if key != "湖")
        near = store.search_candidates(ALICE, "common words number 77", filter={"even": False}, limit=5)
        assert near.keys[int(np.nanargmax(near.dense))] == "77"
        assert store._shelves.nbytes < 10_000


def test_an_approximate_index_filters_before_it_stops(database: str) -> None:
    """With HNSW the few that pass a filter are found among thousands that do not."""
    hnsw = dict(index()) | {"ann_index_config": {"kind": "hnsw"}}
    with PostgresMemoryStore(database, index=hnsw) as store:  # type: ignore[arg-type]
        ops = [PutOp(ALICE, str(n), {"text": f"text {n}", "rare": n % 200 == 0}) for n in range(2000)]
        store.batch([*ops, PutOp(BOB, "b", {"text": "text 7"})])
        store.connections.run(lambda connection: connection.execute("SET enable_sort = off"))
        assert len(store.search(ALICE, query="text 7", filter={"rare": True}, limit=10)) == 10
        assert store.search(BOB, query="text 7")[0].score == pytest.approx(1, abs=1e-5)
        found = store.search_candidates(ALICE, "text 7", filter={"rare": True}, limit=10)
        assert np.count_nonzero(~np.isnan(found.dense)) == 10


def test_half_precision_halves_the_vectors(database: str) -> None:
    half = dict(index()) | {"ann_index_config": {"kind": "flat", "vector_type": "halfvec"}}
    with PostgresMemoryStore(database, index=half) as store:  # type: ignore[arg-type]
        store.put(ALICE, "k", {"text": "tea"})
        store.put(ALICE, "k", {"text": "tea", "again": True})
        assert store.search(ALICE, query="tea")[0].score == pytest.approx(1, abs=1e-3)


def test_a_lock_holds_across_processes_and_ends_with_its_holder(database: str) -> None:
    with open_store(database) as store:
        command = [sys.executable, "-c", HOLD, database]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "True\n"
            with store.exclusive("work", blocking=False) as held:
                assert not held
            with store.exclusive("other", blocking=False) as held:
                assert held
            holder.kill()
        with store.exclusive("work") as held:
            assert held
        with pytest.raises(InvalidInputError), store.exclusive(""):
            pass


def test_locks_do_not_use_up_the_pool(database: str) -> None:
    with open_store(f"{database}?pool_size=1&patience=0") as store, ThreadPoolExecutor(4) as threads:

        def work(n: int) -> None:
            with store.exclusive(f"lock{n}"):
                store.put(ALICE, str(n), {"n": n})

        list(threads.map(work, range(12)))
        assert len(store.search(ALICE, limit=99)) == 12


def test_check_finds_damage_and_repairs_it(database: str) -> None:
    with open_store(database, index=index()) as store:
        store.batch([PutOp(ALICE, str(n), {"text": f"tea {n}"}) for n in range(20)])
        report = store.check()
        assert (report.ok, report.items, report.vectors, report.texts, report.namespaces) == (True, 20, 20, 20, 1)
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE store_texts SET tokens = 'wine' WHERE key IN ('1', '2')")
            connection.execute("DELETE FROM store_vectors WHERE key = '3'")
            connection.execute("UPDATE store_vectors SET text_hash = decode('00', 'hex') WHERE key = '4'")
            connection.execute("DELETE FROM store_namespaces")
        report = store.check()
        assert {problem.layer: problem.count for problem in report.problems} == {"items": 1, "texts": 2, "vectors": 2}
        report = store.check(repair=True)
        assert (report.ok, report.repaired) == (True, 5)
        assert store.search(ALICE, query="tea 3", limit=1)[0].score == pytest.approx(1)
        assert store.search_lexical(ALICE, "wine") == []
    with open_store(database) as store:
        assert store.check().ok


def test_a_child_process_makes_connections_of_its_own(database: str) -> None:
    code = (
        "import os, sys; from langmem_ext import open_store\n"
        "store = open_store(sys.argv[1]); store.put(('a',), 'before', {})\n"
        "child = os.fork()\n"
        "store.put(('a',), 'child' if child == 0 else 'parent', {})\n"
        "os._exit(0) if child == 0 else os.waitpid(child, 0)\n"
        "assert {i.key for i in store.search(('a',))} == {'before', 'child', 'parent'}; store.close()"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, database], check=True)


def test_readers_of_many_namespaces_and_writers_of_two_never_wait_in_a_circle(database: str) -> None:
    with open_store(database, index=index()) as store, ThreadPoolExecutor(8) as threads:

        def work(n: int) -> None:
            spaces = [ALICE, BOB] if n % 2 else [BOB, ALICE]
            store.batch([PutOp(space, f"{n}", {"text": f"tea {n}"}) for space in spaces])
            store.batch([PutOp(space, "shared", {"text": f"coffee {n}"}) for space in reversed(spaces)])

        list(threads.map(work, range(40)))
        for space in (ALICE, BOB):
            assert len(store.search(space, limit=99)) == 41
            assert words(store, space) == {str(n) for n in range(40)}
        times = sorted(item.updated_at for item in store.search(ALICE, limit=99))
        assert len(set(times)) == 41
