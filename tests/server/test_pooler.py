"""A connection pooler between the login and the server: in session mode it works, in transaction mode it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_role_set

from testbed import pooler, servers
from testbed.servers import Server
from tests.server.isolation import sql
from tests.server.modules import Result, login, outcome

pytestmark = pytest.mark.skipif(pooler.program() is None, reason=pooler.MISSING)


@contextmanager
def before(server: Server, mode: str) -> Iterator[int]:
    """Run a pooler before a server that lets everybody in, and give its port."""
    pool = pooler.make()
    entry = f"* = host={server.socket_dir} port={server.port} user={server.superuser}"
    try:
        pool = pooler.start(pool, entry, settings={"auth_type": "any", "pool_mode": mode, "query_wait_timeout": "5"})
        yield pool.port
    finally:
        pooler.stop(pool)


def through(server: Server, port: int) -> Result:
    """Run pg_role_set through the pooler."""
    options = {**login(server), "login_host": "127.0.0.1", "login_port": str(port)}
    del options["login_unix_socket"]
    return outcome(pg_role_set, roles=[{"name": "ann", "comment": "of the archive"}], **options)


def test_a_pooler_in_transaction_mode_is_refused_and_its_sessions_stay_as_they_are(cluster: Server) -> None:
    with before(cluster, "transaction") as port:
        result = through(cluster, port)
        assert "log in to the server itself, or to a pool in session mode" in result["msg"]
        assert sql(cluster, "SELECT 1 FROM pg_roles WHERE rolname = 'ann'") == []
        where = {"host": "127.0.0.1", "port": port}
        with closing(psycopg2.connect(dbname="postgres", user="postgres", **where)) as guest, guest.cursor() as cursor:
            cursor.execute("SELECT current_setting('search_path'), current_setting('client_min_messages')")
            assert cursor.fetchall() == [('"$user", public', "notice")]


def test_a_pooler_in_session_mode_works(cluster: Server) -> None:
    with before(cluster, "session") as port:
        assert through(cluster, port)["changed"]
        assert not through(cluster, port)["changed"]


def test_nobody_is_named_a_pooler_who_is_the_server(cluster: Server) -> None:
    with closing(servers.connect(cluster)) as here, here.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchall() == [(here.info.backend_pid,)]
