"""What somebody else makes or drops between reading and writing: looked at again, then skipped or named."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import apply, connection, errors, retry
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_access_info,
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)

from testbed import servers
from testbed.servers import Server
from tests.server.isolation import READ_ONLY, logins, sql, tidied
from tests.server.modules import Result, call, login, outcome

Meanwhile = Callable[..., None]
# An object, how it is dropped, a rule for all of its kind, a rule that names it.
DROPPED = {
    "table": ("TABLE app.x (a int)", "TABLE app.x", "SELECT ON ALL TABLES IN SCHEMA app", "SELECT ON app.x"),
    "column": ("TABLE app.x (a int)", "TABLE app.x", "", "SELECT (a) ON app.x"),
    "view": ("VIEW app.x AS SELECT 1 AS a", "VIEW app.x", "SELECT ON ALL TABLES IN SCHEMA app", "SELECT ON app.x"),
    "sequence": ("SEQUENCE app.x", "SEQUENCE app.x", "USAGE ON ALL SEQUENCES IN SCHEMA app", "USAGE ON SEQUENCE app.x"),
    "function": (
        "FUNCTION app.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "FUNCTION app.x()",
        "EXECUTE ON ALL FUNCTIONS IN SCHEMA app",
        "EXECUTE ON FUNCTION app.x()",
    ),
    "type": ("DOMAIN app.x AS int", "DOMAIN app.x", "", "USAGE ON TYPE app.x"),
    "schema": ("SCHEMA x", "SCHEMA x", "", "USAGE ON SCHEMA x"),
    "server": ("SERVER x FOREIGN DATA WRAPPER wrapper", "SERVER x", "", "USAGE ON FOREIGN SERVER x"),
}
RULED = sorted(kind for kind, case in DROPPED.items() if case[2])
RACES = [
    ("40001", "could not serialize access", True),
    ("40P01", "deadlock detected", True),
    ("55P03", "canceling statement due to lock timeout", True),
    ("55006", "source database is being accessed by other users", True),
    ("42P01", 'relation "s.x" does not exist', True),
    ("42703", "column does not exist", True),
    ("42883", "function s.x() does not exist", True),
    ("42704", 'role "bob" does not exist', True),
    ("42704", "role 16384 was concurrently dropped", True),
    ("42704", "referenced schema was concurrently dropped", True),
    ("42710", 'role "bob" already exists', True),
    ("42809", '"x" is not a sequence', True),
    ("3F000", 'schema "y" does not exist', True),
    ("42P06", 'schema "y" already exists', True),
    ("3D000", 'database "e" does not exist', True),
    ("42P04", 'database "e" already exists', True),
    ("XX000", "tuple concurrently updated", True),
    ("XX000", "tuple concurrently deleted", True),
    ("XX000", "cache lookup failed for relation 16386", True),
    ("XX000", "cache lookup failed for attribute 1 of relation 16386", True),
    ("XX000", "could not open relation with OID 16386", True),
    ("XX000", "could not find tuple for default ACL 16390", True),
    ("XX000", "invalid memory alloc request size", False),
    ("42501", "permission denied", False),
    ("42601", "syntax error", False),
    ("57014", "canceling statement due to user request", False),
    ("53100", "could not extend file", False),
]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSES", (0.01,) * 5)


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A database with a schema of somebody's, and roles to grant to."""
    with tidied(server):
        logins(server, "own", "ann", "ben")
        sql(server, "CREATE DATABASE shop OWNER own")
        sql(server, "CREATE SCHEMA app AUTHORIZATION own;\nCREATE FOREIGN DATA WRAPPER wrapper", "shop")
        yield server


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch, model: Server) -> Meanwhile:
    """Let somebody else run statements once, after the plan is made and before it is carried out."""

    def meanwhile(*statements: str, database: str = "shop") -> None:
        left = list(statements)
        execute = apply.execute

        def interrupted(here: connection.Connection, changes: Sequence[Any]) -> list[str]:
            while left:
                sql(model, left.pop(0), database)
            return execute(here, changes)

        monkeypatch.setattr(apply, "execute", interrupted)

    return meanwhile


def objects(server: Server, rule: str) -> Result:
    """Apply one rule to the objects of the database."""
    privileges = [f"GRANT {rule} TO ann"]
    return outcome(pg_object_privs, databases=["shop"], privileges=privileges, **login(server))


@pytest.mark.parametrize("kind", RULED)
def test_an_object_that_is_dropped_before_its_grant_is_left_out_of_all(
    model: Server, meanwhile: Meanwhile, kind: str
) -> None:
    create, drop, rule, _named = DROPPED[kind]
    sql(model, f"CREATE {create};\nCREATE {create.replace('app.x', 'app.y')}", "shop")
    meanwhile(f"DROP {drop}")
    result = objects(model, rule)
    assert "msg" not in result
    assert "app.y" in str(result["sql"])
    assert "app.x" not in str(result["sql"])
    assert not objects(model, rule)["changed"]


@pytest.mark.parametrize("kind", sorted(DROPPED))
def test_an_object_that_is_dropped_before_its_grant_by_name_is_named(
    model: Server, meanwhile: Meanwhile, kind: str
) -> None:
    create, drop, _rule, named = DROPPED[kind]
    sql(model, f"CREATE {create}", "shop")
    meanwhile(f"DROP {drop}")
    result = objects(model, named)
    assert result["failed"]
    assert any(text in result["msg"] for text in ("no such", "there is no", "has no column")), result["msg"]
    assert "database shop: database shop" not in result["msg"]
    assert "app.x" in result["msg"] or " x" in result["msg"]


def test_a_table_that_becomes_a_view_meanwhile_is_granted_as_what_it_is(model: Server, meanwhile: Meanwhile) -> None:
    sql(model, "CREATE SEQUENCE app.x;\nCREATE SEQUENCE app.y", "shop")
    meanwhile("DROP SEQUENCE app.x", "CREATE TABLE app.x ()")
    assert "msg" not in objects(model, "USAGE ON ALL SEQUENCES IN SCHEMA app")


def test_a_group_that_is_dropped_meanwhile_is_named(model: Server, meanwhile: Meanwhile) -> None:
    sql(model, "CREATE ROLE readers")
    meanwhile("DROP ROLE readers")
    result = outcome(pg_role_set, roles=[{"name": "ann", "roles": ["readers"]}], **login(model))
    assert "readers" in result["msg"]
    assert "internal error" not in result["msg"]


def test_a_role_that_somebody_else_makes_meanwhile_is_taken(model: Server, meanwhile: Meanwhile) -> None:
    meanwhile("CREATE ROLE new LOGIN CREATEDB")
    result = call(pg_role_set, roles=[{"name": "new", "createdb": False}], **login(model))
    assert [change["action"] for change in result["changes"]] == ["alter role"]
    assert sql(model, "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'new'") == [(False,)]


def test_a_schema_that_somebody_else_makes_meanwhile_is_taken(model: Server, meanwhile: Meanwhile) -> None:
    meanwhile("CREATE SCHEMA new")
    items = [{"name": "shop", "schemas": [{"name": "new", "owner": "own"}]}]
    result = call(pg_db_isolation, databases=items, **login(model))
    assert [change["action"] for change in result["changes"]] == ["alter owner"]


def test_a_creator_that_is_dropped_meanwhile_is_named(model: Server, meanwhile: Meanwhile) -> None:
    meanwhile("DROP ROLE ben")
    privileges = ["GRANT SELECT ON TABLES TO ann"]
    result = outcome(pg_default_privs, databases=["shop"], creators=["ben"], privileges=privileges, **login(model))
    assert "ben" in result["msg"]
    assert "internal error" not in result["msg"]


def test_a_default_that_somebody_else_grants_meanwhile_is_taken(model: Server, meanwhile: Meanwhile) -> None:
    meanwhile("ALTER DEFAULT PRIVILEGES FOR ROLE own GRANT SELECT ON TABLES TO ann")
    privileges = ["GRANT SELECT ON TABLES TO ann"]
    where = {"databases": ["shop"], "creators": ["own"], "privileges": privileges}
    assert "msg" not in outcome(pg_default_privs, **where, **login(model))
    assert not call(pg_default_privs, **where, **login(model))["changed"]


def test_a_database_that_is_dropped_meanwhile_is_named(model: Server, meanwhile: Meanwhile) -> None:
    sql(model, "CREATE SCHEMA other", "shop")
    items = [{"name": "shop", "revokeconn": True, "connect": ["ann"]}]
    meanwhile("DROP DATABASE shop", database="postgres")
    result = outcome(pg_db_isolation, databases=items, **login(model))
    assert "internal error" not in str(result.get("msg", ""))
    assert "shop" in str(result.get("msg", "database shop"))


def test_a_database_that_goes_while_all_are_read_is_left_out(cluster: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    sql(cluster, "CREATE ROLE own;\nCREATE ROLE ann;\nCREATE DATABASE passing")
    opened = apply.connect

    def late(where: connection.Login, database: str | None = None) -> connection.Connection:
        if database == "passing":
            sql(cluster, "DROP DATABASE IF EXISTS passing")
        return opened(where, database)

    monkeypatch.setattr(apply, "connect", late)
    privileges = ["GRANT SELECT ON TABLES TO ann"]
    result = call(pg_default_privs, databases="all", creators=["own"], privileges=privileges, **login(cluster))
    assert {change["database"] for change in result["changes"]} == {"postgres", "template1"}


READS: dict[str, tuple[Any, dict[str, Any]]] = {
    "roles": (pg_role_set, {"roles": [{"name": "ann", "roles": []}], "mode": "exact"}),
    "isolation": (pg_db_isolation, {"databases": [{"name": "shop", "schemas": ["app"]}]}),
    "defaults": (
        pg_default_privs,
        {"databases": ["shop"], "creators": ["own"], "privileges": ["GRANT SELECT ON TABLES TO ann"], "mode": "exact"},
    ),
    "objects": (
        pg_object_privs,
        {
            "databases": ["shop"],
            "privileges": ["REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC"],
            "mode": "exact",
        },
    ),
    "info": (pg_access_info, {"gather": ["server", "roles", "databases", "privileges", "default_privileges"]}),
}
LATER = [
    "DROP FUNCTION app.f(int)",
    "DROP TABLE app.t",
    "DROP DOMAIN app.d",
    "DROP SCHEMA gone",
    "DROP OWNED BY ben",
    "DROP ROLE ben",
]


@pytest.mark.parametrize("what", sorted(READS))
def test_what_is_dropped_while_it_is_read_is_never_planned_by_number(
    model: Server, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    made = "CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';\nCREATE TABLE app.t (a int);\n"
    made += "CREATE DOMAIN app.d AS int;\nCREATE SCHEMA gone AUTHORIZATION ben;\nGRANT ALL ON app.t TO ben;\n"
    made += "ALTER DEFAULT PRIVILEGES FOR ROLE own GRANT SELECT ON TABLES TO ben"
    sql(model, made, "shop")
    init, left = connection.Connection.__init__, list(LATER)

    def on_an_old_snapshot(self: connection.Connection, *arguments: Any) -> None:
        init(self, *arguments)
        if left and self.server.database == "shop":
            self.rows("BEGIN ISOLATION LEVEL REPEATABLE READ")
            self.rows("SELECT 1 FROM pg_catalog.pg_class")
            while left:
                sql(model, left.pop(0), "shop")

    monkeypatch.setattr(connection.Connection, "__init__", on_an_old_snapshot)
    module, params = READS[what]
    result = call(module, check=True, **params, **login(model), **READ_ONLY)
    if what != "roles":
        assert not left
    numbers = [line for line in result.get("sql", ()) if any(word.isdigit() for word in line.rstrip(";").split())]
    assert numbers == []


SLOW = """
CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('application_name') = 'leastpriv.pgsql' THEN PERFORM pg_sleep(0.8); END IF;
END $$
"""


def test_a_deadlock_with_somebody_else_ends_and_the_run_succeeds(model: Server) -> None:
    sql(model, "CREATE TABLE app.x (a int);\nCREATE TABLE app.y (b int)", "shop")
    with closing(servers.connect(model, "shop")) as other, other.cursor() as cursor:
        cursor.execute(SLOW)
        cursor.execute("CREATE EVENT TRIGGER slow ON ddl_command_end EXECUTE FUNCTION slow()")
        cursor.execute("ALTER DATABASE shop SET deadlock_timeout TO '50ms'")
        cursor.execute("SET deadlock_timeout TO '20s'")
        cursor.execute("BEGIN")
        cursor.execute("GRANT SELECT ON app.y TO ben")
        crossing = threading.Timer(0.5, cursor.execute, ["GRANT SELECT ON app.x TO ben; COMMIT"])
        crossing.start()
        privileges = ["GRANT SELECT ON app.x TO ann", "GRANT INSERT ON app.y TO ann"]
        result = call(pg_object_privs, databases=["shop"], privileges=privileges, lock_timeout=20, **login(model))
        crossing.join()
    assert result["changed"]
    acls = str(sql(model, "SELECT relacl::text FROM pg_class WHERE relname IN ('x', 'y')", "shop"))
    assert (acls.count("ann="), acls.count("ben=")) == (2, 2)
    assert "deadlock detected" in model.log_file.read_text()


@pytest.mark.parametrize(("state", "message", "passing"), RACES)
def test_these_errors_are_tried_again_and_no_others(state: str, message: str, passing: bool) -> None:
    assert retry.is_passing(errors.ServerError(message, state)) is passing


def test_a_twice_used_key_is_tried_again_in_a_catalog_only() -> None:
    assert retry.is_passing(errors.ServerError("duplicate key", "23505", catalog="pg_default_acl"))
    assert not retry.is_passing(errors.ServerError("duplicate key", "23505"))


def test_who_is_waiting_is_asked_only_after_a_lock_timeout(model: Server) -> None:
    where = connection.Login({"host": str(model.socket_dir), "port": str(model.port), "user": "postgres"}, "postgres")
    with closing(connection.connect(where)) as here, closing(servers.connect(model)) as other:
        here.rows("SELECT 1")
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leastpriv.pgsql'")
            assert cursor.fetchall() == [(1,)]
