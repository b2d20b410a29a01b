from functools import partial
from pathlib import Path

import pytest

from langmem_ext.store import FaissStore
from langmem_ext.testing.conformance import StoreConformance, StoreFactory


class FaissConformance(StoreConformance):
    @property
    def supports_lexical(self) -> bool:
        return True

    @property
    def supports_candidates(self) -> bool:
        return True

    @property
    def supports_exclusive(self) -> bool:
        return True


class TestFaissStoreInAFile(FaissConformance):
    @pytest.fixture
    def store_factory(self, tmp_path: Path) -> StoreFactory:
        return partial(FaissStore.from_conn_string, str(tmp_path / "memory.db"))


class TestFaissStoreInMemory(FaissConformance):
    @pytest.fixture
    def store_factory(self) -> StoreFactory:
        return partial(FaissStore.from_conn_string, ":memory:")

    @property
    def supports_reopen(self) -> bool:
        return False
