"""What a login without superuser takes for a moment it gives back, and what it can't do later it is told before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)

from testbed import catalogs, servers
from testbed.servers import Server
from tests.server import modules
from tests.server.isolation import PASSWORD, READ_ONLY, attempt, logins, sql

REFUSING = """
CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'refused by a trigger'; END$$;
CREATE EVENT TRIGGER refusing ON ddl_command_start
WHEN TAG IN ('GRANT', 'ALTER DEFAULT PRIVILEGES', 'DROP OWNED') EXECUTE FUNCTION public.refuse()
"""
# The manager has ADMIN on boss and heir, neither INHERIT nor SET; boss owns things and has let others in.
WORLD = f"""
CREATE ROLE manager LOGIN CREATEROLE PASSWORD '{PASSWORD}';
CREATE ROLE boss;
CREATE ROLE heir;
CREATE ROLE reader;
CREATE ROLE member;
GRANT boss, heir, member TO manager WITH ADMIN OPTION, INHERIT FALSE, SET FALSE;
GRANT CREATE ON DATABASE postgres TO manager;
CREATE SCHEMA app AUTHORIZATION boss;
ALTER DEFAULT PRIVILEGES FOR ROLE boss GRANT INSERT ON TABLES TO reader;
SET ROLE boss;
CREATE TABLE app.t (id int)
"""


@pytest.fixture
def world(cluster: Server) -> Server:
    """A server with a manager who administers others and is none of them."""
    sql(cluster, WORLD)
    return cluster


def memberships(server: Server) -> str:
    """Give a name for every byte of the catalog of memberships, and for who wrote each row."""
    with closing(servers.connect(server)) as connection:
        return catalogs.digest(connection, "pg_auth_members")


OBJECTS = (pg_object_privs, {"databases": ["postgres"], "privileges": ["GRANT SELECT ON TABLE app.t TO reader"]})
DEFAULTS = (
    pg_default_privs,
    {"databases": ["postgres"], "creators": ["boss"], "privileges": ["GRANT SELECT ON TABLES TO reader"]},
)
REMOVAL = (pg_role_set, {"roles": [{"name": "boss", "state": "absent", "reassign_to": "heir"}]})


@pytest.mark.since(16)
@pytest.mark.parametrize(("module", "params"), [OBJECTS, DEFAULTS, REMOVAL], ids=["objects", "defaults", "removal"])
def test_a_membership_taken_for_a_transaction_is_gone_after_its_failure_and_after_its_success(
    world: Server, module: Any, params: dict[str, Any]
) -> None:
    login = modules.login(world, "manager", PASSWORD)
    sql(world, REFUSING)
    before = memberships(world)
    assert 'TO "manager" WITH INHERIT' in "".join(modules.call(module, True, **login, **params)["sql"])
    assert "refused by a trigger" in modules.failure(module, **login, **params)
    assert memberships(world) == before
    sql(world, "DROP EVENT TRIGGER refusing")
    gone = "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'manager'::regrole"
    held = set(sql(world, gone)) - ({("boss",)} if module is pg_role_set else set())
    assert modules.call(module, **login, **params)["changed"]
    assert set(sql(world, gone)) == held
    assert module is pg_role_set or memberships(world) == before
    assert not modules.call(module, **login, **params, **READ_ONLY)["changed"]


@pytest.mark.since(16)
@pytest.mark.parametrize("change", ["objects", "defaults", "membership", "heir"])
def test_a_superusers_role_is_not_lent_and_that_is_told_before(world: Server, change: str) -> None:
    sql(world, "GRANT member TO boss WITH ADMIN OPTION;\nSET ROLE boss;\nGRANT member TO reader")
    sql(world, "GRANT reader TO manager WITH ADMIN OPTION, INHERIT FALSE, SET FALSE")
    sql(world, f"ALTER ROLE {'heir' if change == 'heir' else 'boss'} SUPERUSER")
    item = {"name": "reader", "roles": [{"name": "member", "state": "absent"}]}
    membership = (pg_role_set, {"roles": [item]})
    module, params = {"objects": OBJECTS, "defaults": DEFAULTS, "membership": membership, "heir": REMOVAL}[change]
    login, before = modules.login(world, "manager", PASSWORD), catalogs.snapshot(world)
    said = modules.failure(module, **login, **params)
    assert said == modules.failure(module, True, **login, **params)
    assert "superuser" in said or 'run GRANT "heir" TO "manager"' in said
    assert "SQLSTATE" not in said
    assert catalogs.differences(before, catalogs.snapshot(world)) == []


@pytest.mark.since(16)
def test_a_grantor_that_was_lent_is_given_back_when_a_later_statement_fails(world: Server) -> None:
    sql(world, "GRANT member TO boss WITH ADMIN OPTION;\nSET ROLE boss;\nGRANT member TO reader")
    login = modules.login(world, "manager", PASSWORD)
    item = {"name": "reader", "roles": [{"name": "member", "state": "absent"}]}
    sql(world, "GRANT reader TO manager WITH ADMIN OPTION, INHERIT FALSE, SET FALSE")
    before = memberships(world)
    wrong = {**item, "parameters": {"work_mem": "much"}}
    assert "invalid value for parameter" in modules.failure(pg_role_set, **login, roles=[wrong])
    assert memberships(world) == before
    result = modules.call(pg_role_set, **login, roles=[item])
    assert 'GRANT "boss" TO "manager" WITH INHERIT FALSE, SET TRUE' in result["sql"][0]
    assert sql(world, "SELECT count(*) FROM pg_auth_members WHERE roleid = 'boss'::regrole") == [(1,)]
    assert not modules.call(pg_role_set, **login, roles=[item], **READ_ONLY)["changed"]


@pytest.mark.since(16)
def test_check_mode_knows_that_the_login_will_act_for_an_owner_that_it_makes(cluster: Server) -> None:
    sql(cluster, f"CREATE ROLE manager LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'")
    login = modules.login(cluster, "manager", PASSWORD)
    login["connect_params"] = {"options": "-c createrole_self_grant=set,inherit"}
    items = [{"name": "shop", "owner": "keeper", "revokeconn": True, "schemas": ["app"]}]
    foreseen = modules.call(pg_db_isolation, True, **login, databases=items, assume={"roles": [{"name": "keeper"}]})
    modules.call(pg_role_set, **login, roles=[{"name": "keeper"}])
    assert modules.call(pg_db_isolation, **login, databases=items)["sql"] == foreseen["sql"]


@pytest.mark.since(16)
def test_who_has_an_owners_privileges_and_cant_become_it_is_told_before_it_gives_it_anything(world: Server) -> None:
    sql(world, "GRANT boss TO manager WITH INHERIT TRUE, SET FALSE;\nALTER ROLE manager CREATEDB")
    sql(world, "CREATE DATABASE shop OWNER boss")
    login, before = modules.login(world, "manager", PASSWORD), catalogs.snapshot(world)
    for item in ({"name": "new", "owner": "boss"}, {"name": "shop", "schemas": [{"name": "app", "owner": "boss"}]}):
        said = modules.failure(pg_db_isolation, **login, databases=[item])
        assert 'GRANT "boss" TO "manager" WITH INHERIT TRUE, SET TRUE' in said
        assert said == modules.failure(pg_db_isolation, True, **login, databases=[item])
    assert catalogs.differences(before, catalogs.snapshot(world)) == []
    own = {"name": "shop", "comment": "x", "revokeconn": True, "connect": ["reader"]}
    assert modules.call(pg_db_isolation, **login, databases=[own])["changed"]
    assert not modules.call(pg_db_isolation, **login, databases=[own], **READ_ONLY)["changed"]


@pytest.mark.since(16)
@pytest.mark.parametrize("option", ["INHERIT FALSE, SET TRUE", "ADMIN TRUE, INHERIT FALSE, SET FALSE"])
def test_a_membership_is_granted_as_an_administrator_whom_the_login_can_become(cluster: Server, option: str) -> None:
    sql(cluster, f"CREATE ROLE manager LOGIN CREATEROLE PASSWORD '{PASSWORD}';\nCREATE ROLE boss;\nCREATE ROLE app")
    sql(cluster, f"CREATE ROLE reader;\nGRANT app TO boss WITH ADMIN OPTION;\nGRANT boss TO manager WITH {option}")
    login, items = modules.login(cluster, "manager", PASSWORD), [{"name": "reader", "roles": ["app"]}]
    foreseen = modules.call(pg_role_set, True, **login, roles=items)
    assert modules.call(pg_role_set, **login, roles=items)["sql"] == foreseen["sql"]
    granted = "SELECT grantor::regrole::text FROM pg_auth_members WHERE member = 'reader'::regrole"
    assert sql(cluster, granted) == [("boss",)]
    assert sql(cluster, "SELECT count(*) FROM pg_auth_members WHERE member = 'manager'::regrole") == [(1,)]
    assert not modules.call(pg_role_set, **login, roles=items, **READ_ONLY)["changed"]


@pytest.mark.since(16)
def test_the_grant_that_a_session_role_needs_helps_where_a_membership_is_there(world: Server) -> None:
    login = {**modules.login(world, "manager", PASSWORD), "session_role": "boss"}
    sql(world, re.findall(r"run (GRANT .*?), or", modules.failure(pg_role_set, **login, roles=[]))[0])
    assert not modules.call(pg_role_set, **login, roles=[])["changed"]


# Another role in another database


@pytest.mark.parametrize("place", ["DATABASE shop", "ROLE manager IN DATABASE shop"])
@pytest.mark.parametrize("superuser", [False, True], ids=["owner", "superuser"])
def test_a_databases_own_parameter_role_doesnt_change_as_whom_the_run_works(
    cluster: Server, place: str, superuser: bool
) -> None:
    logins(cluster, "manager", "app")
    sql(cluster, f"CREATE DATABASE shop OWNER manager;\nGRANT app TO manager;\nALTER {place} SET role TO app")
    sql(cluster, f"ALTER ROLE manager {'' if superuser else 'NO'}SUPERUSER")
    login = modules.login(cluster, "manager", PASSWORD)
    items = [{"name": "shop", "schemas": ["made"]}]
    assert modules.call(pg_db_isolation, **login, databases=items)["changed"]
    assert not modules.call(pg_db_isolation, **login, databases=items, **READ_ONLY)["changed"]
    assert ("manager",) in sql(cluster, "SELECT nspowner::regrole::text FROM pg_namespace", "shop")


# Sessions that are to be ended


@contextmanager
def session(server: Server, user: str, dbname: str) -> Iterator[Any]:
    """Hold a session."""
    where = {"host": "127.0.0.1", "password": PASSWORD}
    with closing(servers.connect(server, dbname, user=user, **where)) as connection:
        yield connection


def is_ended(connection: Any) -> bool:
    """Tell whether a session was ended."""
    try:
        connection.cursor().execute("SELECT 1")
    except psycopg2.Error:
        return True
    return False


@pytest.fixture
def shop(cluster: Server) -> Server:
    """A server with a database, its owner, and somebody who is connected."""
    logins(cluster, "own", "busy", "idle")
    sql(cluster, "CREATE DATABASE shop OWNER own")
    return cluster


CLOSING = {"name": "shop", "revokeconn": True, "connect": [], "terminate": True}
DROPPING = {"name": "shop", "state": "absent"}


@pytest.mark.parametrize(
    "item", [CLOSING, {**DROPPING, "terminate": True}, {**DROPPING, "force": True}], ids=["closed", "dropped", "forced"]
)
def test_sessions_that_the_login_may_not_end_are_refused_in_the_plan(shop: Server, item: dict[str, Any]) -> None:
    login = modules.login(shop, "own", PASSWORD)
    with session(shop, "busy", "shop") as connection:
        before = catalogs.snapshot(shop)
        said = modules.failure(pg_db_isolation, **login, databases=[item])
        assert said == modules.failure(pg_db_isolation, True, **login, databases=[item])
        assert "own can't end sessions of busy in database shop" in said
        assert 'run GRANT "pg_signal_backend" TO "own"' in said
        assert "idle" not in said
        assert catalogs.differences(before, catalogs.snapshot(shop)) == []
        sql(shop, "GRANT pg_signal_backend TO own")
        assert modules.call(pg_db_isolation, **login, databases=[item])["changed"]
        assert is_ended(connection)


def test_a_superusers_session_takes_a_superuser_to_end(shop: Server) -> None:
    sql(shop, "GRANT pg_signal_backend TO own")
    login = modules.login(shop, "own", PASSWORD)
    with closing(servers.connect(shop, "shop")):
        said = modules.failure(pg_db_isolation, **login, databases=[{**DROPPING, "terminate": True}])
    assert "own can't end sessions of postgres in database shop, for that takes a superuser" in said


def test_a_role_whose_sessions_the_login_may_not_end_is_not_even_shut(shop: Server) -> None:
    sql(shop, "ALTER ROLE own CREATEROLE")
    if shop.version >= 16:
        sql(shop, "GRANT busy TO own WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    login = modules.login(shop, "own", PASSWORD)
    item = {"name": "busy", "state": "absent", "reassign_to": "own", "terminate": True}
    with session(shop, "busy", "shop") as connection:
        said = modules.failure(pg_role_set, **login, roles=[item])
        assert said == modules.failure(pg_role_set, True, **login, roles=[item])
        assert "own can't end sessions of busy" in said
        assert attempt(shop, "busy", "postgres") == "ok"
        sql(shop, "GRANT pg_signal_backend TO own")
        assert modules.call(pg_role_set, **login, roles=[item])["changed"]
        assert is_ended(connection)


@pytest.mark.since(16)
def test_privileges_that_only_others_can_take_back_are_told_before_the_role_is_shut(world: Server) -> None:
    sql(world, "GRANT TEMPORARY ON DATABASE postgres TO boss")
    login = modules.login(world, "manager", PASSWORD)
    before = catalogs.snapshot(world)
    module, params = REMOVAL
    said = modules.failure(module, **login, **params)
    assert said == modules.failure(module, True, **login, **params)
    assert "manager can't take back the privileges of role boss on database postgres: log in as its owner" in said
    assert catalogs.differences(before, catalogs.snapshot(world)) == []


# Who would stand before a door that it has shut


def test_a_login_that_could_not_enter_after_the_plan_is_told_before_it(shop: Server) -> None:
    option = " WITH INHERIT FALSE, SET TRUE" if shop.version >= 16 else ""
    sql(shop, f"ALTER ROLE busy NOINHERIT;\nGRANT own TO busy{option}")
    login = {**modules.login(shop, "busy", PASSWORD), "session_role": "own"}
    item = {"name": "shop", "revokeconn": True, "connect": ["idle"], "schemas": ["app"]}
    before = catalogs.snapshot(shop)
    said = modules.failure(pg_db_isolation, **login, databases=[item])
    assert said == modules.failure(pg_db_isolation, True, **login, databases=[item])
    assert "busy" in said
    assert "connect" in said
    assert "SQLSTATE" not in said
    assert catalogs.differences(before, catalogs.snapshot(shop)) == []
    item = {**item, "connect": ["idle", "busy"]}
    assert modules.call(pg_db_isolation, **login, databases=[item])["changed"]
    assert not modules.call(pg_db_isolation, **login, databases=[item], **READ_ONLY)["changed"]


def test_a_member_without_inherit_is_told_to_work_as_the_owner(shop: Server) -> None:
    option = " WITH INHERIT FALSE, SET TRUE" if shop.version >= 16 else ""
    sql(shop, f"ALTER ROLE busy NOINHERIT;\nGRANT own TO busy{option}")
    login = modules.login(shop, "busy", PASSWORD)
    items = [{"name": "shop", "comment": "x", "schemas": ["app"]}]
    assert "say session_role: own" in modules.failure(pg_db_isolation, **login, databases=items)
    assert modules.call(pg_db_isolation, **login, session_role="own", databases=items)["changed"]


def test_an_audit_plans_what_the_login_may_not_do_and_says_so(shop: Server) -> None:
    login = modules.login(shop, "own", PASSWORD)
    found = modules.call(pg_role_set, True, **login, audit=True, roles=[{"name": "new", "createdb": True}])
    assert found["changed"]
    assert any("could not repair everything: own can't create role new" in text for text in found["warnings"])


# Passwords that can't be read


def test_unreadable_passwords_are_kept_with_one_warning_and_new_roles_get_theirs(cluster: Server) -> None:
    sql(cluster, f"CREATE ROLE manager LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
    login = modules.login(cluster, "manager", PASSWORD)
    items = [{"name": name, "password": "password of " + name} for name in ("ann", "bob")]
    first = modules.call(pg_role_set, **login, roles=items)
    assert [change["action"] for change in first["changes"]].count("set password") == 2
    assert attempt(cluster, "ann", "postgres", password="password of ann") == "ok"
    other = [{**item, "password": "another one"} for item in items]
    for again in (items, items, other):
        result = modules.call(pg_role_set, **login, roles=again, **READ_ONLY)
        assert not result["changed"]
        kept = [text for text in result["warnings"] if "can't read stored passwords" in text]
        assert len(kept) == 1
        assert kept[0].endswith("ann, bob")
    assert attempt(cluster, "ann", "postgres", password="password of ann") == "ok"
