"""The role on each PostgreSQL: what check mode predicts is made, stays, is broken by hand, named, repaired and proved.

PG_VERSIONS chooses the versions; of a list the last one, unless LEASTPRIV_TESTS is wide (the newest is what the other
tests of this folder run on). TARGET_PYTHON names another interpreter that runs the modules.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_access_info

from testbed import servers
from testbed.catalogs import differences
from tests.role import runs
from tests.role.runs import READ_ONLY, Run, ok
from tests.server import modules
from tests.width import WIDE

CHOSEN = [int(version) for version in os.environ.get("PG_VERSIONS", "18 13").split()]
VERSIONS = CHOSEN if WIDE else CHOSEN[-1:]
AUDIT = runs.PLAYBOOKS / "audit.yml"
OTHER = os.environ.get("TARGET_PYTHON")
TARGET = {"ansible_python_interpreter": OTHER} if OTHER else {}
GATHER = ["roles", "databases", "privileges", "default_privileges"]
CREATOR = "ALTER DEFAULT PRIVILEGES FOR ROLE dbuser_gitlab"
# Where, what is done by hand, and how the audit's row names it: the object, who, and whether that is too much.
BREAKS = [
    ("postgres", "ALTER ROLE dbuser_jira CREATEDB", ("dbuser_jira", "dbuser_jira", "too much")),
    ("postgres", "REVOKE dbrole_readonly FROM analyst_ada", ("dbrole_readonly", "analyst_ada", "missing")),
    ("postgres", "GRANT dbrole_readwrite TO analyst_bob", ("dbrole_readwrite", "analyst_bob", "too much")),
    ("postgres", "GRANT CONNECT ON DATABASE jira TO PUBLIC", ("jira", "PUBLIC", "too much")),
    ("postgres", "REVOKE CONNECT ON DATABASE gitlab FROM analyst_ada", ("gitlab", "analyst_ada", "missing")),
    ("gitlab", "GRANT CREATE ON SCHEMA public TO PUBLIC", ("public", "PUBLIC", "too much")),
    (
        "gitlab",
        f"{CREATOR} REVOKE SELECT ON TABLES FROM dbrole_readonly",
        ("dbuser_gitlab", "dbrole_readonly", "missing"),
    ),
    (
        "gitlab",
        f"{CREATOR} GRANT DELETE ON TABLES TO dbrole_offline",
        ("dbuser_gitlab", "dbrole_offline", "too much"),
    ),
    ("gitlab", "REVOKE SELECT ON TABLE public.notes FROM dbrole_readonly", ("notes", "dbrole_readonly", "missing")),
    ("gitlab", "GRANT DELETE ON TABLE public.notes TO dbrole_readonly", ("notes", "dbrole_readonly", "too much")),
]


@dataclasses.dataclass(frozen=True)
class Story:
    """All runs, and what the catalogs held around those that must not write."""

    check: Run
    apply: Run
    again: Run
    audit: Run
    rows: list[dict[str, str]]
    repair: Run
    written: list[str]
    facts: dict[str, Any]
    facts_after: dict[str, Any]


@pytest.fixture(scope="module", params=VERSIONS, ids=str)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """A server of the version."""
    running = servers.start(request.param, tmp_path_factory.mktemp("server"))
    yield running
    servers.stop(running)


@pytest.fixture(scope="module")
def login(secrets: Path, query: Callable[..., Any]) -> Callable[..., Any]:
    """Log in as a user with the user's password and run a statement."""

    def login(user: str, dbname: str, sql: str) -> Any:
        return query(sql, dbname, user=user, password=(secrets / user).read_text().strip())

    return login


def facts(server: servers.Server) -> dict[str, Any]:
    """Read all roles, memberships, databases, and who holds what, by whom."""
    result = modules.call(pg_access_info, **modules.login(server), gather=GATHER)
    return {name: result[name] for name in GATHER}


@pytest.fixture(scope="module")
def story(
    server: servers.Server,
    play: Callable[..., Run],
    snapshot: Callable[[], dict[str, str]],
    query: Callable[..., Any],
    login: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Story:
    report = tmp_path_factory.mktemp("report") / "report.json"
    empty = snapshot()
    check = play("--check", **READ_ONLY, **TARGET)
    written = differences(empty, snapshot())
    apply = ok(play(**TARGET))
    login("dbuser_gitlab", "gitlab", "CREATE TABLE public.notes (n int)")
    made, before = snapshot(), facts(server)
    again = play(**READ_ONLY, **TARGET)
    written += differences(made, snapshot())
    for dbname, statement, _row in BREAKS:
        query(statement, dbname)
    broken = snapshot()
    audit = play(book=AUDIT, pgsql_access_audit_json=str(report), **READ_ONLY, **TARGET)
    written += differences(broken, snapshot())
    rows = json.loads(report.read_text())["hosts"]["embedded"]["rows"]
    repair = play(**TARGET)
    return Story(check, apply, again, audit, rows, repair, written, before, facts(server))


def test_what_check_mode_predicts_is_what_the_apply_makes(story: Story):
    assert ok(story.check).changes()
    assert story.apply.changes() == story.check.changes()


def test_the_second_run_changes_nothing_on_a_read_only_session(story: Story):
    assert (ok(story.again).changed, story.again.changes()) == (0, [])


def test_check_mode_the_second_run_and_the_audit_write_nothing(story: Story):
    assert story.written == []


def test_the_audit_names_each_thing_that_was_broken_by_hand(story: Story):
    named = {(row["object"].rpartition(".")[2], row["role"], row["state"]) for row in story.rows}
    assert story.audit.code == 2
    assert {row for _dbname, _statement, row in BREAKS} - named == set(), named


def test_one_run_repairs_it_to_the_last_entry(story: Story):
    assert ok(story.repair).changes()
    assert story.facts_after == story.facts


def test_after_it_readers_read_and_do_not_write(story: Story, login: Callable[..., Any]):
    for reader in ("analyst_ada", "analyst_bob", "offline_etl"):
        assert login(reader, "gitlab", "SELECT n FROM public.notes") == []
        for statement in ("DELETE FROM public.notes", "INSERT INTO public.notes VALUES (1)", "TRUNCATE public.notes"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                login(reader, "gitlab", statement)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            login(reader, "gitlab", "CREATE TABLE public.own (n int)")


def test_after_it_outsiders_are_refused(story: Story, login: Callable[..., Any]):
    for user, dbname in {"analyst_ada": "jira", "dbuser_gitlab": "confluence", "dbuser_jira": "gitlab"}.items():
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            login(user, dbname, "SELECT 1")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        login("dbuser_jira", "jira", "CREATE DATABASE stolen")


def test_after_it_what_the_owner_makes_next_is_read_and_not_written(story: Story, login: Callable[..., Any]):
    login("dbuser_gitlab", "gitlab", "CREATE TABLE public.next (n int)")
    for reader in ("analyst_ada", "offline_etl"):
        assert login(reader, "gitlab", "SELECT n FROM public.next") == []
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            login(reader, "gitlab", "DELETE FROM public.next")
