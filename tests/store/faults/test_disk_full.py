import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store.faults.children import EVERYTHING, child, report
from tests.store.faults.workers import NAMESPACE, open_store, pair


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of four megabytes."""
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)], capture_output=True, check=False, text=True
    )
    if mount.returncode:
        pytest.skip(f"mounting is not allowed here: {mount.stderr.strip()}")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def fill(path: Path, limit: int) -> tuple[dict[str, Any], dict[str, Any]]:
    with open_store(str(path)) as store:
        store.batch(pair(1))
    with child("fill_up", path, limit) as writer:
        return report(writer), report(writer)


def assert_failed_cleanly(stopped: dict[str, Any], after: dict[str, Any]) -> None:
    assert stopped["acknowledged"] > 0
    assert stopped["error"] not in {"AssertionError", "AttributeError", "KeyError", "TypeError"}
    assert after["left"] == 2 * stopped["acknowledged"] + 2
    assert after["near"] == stopped["acknowledged"] + 2


def assert_all_there(path: Path, stopped: dict[str, Any]) -> None:
    with open_store(str(path)) as store:
        keys = {item.key for item in store.search(NAMESPACE, limit=EVERYTHING)}
        assert store.check().ok
    wanted = {f"{name}{n}" for n in range(1, stopped["acknowledged"] + 1) for name in ("fill", "twin")}
    assert keys == wanted | {"left1", "right1"}


def test_a_put_beyond_the_file_size_limit_fails_and_everything_before_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    stopped, after = fill(path, limit=1_000_000)
    assert_failed_cleanly(stopped, after)
    assert_all_there(path, stopped)
    with open_store(str(path)) as store:
        store.batch(pair(2))
        assert store.get(NAMESPACE, "left2") is not None


def test_a_put_on_a_full_disk_fails_and_everything_before_it_stays(small_disk: Path) -> None:
    path = small_disk / "memory.db"
    stopped, after = fill(path, limit=0)
    assert_failed_cleanly(stopped, after)
    assert_all_there(path, stopped)
