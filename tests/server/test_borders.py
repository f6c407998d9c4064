"""What came with a version of PostgreSQL, on both sides of the border: where it is, and where it isn't yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.quiet import QUIET
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_default_privs, pg_object_privs, pg_role_set

from testbed.servers import Server
from tests.server import isolation, modules
from tests.server.isolation import READ_ONLY, attempt, logins, sql, tidied

REFRESH = "REFRESH MATERIALIZED VIEW app.counts"
TABLE = "CREATE TABLE public.{} (n int)"


@pytest.fixture
def shop(server: Server) -> Iterator[Server]:
    """A database with an owner's objects, and logins that have no part in it."""
    with tidied(server):
        logins(server, "own", "ann", "readers")
        sql(server, "CREATE DATABASE shop OWNER own")
        make = "CREATE SCHEMA app;\nCREATE TABLE app.t (n int);\nCREATE MATERIALIZED VIEW app.counts AS SELECT 1"
        sql(server, f"SET ROLE own;\n{make};\nGRANT USAGE ON SCHEMA app TO readers", "shop")
        yield server


def converges(server: Server, module: Any, **params: Any) -> modules.Result:
    """Check, apply, and apply again on a read-only session; the apply makes what the check says."""
    params = {**modules.login(server), **params}
    foreseen = modules.call(module, check=True, **params)
    made = modules.call(module, **params)
    assert foreseen["changes"] == made["changes"]
    assert made["changed"]
    assert not modules.call(module, **{**params, **READ_ONLY})["changed"]
    return made


def objects(*rules: str, **params: Any) -> dict[str, Any]:
    """Give the parameters of pg_object_privs for the database."""
    return {"module": pg_object_privs, "databases": ["shop"], "privileges": list(rules), **params}


def refused(server: Server, module: Any, **params: Any) -> str:
    """Give why a module fails, which it has to say in check mode, too."""
    messages = {modules.failure(module, check, **modules.login(server), **params) for check in (True, False)}
    assert len(messages) == 1, messages
    return messages.pop()


# --- 14: pg_database_owner ----------------------------------------------------------------------------------------


@pytest.mark.since(14)
def test_from_14_what_pg_database_owner_gets_the_owner_of_the_database_has(shop: Server) -> None:
    sql(shop, "ALTER TABLE app.t OWNER TO postgres", "shop")
    assert "permission denied" in attempt(shop, "own", "shop", "SELECT FROM app.t")
    converges(shop, **objects("GRANT SELECT ON TABLE app.t TO pg_database_owner"))
    assert attempt(shop, "own", "shop", "SELECT FROM app.t") == "ok"
    assert "permission denied" in attempt(shop, "readers", "shop", "SELECT FROM app.t")


@pytest.mark.before(14)
def test_before_14_pg_database_owner_is_a_role_that_is_missing(shop: Server) -> None:
    params = objects("GRANT SELECT ON TABLE app.t TO pg_database_owner", assume={})
    assert "pg_database_owner" in refused(shop, **params)


# --- 15: schema public, parameters --------------------------------------------------------------------------------


@pytest.mark.since(15)
def test_from_15_schema_public_is_closed_and_belongs_to_the_databases_owner(shop: Server) -> None:
    isolation.call(shop, {"name": "new", "owner": "own"})
    assert "permission denied" in attempt(shop, "ann", "new", TABLE.format("a"))
    assert attempt(shop, "own", "new", TABLE.format("o")) == "ok"
    made = isolation.converges(shop, {"name": "closed", "owner": "own", "revoke_create": True})
    assert not [change for change in made["changes"] if change["object"] == "public" and change["role"] == "PUBLIC"]
    assert attempt(shop, "own", "closed", TABLE.format("o")) == "ok"


@pytest.mark.before(15)
def test_before_15_schema_public_is_open_until_create_is_revoked_and_then_the_owners(shop: Server) -> None:
    isolation.call(shop, {"name": "new", "owner": "own"})
    assert attempt(shop, "ann", "new", TABLE.format("a")) == "ok"
    made = isolation.converges(shop, {"name": "closed", "owner": "own", "revoke_create": True})
    assert [change for change in made["changes"] if change["object"] == "public" and change["role"] == "PUBLIC"]
    assert "permission denied" in attempt(shop, "ann", "closed", TABLE.format("a"))
    assert attempt(shop, "own", "closed", TABLE.format("o")) == "ok"


@pytest.mark.since(15)
def test_from_15_set_on_a_parameter_is_granted_used_and_taken(shop: Server) -> None:
    statement = "SET log_min_duration_statement = 5"
    assert "permission denied" in attempt(shop, "ann", "shop", statement)
    converges(shop, **objects("GRANT SET ON PARAMETER log_min_duration_statement TO ann"))
    assert attempt(shop, "ann", "shop", statement) == "ok"
    converges(shop, **objects("REVOKE SET ON PARAMETER log_min_duration_statement FROM ann"))
    assert "permission denied" in attempt(shop, "ann", "shop", statement)


@pytest.mark.before(15)
def test_before_15_a_rule_about_a_parameter_is_an_error(shop: Server, pg_version: int) -> None:
    message = refused(shop, **objects("GRANT SET ON PARAMETER log_min_duration_statement TO ann"))
    assert "PARAMETER" in message
    assert "15" in message
    assert str(pg_version) in message


def warned(server: Server, name: str) -> bool:
    """Let an administrator without superuser make a login, and tell whether a warning says that it may be logged."""
    login = modules.login(server, "clerk", isolation.PASSWORD)
    result = modules.call(pg_role_set, **login, roles=[{"name": name, "password": "Right-horse-1"}])
    assert attempt(server, name, "postgres", password="Right-horse-1") == "ok"
    return any("may not switch off statement logging" in text for text in result["warnings"])


@pytest.fixture
def clerk(shop: Server) -> Server:
    """An administrator of roles without superuser."""
    logins(shop, "clerk")
    sql(shop, "ALTER ROLE clerk CREATEROLE")
    return shop


@pytest.mark.since(15)
def test_from_15_a_login_that_was_granted_the_switches_of_logging_gets_no_warning(clerk: Server) -> None:
    assert warned(clerk, "one")
    there = sql(
        clerk, "SELECT name FROM pg_settings WHERE name = ANY (%s)", "postgres", [name for name, _value in QUIET]
    )
    converges(clerk, **objects(f"GRANT SET ON PARAMETER {', '.join(name for (name,) in there)} TO clerk"))
    assert not warned(clerk, "two")
    converges(clerk, **objects("REVOKE SET ON PARAMETER track_activities FROM clerk"))
    assert warned(clerk, "three")


@pytest.mark.before(15)
def test_before_15_only_a_superuser_sets_a_password_without_the_warning(clerk: Server) -> None:
    assert warned(clerk, "one")
    result = modules.call(pg_role_set, **modules.login(clerk), roles=[{"name": "two", "password": "Right-horse-1"}])
    assert result["warnings"] == []


# --- 16: options of memberships -----------------------------------------------------------------------------------


@pytest.mark.since(16)
def test_from_16_a_membership_without_set_or_inherit_gives_just_the_rest(shop: Server) -> None:
    sql(shop, "GRANT SELECT ON app.t TO readers", "shop")
    for options, become, read in (
        ({"set": False, "inherit": True}, "permission denied to set role", "ok"),
        ({"set": True, "inherit": False}, "ok", "permission denied for"),
    ):
        roles = [{"name": "ann", "roles": [{"name": "readers", **options}]}]
        converges(shop, pg_role_set, roles=roles)
        assert become in attempt(shop, "ann", "shop", "SET ROLE readers")
        assert read in attempt(shop, "ann", "shop", "SELECT FROM app.t")


@pytest.mark.before(16)
def test_before_16_set_false_is_refused_and_inherit_is_the_members(shop: Server) -> None:
    sql(shop, "GRANT SELECT ON app.t TO readers", "shop")
    message = refused(shop, pg_role_set, roles=[{"name": "ann", "roles": [{"name": "readers", "set": False}]}])
    assert "set false needs PostgreSQL 16" in message
    one = {"name": "readers", "inherit": False}
    assert "inherit" in refused(shop, pg_role_set, roles=[{"name": "ann", "roles": [one]}])
    converges(shop, pg_role_set, roles=[{"name": "ann", "inherit": False, "roles": [one]}])
    assert "permission denied for" in attempt(shop, "ann", "shop", "SELECT FROM app.t")
    assert attempt(shop, "ann", "shop", "SET ROLE readers") == "ok"


# --- 17: MAINTAIN -------------------------------------------------------------------------------------------------


@pytest.mark.since(17)
def test_from_17_maintain_is_granted_used_and_taken_also_as_a_default(shop: Server) -> None:
    assert "permission denied" in attempt(shop, "readers", "shop", REFRESH)
    converges(shop, **objects("GRANT MAINTAIN ON TABLES TO readers"))
    assert attempt(shop, "readers", "shop", REFRESH) == "ok"
    converges(shop, **objects("REVOKE MAINTAIN ON TABLES FROM readers"))
    assert "permission denied" in attempt(shop, "readers", "shop", REFRESH)
    default = {"databases": ["shop"], "creators": ["own"], "privileges": ["GRANT MAINTAIN ON TABLES TO readers"]}
    converges(shop, pg_default_privs, **default)
    sql(shop, "SET ROLE own;\nCREATE MATERIALIZED VIEW app.later AS SELECT 1", "shop")
    assert attempt(shop, "readers", "shop", "REFRESH MATERIALIZED VIEW app.later") == "ok"


@pytest.mark.before(17)
def test_before_17_maintain_is_refused_by_name(shop: Server, pg_version: int) -> None:
    rules = ["GRANT MAINTAIN ON TABLES TO readers"]
    default = {"databases": ["shop"], "creators": ["own"], "privileges": rules}
    for message in (refused(shop, **objects(*rules)), refused(shop, pg_default_privs, **default)):
        assert "MAINTAIN" in message
        assert "17" in message
        assert str(pg_version) in message


def test_all_on_tables_is_what_the_version_has(shop: Server, pg_version: int) -> None:
    converges(shop, **objects("GRANT ALL ON TABLES TO readers"))
    assert (attempt(shop, "readers", "shop", REFRESH) == "ok") == (pg_version >= 17)
    assert attempt(shop, "readers", "shop", "TRUNCATE app.t") == "ok"
    converges(shop, **objects("REVOKE ALL ON TABLES FROM readers"))
    assert attempt(shop, "readers", "shop", REFRESH) != "ok"
    assert "permission denied" in attempt(shop, "readers", "shop", "SELECT FROM app.t")


# --- 18: default privileges of large objects ----------------------------------------------------------------------


@pytest.mark.since(18)
def test_from_18_large_objects_have_defaults_that_hold_and_go(shop: Server) -> None:
    default = {"databases": ["shop"], "creators": ["own"], "privileges": ["GRANT SELECT ON LARGE OBJECTS TO readers"]}
    converges(shop, pg_default_privs, **default)
    sql(shop, "SET ROLE own;\nSELECT lo_create(4711)", "shop")
    assert attempt(shop, "readers", "shop", "SELECT lo_get(4711)") == "ok"
    assert "permission denied" in attempt(shop, "readers", "shop", "SELECT lo_put(4711, 0, 'x')")
    taken = {**default, "privileges": [], "mode": "exact"}
    converges(shop, pg_default_privs, **taken)
    sql(shop, "SET ROLE own;\nSELECT lo_create(4712)", "shop")
    assert "permission denied" in attempt(shop, "readers", "shop", "SELECT lo_get(4712)")


@pytest.mark.before(18)
def test_before_18_defaults_of_large_objects_are_refused_and_those_that_exist_are_granted(
    shop: Server, pg_version: int
) -> None:
    default = {"databases": ["shop"], "creators": ["own"], "privileges": ["GRANT SELECT ON LARGE OBJECTS TO readers"]}
    message = refused(shop, pg_default_privs, **default)
    assert "LARGE OBJECTS exist from PostgreSQL 18" in message
    assert str(pg_version) in message
    sql(shop, "SET ROLE own;\nSELECT lo_create(4711)", "shop")
    converges(shop, **objects("GRANT SELECT ON LARGE OBJECT 4711 TO readers"))
    assert attempt(shop, "readers", "shop", "SELECT lo_get(4711)") == "ok"
