"""The conformance suite on a real server: blocking in the fast run, awaited in the slow one."""

from functools import partial

import pytest

from langmem_ext.store.postgres import PostgresMemoryStore
from langmem_ext.testing.conformance import StoreConformance, StoreFactory

pytestmark = pytest.mark.network_loopback


class PostgresConformance(StoreConformance):
    @pytest.fixture
    def store_factory(self, empty_store: str) -> StoreFactory:
        return partial(PostgresMemoryStore, empty_store)

    @property
    def supports_lexical(self) -> bool:
        return True

    @property
    def supports_candidates(self) -> bool:
        return True

    @property
    def supports_exclusive(self) -> bool:
        return True


class TestPostgresMemoryStore(PostgresConformance):
    @property
    def has_async(self) -> bool:
        return False


@pytest.mark.slow
class TestAwaitedPostgresMemoryStore(PostgresConformance):
    @property
    def has_sync(self) -> bool:
        return False
