"""An inventory that uses every key of the access model loads, works, and then changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import (
    DATABASE_GRANT_ITEM,
    DATABASE_ITEM,
    EXTENSION_ITEM,
    MEMBERSHIP_ITEM,
    ROLE_ITEM,
    SCHEMA_ITEM,
)

READ_ONLY = {"embedded_connect_params": {"options": "-c default_transaction_read_only=on"}}
USERS = [
    {
        "name": "dbuser_model",
        "state": "create",
        "password": "right-Model-77",
        "login": True,
        "superuser": False,
        "createdb": False,
        "createrole": False,
        "inherit": True,
        "replication": False,
        "bypassrls": False,
        "pgbouncer": True,
        "connlimit": -1,
        "expire_in": 3650,
        "expire_at": "2030-12-31",
        "comment": "a user with every key, and a quote: '",
        "roles": [
            "dbrole_readonly",
            {"name": "dbrole_readwrite", "state": "grant", "admin": False, "inherit": True, "set": True},
            {"name": "dbrole_offline", "state": "revoke"},
            {"name": "dbrole_admin", "state": "absent"},
        ],
        "parameters": {"log_min_duration_statement": 1000, "work_mem": "8MB", "lock_timeout": "DEFAULT"},
        "search_path": ["model", "public"],
        "database_parameters": {"model": {"statement_timeout": "5s"}},
        "pool_mode": "session",
        "pool_connlimit": -1,
    },
    {"name": "dbuser_infinite", "expire_at": "infinity", "password": "right-Infinite-77", "roles": ["dbrole_admin"]},
    {"name": "dbuser_former", "state": "absent"},
]
DATABASES = [
    {
        "name": "model",
        "state": "create",
        "owner": "dbuser_model",
        "template": "template0",
        "strategy": "wal_log",
        "encoding": "UTF8",
        "locale": "C",
        "lc_collate": "C",
        "lc_ctype": "C",
        "tablespace": "pg_default",
        "allowconn": True,
        "connlimit": 50,
        "revokeconn": True,
        "revoketemp": True,
        "revoke_create": True,
        "connect": ["dbrole_readonly"],
        "deny_connect": ["dbrole_offline"],
        "grants": [{"role": "dbrole_admin", "privs": ["TEMP"], "grant_option": False}],
        "comment": "a database with every key",
        "parameters": {"work_mem": "16MB"},
        "schemas": ["model", {"name": "shared", "owner": "dbuser_infinite", "state": "create"}],
        "extensions": [
            "btree_gist",
            {"name": "pg_trgm", "schema": "public", "version": "1.6", "state": "create"},
        ],
        "baseline": "model.sql",
        "register_datasource": True,
        "pgbouncer": True,
        "pool_mode": "transaction",
        "pool_size": 64,
        "pool_size_min": 0,
        "pool_reserve": 32,
        "pool_connlimit": 100,
        "pool_auth_user": "dbuser_monitor",
        "pool_size_reserve": 32,
        "pool_max_db_conn": 100,
        "is_template": False,
        "force": False,
        "cascade": False,
        "terminate": False,
    },
    {
        "name": "existing",
        "revokeconn": False,
        "locale_provider": "libc",
        "icu_locale": "en",
        "icu_rules": "&a < b",
        "builtin_locale": "C",
    },
    {"name": "plain"},
]


def keys(items: list[Any]) -> set[str]:
    """All keys of the dictionaries among the items."""
    return {key for item in items if isinstance(item, dict) for key in item}


@pytest.fixture(scope="module")
def runs(play: Any, query: Any) -> Any:
    query('CREATE ROLE "dbuser_former"')
    query("CREATE DATABASE existing TEMPLATE template0")
    declared = {"pg_users": USERS, "pg_databases": DATABASES, "pgsql_access_mode": "additive"}
    check = play("--check", "--diff", variables={**declared, **READ_ONLY})
    apply = play("--diff", variables=declared)
    again = play("--diff", variables={**declared, **READ_ONLY})
    return check, apply, again


def test_every_key_that_the_modules_know_is_used():
    assert keys(USERS) == set(ROLE_ITEM)
    assert keys(DATABASES) == set(DATABASE_ITEM)
    assert keys([part for item in USERS for part in item.get("roles", [])]) == set(MEMBERSHIP_ITEM)
    assert keys([part for item in DATABASES for part in item.get("schemas", [])]) == set(SCHEMA_ITEM)
    assert keys([part for item in DATABASES for part in item.get("extensions", [])]) == set(EXTENSION_ITEM)
    assert keys([part for item in DATABASES for part in item.get("grants", [])]) == set(DATABASE_GRANT_ITEM)


def test_the_inventory_is_applied_as_check_mode_said(runs: Any, succeeded: Any):
    check, apply, _again = runs
    assert succeeded(apply).changes() == succeeded(check).changes()


def test_the_second_run_changes_nothing_on_a_read_only_connection(runs: Any, succeeded: Any):
    _check, _apply, again = runs
    assert succeeded(again).changed == 0


def test_what_was_declared_is_there(runs: Any, query: Any):
    role = "SELECT rolconnlimit, rolvaliduntil IS NOT NULL, rolconfig FROM pg_roles WHERE rolname = 'dbuser_model'"
    ((connlimit, expires, config),) = query(role)
    assert (connlimit, expires) == (-1, True)
    assert sorted(config) == ["log_min_duration_statement=1000", "search_path=model, public", "work_mem=8MB"]
    database = "SELECT datconnlimit, datdba::regrole::text FROM pg_database WHERE datname = 'model'"
    assert query(database) == [(50, "dbuser_model")]
    assert query("SELECT 1 FROM pg_roles WHERE rolname = 'dbuser_former'") == []
    per_database = "SELECT setconfig FROM pg_db_role_setting WHERE setrole <> 0 AND setdatabase <> 0"
    assert query(per_database) == [(["statement_timeout=5s"],)]


def test_former_names_of_the_pools_keys_are_named_in_a_warning(runs: Any):
    assert "pool_size_reserve" in runs[1].output
