"""A real PgBouncer that asks the server for verifiers: only those whom the server names to nobody are in the list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.function import auth_query
from ansible_collections.leastpriv.pgsql.plugins.modules import pgbouncer_users

from testbed import pooler
from testbed.servers import Server
from tests.server import modules, pool
from tests.server.isolation import sql
from tests.server.pool import Place, statements, user

pytestmark = [
    pytest.mark.skipif(not pool.HAS_POOLER, reason=pool.pooler.MISSING),
    pytest.mark.since(18),
]
ASKER = {"name": "asker", "password": "the pool's own login"}
USERS = [user("adm"), user("ann"), ASKER]
DATABASES = [{"name": "postgres"}, {"name": "app"}]
ASKING = {"auth_query": True, "auth_user": "asker"}
INI = {"auth_user": "asker", "auth_query": auth_query("pgbouncer")}


@pytest.fixture
def place(cluster: Server) -> Iterator[Place]:
    asker = "CREATE ROLE asker LOGIN PASSWORD 'the pool''s own login'"
    sql(cluster, f"{statements()};\n{asker};\nALTER ROLE adm SUPERUSER;\nCREATE DATABASE app")
    with pool.place(cluster) as found:
        yield found


def test_the_function_comes_first_and_then_everybody_comes_in_without_a_list(place: Place) -> None:
    place.options = ASKING
    foreseen = place.check(USERS, DATABASES, require_running=False)
    result = place.apply(USERS, DATABASES, require_running=False)
    assert result["changes"] == foreseen["changes"]
    assert result["sql"] == foreseen["sql"] != []
    assert [change["action"] for change in result["changes"]][-3:] == ["write file"] * 3
    place.start(**INI)
    text = place.text("userlist.txt")
    assert ('"adm" "SCRAM-' in text, '"ann"' in text) == (True, False)
    assert place.enter("ann") == "ann@postgres"
    assert place.enter("ann", database="app") == "ann@app"
    assert place.enter("adm") == "adm@postgres"
    place.apply(USERS, DATABASES)  # one that runs is known to take entries, if it does
    again = place.apply(USERS, DATABASES)
    assert (again["changed"], again["sql"], again["warnings"]) == (False, [], [])
    sql(place.server, "ALTER ROLE ann PASSWORD 'another one now'")
    assert place.enter("ann", "another one now") == "ann@postgres"
    assert place.apply(USERS, DATABASES)["changed"] is False
    sql(place.server, "ALTER ROLE ann VALID UNTIL '2001-01-01'")
    assert place.enter("ann", "another one now") != "ann@postgres"


@pytest.mark.skipif(pooler.version() >= (1, 23), reason="this PgBouncer asks for users with an entry as well")
def test_entries_that_would_shut_out_are_left_out_with_a_warning(place: Place) -> None:
    place.options = ASKING
    settled = [user("adm", pool_mode="session"), user("ann", pool_mode="session"), ASKER]
    place.apply(settled, DATABASES, require_running=False)
    place.start(**INI)
    result = place.apply(settled, DATABASES)
    assert result["changed"] is False
    assert "with auth_query, PgBouncer before 1.23" in result["warnings"][0]
    assert result["warnings"][0].endswith("of ann: left out")
    assert place.show("SHOW USERS")["adm"]["pool_mode"] == "session"
    assert place.enter("ann") == "ann@postgres"


@pytest.mark.skipif(pooler.version() < (1, 23), reason="this PgBouncer never asks for users with an entry")
def test_entries_and_asking_go_together(place: Place) -> None:
    place.options = ASKING
    settled = [user("adm"), user("ann", pool_mode="session"), ASKER]
    place.apply(settled, DATABASES, require_running=False)
    place.start(**INI)
    assert place.apply(settled, DATABASES)["warnings"] == []
    assert place.show("SHOW USERS")["ann"]["pool_mode"] == "session"
    assert place.enter("ann") == "ann@postgres"
    assert place.apply(settled, DATABASES)["changed"] is False


def test_who_was_in_a_list_is_refused_until_a_restart_and_that_is_said(place: Place) -> None:
    place.apply(USERS, DATABASES, require_running=False)
    place.start(**INI)
    result = place.apply(USERS, DATABASES, **ASKING)
    said = "until PgBouncer is restarted, it refuses them, for it knows them from a list or an entry that is gone: ann"
    assert said in result["warnings"]
    assert place.enter("ann") != "ann@postgres"
    pooler.halt(place.pool)
    place.start()
    assert place.apply(USERS, DATABASES, **ASKING)["warnings"] == []
    assert place.enter("ann") == "ann@postgres"


def test_a_configuration_that_asks_otherwise_is_an_error(place: Place) -> None:
    place.options = ASKING
    place.apply(USERS, DATABASES, require_running=False)
    place.start(auth_user="asker")
    said = place.failure(USERS, DATABASES)
    assert 'set auth_query = SELECT * FROM "pgbouncer"."user_lookup"($1) in pgbouncer.ini' in said


def test_a_pool_that_fails_after_the_function_is_there_says_that_it_is(place: Place) -> None:
    place.apply(USERS, DATABASES, require_running=False)
    place.start()
    failed = modules.outcome(pgbouncer_users, **place.arguments(USERS, DATABASES, ASKING))
    assert "set auth_query = " in failed["msg"]
    done = "cluster (1 change), database app (5 changes), database postgres (5 changes)"
    assert failed["msg"].endswith(f"; the former files are back; done before: {done}; run it again")
    assert failed["changed"]
    assert {change["database"] for change in failed["changes"]} == {None, "app", "postgres"}
    assert failed["sql"]
    again = modules.outcome(pgbouncer_users, **place.arguments(USERS, DATABASES, ASKING))
    assert again["msg"].endswith("; the former files are back")


def test_a_login_that_asks_needs_plain_text(place: Place) -> None:
    place.options = ASKING
    stored = str(sql(place.server, "SELECT rolpassword FROM pg_authid WHERE rolname = 'asker'")[0][0])
    result = place.check([user("ann"), {"name": "asker", "password": stored}], DATABASES, require_running=False)
    assert result["warnings"][0].startswith("PgBouncer can't log in to the server as asker with a verifier")
    assert stored not in place.output(USERS, DATABASES, require_running=False)
    assert "auth_query needs auth_user" in place.failure(USERS, DATABASES, require_running=False, auth_user=None)
