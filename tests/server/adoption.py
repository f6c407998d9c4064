"""What the tests of adoption share: clusters with a history, the declaration of a live one, and its plan."""

from __future__ import annotations

from typing import Any

from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_access_info,
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)

from testbed import servers
from tests.server import modules
from tests.server.isolation import READ_ONLY

Variables = dict[str, Any]


def adopted(server: servers.Server, **params: Any) -> Variables:
    """Give the declaration of a live cluster, read without writing."""
    return facts(server, gather=["declaration"], **params)["declaration"]


def facts(server: servers.Server, **params: Any) -> modules.Result:
    """Run pg_access_info, which never changes anything."""
    result = modules.call(pg_access_info, **{**modules.login(server), **READ_ONLY, **params})
    assert (result["changed"], result["warnings"]) == (False, [])
    return result


def planned(server: servers.Server, variables: Variables) -> list[str]:
    """Plan a declaration as the role would hand it to the modules, and give the sentences of all changes."""
    found: list[str] = []
    for module, params in calls(variables):
        result = modules.call(module, True, **modules.login(server), **READ_ONLY, **params)
        found += [change["summary"] for change in result["changes"]]
    return found


def applied(server: servers.Server, variables: Variables) -> None:
    """Apply a declaration as the role would."""
    for module, params in calls(variables):
        modules.call(module, **modules.login(server), **params)


def calls(variables: Variables) -> list[tuple[Any, dict[str, Any]]]:
    """Give the modules with the parameters that the role makes of the variables."""
    mode = {"mode": variables["pgsql_access_mode"], "assume": {"roles": [], "databases": []}}
    databases = variables["pg_databases"]
    return [
        (pg_role_set, {**mode, "roles": variables["pg_default_roles"] + variables["pg_users"]}),
        (
            pg_db_isolation,
            {
                **mode,
                "databases": databases,
                "revoke_create": variables["pgsql_access_revoke_create"],
                "public_schema_in": variables["pgsql_access_public_schema_in"],
            },
        ),
        (
            pg_default_privs,
            {
                **mode,
                "databases": "all",
                "creators": variables["pgsql_access_creators"],
                "privileges": variables["pg_default_privileges"],
            },
        ),
        (
            pg_object_privs,
            {
                **mode,
                "databases": [item["name"] for item in databases if item["allowconn"]],
                "privileges": variables["pgsql_access_object_privileges"],
                "grantees": variables["pgsql_access_grantees"],
            },
        ),
    ]
