"""What the role's variables mean for the modules' options, and for the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from testbed import servers
from tests.role.runs import Run, hosts, ok

NOBODY = dict.fromkeys(("pg_replication_username", "pg_monitor_username", "pg_admin_username"), "")
SMALL = {
    **NOBODY,
    "pg_default_roles": [],
    "pgsql_access_admin_role": "",
    "pg_users": [{"name": "reader"}, {"name": "owner"}],
    "pg_databases": [{"name": "declared", "owner": "owner", "revokeconn": True, "schemas": ["data"]}],
    "pg_default_privileges": [
        "GRANT SELECT ON TABLES TO reader",
        {"privs": ["USAGE"], "on": "SCHEMAS", "to": "reader"},
        "REVOKE CREATE ON SCHEMAS FROM reader",
    ],
}
OTHERS = {
    "pgsql_access_mode": "exact",
    "pgsql_access_memberships": "additive",
    "pgsql_access_parameters_mode": "additive",
    "pgsql_access_update_password": "on_create",
    "pgsql_access_expire_renew_days": 3,
    "pgsql_access_scram_iterations": 5000,
    "pgsql_access_allow_self": True,
    "pgsql_access_jobs": 1,
    "pgsql_access_lock_timeout": 2.5,
    "pgsql_access_verify": False,
    "pgsql_access_revoke_create": False,
    "pgsql_access_all_owners": True,
    "pgsql_access_creators": ["owner"],
    "pgsql_access_admin_role": "reader",
    "pg_admin_username": "owner",
    "pg_admin_password": "",
}
TASKS = {
    "roles": "Provision the roles",
    "databases": "Provision the databases and who may connect",
    "default_privileges": "Provision the default privileges",
    "objects": "Provision the privileges on what is there",
}
RULES = SMALL["pg_default_privileges"]
AS_THEY_ARE = {"superuser": None, "inherit": None, "roles": None, "revoked_roles": None, "roles_exact": False}
ASSUMED_ROLES = [{"name": name, **AS_THEY_ARE} for name in ("reader", "owner")]
ASSUMED_DATABASES = [
    {
        "name": "declared",
        "state": "present",
        "owner": "owner",
        "template": None,
        "allowconn": None,
        "schemas": ["data"],
        "schema_privileges": [
            {"schema": "data", "role": "reader", "privs": ["USAGE"], "state": "present"},
            {"schema": "data", "role": "reader", "privs": ["CREATE"], "state": "absent"},
        ],
    }
]


@pytest.fixture(scope="module")
def small(run: Callable[..., Run], server: servers.Server, query: Callable) -> Callable[..., Run]:
    """Run site.yml with few roles on a server that has a database which nobody declares."""
    query("CREATE ROLE stray_owner")
    query("CREATE DATABASE stray OWNER stray_owner")
    login = {"login_unix_socket": str(server.socket_dir), "login_port": server.port, "login_user": server.superuser}

    def small(*arguments: str, **more: Any) -> Run:
        inventory = hosts(small={**SMALL, "pgsql_access_login": login})
        return ok(run(*arguments, inventory=[inventory], **more))

    return small


@pytest.fixture(scope="module")
def story(small: Callable[..., Run]) -> dict[str, Run]:
    """Checks with other options and with the defaults on an empty cluster, an apply, and a check with all owners."""
    return {
        "others": small("--check", **OTHERS),
        "defaults": small("--check"),
        "apply": small(),
        "all_owners": small("--check", "--tags", "pgsql_access_default_privileges", pgsql_access_all_owners=True),
    }


def given(run: Run, part: str) -> dict[str, Any]:
    """The options that a part's module got."""
    (entry,) = run.of(task=TASKS[part])
    return entry["result"]["invocation"]["module_args"]


EXPECTED = {
    ("others", "roles"): {
        "mode": "exact",
        "memberships": "additive",
        "parameters_mode": "additive",
        "update_password": "on_create",
        "expire_renew_days": 3,
        "scram_iterations": 5000,
        "allow_self": True,
        "lock_timeout": 2.5,
        "verify": False,
        "defer": ["absent", "database_parameters"],
        "assume": {"roles": [], "databases": []},
    },
    ("others", "databases"): {
        "mode": "exact",
        "jobs": 1,
        "lock_timeout": 2.5,
        "verify": False,
        "revoke_create": False,
        "public_schema_in": [],
        "allow_self": True,
        "admin_role": "reader",
        "admin_user": "owner",
        "replication_user": None,
        "monitor_user": None,
        "schema_privileges": RULES[1:],
        "assume": {"roles": ASSUMED_ROLES, "databases": []},
    },
    ("others", "default_privileges"): {
        "mode": "exact",
        "jobs": 1,
        "lock_timeout": 2.5,
        "verify": False,
        "databases": "all",
        "creators": ["owner"],
        "privileges": RULES,
        "assume": {"roles": ASSUMED_ROLES, "databases": ASSUMED_DATABASES},
    },
    ("defaults", "roles"): {
        "mode": "additive",
        "memberships": None,
        "parameters_mode": None,
        "update_password": "always",
        "expire_renew_days": None,
        "scram_iterations": None,
        "allow_self": False,
        "verify": True,
    },
    ("defaults", "databases"): {
        "mode": "additive",
        "jobs": None,
        "verify": True,
        "revoke_create": True,
        "public_schema_in": ["template1", "postgres"],
        "admin_role": None,
        "admin_user": None,
    },
    ("defaults", "default_privileges"): {"creators": ["postgres", {"database_owner": ["declared"]}]},
    ("all_owners", "default_privileges"): {"creators": ["postgres", {"database_owner": True}]},
}


@pytest.mark.parametrize(("name", "part"), EXPECTED)
def test_a_module_gets_the_options_of_the_variables(story: dict[str, Run], name: str, part: str):
    options = given(story[name], part)
    assert {option: options[option] for option in EXPECTED[name, part]} == EXPECTED[name, part]


def test_the_modules_are_called_in_their_order_and_the_last_only_where_something_waited(story: dict[str, Run]):
    names = [entry["task"].partition(" : ")[2] for entry in story["apply"].results if "sql" in entry["result"]]
    assert names == list(TASKS.values())


def test_owners_of_undeclared_databases_are_creators_only_where_asked_for(story: dict[str, Run], query: Callable):
    assert query("SELECT 1 FROM pg_default_acl WHERE defaclrole = 'stray_owner'::regrole", "stray") == []
    said = [summary for _task, summary in story["all_owners"].changes()]
    assert said
    assert [summary for summary in said if "stray_owner" not in summary] == []


def test_who_is_not_given_gets_nothing(story: dict[str, Run], query: Callable):
    roles = query("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1")
    assert roles == [("owner",), ("postgres",), ("reader",), ("stray_owner",)]


def test_rules_about_schemas_count_for_declared_schemas(story: dict[str, Run], query: Callable):
    assert query("SELECT has_schema_privilege('reader', 'data', 'USAGE')", "declared") == [(True,)]
