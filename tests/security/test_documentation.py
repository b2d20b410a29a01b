"""The page about security is true where it can be executed."""

import re
from pathlib import Path

import pytest

from langmem_ext.redaction import DEFAULT_KINDS, Redactor

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")


def test_the_program_prints_what_its_comment_says(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    exec(compile(program, "docs/security.md", "exec"), {})  # noqa: S102 - our own page
    assert capsys.readouterr().out.strip() == program.split("# ")[-1].strip()


def test_the_table_names_every_kind_and_its_default() -> None:
    rows = re.findall(r"^\| (`.*?) \|.*\| (yes|no) \|$", PAGE, flags=re.MULTILINE)
    told = {kind: default == "yes" for kinds, default in rows for kind in re.findall(r"`(\w+)`", kinds)}
    assert {kind for kind, default in told.items() if default} == set(DEFAULT_KINDS)
    assert Redactor(told).kinds == tuple(told)
