"""What holds for every test: no network, no tracing, reproducible property tests."""

import os

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import disable_socket, enable_socket, socket_allow_hosts

from tests.postgres.fixtures import (  # noqa: F401 - fixtures of every folder
    database,
    empty_store,
    workers_database,
    workers_store,
)
from tests.postgres.provider import stop_server

for variable in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGCHAIN_TRACING"):
    os.environ[variable] = "false"
for variable in ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
    os.environ.pop(variable, None)

_SUPPRESSED = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.differing_executors)
settings.register_profile("dev", deadline=None, max_examples=30, suppress_health_check=_SUPPRESSED)
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse sockets; a test marked `network_loopback` may reach 127.0.0.1. Event loops use Unix socket pairs."""
    if item.get_closest_marker("network_loopback"):
        enable_socket()
        socket_allow_hosts(["127.0.0.1", "localhost"], allow_unix_socket=True)
    else:
        disable_socket(allow_unix_socket=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the PostgreSQL server that tests of this run have started."""
    if not hasattr(config, "workerinput"):  # the process that all workers belong to
        stop_server()
