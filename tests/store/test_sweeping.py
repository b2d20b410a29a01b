"""The thread that sweeps."""

import threading
import time

import pytest
from langgraph.store.base import TTLConfig

from langmem_ext.errors import InvalidInputError
from langmem_ext.store import FaissStore
from tests.store.helpers import ALICE


def test_the_sweeper_deletes_what_has_expired_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaissStore.from_conn_string(":memory:", ttl=TTLConfig(default_ttl=0.0005)) as store:
        swept = threading.Event()
        sweep = store.sweep_ttl
        monkeypatch.setattr(store._sweeper, "_sweep", lambda: swept.set() if sweep() else None)
        store.put(ALICE, "k", {"text": "tea"})
        store.start_ttl_sweeper(0.0001)
        store.start_ttl_sweeper(0.0001)
        assert swept.wait(10)
        assert store.check().items == 0
        assert store.stop_ttl_sweeper()
        assert "langmem-ext-ttl-sweeper" not in {thread.name for thread in threading.enumerate()}
        with pytest.raises(InvalidInputError):
            store.start_ttl_sweeper(-1)


def test_an_expired_item_that_is_put_again_is_a_new_one() -> None:
    with FaissStore.from_conn_string(":memory:") as store:
        store.put(ALICE, "k", {"n": 1}, ttl=0.0005)
        first = store.get(ALICE, "k", refresh_ttl=False)
        assert first is not None
        time.sleep(0.05)
        assert store.get(ALICE, "k") is None
        store.put(ALICE, "k", {"n": 2})
        second = store.get(ALICE, "k")
        assert second is not None
        assert second.created_at == second.updated_at > first.created_at
