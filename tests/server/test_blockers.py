"""Who is in the way is named: their process, user, database, program and since when; never what they run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2.extensions
import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import connection, retry
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation, pg_object_privs, pg_role_set

from testbed import servers
from testbed.servers import Server
from tests.server.isolation import sql
from tests.server.modules import Result, call, login, outcome

HOLD = "SELECT pg_advisory_xact_lock(1819303015, {key}), 'their own secret'"
ANN = [{"name": "ann", "comment": "of the archive"}]
PREPARED = {"max_prepared_transactions": "4"}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSES", (0.01,) * 5)


@pytest.fixture
def other(cluster: Server) -> Iterator[psycopg2.extensions.connection]:
    """Somebody else's session, in a transaction."""
    sql(cluster, "CREATE ROLE ann;\nCREATE ROLE app LOGIN SUPERUSER PASSWORD 'of the app'")
    found = servers.connect(cluster, user="app", host="127.0.0.1", password="of the app", application_name="their tool")
    found.autocommit = False
    with closing(found):
        yield found


def begin(other: psycopg2.extensions.connection, statement: str) -> int:
    """Run a statement in the other session's transaction and give its process."""
    with other.cursor() as cursor:
        cursor.execute(statement)
    return int(other.info.backend_pid)


def blocked(server: Server, **params: Any) -> Result:
    """Run pg_role_set, which has to fail because of a lock."""
    result = outcome(pg_role_set, **{"roles": ANN, "lock_timeout": 0.15, **login(server), **params})
    assert result["failed"]
    assert result["sqlstate"] == "55P03", result["msg"]
    assert "(tried 6 times in " in result["msg"]
    assert "their own secret" not in str(result)
    return result


def names(message: str, process: int) -> None:
    """Require that a message names the other session in full, and what to do."""
    for text in (f"process {process} (user app, database postgres, application their tool", "idle in transaction"):
        assert text in message
    assert "in a transaction since 20" in message
    assert "last query began at 20" in message


def test_another_run_that_holds_the_clusters_lock_is_named(
    cluster: Server, other: psycopg2.extensions.connection
) -> None:
    process = begin(other, HOLD.format(key=connection.CLUSTER_LOCK))
    message = blocked(cluster)["msg"]
    names(message, process)
    assert "waited for the lock of leastpriv.pgsql for the cluster" in message
    assert "another run of the collection" in message


def test_another_run_that_holds_a_databases_lock_is_named(
    cluster: Server, other: psycopg2.extensions.connection
) -> None:
    process = begin(other, HOLD.format(key=connection.DATABASE_LOCK))
    sql(cluster, "CREATE TABLE papers ()")
    privileges = ["GRANT SELECT ON papers TO ann"]
    result = outcome(
        pg_object_privs, databases=["postgres"], privileges=privileges, lock_timeout=0.15, **login(cluster)
    )
    names(result["msg"], process)
    assert "waited for the lock of leastpriv.pgsql for the database" in result["msg"]


def test_an_open_transaction_that_has_changed_the_same_role_is_named(
    cluster: Server, other: psycopg2.extensions.connection
) -> None:
    process = begin(other, "ALTER ROLE ann CREATEDB")
    message = blocked(cluster, roles=[{"name": "ann", "createrole": True}])["msg"]
    names(message, process)
    assert "waited for a row that another transaction has changed" in message
    assert f"SELECT pg_terminate_backend({process})" in message


def test_a_lock_on_one_role_is_named(cluster: Server, other: psycopg2.extensions.connection) -> None:
    process = begin(other, "COMMENT ON ROLE ann IS 'their own secret'")
    message = blocked(cluster)["msg"]
    names(message, process)
    assert "waited for a lock on role ann" in message


def test_a_lock_on_a_whole_catalog_is_named(cluster: Server, other: psycopg2.extensions.connection) -> None:
    process = begin(other, "LOCK TABLE pg_shdescription IN EXCLUSIVE MODE")
    message = blocked(cluster)["msg"]
    names(message, process)
    assert "waited for a lock on pg_shdescription" in message


def test_who_may_not_see_other_sessions_is_told_what_can_be_seen(
    cluster: Server, other: psycopg2.extensions.connection
) -> None:
    sql(cluster, "CREATE ROLE clerk LOGIN CREATEROLE PASSWORD 'of the clerk';\nCREATE ROLE ben")
    process = begin(other, HOLD.format(key=connection.CLUSTER_LOCK))
    where = {"login_host": "127.0.0.1", "login_user": "clerk", "login_password": "of the clerk"}
    options = {**login(cluster), **where}
    del options["login_unix_socket"]
    result = outcome(pg_role_set, roles=[{"name": "carl"}], lock_timeout=0.15, **options)
    assert f"process {process} (user app, database postgres, application their tool, its state isn't" in result["msg"]


def test_a_prepared_transaction_in_the_way_is_named_by_its_identifier(pg_version: int, tmp_path: Path) -> None:
    server = servers.start(pg_version, tmp_path / "cluster", settings=PREPARED)
    try:
        sql(server, "CREATE ROLE ann")
        with closing(servers.connect(server)) as other, other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("COMMENT ON ROLE ann IS 'their own secret'")
            cursor.execute("PREPARE TRANSACTION 'left over'")
        message = blocked(server)["msg"]
        assert "prepared transaction left over, of user postgres, database postgres, prepared at 20" in message
        assert "ROLLBACK PREPARED 'left over'" in message
        sql(server, "ROLLBACK PREPARED 'left over'")
        assert call(pg_role_set, roles=ANN, **login(server))["changed"]
    finally:
        servers.stop(server)


def test_who_sits_in_a_template_is_named(
    cluster: Server, other: psycopg2.extensions.connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "PAUSES", ())
    sql(cluster, "CREATE DATABASE base")
    with closing(servers.connect(cluster, "base", application_name="their tool")) as guest:
        process = guest.info.backend_pid
        result = outcome(pg_db_isolation, databases=[{"name": "shop", "template": "base"}], **login(cluster))
    assert result["sqlstate"] == "55006"
    assert f"process {process} (user postgres, database base, application their tool" in result["msg"]
    assert other.closed == 0


def test_a_wait_that_ends_in_time_costs_no_second_session(
    cluster: Server, other: psycopg2.extensions.connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_self: object) -> None:
        raise AssertionError

    monkeypatch.setattr(connection.Watch, "start", never)
    process = begin(other, "COMMENT ON ROLE ann IS 'a moment'")
    with closing(servers.connect(cluster)) as third, third.cursor() as cursor:
        cursor.execute("SELECT pg_cancel_backend(%s)", (process,))
    other.rollback()
    assert call(pg_role_set, roles=ANN, **login(cluster))["changed"]
