"""The pipeline's promises, on real servers: locks, retries, no partial effect, nothing half done."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import apply, change, connection, errors, execute, retry
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation, pg_role_set

from testbed.servers import Server, connect
from tests.server.modules import call, login, outcome

HOLD = f"SELECT pg_advisory_xact_lock(1819303015, {connection.CLUSTER_LOCK})"
ROLES = [{"name": "reader", "login": False}, {"name": "ann", "roles": ["reader"]}]


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSES", (0.01,) * 5)


def session(server: Server, user: str = "", **more: str) -> connection.Login:
    parameters = {"host": str(server.socket_dir), "port": str(server.port), "user": user or server.superuser, **more}
    return connection.Login(parameters, "postgres", lock_timeout=0.3)


@pytest.fixture
def someone_holds_the_lock(cluster: Server) -> Iterator[None]:
    other = connect(cluster)
    other.autocommit = False
    other.cursor().execute(HOLD)
    yield
    other.close()


def grant(database: str, to: str) -> change.Change:
    sql = f'GRANT CONNECT ON DATABASE "{database}" TO "{to}"'
    return change.Change(change.GRANT, "DATABASE", database, f"grant connect to {to}", sql)


@pytest.mark.usefixtures("someone_holds_the_lock")
def test_a_run_with_nothing_to_do_takes_no_lock(cluster: Server) -> None:
    for statement in ("CREATE ROLE reader", "CREATE ROLE ann LOGIN", "GRANT reader TO ann"):
        connect(cluster).cursor().execute(statement)
    assert not call(pg_role_set, roles=ROLES, lock_timeout=0.1, **login(cluster))["changed"]


@pytest.mark.usefixtures("someone_holds_the_lock", "short_pauses")
def test_a_run_with_something_to_do_waits_for_the_lock_and_says_so(cluster: Server) -> None:
    result = outcome(pg_role_set, roles=ROLES, lock_timeout=0.05, **login(cluster))
    assert result["sqlstate"] == "55P03"
    assert "lock timeout" in result["msg"]


def test_a_lock_that_is_given_back_in_time_is_only_waited_for(cluster: Server) -> None:
    other = connect(cluster)
    other.autocommit = False
    other.cursor().execute(HOLD)
    timer = threading.Timer(0.8, other.close)
    timer.start()
    assert call(pg_role_set, roles=ROLES, lock_timeout=0.2, **login(cluster))["changed"]
    timer.join()


def test_a_plan_that_became_empty_while_waiting_changes_nothing(cluster: Server) -> None:
    other = connect(cluster)
    other.autocommit = False
    other.cursor().execute(HOLD)
    for statement in ("CREATE ROLE reader", "CREATE ROLE ann LOGIN", "GRANT reader TO ann"):
        other.cursor().execute(statement)
    timer = threading.Timer(0.5, other.commit)
    timer.start()
    result = call(pg_role_set, roles=ROLES, **login(cluster))
    timer.join()
    assert result["changed"] is False


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_the_plan_under_the_lock_sees_what_was_committed_meanwhile(cluster: Server, isolation: str) -> None:
    connect(cluster).cursor().execute(f"ALTER ROLE postgres SET default_transaction_isolation TO '{isolation}'")
    test_a_plan_that_became_empty_while_waiting_changes_nothing(cluster)


def test_a_grant_without_effect_is_an_error_and_rolls_back(cluster: Server) -> None:
    admin = connect(cluster).cursor()
    admin.execute("CREATE ROLE bob LOGIN PASSWORD 'bobs own password'")
    admin.execute("CREATE ROLE carl")
    bob = session(cluster, "bob", password="bobs own password")
    refused = pytest.raises(errors.AccessError, match="only part of its effect")
    with refused, apply.opened(bob) as here, here.transaction(connection.CLUSTER_LOCK):
        execute.execute(here, [grant("postgres", "carl")])
    admin.execute("SELECT datacl FROM pg_database WHERE datname = 'postgres'")
    assert admin.fetchall() == [(None,)]


def test_a_warning_of_another_statement_is_given_as_a_warning(cluster: Server) -> None:
    with apply.opened(session(cluster)) as here:
        assert here.execute("DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$") == ["mind the gap"]
        assert here.execute("DO $$ BEGIN RAISE NOTICE 'nothing to see'; END $$") == []


def test_an_error_names_what_was_being_done(cluster: Server) -> None:
    with apply.opened(session(cluster)) as here, pytest.raises(errors.ServerError) as caught:
        execute.execute(here, [grant("postgres", "nobody"), grant("postgres", "nobody else")])
    assert "one of 2 changes from 'grant connect to nobody' to 'grant connect to nobody else'" in str(caught.value)
    assert caught.value.sqlstate == "42704"


def test_no_session_trusts_the_search_path_it_finds(cluster: Server) -> None:
    admin = connect(cluster).cursor()
    admin.execute("CREATE SCHEMA trap")
    admin.execute("CREATE FUNCTION trap.current_setting(text) RETURNS text LANGUAGE sql AS 'select 1'")
    admin.execute("CREATE VIEW trap.pg_roles AS SELECT 1 AS nothing")
    admin.execute("ALTER ROLE postgres SET search_path TO trap, pg_catalog")
    assert call(pg_role_set, roles=ROLES, **login(cluster))["changed"]
    assert not call(pg_role_set, roles=ROLES, **login(cluster))["changed"]


def test_standard_conforming_strings_off_changes_nothing(cluster: Server) -> None:
    connect(cluster).cursor().execute("ALTER ROLE postgres SET standard_conforming_strings TO off")
    roles = [{"name": "odd\\'name", "comment": "it's a \\ backslash"}]
    assert call(pg_role_set, roles=roles, **login(cluster))["changed"]
    assert not call(pg_role_set, roles=roles, **login(cluster))["changed"]


def test_what_one_database_did_counts_even_if_another_one_fails(cluster: Server) -> None:
    admin = connect(cluster).cursor()
    for name in ("first", "second"):
        admin.execute(f"CREATE DATABASE {name}")
    trap = connect(cluster, "second").cursor()
    trap.execute("CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not here'; END $$")
    trap.execute("CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no()")
    databases = [{"name": name, "schemas": ["app"]} for name in ("first", "second")]
    result = outcome(pg_db_isolation, databases=databases, **login(cluster))
    assert result["failed"]
    assert "database second: not here" in result["msg"]
    assert [one["database"] for one in result["changes"]] == ["first"]


def test_two_hosts_are_tried_and_the_writable_one_is_taken(cluster: Server) -> None:
    options = {**login(cluster), "login_host": "127.0.0.1,127.0.0.1", "login_port": f"1,{cluster.port}"}
    del options["login_unix_socket"]
    connect(cluster).cursor().execute("ALTER ROLE postgres PASSWORD 'of the superuser'")
    assert call(pg_role_set, roles=ROLES, login_password="of the superuser", **options)["changed"]
