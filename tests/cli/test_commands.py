"""Every command that looks at or changes a memory, as a person and as a script use it."""

import sqlite3
from pathlib import Path

import pytest

from langmem_ext.cli.app import app
from tests.cli.conftest import Cli


def remembered(cli: Cli, content: str, *options: object) -> str:
    return str(cli("remember", content, "--user", "alice", "--json", *options).json["id"])


def test_what_is_remembered_is_recalled_by_the_next_command(cli: Cli) -> None:
    record_id = remembered(cli, "Alice likes mountain lakes", "--kind", "preference")
    found = cli("recall", "Which lakes does Alice like?", "--user", "alice", "--json")
    assert found.code == 0
    assert [record["id"] for record in found.json["records"]] == [record_id]
    assert "mountain lakes" in cli("recall", "lakes", "--user", "alice").out


def test_chinese_is_found_and_printed_as_it_was_written(cli: Cli) -> None:
    remembered(cli, "希望住有景观的民宿", "--keyword", "住宿")
    for options in ((), ("--json",), ("--trace",)):
        assert "希望住有景观的民宿" in cli("recall", "住宿安排", "--user", "alice", *options).out


def test_a_recall_that_finds_nothing_is_exit_code_1(cli: Cli) -> None:
    remembered(cli, "Alice likes tea", "--occurred-at", "2025-01-05")
    result = cli("recall", "tea", "--user", "alice", "--before", "2024-12-31")
    assert result.code == 1
    assert result.err == ""


def test_recall_takes_hard_time_bounds(cli: Cli) -> None:
    remembered(cli, "Alice met Bob", "--occurred-at", "2025-09-30T23:30:00")
    assert cli("recall", "Bob", "--user", "alice", "--before", "2025-09-30").code == 0
    assert cli("recall", "Bob", "--user", "alice", "--after", "2025-10-01").code == 1


def test_recall_shows_its_steps_on_request(cli: Cli) -> None:
    remembered(cli, "Alice likes tea")
    result = cli("recall", "tea", "--user", "alice", "--trace")
    for step in ("topic_index", "keyword_index", "candidates", "fit"):
        assert step in result.out


def test_users_do_not_see_each_other(cli: Cli) -> None:
    remembered(cli, "Alice likes tea")
    assert cli("recall", "tea", "--user", "bob").code == 1
    assert cli("list", "--user", "bob", "--json").json == []


def test_a_revision_keeps_its_history_and_is_taken_back_by_undo(cli: Cli) -> None:
    first = remembered(cli, "The budget is 20,000 yuan", "--keyword", "budget")
    revised = cli("revise", first, "The budget is 25,000 yuan", "--user", "alice", "--json")
    assert revised.json["supersedes"] == first
    contents = [version["content"] for version in cli("history", first, "--user", "alice", "--json").json]
    assert contents == ["The budget is 20,000 yuan", "The budget is 25,000 yuan"]
    assert cli("undo", first, "--user", "alice", "--json").json["id"] == first
    assert [record["id"] for record in cli("list", "--user", "alice", "--json").json] == [first]


def test_forget_says_what_went(cli: Cli) -> None:
    record_id = remembered(cli, "Alice is allergic to peanuts", "--keyword", "peanuts")
    receipt = cli("forget", record_id, "--user", "alice", "--yes", "--json")
    assert receipt.json["records"] == 1
    assert receipt.json["index_entries"] == 1
    assert cli("recall", "peanuts", "--user", "alice").code == 1
    assert cli("show", record_id, "--user", "alice").code == 1


def test_forget_all_leaves_other_users_alone(cli: Cli) -> None:
    remembered(cli, "Alice likes tea")
    cli("remember", "Bob likes coffee", "--user", "bob")
    assert cli("forget", "--all", "--user", "alice", "--yes").code == 0
    assert cli("recall", "tea", "--user", "alice").code == 1
    assert cli("recall", "coffee", "--user", "bob").code == 0


def test_show_and_stats_tell_the_same_to_people_and_scripts(cli: Cli) -> None:
    record_id = remembered(cli, "Alice likes tea", "--topic", "drinks", "--importance", "0.75")
    assert cli("show", record_id, "--user", "alice", "--json").json["importance"] == 0.75
    assert "drinks" in cli("show", record_id, "--user", "alice").out
    assert cli("stats", "--user", "alice", "--json").json["records"] == {"fact": 1}
    assert "records of kind fact" in cli("stats", "--user", "alice").out


def test_list_pages_and_filters_by_kind(cli: Cli) -> None:
    ids = [remembered(cli, f"Fact number {number}") for number in range(3)]
    remembered(cli, "Alice likes tea", "--kind", "preference")
    listed = cli("list", "--user", "alice", "--kind", "fact", "--limit", "2", "--offset", "1", "--json").json
    assert [record["id"] for record in listed] == [ids[1], ids[0]]


def test_list_filters_by_topic_keyword_text_and_time(cli: Cli) -> None:
    lake = remembered(
        cli, "Alice likes Lake Brienz", "--topic", "lakes", "--keyword", "湖泊", "--occurred-at", "2025-09-01"
    )
    remembered(cli, "Alice likes tea", "--topic", "drinks")
    for options in (["--topic", "lakes"], ["--keyword", "湖泊"], ["--text", "brienz"], ["--before", "2025-09"]):
        listed = cli("list", "--user", "alice", *options, "--json").json
        assert [record["id"] for record in listed] == [lake]
    assert cli("topics", "--user", "alice", "--json").json == {"drinks": 1, "lakes": 1}
    assert cli("keywords", "--user", "alice", "--json").json == {"湖泊": 1}
    assert "湖泊" in cli("keywords", "--user", "alice").out


def test_a_retired_record_is_listed_apart_and_comes_back_by_undo(cli: Cli) -> None:
    record_id = remembered(cli, "Alice likes tea")
    assert cli("retire", record_id, "--user", "alice").code == 0
    assert cli("list", "--user", "alice", "--json").json == []
    assert [record["id"] for record in cli("list", "--user", "alice", "--archived", "--json").json] == [record_id]
    cli("undo", record_id, "--user", "alice")
    assert [record["id"] for record in cli("list", "--user", "alice", "--json").json] == [record_id]


def test_a_pin_is_set_and_taken_off(cli: Cli) -> None:
    record_id = remembered(cli, "Alice is allergic to peanuts")
    assert cli("pin", record_id, "--user", "alice", "--json").json["pinned"] is True
    assert cli("pin", record_id, "--user", "alice", "--off", "--json").json["pinned"] is False


def test_control_characters_of_stored_text_never_reach_the_terminal(cli: Cli) -> None:
    remembered(cli, "red \x1b[31m alert \x07 \u202e reversed")
    out = cli("list", "--user", "alice").out
    assert not set(out) & {"\x1b", "\x07", "\u202e"}


def test_markup_in_stored_text_is_text(cli: Cli) -> None:
    remembered(cli, "[bold]not bold[/bold] [/] [link=x]y")
    assert "[bold]not bold[/bold] [/] [link=x]y" in cli("list", "--user", "alice").out


def test_a_sound_store_checks_and_a_damaged_index_is_repaired(cli: Cli, tmp_path: Path) -> None:
    remembered(cli, "Alice likes mountain lakes")
    path = tmp_path / ".langmem-ext" / "memory.db"
    assert cli("check", path).code == 0
    assert cli("check", path, "--json").json["ok"] is True
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM texts")
    connection.close()
    assert cli("check", path).code == 1
    assert cli("check", path, "--repair", "--embed", "offline").code == 0
    assert cli("check", path).code == 0


def test_consolidate_reports_what_it_did(cli: Cli) -> None:
    remembered(cli, "Alice likes tea")
    result = cli("consolidate", "--user", "alice", "--json")
    assert result.code == 0
    assert result.json["consolidate"]["summaries"] == []


def commands() -> list[str]:
    return sorted(str(command.name) for command in app.registered_commands if not command.hidden)


@pytest.mark.parametrize("command", commands())
def test_every_command_explains_itself_with_examples(cli: Cli, command: str) -> None:
    result = cli(command, "--help")
    assert result.code == 0
    assert f"langmem-ext {command}" in result.out
    assert "Examples" in result.out


def test_no_arguments_show_the_commands_and_the_exit_codes(cli: Cli) -> None:
    result = cli()
    assert result.code == 0
    assert "Exit codes" in result.out
    assert all(command in result.out for command in commands())


def test_the_version_is_the_packages(cli: Cli) -> None:
    from langmem_ext import __version__

    assert cli("--version").out.strip() == __version__
