"""The main job on the embedded inventory: check, apply, again, break, check, repair; and no secret in any of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed import servers
from tests.role.runs import READ_ONLY, Run, ok

BREAKS = {
    "GRANT dbrole_admin TO dbuser_gitlab": "dbrole_admin",
    "REVOKE dbrole_readonly FROM analyst_ada": "analyst_ada",
    "ALTER ROLE dbuser_jira CREATEDB": "dbuser_jira",
    "GRANT CONNECT ON DATABASE jira TO PUBLIC": "jira",
    "ALTER DEFAULT PRIVILEGES FOR ROLE dbrole_admin GRANT DELETE ON TABLES TO dbrole_readonly": "dbrole_readonly",
}
USERS = [
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
PARTS = [
    "Provision the roles",
    "Provision the databases and who may connect",
    "Provision the default privileges",
    "Provision the privileges on what is there",
]


@dataclasses.dataclass(frozen=True)
class Story:
    """All runs, and what the server's catalogs held before and after some of them."""

    empty: dict[str, str]
    check: Run
    after_check: dict[str, str]
    apply: Run
    applied: dict[str, str]
    again: Run
    after_again: dict[str, str]
    broken_check: Run
    repair: Run
    rotation: Run
    failure: Run

    def runs(self) -> list[Run]:
        """All runs of the story."""
        return [value for value in vars(self).values() if isinstance(value, Run)]


@pytest.fixture(scope="module")
def story(play: Callable[..., Run], snapshot: Callable, query: Callable, secrets: Path) -> Story:
    def loud(*arguments: str, **variables: Any) -> Run:
        return play("-vvv", "--diff", *arguments, **variables)

    empty = snapshot()
    check = loud("--check", **READ_ONLY)
    after_check = snapshot()
    apply = loud()
    applied = snapshot()
    again = loud(**READ_ONLY)
    after_again = snapshot()
    for statement in BREAKS:
        query(statement)
    broken_check = loud("--check", **READ_ONLY)
    repair = loud()
    for file in secrets.iterdir():
        file.write_text(file.read_text().strip()[::-1] + "\n")
    rotation = loud()
    failure = loud("--tags", "pgsql_access_default_privileges", pgsql_access_creators=["nobody_of_that_name"])
    before = (empty, check, after_check, apply, applied, again, after_again)
    return Story(*before, broken_check, repair, rotation, failure)


def test_check_mode_succeeds_on_an_empty_cluster(story: Story):
    changed = [entry["task"] for entry in ok(story.check).results if entry["result"].get("changed")]
    assert [name.partition(" : ")[2] for name in changed] == PARTS


def test_check_mode_writes_nothing(story: Story):
    assert story.after_check == story.empty


def test_check_mode_shows_the_sql(story: Story):
    for part in ('CREATE ROLE "dbuser_gitlab"', 'CREATE DATABASE "gitlab"', "ALTER DEFAULT PRIVILEGES"):
        assert part in story.check.output


def test_the_apply_makes_the_changes_that_check_mode_named(story: Story):
    assert ok(story.apply).changes() == story.check.changes()
    assert story.applied != story.empty


def test_the_second_run_changes_nothing_on_a_read_only_connection(story: Story):
    assert (ok(story.again).changed, story.again.changes()) == (0, [])
    assert story.after_again == story.applied


def test_check_mode_names_each_thing_that_was_broken_by_hand(story: Story):
    said = " ".join(summary for _task, summary in ok(story.broken_check).changes())
    assert [name for name in BREAKS.values() if name not in said] == []
    assert len(story.broken_check.changes()) == len(BREAKS)


def test_the_repair_makes_the_changes_that_check_mode_named(story: Story):
    assert ok(story.repair).changes() == story.broken_check.changes()


def test_other_passwords_are_set_and_nothing_else_is_left_to_do(story: Story, query: Callable, secrets: Path):
    assert len(ok(story.rotation).changes()) == len(USERS)
    for user, database in {"dbuser_dba": "postgres", "dbuser_jira": "jira", "offline_etl": "gitlab"}.items():
        password = (secrets / user).read_text().strip()
        assert query("SELECT current_user", database, user=user, password=password) == [(user,)]


def test_users_come_in_only_where_they_may(story: Story, query: Callable, secrets: Path):
    for database in ("confluence", "jira"):
        with pytest.raises(Exception, match="permission denied for database"):
            query("SELECT 1", database, user="analyst_ada", password=(secrets / "analyst_ada").read_text().strip())


def test_passwords_lie_in_files_that_only_their_owner_can_read(story: Story, secrets: Path):
    assert sorted(file.name for file in secrets.iterdir()) == USERS
    assert {file.stat().st_mode & 0o777 for file in secrets.iterdir()} == {0o600}


@pytest.fixture(scope="module")
def hidden(story: Story, query: Callable, secrets: Path) -> list[str]:
    """All passwords, the former ones too, and all verifiers with their parts."""
    passwords = [file.read_text().strip() for file in secrets.iterdir()]
    verifiers = [row[0] for row in query("SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")]
    parts = [part for verifier in verifiers for part in verifier.split("$", 2)[2].replace(":", "$").split("$")]
    assert len(passwords) == len(verifiers) == len(USERS)
    return [*passwords, *(password[::-1] for password in passwords), *verifiers, *parts]


def test_no_secret_stands_in_the_output_of_any_run(story: Story, hidden: list[str]):
    assert story.failure.code == 2
    said = "".join(run.output for run in story.runs())
    assert [secret for secret in hidden if secret in said] == []


def test_no_secret_stands_in_a_result(story: Story, hidden: list[str]):
    said = repr([run.results for run in story.runs()])
    assert [secret for secret in hidden if secret in said] == []


def test_no_secret_stands_in_the_servers_log(hidden: list[str], server: servers.Server):
    log = server.log_file.read_text()
    assert "CREATE ROLE" in log
    assert [secret for secret in hidden if secret in log] == []


def test_no_secret_stands_in_pg_stat_statements(hidden: list[str], query: Callable):
    statements = "\n".join(text for (text,) in query("SELECT query FROM pg_stat_statements"))
    assert "CREATE ROLE" in statements
    assert [secret for secret in hidden if secret in statements] == []
