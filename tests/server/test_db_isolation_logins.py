"""What a login that is no superuser can do, in which order, and what it is told otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.servers import Server
from tests.server.isolation import PASSWORD, attempt, converges, failure, logins, sql, tidied


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with an owner."""
    with tidied(server):
        logins(server, "own", "ann")
        yield server


def test_a_bare_name_gives_an_open_database_of_the_login(model: Server) -> None:
    converges(model, "shop", {"name": "office", "state": "create"})
    question = "SELECT datdba::regrole::text, datallowconn, datconnlimit FROM pg_database WHERE datname = 'shop'"
    assert sql(model, question) == [("postgres", True, -1)]
    assert attempt(model, "ann", "office") == "ok"


def test_a_login_of_its_own_creates_opens_and_then_enters(model: Server) -> None:
    sql(model, f"CREATE ROLE maker LOGIN CREATEDB PASSWORD '{PASSWORD}';\nGRANT own TO maker")
    item = {"name": "shop", "owner": "own", "revokeconn": True, "connect": ["ann"], "schemas": ["app"], "comment": "x"}
    result = converges(model, item, login_user="maker", login_password=PASSWORD)
    actions = [change["action"] for change in result["changes"]]
    assert actions.index("create database") < actions.index("open database") < actions.index("create schema")
    assert attempt(model, "ann", "shop") == "ok"
    assert sql(model, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'app'", "shop") == [("own",)]


def test_a_login_of_its_own_finishes_what_a_killed_run_left_closed(model: Server) -> None:
    sql(model, f"CREATE ROLE maker LOGIN CREATEDB PASSWORD '{PASSWORD}';\nGRANT own TO maker")
    sql(model, "CREATE DATABASE shop OWNER own CONNECTION LIMIT 0")
    converges(model, {"name": "shop", "owner": "own", "schemas": ["app"]}, login_user="maker", login_password=PASSWORD)
    assert attempt(model, "ann", "shop") == "ok"


def test_what_a_login_may_not_do_is_an_error_before_anything_is_written(model: Server) -> None:
    sql(model, f"CREATE ROLE maker LOGIN PASSWORD '{PASSWORD}';\nCREATE DATABASE office OWNER own")
    me = {"login_user": "maker", "login_password": PASSWORD}
    said = failure(
        model, {"name": "shop", "owner": "own"}, {"name": "office", "comment": "x", "revokeconn": True}, **me
    )
    assert 'run ALTER ROLE "maker" CREATEDB' in said
    assert 'maker can\'t give it to own: run GRANT "own" TO "maker"' in said
    assert "database office: maker can't" in said
    assert "PUBLIC was granted by own, and maker can't act as that role" in said
    sql(model, "ALTER ROLE maker CREATEDB")
    said = failure(model, {"name": "shop", "allowconn": False, "schemas": ["app"]}, **me)
    assert "only a superuser can fill it at creation" in said


def test_a_databases_owner_manages_it_alone(model: Server, pg_version: int) -> None:
    sql(model, "CREATE DATABASE shop OWNER own")
    me = {"login_user": "own", "login_password": PASSWORD, "login_db": "shop"}
    item = {"name": "shop", "revokeconn": True, "connect": ["ann"], "schemas": ["app"], "connlimit": 9, "comment": "c"}
    converges(model, item, **me)
    assert attempt(model, "ann", "shop") == "ok"
    if pg_version >= 15:
        sql(model, "GRANT CREATE ON SCHEMA public TO ann", "shop")
        converges(model, {**item, "revoke_create": True, "schemas": ["app", "public"]}, **{**me, "mode": "exact"})
    else:
        said = failure(model, {**item, "revoke_create": True}, **me)
        assert "schema public: CREATE of PUBLIC was granted by postgres, and own can't act as that role" in said


def test_who_holds_a_grant_option_itself_still_grants_as_the_owner(model: Server) -> None:
    sql(model, f"CREATE ROLE maker LOGIN PASSWORD '{PASSWORD}';\nGRANT own TO maker;\nCREATE DATABASE shop OWNER own")
    sql(model, "GRANT CONNECT ON DATABASE shop TO maker WITH GRANT OPTION;\nGRANT CONNECT ON DATABASE shop TO ann")
    me = {"login_user": "maker", "login_password": PASSWORD, "admin_user": "maker"}
    converges(model, {"name": "shop", "revokeconn": True, "connect": []}, **me)
    assert "permission denied" in attempt(model, "ann", "shop")


def test_a_session_role_acts_for_what_it_owns(model: Server) -> None:
    sql(model, f"CREATE ROLE maker LOGIN NOINHERIT PASSWORD '{PASSWORD}';\nGRANT own TO maker")
    sql(model, "CREATE DATABASE shop OWNER own")
    me = {"login_user": "maker", "login_password": PASSWORD, "session_role": "own"}
    converges(model, {"name": "shop", "connect": ["ann"], "schemas": ["app"]}, **me)
