"""Nobody saws off the branch that one sits on: the plan refuses it, unless allow_self says so."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_role_set

from testbed import catalogs, servers
from testbed.servers import Server
from tests.server import modules
from tests.server.isolation import PASSWORD, sql
from tests.server.lockouts import (
    ATTRIBUTES,
    BEFORE_16,
    DATABASES,
    HARMLESS,
    MEMBERSHIPS,
    READ_ONLY,
    SETTINGS,
    SINCE_16,
    SUPER,
    Params,
    Way,
    me,
)

HOME = {"login_user": "me", "login_password": PASSWORD, "login_db": "home", "login_unix_socket": None}


@pytest.fixture
def door(cluster: Server) -> Server:
    """A server with a login and a database to log in to."""
    sql(cluster, f"CREATE ROLE me LOGIN PASSWORD '{PASSWORD}';\nCREATE DATABASE home")
    return cluster


def outcomes(door: Server, way: Way, **options: Any) -> list[modules.Result]:
    """Run a declaration in check mode and for real."""
    params = {**where(door), **way.declared, **way.more, **options}
    return [modules.outcome(way.module, check, **params) for check in (True, False)]


def where(door: Server) -> Params:
    return {**HOME, "login_host": "127.0.0.1", "login_port": str(door.port)}


def holds(door: Server, way: Way) -> None:
    """Prove a way: refused alike in check mode and without, nothing written; and done where it is allowed."""
    sql(door, way.there)
    before = shared_catalogs(door)
    check, apply = outcomes(door, way)
    lift = ", or say allow_self: true" if way.lifted else ""
    assert check.get("failed"), check["changes"]
    assert check["msg"].partition(": nothing was")[0] == apply["msg"].partition(": nothing was")[0]
    assert way.said in check["msg"]
    assert "would lock out the login in use: " in check["msg"]
    assert check["msg"].endswith(lift)
    assert catalogs.differences(before, shared_catalogs(door)) == []
    allowed(door, way)


def shared_catalogs(door: Server) -> dict[str, str]:
    """Give a digest of each catalog that has roles, memberships, settings, databases; and of the database's schemas."""
    with closing(servers.connect(door, "home")) as connection:
        names = [*catalogs.tables(connection, shared=True), "pg_namespace"]
        return {name: catalogs.digest(connection, name) for name in names}


def allowed(door: Server, way: Way) -> None:
    """Prove what allow_self does."""
    check, apply = outcomes(door, way, allow_self=True)
    if not way.lifted:
        assert "would lock out" in check["msg"]
        assert "would lock out" in apply["msg"]
        return
    assert not apply.get("failed"), apply["msg"]
    assert apply["changed"]
    assert check["changes"] == apply["changes"]
    unproved = [text for text in apply["warnings"] if "couldn't be proved, for the login gave up" in text]
    assert bool(unproved) == way.out, apply["warnings"]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_attribute_that_one_needs_stays(door: Server, name: str) -> None:
    holds(door, ATTRIBUTES[name])


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_stops_the_next_session_is_refused(door: Server, name: str) -> None:
    holds(door, SETTINGS[name])


@pytest.mark.parametrize("name", MEMBERSHIPS)
def test_a_membership_that_gives_the_right_stays(door: Server, name: str) -> None:
    holds(door, MEMBERSHIPS[name])


@pytest.mark.parametrize("name", DATABASES)
def test_the_way_into_the_login_database_stays(door: Server, name: str) -> None:
    holds(door, DATABASES[name])


@pytest.mark.before(16)
@pytest.mark.parametrize("name", BEFORE_16)
def test_what_a_login_could_take_from_itself_before_16_stays(door: Server, name: str) -> None:
    holds(door, BEFORE_16[name])


@pytest.mark.since(16)
@pytest.mark.parametrize("name", SINCE_16)
def test_the_option_of_a_membership_that_gives_the_right_stays(door: Server, name: str) -> None:
    holds(door, SINCE_16[name])


@pytest.mark.since(16)
def test_from_16_a_login_may_not_take_createrole_from_itself_anyway(door: Server) -> None:
    sql(door, "ALTER ROLE me CREATEROLE CREATEDB")
    check, apply = outcomes(door, Way("", pg_role_set, me(createrole=False, createdb=False), ""), allow_self=True)
    assert "role me" in check["msg"]
    assert check["msg"] == apply["msg"]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_locks_nobody_out_is_done_and_proved(door: Server, name: str) -> None:
    way = HARMLESS[name]
    sql(door, way.there)
    check, apply = outcomes(door, way)
    assert not apply.get("failed"), apply["msg"]
    assert check["changes"] == apply["changes"] != []
    again = outcomes(door, way)[1]
    assert not again.get("failed"), again["msg"]
    assert again["changes"] == []


def test_a_new_password_of_ones_own_is_set_and_the_next_login_needs_it(door: Server) -> None:
    sql(door, SUPER)
    way = Way("", pg_role_set, me(password="another-Sesame-9"), "")
    apply = outcomes(door, way)[1]
    assert apply["changed"], apply
    (said,) = apply["warnings"]
    assert said.startswith("what was applied couldn't be proved")
    assert "role me: a new password" in said
    again = outcomes(door, way, login_password="another-Sesame-9")[1]
    assert (again["changed"], again["warnings"]) == (False, [])


def test_who_gave_up_superuser_on_purpose_can_not_take_it_back(door: Server) -> None:
    sql(door, SUPER)
    assert outcomes(door, ATTRIBUTES["own SUPERUSER"], allow_self=True)[1]["changed"]
    back = outcomes(door, Way("", pg_role_set, me(superuser=True), ""))[1]
    assert back["failed"]
    assert sql(door, "SELECT rolsuper FROM pg_roles WHERE rolname = 'me'") == [(False,)]


def test_a_library_that_the_server_lacks_would_stop_every_session(door: Server) -> None:
    sql(door, f"{SUPER};\nALTER ROLE me SET session_preload_libraries TO no_such_library")
    said = outcomes(door, Way("", pg_role_set, me(), ""))[1]["msg"]
    assert 'could not access file "no_such_library"' in said


def test_an_error_names_all_ways_at_once(door: Server) -> None:
    sql(door, SUPER)
    check = outcomes(door, Way("", pg_role_set, me(login=False, connlimit=0, parameters=READ_ONLY), ""))[0]
    assert check["msg"].count("would lock out the login in use: leave it out, or say allow_self: true") == 3
