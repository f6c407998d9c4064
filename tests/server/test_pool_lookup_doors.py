"""A real PgBouncer that asks the lookup function: who comes in, and who doesn't."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import psycopg2.extensions
import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.function import auth_query
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.model import disagreements

from testbed import pooler
from testbed.servers import Server
from tests.server import pool
from tests.server.isolation import PASSWORD, attempt
from tests.server.pool_lookup import lookup, options, scene, sql

pytestmark = pytest.mark.skipif(not pool.HAS_POOLER, reason=pooler.MISSING)
SCHEMA = 'the "pool"'
SETTINGS = {
    "auth_type": "scram-sha-256",
    "auth_user": "pooler",
    "auth_query": auth_query(SCHEMA),
    "admin_users": "adm",
    "pool_mode": "transaction",
}
DEFAULT = 'SELECT * FROM "pgbouncer"."user_lookup"($1)'
UNPROVEN = "password is SCRAM secret but client authentication did not provide SCRAM keys"
IN = "ok"
# Whom PgBouncer doesn't find it asks for a password all the same.
REFUSED = ("authentication failed", "no such user")


@pytest.fixture
def server(cluster: Server) -> Server:
    """A server with people of every kind, and the lookup function in a schema of an odd name."""
    scene(cluster)
    lookup(cluster, lookup_schema=SCHEMA)
    return cluster


@pytest.fixture
def place(server: Server) -> Iterator[pool.Place]:
    """A pool whose list has only its own login, and the console's."""
    with pool.place(server) as found:
        users = found.file("userlist.txt")
        pooler.write(users, f'"pooler" "{PASSWORD}"\n"adm" "{pool.PASSWORDS["adm"]}"\n')
        pooler.write(found.file("pgb_hba.conf"), "")
        database = f"shop = host=127.0.0.1 port={server.port} dbname=shop"
        found.settings = {**SETTINGS, "auth_file": str(users)}
        found.pool = pooler.start(found.pool, database, "", found.settings)
        yield found


def enters(place: pool.Place, user: str, password: str = PASSWORD) -> bool:
    """Tell whether somebody comes in through the pool; anything but a refusal of the login is an error of the test."""
    said = place.enter(user, password, "shop")
    assert said == f"{user}@shop" or any(words in said for words in REFUSED), said
    return said == f"{user}@shop"


def test_who_may_log_in_comes_in_without_being_in_the_list_and_nobody_else(place: pool.Place) -> None:
    assert [name for name in ("ann", "ben", "early") if enters(place, name)] == ["ann", "ben", "early"]
    for name in ("boss", "nearly", "copier", "shut", "late", "nopass", "nobody", "pgbouncer_lookup"):
        assert not enters(place, name), name
    assert not enters(place, "ann", "wrong")
    for name in ("boss", "nearly", "copier"):
        assert attempt(place.server, name, "shop") == IN
    assert place.enter("pooler", PASSWORD, "shop") == "pooler@shop"


def test_a_new_password_an_expiry_and_nologin_count_at_once(place: pool.Place) -> None:
    assert enters(place, "ann")
    sql(place.server, "SET password_encryption = 'scram-sha-256';\nALTER ROLE ann PASSWORD 'another'")
    assert (enters(place, "ann"), enters(place, "ann", "another")) == (False, True)
    sql(place.server, "ALTER ROLE ann VALID UNTIL '2001-01-01'")
    assert not enters(place, "ann", "another")
    sql(place.server, "ALTER ROLE ann VALID UNTIL 'infinity'")
    assert enters(place, "ann", "another")
    sql(place.server, "ALTER ROLE ann NOLOGIN")
    assert not enters(place, "ann", "another")
    sql(place.server, "ALTER ROLE ben SUPERUSER")
    assert not enters(place, "ben")


def test_a_repaired_function_lets_the_same_people_in(place: pool.Place) -> None:
    assert enters(place, "ann")
    sql(place.server, 'DROP FUNCTION "the ""pool""".user_lookup(text)', "shop")
    assert place.enter("ben", PASSWORD, "shop") != "ben@shop"
    lookup(place.server, lookup_schema=SCHEMA)
    assert enters(place, "ben")


def test_a_pool_that_asks_in_another_way_is_told(place: pool.Place) -> None:
    config = {key: str(row["value"]) for key, row in place.show("SHOW CONFIG").items()}
    declared = options(place.server, lookup_schema=SCHEMA)
    assert disagreements(declared, config) == ()
    assert disagreements({**declared, "lookup_schema": None, "auth_user": "ann"}, config) == (
        f"PgBouncer's auth_query is {auth_query(SCHEMA)}: set auth_query = {DEFAULT} in pgbouncer.ini",
        "PgBouncer's auth_user is pooler: set auth_user = ann in pgbouncer.ini",
    )


def test_the_pools_own_login_needs_its_password_in_the_list(place: pool.Place) -> None:
    """A verifier doesn't do: PgBouncer proves itself with it only after somebody came in with that password."""
    stored = sql(place.server, "SELECT rolpassword FROM pg_authid WHERE rolname = 'pooler'")[0][0]
    pooler.halt(place.pool)
    pooler.write(place.file("userlist.txt"), f'"pooler" "{stored}"\n')
    place.pool = pooler.launch(place.pool)
    where = {"host": "127.0.0.1", "port": place.pool.port, "dbname": "shop", "connect_timeout": 10}
    with closing(psycopg2.connect(user="ann", password=PASSWORD, async_=True, **where)) as raw:
        deadline = time.monotonic() + 10
        while UNPROVEN not in place.pool.log:
            assert raw.poll() != psycopg2.extensions.POLL_OK
            assert time.monotonic() < deadline, place.pool.log
            time.sleep(0.01)
