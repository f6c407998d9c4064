"""pg_access_info: roles, databases, privileges and default privileges, as the catalogs and the views have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.access_info.model import CLASSES
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_access_info

from testbed import servers
from testbed.servers import Server
from tests.server import modules
from tests.server.adoption import facts
from tests.server.isolation import PASSWORD, sql
from tests.server.odd_cluster import odd

PG_USER = """
SELECT usename::text, usesysid::int8, usecreatedb, usesuper, userepl, usebypassrls,
       coalesce(valuntil::text, 'infinity'), coalesce(useconfig, '{}')
FROM pg_user ORDER BY 1
"""
TABLE_PRIVILEGES = """
SELECT grantor::text, grantee::text, privilege_type::text FROM information_schema.table_privileges
WHERE (table_schema, table_name) = ('app', 'users') AND privilege_type <> 'MAINTAIN'
"""
# Every catalog column of type aclitem[] belongs to a class that is read.
ACL_COLUMNS = """
SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE a.atttypid = 'aclitem[]'::regtype AND c.relkind = 'r' AND c.relnamespace = 'pg_catalog'::regnamespace
"""
READ = {
    "pg_attribute.attacl",
    "pg_class.relacl",
    "pg_database.datacl",
    "pg_default_acl.defaclacl",
    "pg_foreign_data_wrapper.fdwacl",
    "pg_foreign_server.srvacl",
    "pg_language.lanacl",
    "pg_largeobject_metadata.lomacl",
    "pg_namespace.nspacl",
    "pg_parameter_acl.paracl",
    "pg_proc.proacl",
    "pg_tablespace.spcacl",
    "pg_type.typacl",
    "pg_init_privs.initprivs",
}


@pytest.fixture(scope="module")
def shop(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with everything odd on it."""
    running = servers.start(pg_version, tmp_path_factory.mktemp("shop"))
    odd(running, pg_version)
    yield running
    servers.stop(running)


def rows(server: Server, **params: Any) -> list[dict[str, Any]]:
    return facts(server, gather=["privileges"], **params)["privileges"]


def test_every_kind_of_acl_that_the_server_has_is_read(shop: Server) -> None:
    assert {name for (name,) in sql(shop, ACL_COLUMNS)} <= READ


def test_roles_have_all_that_pg_user_shows(shop: Server) -> None:
    roles = {role["name"]: role for role in facts(shop, gather=["roles"])["roles"]}
    keys = ("name", "oid", "createdb", "superuser", "replication", "bypassrls", "valid_until")
    shown = sql(shop, f"SET TimeZone TO 'UTC';\n{PG_USER}")
    assert [tuple(roles[row[0]][key] for key in keys) for row in shown] == [row[:-1] for row in shown]
    assert {row[0] for row in shown} == {name for name, role in roles.items() if role["login"]}
    stored = dict(setting.split("=", 1) for row in shown if row[0] == "analyst" for setting in row[-1])
    assert roles["analyst"]["parameters"].keys() == stored.keys()


def test_roles_have_memberships_by_grantor_and_settings(shop: Server, pg_version: int) -> None:
    roles = {role["name"]: role for role in facts(shop, gather=["roles"], roles=["dep*", "ana*"])["roles"]}
    assert sorted(roles) == ["analyst", "deputy"]
    rows = roles["deputy"]["memberships"]
    assert {"role": "analyst", "grantor": "postgres", "admin": True, "inherit": pg_version < 16, "set": True} in rows
    assert roles["analyst"]["database_parameters"] == {"postgres": {"work_mem": "64MB"}}


def test_predefined_roles_are_listed_when_asked_for(shop: Server) -> None:
    names = [role["name"] for role in facts(shop, gather=["roles"], system=True)["roles"]]
    assert "pg_monitor" in names


def test_databases_have_limits_acls_and_insides(shop: Server) -> None:
    result = facts(shop, gather=["databases"])
    found = {database["name"]: database for database in result["databases"]}
    assert set(found) == {"closed", "postgres", "shop", "template0", "template1"}
    assert (found["shop"]["owner"], found["shop"]["encoding"], found["shop"]["allowconn"]) == (
        "app_owner",
        "UTF8",
        True,
    )
    granted = {"grantee": "analyst", "privilege": "CONNECT", "grantable": True, "grantor": "app_owner"}
    assert granted in found["shop"]["acl"]
    assert {"name": "app", "owner": "app_owner"} in found["shop"]["schemas"]
    assert "postgres_fdw" in {extension["name"] for extension in found["shop"]["extensions"]}
    assert found["closed"]["schemas"] is None
    assert result["unread"] == [
        {"what": "inside of a database", "database": "closed", "why": "it allows no connections"}
    ]


def test_the_privileges_of_a_table_are_those_of_the_information_schema(shop: Server) -> None:
    mine = {
        (row["grantor"], row["grantee"], row["privilege"])
        for row in rows(shop, databases=["shop"], schemas=["app"], classes=["TABLES"])
        if row["object"] == "users" and not row["column"] and row["privilege"] != "MAINTAIN"
    }
    assert mine == set(sql(shop, TABLE_PRIVILEGES, "shop"))
    assert ("deputy", 'Odd "Name', "INSERT") in mine


def test_entries_of_every_class_are_there(shop: Server, pg_version: int) -> None:
    classes = {row["object_class"] for row in rows(shop, databases=["shop"], system=True)}
    assert classes == set(CLASSES) - ({"PARAMETER"} if pg_version < 15 else set())


def test_a_missing_acl_is_what_it_means(shop: Server) -> None:
    found = [row for row in rows(shop, databases=["shop"], classes=["TYPE"]) if row["object"] == "dom"]
    assert {(row["grantee"], row["privilege"]) for row in found} == {("PUBLIC", "USAGE"), ("postgres", "USAGE")}


def test_filters_narrow_what_is_listed(shop: Server) -> None:
    found = rows(shop, databases=["shop"], roles=["PUBLIC"], classes=["routine"], schemas=["o*"])
    assert {row["grantee"] for row in found} <= {"PUBLIC"}
    found = rows(shop, databases=["shop"], roles=["analyst"], classes=["routine"], schemas=["o*"])
    assert [(row["schema"], row["object"]) for row in found] == [("other", "f(integer)")]


def test_systems_and_extensions_objects_are_listed_when_asked_for(shop: Server) -> None:
    plain = rows(shop, databases=["shop"], classes=["TABLE", "FUNCTION"])
    assert {row["schema"] for row in plain} == {"app", "Odd.Schema", "other", "public"}
    assert [row for row in plain if row["object"].startswith("postgres_fdw")] == []
    every = rows(shop, databases=["shop"], classes=["TABLE", "FUNCTION"], system=True)
    assert {"app", "pg_catalog", "information_schema"} <= {row["schema"] for row in every}
    assert "postgres_fdw_handler()" in {row["object"] for row in every}


def test_default_privileges_mark_what_is_built_in(shop: Server) -> None:
    found = facts(shop, gather=["default_privileges"], databases=["shop"])["default_privileges"]
    own = {"database": "shop", "creator": "app_owner", "schema": "", "object_class": "TABLES", "grantable": False}
    assert {**own, "grantee": "analyst", "privilege": "SELECT", "built_in": False} in found
    assert {**own, "grantee": "app_owner", "privilege": "SELECT", "built_in": True} in found
    in_schema = [row for row in found if row["schema"]]
    assert [(row["grantee"], row["privilege"], row["grantable"]) for row in in_schema] == [("deputy", "UPDATE", True)]


def test_a_login_without_superuser_says_what_it_could_not_read(shop: Server) -> None:
    sql(shop, f"CREATE ROLE visitor LOGIN PASSWORD '{PASSWORD}'")
    gather = ["roles", "databases", "privileges", "default_privileges", "declaration"]
    login = modules.login(shop, "visitor", PASSWORD)
    result = facts(shop, **login, gather=gather, passwords=True)
    sql(shop, "DROP ROLE visitor")
    unread = {(one["what"], one["database"]) for one in result["unread"]}
    assert unread == {("passwords", ""), ("inside of a database", "closed"), ("inside of a database", "shop")}
    assert result["passwords"] == []
    assert "schemas" not in next(item for item in result["declaration"]["pg_databases"] if item["name"] == "shop")


def test_a_database_that_is_not_there_is_an_error(shop: Server) -> None:
    params = {**modules.login(shop), "gather": ["privileges"], "databases": ["shpo"]}
    assert modules.outcome(pg_access_info, **params)["msg"] == (
        "databases: there is no database shpo; correct the name"
    )


def test_no_verifier_is_in_what_was_not_asked_for_as_password(shop: Server) -> None:
    gather = ["roles", "databases", "privileges", "default_privileges", "declaration"]
    stored = [text for (text,) in sql(shop, "SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")]
    text = modules.output(pg_access_info, **modules.login(shop), gather=gather)
    assert stored
    assert [one for one in stored if one in text] == []
    asked = facts(shop, gather=[], passwords=True)
    assert [item["password"] for item in asked["passwords"]] == stored
