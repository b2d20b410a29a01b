"""A short round of fuzzing that is guided by coverage; `make fuzz` runs a long one."""

import importlib.util

import pytest

from tests.fuzz.guided import fuzz
from tests.fuzz.targets import TARGETS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("atheris") is None,
        reason="Atheris is not installed: it is for Python 3.11 to 3.13 on Linux",
    ),
]


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_found_in(name: str) -> None:
    assert fuzz(name, 10) is None
