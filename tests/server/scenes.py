"""Servers as they are before a run, and runs over roles and three databases: what the tests of faults interrupt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from testbed import servers
from tests.server import modules
from tests.server.faults import VERIFIER
from tests.server.isolation import PASSWORD, sql

Prepare = Callable[[servers.Server], None]
DATABASES = ("alpha", "beta", "gamma")


@dataclass(frozen=True)
class Scene:
    """What is there, who runs which module with what, and how many steps are committed."""

    name: str
    module: str
    prepare: Prepare
    params: dict[str, Any]
    steps: int
    user: str | None = None

    def arguments(self, server: servers.Server, **more: Any) -> dict[str, Any]:
        """Give what the module is called with."""
        who = modules.login(server, self.user, PASSWORD) if self.user else modules.login(server)
        where = {"login_host": "127.0.0.1"} if self.user else {}
        if where:
            del who["login_unix_socket"]
        return {**who, **where, **self.params, "_ansible_diff": True, **more}


def manager(server: servers.Server, attributes: str) -> None:
    """Make a login without superuser."""
    sql(server, f"CREATE ROLE manager LOGIN {attributes} PASSWORD '{PASSWORD}'")


def administers(server: servers.Server, *names: str) -> None:
    """Let the manager act for roles: from 16 by ADMIN only, so that it lends itself the membership for a moment."""
    options = "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE" if server.version >= 16 else ""
    sql(server, ";\n".join(f"GRANT {name} TO manager {options}" for name in names))


# Roles: created, altered, memberships, passwords, settings; one that goes, with things in three databases.

BELONGINGS = """
CREATE SCHEMA app AUTHORIZATION old;
CREATE TABLE app.orders ();
ALTER TABLE app.orders OWNER TO old;
CREATE TABLE theirs ();
ALTER TABLE theirs OWNER TO heir;
ALTER DEFAULT PRIVILEGES FOR ROLE old GRANT SELECT ON TABLES TO reader
"""


def spread(server: servers.Server, granted: str = "GRANT SELECT ON theirs TO old") -> None:
    """Let old have something in three databases."""
    sql(server, f"CREATE ROLE old LOGIN PASSWORD '{VERIFIER}';\nCREATE ROLE heir;\nCREATE ROLE reader")
    sql(server, f"CREATE ROLE ann LOGIN PASSWORD '{VERIFIER}' CONNECTION LIMIT 3;\nGRANT old TO ann")
    for name in DATABASES:
        sql(server, f"CREATE DATABASE {name} OWNER heir")
        sql(server, f"{BELONGINGS};\n{granted}", name)


def spread_for_manager(server: servers.Server) -> None:
    """The same, with a login that isn't a superuser, who from 16 can't take back what heir has granted."""
    spread(server, "GRANT SELECT ON theirs TO old" if server.version < 16 else "SELECT 1")
    manager(server, "CREATEROLE CREATEDB")
    administers(server, "old", "heir", "reader", "ann")


ROLES = [
    {"name": "writer", "login": False, "comment": "writes", "roles": ["reader"]},
    {"name": "bob", "password": "bobs own password", "roles": ["reader", "writer"], "connlimit": 5},
    {
        "name": "ann",
        "password": "anns new password",
        "connlimit": -1,
        "roles": ["writer"],
        "parameters": {"work_mem": "8MB"},
    },
    {"name": "old", "state": "absent", "reassign_to": "heir"},
]

# Databases: one to make, two to change, one to drop.


def houses(server: servers.Server) -> None:
    """Make databases to change and to drop."""
    sql(server, "CREATE ROLE own;\nCREATE ROLE own2;\nCREATE ROLE ann LOGIN;\nCREATE ROLE eve LOGIN;\nCREATE ROLE adm")
    sql(server, "CREATE DATABASE beta OWNER own;\nCREATE DATABASE gamma OWNER own;\nCREATE DATABASE gone OWNER own")
    sql(server, "GRANT CONNECT ON DATABASE beta TO eve;\nALTER DATABASE gone IS_TEMPLATE true")


def houses_for_manager(server: servers.Server) -> None:
    """The same, with a login that isn't a superuser, and owns nothing."""
    houses(server)
    manager(server, "CREATEDB")
    sql(
        server,
        "CREATE ROLE other;\nGRANT own, own2 TO manager;\nGRANT CONNECT ON DATABASE beta TO other WITH GRANT OPTION",
    )
    sql(server, "SET ROLE other;\nGRANT CONNECT ON DATABASE beta TO eve;\nRESET ROLE")
    administers(server, "other")


RULES = ["GRANT USAGE ON SCHEMAS TO ann", "GRANT CREATE ON SCHEMAS TO adm"]


def items(*more: str) -> list[dict[str, Any]]:
    """Declare the databases, with more who may connect."""
    inside = {"schemas": ["app", "log"], "extensions": ["hstore"]}
    return [
        {"name": "alpha", "owner": "own", "revokeconn": True, "connect": ["ann", *more], "comment": "new", **inside},
        {"name": "beta", "owner": "own2", "revokeconn": True, "connect": ["ann", *more], **inside},
        {"name": "gamma", "connlimit": 7, "parameters": {"work_mem": "8MB"}, **inside},
        {"name": "gone", "state": "absent"},
    ]


# Default privileges and objects, in three databases.

OBJECTS = """
CREATE SCHEMA app AUTHORIZATION own;
SET ROLE own;
CREATE TABLE app.orders (id int, note text);
CREATE VIEW app.seen AS SELECT 1 AS one;
CREATE SEQUENCE app.numbers;
CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
GRANT INSERT, SELECT ON app.orders TO eve
"""


def rooms(server: servers.Server) -> None:
    """Make objects in three databases."""
    sql(server, "CREATE ROLE own;\nCREATE ROLE ann LOGIN;\nCREATE ROLE eve LOGIN")
    for name in DATABASES:
        sql(server, f"CREATE DATABASE {name};\nGRANT CREATE ON DATABASE {name} TO own")
        sql(server, OBJECTS, name)
        sql(server, "ALTER DEFAULT PRIVILEGES FOR ROLE own GRANT SELECT ON TABLES TO eve", name)


def rooms_for_manager(server: servers.Server) -> None:
    """The same, with a login that isn't a superuser."""
    rooms(server)
    manager(server, "CREATEROLE")
    administers(server, "own")


DEFAULTS = {
    "databases": list(DATABASES),
    "creators": ["own"],
    "mode": "exact",
    "privileges": ["GRANT SELECT, INSERT ON TABLES TO ann", "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"],
}
GRANTS = {
    "databases": list(DATABASES),
    "mode": "exact",
    "owners": ["own"],
    "privileges": [
        "GRANT USAGE ON SCHEMA app TO ann",
        "GRANT SELECT ON ALL TABLES IN SCHEMA app TO ann",
        "GRANT UPDATE (note) ON TABLE app.orders TO ann",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA app TO ann",
    ],
}
ONE = {"jobs": 1}

# How many steps are committed: the first cluster's part, three databases, the cluster's last part, and so on.
SCENES = {
    scene.name: scene
    for scene in (
        Scene("roles", "pg_role_set", spread, {"roles": ROLES}, 5),
        Scene("roles by a manager", "pg_role_set", spread_for_manager, {"roles": ROLES}, 5, "manager"),
        Scene(
            "databases",
            "pg_db_isolation",
            houses,
            {"databases": items(), "schema_privileges": RULES, **ONE},
            7,
        ),
        Scene(
            "databases by a manager",
            "pg_db_isolation",
            houses_for_manager,
            {"databases": items("manager"), "schema_privileges": RULES, **ONE},
            7,
            "manager",
        ),
        Scene("default privileges", "pg_default_privs", rooms, {**DEFAULTS, **ONE}, 3),
        Scene(
            "default privileges by a manager", "pg_default_privs", rooms_for_manager, {**DEFAULTS, **ONE}, 3, "manager"
        ),
        Scene("privileges", "pg_object_privs", rooms, {**GRANTS, **ONE}, 3),
        Scene("privileges by a manager", "pg_object_privs", rooms_for_manager, {**GRANTS, **ONE}, 3, "manager"),
    )
}
