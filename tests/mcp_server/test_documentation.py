"""The page about the MCP server is true: its configurations start the command, its program runs."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from langmem_ext.cli.app import app

PAGE = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def configurations() -> Iterator[dict[str, Any]]:
    for written in (*map(json.loads, blocks("json")), *map(tomllib.loads, blocks("toml"))):
        ((_, servers),) = written.items()
        yield from servers.values()


def accepted(arguments: list[str]) -> dict[str, Any]:
    """Read a command line as the command would, without running it."""
    command: Any = typer.main.get_command(app)
    name, *rest = arguments
    parameters: dict[str, Any] = command.commands[name].make_context(name, rest).params
    return parameters


def test_every_configuration_starts_the_server_of_one_user() -> None:
    found = list(configurations())
    assert len(found) == 4
    for configuration in found:
        assert configuration["command"] == "langmem-ext"
        assert accepted(configuration["args"])["user"] == "alice"


def test_every_command_is_accepted() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [line.split("langmem-ext ", 1)[1].split() for line in lines if re.search(r"langmem-ext mcp", line)]
    assert len(commands) >= 4
    for command in commands:
        assert accepted(command)["user"] == "alice"


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = blocks("python")
    exec(compile(program, "docs/mcp.md", "exec"), {})  # noqa: S102 - our own page
    assert "allergic to peanuts" in capsys.readouterr().out


async def test_the_tables_name_what_there_is(client: Any) -> None:
    tools = {tool.name for tool in (await client.list_tools()).tools}
    resources = {str(resource.uri) for resource in (await client.list_resources()).resources}
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)) == tools
    assert set(re.findall(r"^\| `(memory://[a-z]+)` \|", PAGE, flags=re.MULTILINE)) == resources
