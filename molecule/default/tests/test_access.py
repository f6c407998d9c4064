"""Every kind of user logs in over the real protocol and tries real statements, the forbidden ones too."""

from __future__ import annotations

from typing import Any

import pytest

DATABASES = ("confluence", "gitlab", "jira")
COMES_INTO = {
    "analyst_ada": {"gitlab"},
    "analyst_bob": {"gitlab"},
    "offline_etl": {"gitlab"},
    "dbuser_confluence": {"confluence"},
    "dbuser_gitlab": {"gitlab"},
    "dbuser_jira": {"jira"},
    "dbuser_monitor": set(DATABASES),
    "replicator": set(DATABASES),
    "dbuser_dba": set(DATABASES),
}
SELECT, INSERT, UPDATE = "SELECT title FROM {}", "INSERT INTO {} VALUES (0, 'x')", "UPDATE {} SET title = 'y'"
DELETE, TRUNCATE, DROP, CREATE = "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}", "CREATE TABLE {}_new (id int)"
SEQUENCE = "SELECT nextval('{}_id_seq')"
INDEX = "CREATE INDEX ON {} (title)"
WRITE = [INSERT, UPDATE, DELETE, SEQUENCE]
CHANGE = [CREATE, INDEX, DROP]
ALL = [SELECT, *WRITE, TRUNCATE, *CHANGE]
OWN, TEAM = "public.notes", "team.notes"
# Who, what they do first, where, on which table, what they may; they have to be refused everything else.
MAY = [
    ("analyst_ada", "", "gitlab", OWN, [SELECT]),
    ("analyst_ada", "", "gitlab", TEAM, [SELECT]),
    ("analyst_bob", "", "gitlab", TEAM, [SELECT]),
    ("offline_etl", "", "gitlab", OWN, [SELECT]),
    ("offline_etl", "", "gitlab", TEAM, [SELECT]),
    ("dbuser_monitor", "", "jira", OWN, [SELECT]),
    ("replicator", "", "jira", TEAM, [SELECT]),
    ("dbuser_gitlab", "", "gitlab", OWN, ALL),
    ("dbuser_gitlab", "", "gitlab", TEAM, [SELECT, *WRITE]),
    ("dbuser_confluence", "", "confluence", OWN, ALL),
    ("dbuser_confluence", "", "confluence", TEAM, ALL),
    ("dbuser_jira", "", "jira", OWN, ALL),
    ("dbuser_jira", "", "jira", TEAM, ALL),
    ("dbuser_jira", "SET ROLE dbrole_admin", "jira", OWN, [SELECT, *WRITE, TRUNCATE, CREATE]),
    ("dbuser_jira", "SET ROLE dbrole_admin", "jira", TEAM, ALL),
    ("dbuser_dba", "", "confluence", OWN, ALL),
]
CLUSTER = [
    "CREATE ROLE somebody",
    "CREATE DATABASE something",
    "ALTER ROLE dbuser_dba NOLOGIN",
    "GRANT dbrole_admin TO analyst_ada",
    "SET ROLE dbuser_dba",
]
PRIVILEGE = "42501"


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("user", COMES_INTO)
def test_users_come_into_their_databases_only(psql: Any, user: str, database: str):
    result = psql(user, database, "SELECT current_user")
    if database in COMES_INTO[user]:
        assert (result.rc, result.stdout.strip()) == (0, user), result.stderr
    else:
        assert result.rc == 2
        assert f'permission denied for database "{database}"' in result.stderr


@pytest.mark.parametrize("user", COMES_INTO)
def test_nobody_comes_in_with_another_password(psql: Any, user: str):
    database = min(COMES_INTO[user])
    result = psql(user, f"{database} password=not-this-one")
    assert result.rc == 2
    assert "password authentication failed" in result.stderr


@pytest.mark.parametrize(("user", "first", "database", "table", "may"), MAY)
def test_statements_are_allowed_and_refused_as_declared(
    furnished: Any, user: str, first: str, database: str, table: str, may: list[str]
):
    for statement in ALL:
        result = furnished(user, database, *filter(None, [first]), "BEGIN", statement.format(table), "ROLLBACK")
        if statement in may:
            assert result.rc == 0, f"{statement}: {result.stderr}"
        else:
            assert f"ERROR:  {PRIVILEGE}: " in result.stderr, f"{statement}: {result.stderr or 'allowed'}"


@pytest.mark.parametrize("user", [user for user in COMES_INTO if user != "dbuser_dba"])
def test_only_superusers_change_the_cluster(psql: Any, user: str):
    for statement in CLUSTER:
        result = psql(user, min(COMES_INTO[user]), statement)
        assert f"ERROR:  {PRIVILEGE}: " in result.stderr, f"{statement}: {result.stderr or 'allowed'}"


def test_no_password_is_stored_in_a_form_that_can_be_replayed(psql: Any):
    others = "SELECT rolname FROM pg_authid WHERE rolpassword NOT LIKE 'SCRAM-SHA-256$%'"
    result = psql("dbuser_dba", "postgres", others)
    assert (result.rc, result.stdout) == (0, "")
