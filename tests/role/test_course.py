"""The steps of a course on users, groups and databases, in its order, by playbooks; each one is tried by logging in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors

from testbed import servers
from tests.role import runs
from tests.role.runs import Run, ok

PASSWORDS = {name: f"right-{name}-7" for name in ("dq", "new_user", "data_viewer", "data_scientist")}
USERS = [
    {"name": "new_user", "createdb": True, "superuser": False, "password": PASSWORDS["new_user"]},
    {"name": "data_viewer", "superuser": True, "password": PASSWORDS["data_viewer"]},
]
ORDINARY = [USERS[0], {**USERS[1], "superuser": False}]
GROUPS = [{"name": "readonly", "login": False}, {"name": "readwrite", "login": False}]
MEMBERS = [
    {"name": "data_viewer", "roles": ["readonly"]},
    {"name": "data_scientist", "roles": ["readwrite"], "password": PASSWORDS["data_scientist"]},
    {"name": "dq", "password": PASSWORDS["dq"]},
]
DATABASES = [
    {"name": "dq", "owner": "dq"},
    {
        "name": "my_database",
        "owner": "postgres",
        "revokeconn": True,
        "revoketemp": True,
        "connect": ["readwrite"],
        "deny_connect": ["readonly"],
        "schemas": ["my_schema"],
    },
]
PRIVILEGES = [
    "GRANT USAGE ON SCHEMAS TO readonly, readwrite",
    "GRANT SELECT ON TABLES TO readonly",
    "GRANT SELECT, INSERT, DELETE ON TABLES TO readwrite",
]
NOBODY = {f"pg_{who}_username": "" for who in ("admin", "monitor", "replication")}
WHOLE = {
    "pg_default_roles": GROUPS,
    "pg_users": [*ORDINARY, *MEMBERS],
    "pg_databases": DATABASES,
    "pg_default_privileges": PRIVILEGES,
}
INSERT = "INSERT INTO {} VALUES (10002, 'alice')"
STATEMENTS = {
    "SELECT": "SELECT * FROM {}",
    "INSERT": INSERT,
    "DELETE": "DELETE FROM {}",
    "UPDATE": "UPDATE {} SET name = 'bob'",
    "DROP": "DROP TABLE {}",
}


@pytest.fixture(scope="module")
def apply(run: Callable[..., Run], server: servers.Server) -> Callable[..., Run]:
    """Run a playbook on the course's server."""
    login = {"login_unix_socket": str(server.socket_dir), "login_port": server.port, "login_user": server.superuser}

    def apply(book: Any, **variables: Any) -> Run:
        inventory = [runs.hosts(course={"pgsql_access_login": login, "pgsql_access_admin_role": "", **NOBODY})]
        return ok(run(book=book, inventory=inventory, **{"pg_default_roles": [], **variables}))

    return apply


@pytest.fixture(scope="module")
def attempt(server: servers.Server) -> Callable[[str, str, str], str]:
    """Log in over TCP with the password, run a statement, and return why the server refused, if it did."""

    def attempt(user: str, database: str, statement: str) -> str:
        try:
            connection = servers.connect(server, database, user, PASSWORDS[user], host="127.0.0.1")
        except psycopg2.OperationalError as refusal:
            return str(refusal)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except errors.InsufficientPrivilege as refusal:
            return refusal.diag.message_primary
        finally:
            connection.close()
        return ""

    return attempt


def allowed(attempt: Callable[[str, str, str], str], user: str, database: str, table: str) -> set[str]:
    """The kinds of statements that the server allows; each is rolled back."""
    return {
        kind for kind, sql in STATEMENTS.items() if not attempt(user, database, f"BEGIN; {sql.format(table)}; ROLLBACK")
    }


@pytest.fixture(scope="module")
def users(apply: Callable[..., Run], query: Callable[..., Any]) -> Run:
    query("CREATE TABLE early (id int, name text)")
    return apply(runs.PLAYBOOKS / "roles.yml", pg_users=USERS)


@pytest.fixture(scope="module")
def whole(users: Run, apply: Callable[..., Run], query: Callable[..., Any], attempt: Callable[..., str]) -> Run:
    """Groups, members, databases, schemas and default privileges; then the tables."""
    done = apply(runs.SITE, **WHOLE)
    assert attempt("dq", "dq", "CREATE TABLE users (id int, name text)") == ""
    query("CREATE TABLE my_schema.users (id int, name text)", "my_database")
    return done


def test_a_user_is_created_with_its_options_and_its_password(users: Run, attempt: Callable[..., str]):
    assert attempt("new_user", "postgres", "CREATE DATABASE of_new_user") == ""
    assert attempt("new_user", "postgres", "CREATE ROLE another") == "permission denied to create role"


def test_a_superuser_is_made_ordinary_and_back(users: Run, apply: Callable[..., Run], attempt: Callable[..., str]):
    insert = INSERT.format("early")
    assert attempt("data_viewer", "postgres", insert) == ""
    made_ordinary = apply(runs.PLAYBOOKS / "roles.yml", pg_users=ORDINARY)
    assert [summary for _task, summary in made_ordinary.changes()] == ["alter role data_viewer: NOSUPERUSER"]
    assert attempt("data_viewer", "postgres", insert) == "permission denied for table early"
    apply(runs.PLAYBOOKS / "roles.yml", pg_users=USERS)
    assert attempt("data_viewer", "postgres", insert) == ""


def test_groups_cannot_log_in(whole: Run, query: Callable[..., Any]):
    groups = "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname IN ('readonly', 'readwrite') ORDER BY 1"
    assert query(groups) == [("readonly", False), ("readwrite", False)]


def test_a_member_of_readonly_only_reads_tables_that_are_made_later(whole: Run, attempt: Callable[..., str]):
    assert allowed(attempt, "data_viewer", "dq", "users") == {"SELECT"}


def test_a_member_of_readwrite_reads_inserts_and_removes_but_never_drops(whole: Run, attempt: Callable[..., str]):
    assert allowed(attempt, "data_scientist", "dq", "users") == {"SELECT", "INSERT", "DELETE"}
    assert attempt("data_scientist", "dq", "DROP TABLE users") == "must be owner of table users"


def test_a_user_without_a_group_gets_nothing(whole: Run, attempt: Callable[..., str]):
    assert allowed(attempt, "new_user", "dq", "users") == set()


def test_the_database_has_its_owner_and_nothing_for_everybody(whole: Run, query: Callable[..., Any]):
    facts = """
        SELECT d.datdba::regrole::text, array_agg(a.privilege_type) FILTER (WHERE a.grantee = 0)
        FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = 'my_database' GROUP BY 1
    """
    assert query(facts) == [("postgres", None)]


def test_the_group_readonly_cannot_connect(whole: Run, attempt: Callable[..., str]):
    assert 'permission denied for database "my_database"' in attempt("data_viewer", "my_database", "SELECT 1")
    assert 'permission denied for database "my_database"' in attempt("new_user", "my_database", "SELECT 1")


def test_who_may_connect_has_no_temporary_tables(whole: Run, attempt: Callable[..., str]):
    refusal = attempt("data_scientist", "my_database", "CREATE TEMPORARY TABLE t (id int)")
    assert refusal == 'permission denied to create temporary tables in database "my_database"'


def test_the_tables_of_the_schema_have_the_groups_privileges(whole: Run, attempt: Callable[..., str]):
    assert allowed(attempt, "data_scientist", "my_database", "my_schema.users") == {"SELECT", "INSERT", "DELETE"}


def test_the_whole_course_again_changes_nothing(whole: Run, apply: Callable[..., Run]):
    again = apply(runs.SITE, **WHOLE)
    assert (again.changed, again.changes()) == (0, [])
