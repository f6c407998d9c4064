"""The main job on the embedded inventory: check, apply, again, break, check, repair."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

READ_ONLY = {"embedded_connect_params": {"options": "-c default_transaction_read_only=on"}}
BREAKS = {
    "GRANT dbrole_admin TO dbuser_gitlab": "dbrole_admin",
    "REVOKE dbrole_readonly FROM analyst_ada": "analyst_ada",
    "ALTER ROLE dbuser_jira CREATEDB": "dbuser_jira",
    "GRANT CONNECT ON DATABASE jira TO PUBLIC": "jira",
    "ALTER DEFAULT PRIVILEGES FOR ROLE dbrole_admin GRANT DELETE ON TABLES TO dbrole_readonly": "dbrole_readonly",
}


@dataclasses.dataclass(frozen=True)
class Story:
    """All runs of the story, and what the server's catalogs held in between."""

    empty: Any
    check: Any
    after_check: Any
    apply: Any
    applied: Any
    again: Any
    broken_check: Any
    repair: Any
    after: Any


@pytest.fixture(scope="module")
def story(play: Any, catalogs: Any, query: Any) -> Story:
    empty = catalogs()
    check = play("--check", "--diff", variables=READ_ONLY)
    after_check = catalogs()
    apply = play("--diff")
    applied = catalogs()
    again = play("--diff", variables=READ_ONLY)
    for statement in BREAKS:
        query(statement)
    broken_check = play("--check", "--diff", variables=READ_ONLY)
    repair = play("--diff")
    after = play("--check", variables=READ_ONLY)
    return Story(empty, check, after_check, apply, applied, again, broken_check, repair, after)


def test_check_mode_succeeds_on_an_empty_cluster(story: Story, succeeded: Callable):
    assert succeeded(story.check).changed == 3


def test_check_mode_writes_nothing(story: Story):
    assert story.after_check == story.empty


def test_check_mode_shows_the_sql(story: Story):
    for part in ('CREATE ROLE "dbuser_gitlab"', 'CREATE DATABASE "gitlab"', "ALTER DEFAULT PRIVILEGES"):
        assert part in story.check.output


def test_the_apply_makes_the_changes_that_check_mode_named(story: Story, succeeded: Callable):
    assert succeeded(story.apply).changes() == story.check.changes()
    assert story.applied != story.empty


def test_the_second_run_changes_nothing_on_a_read_only_connection(story: Story, succeeded: Callable):
    assert succeeded(story.again).changed == 0
    assert story.again.changes() == []


def test_check_mode_names_each_thing_that_was_broken_by_hand(story: Story, succeeded: Callable):
    succeeded(story.broken_check)
    said = " ".join(summary for _task, summary in story.broken_check.changes())
    for name in BREAKS.values():
        assert name in said
    assert len(story.broken_check.changes()) == len(BREAKS)


def test_the_repair_makes_the_changes_that_check_mode_named(story: Story, succeeded: Callable):
    assert succeeded(story.repair).changes() == story.broken_check.changes()
    assert succeeded(story.after).changed == 0


def test_users_log_in_with_their_passwords_where_they_may(story: Story, query: Any, secrets: Path):
    password = (secrets / "analyst_ada").read_text().strip()
    assert query("SELECT current_user", "gitlab", user="analyst_ada", password=password) == [("analyst_ada",)]
    with pytest.raises(Exception, match="permission denied for database"):
        query("SELECT 1", "jira", user="analyst_ada", password=password)


def test_passwords_lie_in_files_that_only_their_owner_can_read(story: Story, secrets: Path):
    files = [*secrets.iterdir()]
    assert sorted(file.name for file in files) == [
        "analyst_ada",
        "analyst_bob",
        "dbuser_confluence",
        "dbuser_dba",
        "dbuser_gitlab",
        "dbuser_jira",
        "dbuser_monitor",
        "offline_etl",
        "replicator",
    ]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
