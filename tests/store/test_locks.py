"""Named locks between threads and processes."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from langmem_ext.errors import InvalidInputError
from langmem_ext.store import FaissStore

HOLDER = """
import sys, time
from langmem_ext.store import FaissStore
store = FaissStore.from_conn_string(sys.argv[1])
with store.exclusive("job") as held:
    print(held, flush=True)
    time.sleep(60)
"""


def test_a_lock_of_another_process_is_seen_and_dies_with_it(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    with FaissStore.from_conn_string(path) as store:
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        with holder:
            assert holder.stdout.readline() == "True\n"
            with store.exclusive("job", blocking=False) as held:
                assert not held
            with store.exclusive("other", blocking=False) as held:
                assert held
            holder.kill()
        with store.exclusive("job") as held:
            assert held


@pytest.mark.parametrize("name", ["m.db", ":memory:"])
def test_only_one_thread_at_a_time_is_inside(name: str, tmp_path: Path) -> None:
    inside = 0
    most = 0
    with FaissStore.from_conn_string(name if name == ":memory:" else tmp_path / name) as store:

        def work() -> None:
            nonlocal inside, most
            for _ in range(20):
                with store.exclusive("名"):
                    inside += 1
                    most = max(most, inside)
                    inside -= 1

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == 1
    assert list(tmp_path.glob("*.locks/*")) == []


def test_a_lock_needs_a_name() -> None:
    with FaissStore.from_conn_string(":memory:") as store, pytest.raises(InvalidInputError), store.exclusive(""):
        pass
