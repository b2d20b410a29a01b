"""The check of pinned dependencies tells an advisory from a database that can't be asked."""

import json
import subprocess
from typing import Any

import pytest

from tests.security import audit


def answering(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    def answer(command: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, stdout=output, stderr="")

    monkeypatch.setattr(subprocess, "run", answer)


def dependency(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0", **more}


def test_an_advisory_fails_the_check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = dependency("left", vulns=[{"id": "CVE-1", "fix_versions": ["1.1"]}])
    answering(monkeypatch, json.dumps({"dependencies": [found, dependency("right", vulns=[])]}))
    assert audit.main() == 1
    assert "left 1.0: CVE-1, fixed in 1.1" in capsys.readouterr().out


def test_what_is_accepted_does_not_fail_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = dependency("left", vulns=[{"id": "CVE-1", "fix_versions": []}])
    answering(monkeypatch, json.dumps({"dependencies": [found]}))
    monkeypatch.setitem(audit.ACCEPTED, "CVE-1", "not reached from here")
    assert audit.main() == 0


@pytest.mark.parametrize(
    "output", ["", "not json", json.dumps({"dependencies": [dependency("left", skip_reason="not found")]})]
)
def test_a_database_out_of_reach_is_said_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    answering(monkeypatch, output)
    assert audit.main() == 0
    assert "out of reach" in capsys.readouterr().out
