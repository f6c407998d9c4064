"""Who may come in: revokeconn, connect, deny_connect, and the grants that somebody passed on."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest

from testbed import servers
from testbed.servers import Server
from tests.server.isolation import (
    PASSWORD,
    SYSTEM,
    call,
    converges,
    database_acl,
    enters,
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


def test_revokeconn_lets_in_the_owner_and_the_system_users_only(model: Server) -> None:
    result = converges(model, {"name": "shop", "revokeconn": True}, **SYSTEM)
    assert database_acl(model, "shop") == {
        "=T/own",
        "own=CTc*/own",
        "replicator=c/own",
        "dbuser_monitor=c/own",
        "dbuser_dba=c*/own",
    }
    assert "revoke CONNECT on database shop from PUBLIC" in [change["summary"] for change in result["changes"]]
    users = ("replicator", "dbuser_monitor", "dbuser_dba", "own", "ann")
    assert [enters(model, user, "shop") for user in users] == [True, True, True, True, False]


def test_revokeconn_false_lets_everybody_in_and_exact_takes_the_extra_grants(model: Server) -> None:
    call(model, {"name": "shop", "revokeconn": True, "connect": ["ann"]}, **SYSTEM)
    call(model, {"name": "shop", "revokeconn": False}, **SYSTEM)
    assert enters(model, "bob", "shop")
    assert "ann=c/own" in database_acl(model, "shop")
    converges(model, {"name": "shop", "revokeconn": False}, mode="exact", **SYSTEM)
    assert database_acl(model, "shop") == {"=Tc/own", "own=CTc*/own"}


def test_without_revokeconn_nobody_gains_or_loses_connect(model: Server) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO eve")
    before = database_acl(model, "shop")
    assert not call(model, "shop", mode="exact", **SYSTEM)["changed"]
    assert database_acl(model, "shop") == before


def test_additive_leaves_a_stray_grant_that_exact_takes(model: Server) -> None:
    item = {"name": "shop", "revokeconn": True}
    call(model, item)
    sql(model, "GRANT CONNECT ON DATABASE shop TO eve")
    assert not call(model, item)["changed"]
    result = converges(model, item, mode="exact")
    assert [change["summary"] for change in result["changes"]] == ["revoke CONNECT on database shop from eve"]
    assert result["changes"][0]["destructive"]
    assert not enters(model, "eve", "shop")


@pytest.mark.parametrize("listed", [[], ["ann"]], ids=["nobody", "one"])
def test_connect_is_the_complete_list_in_additive_mode_too(model: Server, listed: list[str]) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO eve, bob")
    converges(model, {"name": "shop", "revokeconn": True, "connect": listed}, **SYSTEM)
    assert [enters(model, user, "shop") for user in ("ann", "bob", "eve", "own", "dbuser_dba")] == [
        bool(listed),
        False,
        False,
        True,
        True,
    ]


def test_connect_without_revokeconn_takes_nothing_away(model: Server) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO eve")
    converges(model, {"name": "shop", "connect": ["ann"]})
    assert {"ann=c/own", "eve=c/own", "=Tc/own"} <= database_acl(model, "shop")


def test_an_owner_without_connect_gets_it_back(model: Server) -> None:
    sql(model, "REVOKE CONNECT ON DATABASE shop FROM own, PUBLIC")
    assert not enters(model, "own", "shop")
    converges(model, {"name": "shop", "revokeconn": True})
    assert enters(model, "own", "shop")


def test_exact_never_takes_the_owners_own(model: Server) -> None:
    item = {"name": "shop", "revokeconn": True, "revoketemp": True, "revoke_create": True, "connect": [], "grants": []}
    converges(model, item, mode="exact")
    assert database_acl(model, "shop") == {"own=CTc*/own"}


def test_a_new_owner_takes_over_the_old_ones_entries(model: Server) -> None:
    call(model, {"name": "shop", "revokeconn": True}, **SYSTEM)
    sql(model, "GRANT CONNECT ON DATABASE shop TO ann", "shop", user="own", password=PASSWORD)
    result = converges(model, {"name": "shop", "owner": "bob", "revokeconn": True}, **SYSTEM)
    assert [change["action"] for change in result["changes"]] == ["alter owner"]
    assert {"bob=CTc*/bob", "ann=c/bob", "dbuser_dba=c*/bob"} <= database_acl(model, "shop")
    assert [enters(model, user, "shop") for user in ("own", "bob", "ann")] == [False, True, True]


def test_temp_is_taken_from_public_and_given_back(model: Server) -> None:
    converges(model, {"name": "shop", "revoketemp": True})
    assert database_acl(model, "shop") == {"=c/own", "own=CTc/own"}
    sql(model, "GRANT TEMP ON DATABASE shop TO eve")
    assert not call(model, {"name": "shop", "revoketemp": True})["changed"]
    converges(model, {"name": "shop", "revoketemp": True}, mode="exact")
    converges(model, {"name": "shop", "revoketemp": False})
    assert database_acl(model, "shop") == {"=Tc/own", "own=CTc/own"}


def test_declared_grants_are_kept_and_exact_takes_the_others(model: Server) -> None:
    grants = [
        {"role": "ann", "privs": ["CREATE", "TEMP"], "grant_option": True},
        {"role": "bob", "privs": ["ALL"]},
        {"role": "public", "privs": ["connect"]},
    ]
    converges(model, {"name": "shop", "grants": grants})
    assert database_acl(model, "shop") == {"=Tc/own", "own=CTc/own", "ann=C*T*/own", "bob=CTc/own"}
    grants[0] = {"role": "ann", "privs": ["CREATE"], "grant_option": False}
    converges(model, {"name": "shop", "grants": grants}, mode="exact")
    assert database_acl(model, "shop") == {"=Tc/own", "own=CTc/own", "ann=C/own", "bob=CTc/own"}
    converges(model, {"name": "shop", "grants": []}, mode="exact")
    assert database_acl(model, "shop") == {"=Tc/own", "own=CTc/own"}


def test_terminate_ends_the_sessions_of_who_lost_connect_and_no_others(model: Server) -> None:
    call(model, {"name": "shop", "connect": ["ann", "bob"]})
    inside = {
        user: servers.connect(model, "shop", user=user, password=PASSWORD) for user in ("ann", "bob", "own", "eve")
    }
    elsewhere = servers.connect(model, "postgres", user="eve", password=PASSWORD)
    result = call(model, {"name": "shop", "revokeconn": True, "connect": ["ann"], "terminate": True})
    assert sorted(result["warnings"]) == [
        "database shop: ended 1 sessions of bob, who lost CONNECT",
        "database shop: ended 1 sessions of eve, who lost CONNECT",
    ]
    for connection in (inside["ann"], inside["own"], elsewhere):
        connection.cursor().execute("SELECT 1")
    for user in ("bob", "eve"):
        with pytest.raises(psycopg2.OperationalError):
            inside[user].cursor().execute("SELECT 1")
    for connection in (*inside.values(), elsewhere):
        connection.close()


def test_without_terminate_sessions_stay(model: Server) -> None:
    connection = servers.connect(model, "shop", user="eve", password=PASSWORD)
    assert call(model, {"name": "shop", "revokeconn": True})["warnings"] == []
    connection.cursor().execute("SELECT 1")
    connection.close()
