"""A connection pooler between the login and the server: in session mode it works, in transaction mode it is refused."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_role_set

from testbed import servers
from testbed.servers import Server
from tests.server.isolation import sql
from tests.server.modules import Result, login, outcome

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONFIGURATION = """
[databases]
* = host={socket_dir} port={server_port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 4
query_wait_timeout = 5
logfile = {folder}/log
ignore_startup_parameters = extra_float_digits
"""
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no pgbouncer on this machine (Debian: pgbouncer)")
Pooled = Callable[..., Result]


@pytest.fixture
def folder() -> Path:
    """A folder that the pooler's user, who mustn't be root, may write in."""
    made = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    if os.geteuid() == 0:
        shutil.chown(made, "nobody")
    return made


@contextmanager
def pooler(server: Server, folder: Path, mode: str) -> Iterator[int]:
    """Run a pooler before a server, and give its port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    values = {"socket_dir": server.socket_dir, "server_port": server.port, "user": server.superuser}
    file = folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(**values, port=port, mode=mode, folder=folder))
    user = [] if os.geteuid() else ["--user", "nobody"]
    process = subprocess.Popen([str(PROGRAM), "--quiet", *user, str(file)], stderr=subprocess.DEVNULL)
    try:
        until_ready(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.rmtree(folder)


def until_ready(port: int) -> None:
    """Wait for the pooler."""
    for _turn in range(50):
        try:
            psycopg2.connect(host="127.0.0.1", port=port, dbname="postgres", user="postgres").close()
        except psycopg2.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError


def through(server: Server, port: int) -> Result:
    """Run pg_role_set through the pooler."""
    options = {**login(server), "login_host": "127.0.0.1", "login_port": str(port)}
    del options["login_unix_socket"]
    return outcome(pg_role_set, roles=[{"name": "ann", "comment": "of the archive"}], **options)


def test_a_pooler_in_transaction_mode_is_refused_and_its_sessions_stay_as_they_are(
    cluster: Server, folder: Path
) -> None:
    with pooler(cluster, folder, "transaction") as port:
        result = through(cluster, port)
        assert "log in to the server itself, or to a pool in session mode" in result["msg"]
        assert sql(cluster, "SELECT 1 FROM pg_roles WHERE rolname = 'ann'") == []
        where = {"host": "127.0.0.1", "port": port}
        with closing(psycopg2.connect(dbname="postgres", user="postgres", **where)) as guest, guest.cursor() as cursor:
            cursor.execute("SELECT current_setting('search_path'), current_setting('client_min_messages')")
            assert cursor.fetchall() == [('"$user", public', "notice")]


def test_a_pooler_in_session_mode_works(cluster: Server, folder: Path) -> None:
    with pooler(cluster, folder, "session") as port:
        assert through(cluster, port)["changed"]
        assert not through(cluster, port)["changed"]


def test_nobody_is_named_a_pooler_who_is_the_server(cluster: Server) -> None:
    with closing(servers.connect(cluster)) as here, here.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchall() == [(here.info.backend_pid,)]
