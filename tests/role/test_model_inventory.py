"""An inventory of the access model, with every key and much that isn't about access, works as it is."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import (
    DATABASE_GRANT_ITEM,
    DATABASE_ITEM,
    EXTENSION_ITEM,
    MEMBERSHIP_ITEM,
    ROLE_ITEM,
    SCHEMA_ITEM,
)

from testbed import servers
from tests.role.model import DATABASES, OTHERS, USERS
from tests.role.runs import LOCAL, Run, ok

PASSWORDS = {
    "pg_admin_password": "right-Admin-77",
    "pg_monitor_password": "",
    "pg_replication_password": "right-Replication-77",
}


def keys(items: list[Any]) -> set[str]:
    """All keys of the dictionaries among the items."""
    return {key for item in items if isinstance(item, dict) for key in item}


@pytest.fixture(scope="module")
def runs(run: Callable[..., Run], query: Callable, server: servers.Server, tmp_path_factory: Any) -> list[Run]:
    """Check, apply and apply again, the first and the last on a read-only connection."""
    query('CREATE ROLE "dbuser_former"')
    query("CREATE DATABASE existing TEMPLATE template0")
    query("CREATE DATABASE leaving")
    query("CREATE ROLE dbrole_readonly")
    query("CREATE ROLE dbuser_moved LOGIN IN ROLE dbrole_readonly")
    login = {"login_unix_socket": str(server.socket_dir), "login_port": server.port, "login_user": "postgres"}
    variables = {**OTHERS, **PASSWORDS, "pg_users": USERS, "pg_databases": DATABASES, "pgsql_access_login": login}
    inventory: Path = tmp_path_factory.mktemp("model") / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"pg-meta-1": {**LOCAL, **variables}}}}))
    proof = {"pgsql_access_login": {**login, "connect_params": {"options": "-c default_transaction_read_only=on"}}}
    calls: list[tuple[list[str], dict[str, Any]]] = [(["--check", "--diff"], proof), (["--diff"], {}), ([], proof)]
    return [run(*arguments, inventory=[inventory], **more) for arguments, more in calls]


def test_every_key_that_the_modules_know_is_used():
    assert keys(USERS) == set(ROLE_ITEM)
    assert keys(DATABASES) == set(DATABASE_ITEM)
    assert keys([part for item in USERS for part in item.get("roles") or []]) == set(MEMBERSHIP_ITEM)
    assert keys([part for item in DATABASES for part in item.get("schemas") or []]) == set(SCHEMA_ITEM)
    assert keys([part for item in DATABASES for part in item.get("extensions") or []]) == set(EXTENSION_ITEM)
    assert keys([part for item in DATABASES for part in item.get("grants") or []]) == set(DATABASE_GRANT_ITEM)


def test_the_apply_makes_the_changes_that_check_mode_named(runs: list[Run]):
    check, apply, _again = runs
    assert ok(apply).changes() == ok(check).changes()


def test_what_waits_for_the_databases_is_done_after_them(runs: list[Run]):
    deferred = [summary for task, summary in runs[1].changes() if "drop the roles that are to go" in task]
    assert any("dbuser_former" in summary for summary in deferred)
    assert any("statement_timeout" in summary for summary in deferred)


def test_the_second_run_changes_nothing_on_a_read_only_connection(runs: list[Run]):
    assert ok(runs[2]).changed == 0


def test_users_are_as_declared(runs: list[Run], query: Callable):
    role = "SELECT rolconnlimit, rolvaliduntil IS NOT NULL, rolconfig FROM pg_roles WHERE rolname = 'dbuser_model'"
    ((connlimit, expires, config),) = query(role)
    assert (connlimit, expires) == (-1, True)
    assert sorted(config) == ["log_min_duration_statement=1000", "search_path=model, public", "work_mem=8MB"]
    dated = "SELECT rolcanlogin, rolconnlimit, rolvaliduntil::date FROM pg_roles WHERE rolname = 'dbuser_dated'"
    assert query(dated) == [(False, 7, datetime.date(2031, 1, 31))]
    assert query("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'dbuser_null'") == [(True,)]
    assert query("SELECT 1 FROM pg_roles WHERE rolname = 'dbuser_former'") == []


def test_databases_are_as_declared(runs: list[Run], query: Callable):
    database = "SELECT datconnlimit, datdba::regrole::text FROM pg_database WHERE datname = 'model'"
    assert query(database) == [(50, "dbuser_model")]
    assert query("SELECT count(*) FROM pg_database WHERE datname IN ('existing', 'plain')") == [(2,)]
    per_database = "SELECT setconfig FROM pg_db_role_setting WHERE setrole <> 0 AND setdatabase <> 0"
    assert query(per_database) == [(["statement_timeout=5s"],)]


def test_a_users_item_adds_keys_to_the_default_roles_item(runs: list[Run], query: Callable):
    dba = "SELECT rolsuper, rolconnlimit FROM pg_roles WHERE rolname = 'dbuser_dba'"
    assert query(dba) == [(True, 16)]


def test_the_variables_password_wins_over_the_items_own(runs: list[Run], query: Callable):
    who = {"user": "dbuser_dba", "password": PASSWORDS["pg_admin_password"]}
    assert query("SELECT current_user", "model", **who) == [("dbuser_dba",)]


def test_an_empty_password_is_not_managed(runs: list[Run], query: Callable):
    monitor = "SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'dbuser_monitor'"
    assert query(monitor) == [(True, None)]


def test_keys_without_effect_are_named_in_warnings(runs: list[Run]):
    assert "pool_size_reserve is now pool_reserve" in runs[1].said


def test_a_database_has_the_locale_that_is_declared(runs: list[Run], query: Callable):
    assert query("SELECT upper('\u00e9')", "unicode") == [("\u00c9",)]
