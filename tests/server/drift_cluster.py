"""A cluster whose whole access is declared, to be changed by hand, audited and repaired."""

from __future__ import annotations

import copy
import dataclasses
from contextlib import closing
from types import ModuleType
from typing import Any

from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)
from ansible_collections.leastpriv.pgsql.plugins.plugin_utils.drift import report_of

from testbed import servers
from tests.server import modules

SHOP = "shop"
PASSWORD = "right-App-77"
ATTRIBUTES = ("superuser", "createdb", "createrole", "replication", "bypassrls")
SET_UP = {
    "postgres": [
        "CREATE ROLE owner",
        "SET allow_in_place_tablespaces = on",
        "CREATE TABLESPACE space LOCATION ''",
        "CREATE DATABASE shop OWNER owner",
    ],
    SHOP: [
        "CREATE SCHEMA app AUTHORIZATION owner",
        "CREATE TABLE app.plain (id int, note text)",
        "CREATE TABLE app.parted (id int) PARTITION BY LIST (id)",
        "CREATE VIEW app.seen AS SELECT 1 AS id",
        "CREATE MATERIALIZED VIEW app.kept AS SELECT 1 AS id",
        "CREATE SEQUENCE app.numbers",
        "CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION app.f(text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE PROCEDURE app.p(int) LANGUAGE sql AS 'SELECT 1'",
        "CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int)",
        "CREATE TYPE app.kind AS ENUM ('a')",
        "CREATE DOMAIN app.positive AS int",
        "CREATE FOREIGN DATA WRAPPER wrapper",
        "CREATE SERVER far FOREIGN DATA WRAPPER wrapper",
        "CREATE FOREIGN TABLE app.away (id int) SERVER far",
        "SELECT lo_create(4711)",
    ],
}
ROLES: list[dict[str, Any]] = [
    {"name": "postgres", "superuser": True},
    {"name": "owner", "login": False, "roles": []},
    {"name": "readers", "login": False},
    {"name": "writers", "login": False, "roles": []},
    {"name": "other", "login": False, "roles": [{"name": "writers", "admin": True}]},
    {"name": "leaver", "login": False},
    {"name": "bare", "login": False, "attributes": "exact", "roles": [], "parameters": {}},
    {
        "name": "app",
        "login": True,
        **dict.fromkeys(ATTRIBUTES, False),
        "inherit": True,
        "connlimit": 5,
        "expire_at": "2099-01-01",
        "password": PASSWORD,
        "comment": "the application",
        "roles": ["readers", {"name": "writers", "admin": False, "inherit": True, "set": True}],
        "parameters": {"work_mem": "8MB"},
        "database_parameters": {SHOP: {"statement_timeout": "5s"}},
    },
]
DATABASES: list[dict[str, Any]] = [
    {
        "name": SHOP,
        "owner": "owner",
        "revokeconn": True,
        "revoketemp": True,
        "revoke_create": True,
        "connect": ["app"],
        "grants": [{"role": "app", "privs": ["TEMP"], "grant_option": False}],
        "connlimit": 20,
        "comment": "the shop",
        "parameters": {"work_mem": "16MB"},
        "schemas": [{"name": "app", "owner": "owner"}, "spare"],
        "extensions": ["pg_trgm"],
    },
    {"name": "spare", "allowconn": True, "is_template": False, "connlimit": -1, "comment": ""},
]
DEFAULT_RULES = [
    "GRANT SELECT ON TABLES TO readers",
    "IN SCHEMA app GRANT INSERT ON TABLES TO writers",
    "GRANT USAGE ON TYPES TO PUBLIC",
    "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
]
# The class of an object, its name, and what readers have on it.
OBJECTS = {
    "SCHEMA app": "USAGE",
    "TABLE app.plain": "SELECT",
    "TABLE app.parted": "SELECT",
    "TABLE app.seen": "SELECT",
    "TABLE app.kept": "SELECT",
    "TABLE app.away": "SELECT",
    "SEQUENCE app.numbers": "USAGE",
    "FUNCTION app.f(int)": "EXECUTE",
    "PROCEDURE app.p(int)": "EXECUTE",
    "FUNCTION app.total(int)": "EXECUTE",
    "TYPE app.kind": "USAGE",
    "DOMAIN app.positive": "USAGE",
    "LANGUAGE sql": "USAGE",
    "FOREIGN DATA WRAPPER wrapper": "USAGE",
    "FOREIGN SERVER far": "USAGE",
    "LARGE OBJECT 4711": "SELECT",
    "TABLESPACE space": "CREATE",
}
OBJECT_RULES = [f"GRANT {what} ON {name} TO readers" for name, what in OBJECTS.items()]
OBJECT_RULES += [
    "GRANT UPDATE (note) ON app.plain TO app",
    "REVOKE EXECUTE ON FUNCTION app.f(text) FROM PUBLIC",
]


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A server and its declaration."""

    server: servers.Server

    def run(self, check: bool, unlisted: str = "report") -> dict[str, modules.Result]:
        """Run all modules in the order of the role, and give their results by part; a failure is a result, too."""
        roles = {"roles": copy.deepcopy(ROLES), "unlisted_roles": unlisted}
        databases = {"databases": copy.deepcopy(DATABASES), "unlisted_databases": "report", "schemas_mode": "additive"}
        return {
            "roles": self.outcome(pg_role_set, check, **roles, defer=["absent", "database_parameters"]),
            "databases": self.outcome(pg_db_isolation, check, **databases),
            "default privileges": self.outcome(
                pg_default_privs, check, databases=[SHOP], creators="all", privileges=self.default_rules()
            ),
            "objects": self.outcome(
                pg_object_privs, check, databases=[SHOP], privileges=self.object_rules(), grantees="all"
            ),
            "deferred roles": self.outcome(pg_role_set, check, **roles, only=["absent", "database_parameters"]),
        }

    def outcome(self, module: ModuleType, check: bool, **params: Any) -> modules.Result:
        """Run a module in mode exact; what earlier calls would have made is assumed, as by the role."""
        assume = {"roles": named(ROLES), "databases": named(DATABASES)}
        return modules.outcome(module, check, **modules.login(self.server), mode="exact", assume=assume, **params)

    def default_rules(self) -> list[Any]:
        """Give the rules about future objects that this version has."""
        return [*DEFAULT_RULES, *(["GRANT SELECT ON LARGE OBJECTS TO readers"] if self.server.version >= 18 else [])]

    def object_rules(self) -> list[Any]:
        """Give the rules about objects that this version has."""
        parameter = "GRANT SET ON PARAMETER log_min_messages TO readers"
        return [*OBJECT_RULES, *([parameter] if self.server.version >= 15 else [])]

    def audit(self) -> dict[str, Any]:
        """Compare; an error isn't drift."""
        report: dict[str, Any] = report_of(self.run(check=True), {})
        assert not report["errors"], report["errors"]
        return report

    def rows(self) -> list[dict[str, str]]:
        """Give what deviates."""
        return list(self.audit()["rows"])

    def apply(self) -> None:
        """Repair everything; roles that nobody declared are dropped."""
        results = self.run(check=False, unlisted="drop")
        failures = {part: result["msg"] for part, result in results.items() if result.get("failed")}
        assert not failures, failures

    def sql(self, dbname: str, *statements: str) -> None:
        """Change something by hand; all statements in one session."""
        with closing(servers.connect(self.server, dbname)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def converged(server: servers.Server) -> Cluster:
    """Give a cluster that is as declared."""
    cluster = Cluster(server)
    for dbname, statements in SET_UP.items():
        cluster.sql(dbname, *statements)
    cluster.apply()
    return cluster


def named(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the names of items that will be there."""
    return [{"name": item["name"]} for item in items if item.get("state") != "absent"]
