"""Grants that somebody passed on: found, revoked as their grantor, or a clear error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.servers import Server
from tests.server.isolation import (
    PASSWORD,
    call,
    converges,
    database_acl,
    enters,
    failure,
    logins,
    sql,
    tidied,
)


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with system users, an owner, and others."""
    with tidied(server):
        logins(server, "replicator", "dbuser_monitor", "dbuser_dba", "own", "ann", "bob", "eve")
        sql(server, "CREATE ROLE dbrole_admin;\nCREATE DATABASE shop OWNER own")
        yield server


def test_a_grant_that_was_passed_on_goes_as_its_grantor(model: Server) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO bob WITH GRANT OPTION")
    sql(model, "GRANT CONNECT ON DATABASE shop TO eve", "shop", user="bob", password=PASSWORD)
    assert "eve=c/bob" in database_acl(model, "shop")
    result = converges(model, {"name": "shop", "revokeconn": True, "connect": ["bob"]})
    assert not enters(model, "eve", "shop")
    (passed_on,) = [change for change in result["changes"] if change["role"] == "eve"]
    assert (passed_on["action"], passed_on["grantor"], passed_on["destructive"]) == ("revoke", "bob", True)
    assert any('SET LOCAL ROLE "bob"; REVOKE CONNECT' in line for line in result["sql"])


def test_who_passed_on_and_who_received_both_go_in_the_right_order(model: Server) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO bob WITH GRANT OPTION")
    sql(model, "GRANT CONNECT ON DATABASE shop TO ann WITH GRANT OPTION", "shop", user="bob", password=PASSWORD)
    sql(model, "GRANT CONNECT ON DATABASE shop TO eve", "shop", user="ann", password=PASSWORD)
    converges(model, {"name": "shop", "revokeconn": True}, mode="exact")
    assert database_acl(model, "shop") == {"=T/own", "own=CTc*/own"}


def test_a_declared_grant_whose_grantor_loses_the_option_is_made_again_by_the_owner(model: Server) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO bob WITH GRANT OPTION")
    sql(model, "GRANT CONNECT ON DATABASE shop TO eve", "shop", user="bob", password=PASSWORD)
    converges(model, {"name": "shop", "revokeconn": True, "connect": ["eve"]})
    assert database_acl(model, "shop") == {"=T/own", "own=CTc*/own", "eve=c/own"}


def test_an_undeclared_grant_that_would_lose_its_ground_is_an_error(model: Server) -> None:
    sql(model, "GRANT CREATE ON DATABASE shop TO bob WITH GRANT OPTION")
    sql(model, "GRANT CREATE ON DATABASE shop TO eve", "shop", user="bob", password=PASSWORD)
    before = database_acl(model, "shop")
    grants = [{"role": "bob", "privs": ["CREATE"], "grant_option": False}]
    said = failure(model, {"name": "shop", "grants": grants})
    assert "CREATE to eve, granted by bob, would lose its ground" in said
    assert database_acl(model, "shop") == before
    converges(model, {"name": "shop", "grants": [*grants, {"role": "eve", "privs": ["CREATE"]}]})
    assert {"bob=C/own", "eve=C/own"} <= database_acl(model, "shop")


def test_a_grant_of_who_is_a_superuser_by_now_is_an_error_that_says_what_to_run(model: Server) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO bob WITH GRANT OPTION")
    sql(model, "GRANT CONNECT ON DATABASE shop TO eve", "shop", user="bob", password=PASSWORD)
    sql(model, "ALTER ROLE bob SUPERUSER")
    item = {"name": "shop", "revokeconn": True, "connect": ["bob"]}
    said = failure(model, item)
    assert 'run ALTER ROLE "bob" NOSUPERUSER for this run' in said
    sql(model, "ALTER ROLE bob NOSUPERUSER")
    converges(model, item)
    sql(model, "ALTER ROLE bob SUPERUSER")
    assert not call(model, item)["changed"]
    assert not enters(model, "eve", "shop")


@pytest.mark.since(16)
@pytest.mark.parametrize("role", [None, "mgr"], ids=["login", "session_role"])
def test_membership_that_only_admin_allows_is_taken_for_the_transaction_and_given_back(
    model: Server, role: str | None
) -> None:
    logins(model, "mgr", "op")
    sql(model, "GRANT mgr TO op WITH INHERIT FALSE")
    sql(model, "ALTER ROLE mgr CREATEROLE;\nCREATE DATABASE yard OWNER mgr")
    sql(model, "CREATE ROLE deputy LOGIN PASSWORD 'sesame'", user="mgr", password=PASSWORD)
    sql(model, "GRANT CONNECT ON DATABASE yard TO deputy WITH GRANT OPTION", user="mgr", password=PASSWORD)
    sql(model, "GRANT CONNECT ON DATABASE yard TO eve", "yard", user="deputy", password=PASSWORD)
    members = (
        "SELECT roleid, member, grantor, admin_option, inherit_option, set_option FROM pg_auth_members ORDER BY 1, 2, 3"
    )
    before = sql(model, members)
    own = {"login_user": "op" if role else "mgr", "login_password": PASSWORD, "session_role": role}
    item = {"name": "yard", "revokeconn": True, "connect": ["deputy"]}
    result = converges(model, item, **own)
    assert not enters(model, "eve", "yard")
    assert sql(model, members) == before
    assert any('GRANT "deputy" TO "mgr"' in line and 'REVOKE "deputy" FROM "mgr"' in line for line in result["sql"])
