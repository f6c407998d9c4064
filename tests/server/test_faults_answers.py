"""What the server refuses for want of disk, memory, connections, time or permission to write: an error in words."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation, pg_default_privs, pg_role_set

from testbed import account, process, servers, workplace
from testbed.servers import Server
from tests.server import faults
from tests.server.isolation import PASSWORD, READ_ONLY, logins, sql
from tests.server.modules import call, login, outcome

pytestmark = pytest.mark.in_process

TWO = [{"name": "alpha", "schemas": ["app"]}, {"name": "beta", "schemas": ["app"]}]
SLOW = """
CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); END $$;
CREATE EVENT TRIGGER slow ON ddl_command_start EXECUTE FUNCTION slow()
"""


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a disk of a few megabytes in memory, which the servers' user can write to."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder.mkdir(parents=True, exist_ok=True)
    user = account.account()
    options = f"size={size},mode=0700,uid={user.pw_uid},gid={user.pw_gid}"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this machine lets nobody mount a small disk: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def failed(result: dict[str, Any]) -> str:
    """Give the message of a failure that is none of the module's own."""
    assert result.get("failed"), result["changes"]
    assert "internal error" not in result["msg"]
    assert "Traceback" not in result["msg"]
    return str(result["msg"])


def test_a_full_disk_at_create_database_is_an_error_that_says_how_far_it_came(cluster: Server) -> None:
    with small_disk(cluster.socket_dir / "small", "3m") as disk:
        sql(cluster, f"CREATE TABLESPACE small LOCATION '{disk}'")
        copied = {"strategy": "FILE_COPY"} if cluster.version >= 15 else {}  # the other way writes later
        items = [{"name": "alpha", "schemas": ["app"]}, {"name": "beta", "tablespace": "small", **copied}]
        message = failed(result := outcome(pg_db_isolation, databases=items, **login(cluster)))
        assert result["sqlstate"] == "53100"
        assert "No space left on device" in message
        assert "; done before: create database alpha from template1, owned by postgres; not done: create " in message
        assert "closed until then: database alpha" in message
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        assert call(pg_db_isolation, databases=items, **login(cluster))["changed"]
        assert not call(pg_db_isolation, databases=items, **login(cluster), **READ_ONLY)["changed"]
        sql(cluster, "DROP DATABASE beta;\nDROP TABLESPACE small")


def test_a_full_disk_of_the_server_itself_is_an_error_and_the_next_run_finishes(cluster: Server) -> None:
    for name in ("alpha", "beta"):
        sql(cluster, f"CREATE DATABASE {name}")
    workplace.end(cluster.data_dir, signal.SIGINT)
    whole = cluster.data_dir.rename(cluster.socket_dir / "whole")
    with small_disk(cluster.data_dir, "400m") as disk:
        account.run(["sh", "-c", 'cp -a "$0"/. "$1"', whole, disk])
        process.wait(cluster, process.spawn(cluster))
        account.run(["sh", "-c", 'dd if=/dev/zero of="$0/filler" bs=4k 2>/dev/null; true', disk])
        roles = [{"name": f"role {number}", "comment": "x" * 2000} for number in range(2000)]
        message = failed(outcome(pg_role_set, roles=roles, **login(cluster)))
        assert "nothing was changed" in message or "isn't known (cluster)" in message
        account.run(["rm", disk / "filler"])
        if workplace.postmaster(cluster.data_dir) is None:
            process.wait(cluster, process.spawn(cluster))
        faults.until(lambda: faults.is_up(cluster), "the server doesn't come back")
        assert sql(cluster, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'role %'") == [(0,)]
        assert call(pg_role_set, roles=roles[:20], **login(cluster))["changed"]
        assert not call(pg_role_set, roles=roles[:20], **login(cluster), **READ_ONLY)["changed"]
        workplace.end(cluster.data_dir, signal.SIGINT)


def test_a_lock_table_without_room_is_an_error_and_the_part_is_as_it_was(cluster: Server) -> None:
    settings = "max_locks_per_transaction = 10\\nmax_connections = 10\\n"
    account.run(["sh", "-c", f"printf '{settings}' >> {cluster.data_dir}/postgresql.conf"])
    servers.restart(cluster)
    roles = [{"name": f"role {number}", "comment": "x"} for number in range(4000)]
    result = outcome(pg_role_set, roles=roles, **login(cluster))
    assert "out of shared memory (during: " in failed(result)
    assert result["sqlstate"] == "53200"
    assert result["msg"].endswith("; nothing was changed")
    assert sql(cluster, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'role %'") == [(0,)]


def test_too_many_connections_are_an_error_that_says_how_far_it_came(cluster: Server) -> None:
    sql(cluster, f"CREATE ROLE maker CREATEDB LOGIN CONNECTION LIMIT 1 PASSWORD '{PASSWORD}'")
    me = {"login_host": "127.0.0.1", "login_port": str(cluster.port), "login_user": "maker", "login_password": PASSWORD}
    message = failed(outcome(pg_db_isolation, databases=[{"name": "alpha"}], **me))
    assert 'too many connections for role "maker"' in message
    assert message.endswith("; nothing was changed")
    assert sql(cluster, "SELECT 1 FROM pg_database WHERE datname = 'alpha'") == []


def test_a_statement_that_is_cancelled_is_an_error_and_other_databases_are_done(cluster: Server) -> None:
    for name in ("alpha", "beta"):
        sql(cluster, f"CREATE DATABASE {name}")
    with closing(servers.connect(cluster, "beta")) as connection, connection.cursor() as cursor:
        cursor.execute(SLOW)
    wait = threading.Thread(target=cancel, args=(cluster,))
    wait.start()
    result = outcome(pg_db_isolation, databases=TWO, **login(cluster))
    wait.join()
    assert "database beta: canceling statement due to user request (during: create schema app" in failed(result)
    assert "(SQLSTATE 57014); " in result["msg"]
    assert result["msg"].endswith("; done before: database alpha (1 change); not done: database beta; run it again")
    assert [change["database"] for change in result["changes"]] == ["alpha"]


def cancel(server: Server) -> None:
    """Cancel what sleeps."""
    sleeping = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name = 'leastpriv.pgsql'"
    faults.until(lambda: bool(sql(server, sleeping)), "nothing sleeps")
    sql(server, f"SELECT pg_cancel_backend(pid) FROM ({sleeping}) AS s")


def test_a_session_that_the_server_ends_for_idleness_is_an_error_and_the_part_is_as_it_was(cluster: Server) -> None:
    def idle(_number: int, here: Any, text: str, _more: Any) -> None:
        if text.startswith("CREATE ROLE"):
            with here._raw.cursor() as cursor:
                cursor.execute("SET idle_in_transaction_session_timeout = 20")
            gone = f"SELECT 1 FROM pg_stat_activity WHERE pid = {here._raw.info.backend_pid}"
            faults.until(lambda: not sql(cluster, gone), "the idle session stays")

    told = faults.run(pg_role_set, {"roles": [{"name": "ann"}], **login(cluster)}, idle)
    message = failed(told.result or {})
    assert "idle-in-transaction timeout" in message or "server closed the connection" in message
    assert message.endswith("; nothing was changed")
    assert sql(cluster, "SELECT 1 FROM pg_roles WHERE rolname = 'ann'") == []


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_session_that_may_not_write_is_an_error_and_nothing_is_changed(cluster: Server, jobs: int) -> None:
    logins(cluster, "ann")
    rules = {"creators": ["postgres"], "privileges": ["GRANT SELECT ON TABLES TO ann"], "databases": ["postgres"]}
    result = outcome(pg_default_privs, **rules, jobs=jobs, **login(cluster), **READ_ONLY)
    assert "in a read-only transaction (during: " in failed(result)
    assert "(SQLSTATE 25006); " in result["msg"]
    assert result["msg"].endswith("; nothing was changed")
