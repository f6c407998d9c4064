"""The two documents that the collection follows, and the examples of the module's documentation, on real servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_access_info, pg_db_isolation

from testbed.servers import Server
from tests.server import modules
from tests.server.isolation import HAS_ICU, SYSTEM, attempt, call, converges, database_acl, enters, logins, sql, tidied

USERS = ("dbuser_confluence", "dbuser_gitlab", "dbuser_jira")
ISOLATED = [
    {"name": user.removeprefix("dbuser_"), "revokeconn": True, "owner": user, "connlimit": 100} for user in USERS
]


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with the access model's system users and administrators' role."""
    with tidied(server):
        logins(server, "replicator", "dbuser_monitor", "dbuser_dba")
        sql(server, "CREATE ROLE dbrole_admin;\nCREATE ROLE dbrole_readonly;\nALTER ROLE dbuser_dba SUPERUSER")
        yield server


def test_the_isolation_example_login_by_login(model: Server) -> None:
    logins(model, *USERS, "dbuser_stranger")
    converges(model, *ISOLATED, **SYSTEM)
    allowed = {user: {user.removeprefix("dbuser_")} for user in USERS}
    allowed |= {user: {item["name"] for item in ISOLATED} for user in ("replicator", "dbuser_monitor", "dbuser_dba")}
    allowed["dbuser_stranger"] = set()
    for user, databases in allowed.items():
        assert {item["name"] for item in ISOLATED if enters(model, user, item["name"])} == databases, user
    for item in ISOLATED:
        owner = item["owner"]
        assert database_acl(model, item["name"]) == {
            f"=T/{owner}",
            f"{owner}=CTc*/{owner}",
            f"replicator=c/{owner}",
            f"dbuser_monitor=c/{owner}",
            f"dbuser_dba=c*/{owner}",
        }
        assert sql(model, "SELECT datconnlimit FROM pg_database WHERE datname = %s", "postgres", item["name"]) == [
            (100,)
        ]
        assert attempt(model, owner, item["name"], "CREATE TABLE public.proof (n int)") == "ok"


def test_the_owner_lets_others_in_with_its_grant_option(model: Server) -> None:
    logins(model, *USERS)
    call(model, *ISOLATED)
    assert attempt(model, "dbuser_jira", "jira", "GRANT CONNECT ON DATABASE jira TO dbuser_gitlab") == "ok"
    assert enters(model, "dbuser_gitlab", "jira")
    assert not call(model, *ISOLATED)["changed"]


def test_the_course_all_is_revoked_from_public_and_a_group_kept_out(model: Server) -> None:
    logins(model, "data_viewer", "owner_of_it")
    sql(model, "CREATE ROLE readonly NOLOGIN;\nGRANT readonly TO data_viewer")
    sql(model, "CREATE DATABASE my_database OWNER owner_of_it;\nGRANT CONNECT ON DATABASE my_database TO readonly")
    item = {
        "name": "my_database",
        "owner": "owner_of_it",
        "revokeconn": True,
        "revoketemp": True,
        "deny_connect": ["readonly"],
        "schemas": ["my_schema"],
    }
    converges(model, item)
    assert database_acl(model, "my_database") == {"owner_of_it=CTc*/owner_of_it"}
    assert not enters(model, "data_viewer", "my_database")
    assert attempt(model, "owner_of_it", "my_database", "CREATE TABLE my_schema.proof (n int)") == "ok"


def examples(module: Any) -> list[tuple[str, dict[str, Any]]]:
    """Give each example as its name and its options, without how it logs in."""
    tasks = yaml.safe_load(module.EXAMPLES)
    name = f"leastpriv.pgsql.{module.__name__.rpartition('.')[2]}"
    found = [(task["name"], task[name]) for task in tasks if name in task]
    return [(title, {k: v for k, v in options.items() if not k.startswith("login_")}) for title, options in found]


def declared_roles(options: dict[str, Any]) -> set[str]:
    """Give the roles that an example names."""
    items = options["databases"]
    keys = ("owner", "connect", "deny_connect")
    found = [name for item in items for key in keys for name in listed(item.get(key))]
    found += [grant["role"] for item in items for grant in item.get("grants", ()) if grant["role"] != "PUBLIC"]
    found += [part["owner"] for item in items for part in item.get("schemas", ()) if "owner" in part]
    return {*found, *(options[key] for key in SYSTEM if key in options), "dbrole_readonly"}


def listed(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("title", "options"), examples(pg_db_isolation), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_example_works_and_works_once(model: Server, title: str, options: dict[str, Any]) -> None:
    there = {name for (name,) in sql(model, "SELECT rolname::text FROM pg_roles")}
    logins(model, *sorted(declared_roles(options) - there))
    parameters = {**modules.login(model), **options, "public_schema_in": []}
    if any("locale_provider" in item for item in options["databases"]) and lacks_a_provider(model):
        assert re.search("built without ICU|needs PostgreSQL", modules.failure(pg_db_isolation, **parameters))
        return
    assert modules.call(pg_db_isolation, **parameters)["changed"]
    assert not modules.call(pg_db_isolation, **parameters)["changed"]


def lacks_a_provider(server: Server) -> bool:
    """Tell whether a server has no ICU, or not all of the providers yet."""
    return server.version < 17 or not sql(server, HAS_ICU)


def test_the_example_of_pg_access_info_works(model: Server) -> None:
    sql(model, "CREATE DATABASE gitlab")
    for _title, options in examples(pg_access_info):
        result = modules.call(pg_access_info, **modules.login(model), **options)
        assert set(options["gather"]) <= set(result)
