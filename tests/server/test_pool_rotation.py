"""A password is replaced under load: nobody who has the new one is ever refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.scram import make_verifier
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_role_set

from testbed.servers import Server
from tests.server import modules, pool
from tests.server.isolation import sql
from tests.server.pool import PASSWORDS, Place, statements, user

pytestmark = [
    pytest.mark.skipif(not pool.HAS_POOLER, reason=pool.pooler.MISSING),
    pytest.mark.since(18),
]
USERS = [user("adm"), user("ann"), user("bob")]
DATABASES = [{"name": "postgres"}]
NEW = "another one now"
THREADS = 4


@pytest.fixture
def place(cluster: Server) -> Iterator[Place]:
    sql(cluster, statements())
    with pool.place(cluster) as found:
        found.apply(USERS, DATABASES, require_running=False)
        found.start()
        yield found


@pytest.fixture
def verifier() -> str:
    return make_verifier(Secret(NEW), 4096).reveal()


def rotated(verifier: str) -> list[pool.Item]:
    return [user("adm"), user("ann", password=verifier), user("bob")]


def test_roles_and_pool_in_one_run_take_the_new_password_and_refuse_the_old_one(place: Place) -> None:
    item = user("ann", password=NEW)
    modules.call(pg_role_set, **modules.login(place.server), roles=[item])
    place.apply([user("adm"), item, user("bob")], DATABASES)
    assert place.enter("ann", NEW) == "ann@postgres"
    assert "authentication failed" in place.enter("ann")


def test_nobody_with_the_new_password_is_refused_while_it_is_replaced(place: Place, verifier: str) -> None:
    assert place.enter("ann") == "ann@postgres"
    ended, failures, entered = threading.Event(), [], []

    def hammer() -> None:
        while not ended.is_set():
            answer = place.enter("ann", NEW)
            (entered if answer == "ann@postgres" else failures).append(answer)

    place.apply(rotated(verifier), DATABASES, pause=True, verifiers="declared")
    clients = [threading.Thread(target=hammer) for _number in range(THREADS)]
    for client in clients:
        client.start()
    time.sleep(0.3)
    assert (entered, failures) == ([], [])
    modules.call(pg_role_set, **modules.login(place.server), roles=[{"name": "ann", "password": verifier}])
    time.sleep(0.2)
    place.apply(rotated(verifier), DATABASES, pause=False, verifiers="declared")
    time.sleep(0.3)
    ended.set()
    for client in clients:
        client.join(30)
    assert failures == []
    assert len(entered) >= THREADS
    assert "authentication failed" in place.enter("ann")
    assert place.apply(USERS, DATABASES)["changed"] is False


@pytest.mark.parametrize("retry", ["1", "15"])
def test_sessions_from_before_go_on_and_shut_nobody_out(cluster: Server, verifier: str, retry: str) -> None:
    sql(cluster, statements())
    plain = [user("adm"), user("ann", password=NEW), user("bob")]
    with pool.place(cluster) as place:
        place.apply(USERS, DATABASES, require_running=False)
        place.start(server_login_retry=retry)
        where = {"host": "127.0.0.1", "port": place.pool.port, "dbname": "postgres"}
        with closing(psycopg2.connect(user="ann", password=PASSWORDS["ann"], **where)) as old, old.cursor() as cursor:
            old.autocommit = True
            cursor.execute("SELECT 1")
            place.apply(rotated(verifier), DATABASES, pause=True, verifiers="declared")
            sql(place.server, f"ALTER ROLE ann PASSWORD '{verifier}'")
            began = time.monotonic()
            place.apply(plain, DATABASES, pause=False)
            cursor.execute("SELECT current_user::text")
            assert cursor.fetchone() == ("ann",)
            assert place.enter("ann", NEW) == "ann@postgres"
            assert time.monotonic() - began < 5


def test_a_database_is_paused_at_once_though_somebody_uses_it(place: Place) -> None:
    where = {"host": "127.0.0.1", "port": place.pool.port, "dbname": "postgres"}
    with closing(psycopg2.connect(user="ann", password=PASSWORDS["ann"], **where)) as busy, busy.cursor() as cursor:
        cursor.execute("SELECT 1")
        foreseen = place.check(USERS, DATABASES, pause=True)
        assert place.show("SHOW DATABASES")["postgres"]["paused"] == 0
        began = time.monotonic()
        result = place.apply(USERS, DATABASES, pause=True)
        assert time.monotonic() - began < 5
        assert result["changes"] == foreseen["changes"]
        assert [change["action"] for change in result["changes"]] == ["pause"]
        cursor.execute("SELECT 2")
        busy.commit()
    assert place.show("SHOW DATABASES")["postgres"]["paused"] == 1
    assert place.apply(USERS, DATABASES, pause=True)["changed"] is False
    assert place.apply(USERS, DATABASES)["changed"] is False
    assert [change["action"] for change in place.apply(USERS, DATABASES, pause=False)["changes"]] == ["resume"]
    assert place.apply(USERS, DATABASES, pause=False)["changed"] is False
    assert place.enter("ann") == "ann@postgres"


def test_a_run_that_fails_leaves_nothing_paused(place: Place) -> None:
    place.pool.ini.write_text(place.pool.ini.read_text() + "nonsense = 1\n")
    assert "the former files are back" in place.failure(USERS[:2], DATABASES, pause=True)
    assert place.show("SHOW DATABASES")["postgres"]["paused"] == 0
    assert place.enter("bob") == "bob@postgres"


def test_a_database_that_is_new_in_the_pool_is_paused_too(place: Place) -> None:
    sql(place.server, "CREATE DATABASE app")
    place.apply(USERS, [*DATABASES, {"name": "app"}], pause=True)
    shown = place.show("SHOW DATABASES")
    assert (shown["app"]["paused"], shown["postgres"]["paused"]) == (1, 1)


def test_a_declared_verifier_comes_before_the_servers_and_plain_text_is_refused(place: Place, verifier: str) -> None:
    result = place.apply(rotated(verifier), DATABASES, verifiers="declared")
    assert result["changed"]
    assert f'"ann" "{verifier}"' in place.text("userlist.txt")
    assert place.apply(rotated(verifier), DATABASES, verifiers="declared")["changed"] is False
    plain = [user("adm"), user("ann", password=NEW)]
    said = place.failure(plain, DATABASES, verifiers="declared")
    assert said == "role ann: password has to be a verifier, not plain text, with verifiers: declared"


def test_pause_without_a_pool_is_said(place: Place) -> None:
    pool.pooler.halt(place.pool)
    result = place.apply(USERS, DATABASES, pause=True, require_running=False)
    assert "nothing is in force" in result["warnings"][0]
    assert result["changed"] is False
