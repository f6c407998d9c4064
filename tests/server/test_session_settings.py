"""A login's own settings change nothing: not what is read, not what is planned, not what is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import connection
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_access_info

from testbed.servers import Server
from tests.server import crowd
from tests.server.isolation import READ_ONLY, sql
from tests.server.modules import call, login, outcome
from tests.width import WIDE

# Each of them would have a session read, compare, order, print or end something else. A server that
# doesn't know one of them is tested without it.
SETTINGS: dict[str, str] = {
    "search_path": "trap, pg_catalog",
    "row_security": "off",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "transform_null_equals": "on",
    "array_nulls": "off",
    "standard_conforming_strings": "off",
    "backslash_quote": "off",
    "escape_string_warning": "on",
    "bytea_output": "escape",
    "client_encoding": "LATIN1",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Pacific/Kiritimati",
    "extra_float_digits": "-15",
    "quote_all_identifiers": "on",
    "client_min_messages": "debug5",
    "lc_messages": "C",
    "lock_timeout": "1ms",
    "exit_on_error": "on",
    "operator_precedence_warning": "on",
    "session_replication_role": "replica",
    "enable_seqscan": "off",
    "enable_indexscan": "off",
    "enable_hashjoin": "off",
    "enable_sort": "off",
    "gin_fuzzy_search_limit": "1",
    "join_collapse_limit": "1",
    "work_mem": "64kB",
    "plan_cache_mode": "force_generic_plan",
    "check_function_bodies": "off",
    "default_tablespace": "no_such_tablespace",
    "createrole_self_grant": "set, inherit",
    "password_encryption": "md5",
    "jit": "on",
    "jit_above_cost": "0",
}
ADMIN = {"login_user": "admin", "login_password": "of the admin"}
LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "transaction_timeout")
EVERYTHING = {"gather": ["server", "roles", "databases", "privileges", "default_privileges", "declaration"]}


@pytest.fixture(scope="module")
def model(server: Server) -> Iterator[Server]:
    """Roles, databases and objects; a role whose name is a word for nothing; a schema of traps."""
    crowd.prepare(server)
    sql(server, "CREATE ROLE admin SUPERUSER LOGIN PASSWORD 'of the admin';\nCREATE SCHEMA trap")
    sql(server, 'CREATE ROLE "null";\nGRANT "null" TO u0')
    sql(server, "CREATE DOMAIN trap.text AS int;\nCREATE VIEW trap.pg_roles AS SELECT 1 AS nothing")
    sql(server, "CREATE FUNCTION trap.same(name, name) RETURNS bool LANGUAGE sql AS 'SELECT false'")
    sql(server, "CREATE OPERATOR trap.= (LEFTARG = name, RIGHTARG = name, FUNCTION = trap.same)")
    yield server
    for database in (*crowd.DATABASES, "d9"):
        sql(server, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    sql(server, "DROP SCHEMA trap CASCADE")
    for role in (*crowd.USERS, *crowd.GROUPS, "owner", "admin", '"null"'):
        sql(server, f"DROP ROLE {role}")


@pytest.fixture
def settings(model: Server, pg_version: int) -> dict[str, str]:
    """The settings that this server has."""
    known = {name for (name,) in sql(model, "SELECT lower(name) FROM pg_settings")}
    found = {name: value for name, value in SETTINGS.items() if name.lower() in known}
    assert len(found) >= len(SETTINGS) - 4, pg_version
    return found


def calls(server: Server) -> list[crowd.Call]:
    """Give a call of each module."""
    every = list(crowd.DATABASES)
    makers = [(crowd.roles, crowd.USERS), (crowd.isolation, every), (crowd.defaults, every), (crowd.objects, every)]
    return [make(server, names, **ADMIN) for make, names in makers]


def plans(server: Server) -> list[Any]:
    """Give what each module would do, and what there is, as the login reads it; no warning is allowed."""
    found: list[Any] = []
    for one in calls(server):
        result = crowd.Call(one.module, {**one.params, **READ_ONLY}).checked()
        assert (result.get("msg"), result["warnings"]) == (None, [])
        found.append((result["sql"], result["undo_sql"]))
    facts = call(pg_access_info, **EVERYTHING, **{**login(server), **ADMIN}, **READ_ONLY)
    return [*found, {name: facts[name] for name in EVERYTHING["gather"] if name != "declaration"}]


def test_none_of_a_logins_settings_changes_a_plan_or_a_fact(model: Server, settings: dict[str, str]) -> None:
    wanted = plans(model)
    assert all(lines for lines, _undo in wanted[:-1])
    for group in [[name] for name in settings] if WIDE else [list(settings)]:
        with set_on_the_login(model, {name: settings[name] for name in group}):
            assert (group, without_settings(plans(model))) == (group, without_settings(wanted))


@contextmanager
def set_on_the_login(server: Server, settings: dict[str, str]) -> Iterator[None]:
    """Set something for all sessions of the login, for the time being."""
    for name, value in settings.items():
        sql(server, f"ALTER ROLE admin SET {name} TO {value if ',' in value else repr(value)}")
    try:
        yield
    finally:
        sql(server, "ALTER ROLE admin RESET ALL")


def without_settings(found: list[Any]) -> list[Any]:
    """Leave the settings of the login itself out of what was found, and the place in the log, which moves on."""
    *planned, facts = found
    facts = {**facts, "server": {**facts["server"], "lsn": ""}}
    roles = [{**role, "parameters": {}} if role["name"] == "admin" else role for role in facts["roles"]]
    return [*planned, {**facts, "roles": roles}]


def test_with_all_of_them_at_once_every_module_applies_and_has_nothing_left_to_do(
    model: Server, settings: dict[str, str]
) -> None:
    with set_on_the_login(model, settings):
        for one in calls(model):
            result = one()
            assert (result.get("msg"), result["warnings"], result["changed"]) == (None, [], True)
        for one in calls(model):
            assert not crowd.Call(one.module, {**one.params, **READ_ONLY})()["changed"]
    for one in calls(model):
        assert not crowd.Call(one.module, {**one.params, **READ_ONLY})()["changed"]


def test_no_limit_of_time_of_a_logins_sessions_ends_a_run(model: Server) -> None:
    known = {name for (name,) in sql(model, "SELECT name FROM pg_settings")}
    where = connection.Login({**parse_socket(model), "user": "admin", "password": "of the admin"}, "postgres")
    with set_on_the_login(model, {name: "150ms" for name in LIMITS if name in known}):
        here = connection.connect(where)
        here.rows("SELECT pg_sleep(0.2)")
        time.sleep(0.2)
        with here.transaction(connection.CLUSTER_LOCK):
            time.sleep(0.2)
            here.rows("SELECT 1")
        here.close()


def parse_socket(server: Server) -> dict[str, str]:
    """Give libpq's parameters for a server."""
    return {"host": str(server.socket_dir), "port": str(server.port)}


def test_a_login_whose_sessions_are_read_only_is_told_so_and_nothing_is_changed(model: Server) -> None:
    with set_on_the_login(model, {"default_transaction_read_only": "on"}):
        declared = {"roles": [{"name": "u0", "createrole": True}], **login(model), **ADMIN}
        result = crowd.Call("pg_role_set", declared)()
        assert result["failed"]
        assert result["sqlstate"] == "25006"
        assert "read-only transaction" in result["msg"]
        assert "default_transaction_read_only" in result["msg"]


def test_a_login_that_becomes_a_weak_role_by_its_settings_is_refused_in_the_plan_or_converges(model: Server) -> None:
    """It may still become the owner of a database, for SET ROLE asks who has logged in."""
    with set_on_the_login(model, {"role": "u5"}):
        for one in calls(model):
            module, params = crowd.MODULES[one.module], {**one.params, "mode": "additive"}
            result = outcome(module, **params)
            assert result.get("failed") or not outcome(module, **params)["changed"]
            assert "sqlstate" not in result, result["msg"]
            assert "no connection" not in result.get("msg", "")
