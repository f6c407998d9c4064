"""The declaration also holds for what is there already, but for the model's monitor schema and SECURITY DEFINER."""

from __future__ import annotations

from collections.abc import Callable

import psycopg2.errors
import pytest

from tests.role.runs import READ_ONLY, Run, ok

TASK = "Provision the privileges on what is there"
# What the model's scripts put into schema monitor, and what somebody whom nobody declared has left behind.
THERE = """
CREATE SCHEMA monitor; GRANT USAGE ON SCHEMA monitor TO pg_monitor, dbrole_readonly;
CREATE TABLE monitor.heartbeat (n int); GRANT SELECT ON monitor.heartbeat TO pg_monitor;
REVOKE ALL ON monitor.heartbeat FROM dbrole_readonly, dbrole_offline, dbrole_readwrite, dbrole_admin;
CREATE FUNCTION monitor.pgbouncer_auth(name text) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = ''
    AS 'SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = name';
REVOKE ALL ON FUNCTION monitor.pgbouncer_auth(text) FROM PUBLIC, dbrole_readonly, dbrole_offline;
CREATE FUNCTION public.verifier(name text) RETURNS text LANGUAGE sql SECURITY DEFINER
    AS 'SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = name';
REVOKE ALL ON FUNCTION public.verifier(text) FROM PUBLIC, dbrole_readonly, dbrole_offline;
CREATE ROLE drifter; CREATE SCHEMA attic AUTHORIZATION drifter; SET ROLE drifter;
CREATE TABLE attic.chest (n int); CREATE VIEW attic.lid AS SELECT n FROM attic.chest
"""
SECRETS = ("monitor.pgbouncer_auth('postgres')", "public.verifier('postgres')")


@pytest.fixture(scope="module")
def reached(play: Callable[..., Run], query: Callable) -> Run:
    """The second run, after somebody has made things by hand in a declared database."""
    ok(play())
    query(THERE, "gitlab")
    return ok(play())


def refused(query: Callable, role: str, text: str) -> bool:
    """Tell whether a role is refused, by trying."""
    try:
        query(f"SET ROLE {role}; {text}", "gitlab")
    except psycopg2.errors.InsufficientPrivilege:
        return True
    return False


def test_what_somebody_undeclared_made_is_covered_by_the_next_run(reached: Run, query: Callable):
    assert {task.partition(" : ")[2] for task, _summary in reached.changes()} == {TASK}
    assert not refused(query, "dbrole_readonly", "SELECT FROM attic.chest, attic.lid")
    assert not refused(query, "dbrole_readwrite", "DELETE FROM attic.chest")
    assert refused(query, "dbrole_readonly", "DELETE FROM attic.chest")


@pytest.mark.parametrize("role", ["dbrole_readonly", "dbrole_offline", "dbrole_admin"])
def test_readers_dont_get_the_functions_that_return_verifiers(reached: Run, query: Callable, role: str):
    assert all(refused(query, role, f"SELECT {call}") for call in SECRETS)


def test_the_models_own_grants_in_monitor_stay(reached: Run, query: Callable):
    assert not refused(query, "pg_monitor", "SELECT FROM monitor.heartbeat")
    assert refused(query, "dbrole_readonly", "SELECT FROM monitor.heartbeat")


def test_a_rule_that_names_the_function_reaches_it(reached: Run, play: Callable[..., Run], query: Callable):
    rule = {"rule": "GRANT EXECUTE ON FUNCTION public.verifier(text) TO dbrole_admin", "databases": ["gitlab"]}
    run = ok(play("--tags", "pgsql_access_objects", pgsql_access_object_privileges=[rule]))
    assert [summary for _task, summary in run.changes()] == [
        "grant EXECUTE on function public.verifier(text) to dbrole_admin"
    ]
    assert not refused(query, "dbrole_admin", f"SELECT {SECRETS[1]}")
    ok(play("--tags", "pgsql_access_objects"))
    assert refused(query, "dbrole_admin", f"SELECT {SECRETS[1]}"), "exact takes what no rule gives any more"


def test_again_there_is_nothing_to_do(reached: Run, play: Callable[..., Run]):
    assert ok(play(**READ_ONLY)).changed == 0


def test_it_can_be_switched_off(reached: Run, play: Callable[..., Run], query: Callable):
    query("REVOKE SELECT ON attic.lid FROM dbrole_readonly", "gitlab")
    off = {"pgsql_access_existing_objects": False, "pgsql_access_mode": "additive"}
    assert ok(play("--check", "--tags", "pgsql_access_objects", **off)).changes() == []
    assert len(ok(play("--check", "--tags", "pgsql_access_objects")).changes()) == 1
