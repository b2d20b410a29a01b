"""A database for each worker, emptied for each test."""

from collections.abc import Iterator

import pytest

from tests.postgres.provider import delete_rows, drop_tables, fresh_database


@pytest.fixture(scope="session")
def workers_database() -> Iterator[str]:
    """The URL of this worker's database."""
    with fresh_database() as url:
        yield url


@pytest.fixture
def database(workers_database: str) -> str:
    """The URL of an empty database."""
    drop_tables(workers_database)
    return workers_database


@pytest.fixture(scope="session")
def workers_store() -> Iterator[str]:
    """The URL of this worker's database that stays set up."""
    with fresh_database() as url:
        yield url


@pytest.fixture
def empty_store(workers_store: str) -> str:
    """The URL of a database that holds no items; made tables may be there, with vectors of the suite's size."""
    delete_rows(workers_store)
    return workers_store
