"""What the other tests rely on: servers that are fresh, unprivileged, and gone at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from testbed import servers, workplace
from testbed.account import account
from testbed.collection import CHECKOUT

KILLED = """
import os, signal, sys
from pathlib import Path
from testbed import servers
print(servers.start(int(sys.argv[1]), Path(sys.argv[2])).socket_dir, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def query(server: servers.Server, text: str) -> object:
    with closing(servers.connect(server)) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchone()[0]


def test_a_server_is_of_the_version_that_was_asked_for(server, pg_version):
    assert query(server, "SELECT current_setting('server_version_num')::int / 10000") == pg_version


def test_a_server_runs_as_an_unprivileged_user(server):
    process = Path(f"/proc/{workplace.postmaster(server.data_dir)}")
    assert process.stat().st_uid == account().pw_uid != 0


def test_a_cluster_starts_with_the_superuser_only(cluster):
    assert query(cluster, "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolname !~ '^pg_'") == "postgres"


def test_settings_reach_the_server(pg_version, tmp_path):
    server = servers.start(pg_version, tmp_path, superuser="the dba", settings={"cluster_name": "it's"})
    assert query(server, "SELECT current_setting('cluster_name') || ' ' || current_user") == "it's the dba"
    servers.stop(server)


def test_a_restart_keeps_the_data(cluster):
    with closing(servers.connect(cluster)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE ROLE kept")
    servers.restart(cluster)
    assert query(cluster, "SELECT count(*) FROM pg_roles WHERE rolname = 'kept'") == 1


def test_a_stopped_server_leaves_nothing(pg_version, tmp_path):
    server = servers.start(pg_version, tmp_path)
    servers.stop(server)
    assert not server.socket_dir.exists()
    assert not servers.is_running(server)


def test_a_second_start_in_the_same_root_ends_the_first_server(pg_version, tmp_path):
    first = servers.start(pg_version, tmp_path)
    second = servers.start(pg_version, tmp_path)
    assert (servers.is_running(first), servers.is_running(second)) == (False, True)
    servers.stop(second)


def test_what_a_killed_process_leaves_behind_is_removed_by_the_next_one(pg_version, tmp_path):
    command = [sys.executable, "-c", KILLED, str(pg_version), str(tmp_path)]
    killed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    workplace.sweep.__wrapped__()
    assert not Path(killed.stdout.strip()).exists()


def test_a_password_is_asked_for_where_the_superuser_needs_none(cluster):
    with closing(servers.connect(cluster)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE ROLE visitor LOGIN PASSWORD 'sesame'")
    servers.connect(cluster, user="visitor", password="sesame", host="127.0.0.1").close()
    with pytest.raises(servers.psycopg2.OperationalError, match="password authentication failed"):
        servers.connect(cluster, user="visitor", password="open", host="127.0.0.1")


def test_no_server_runs_as_root():
    assert os.geteuid() != 0 or account().pw_name != "root"
