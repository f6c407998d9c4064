"""Kills, races, failures and standbys: what is half done is finished, and nobody is in the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation

from testbed import servers
from testbed.collection import CHECKOUT
from testbed.servers import Server
from tests.server import modules
from tests.server.isolation import (
    PASSWORD,
    SYSTEM,
    attempt,
    call,
    converges,
    declared,
    enters,
    failure,
    logins,
    sql,
    tidied,
)

RULES = ["GRANT USAGE ON SCHEMAS TO readers"]
OPTIONS = {**SYSTEM, "schema_privileges": RULES, "revoke_create": True}
ITEM = {"name": "shop", "owner": "own", "revokeconn": True, "revoketemp": True, "connect": ["ann"], "schemas": ["app"]}
RUN = """
import sys, json
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/.ansible/collections"]
from tests.server import modules
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation
{before}
print(json.dumps(modules.outcome(pg_db_isolation, **json.loads(sys.argv[2]))))
"""
# The process dies before it runs a certain statement.
DIES = """
import os, signal
from ansible_collections.leastpriv.pgsql.plugins.module_utils import apply
done = apply.execute
def dying(connection, changes):
    if any("{at}" in change.sql for change in changes):
        os.kill(os.getpid(), signal.SIGKILL)
    return done(connection, changes)
apply.execute = dying
"""


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with system users, an owner, and others."""
    with tidied(server):
        logins(server, "replicator", "dbuser_monitor", "dbuser_dba", "own", "ann", "bob")
        sql(server, "CREATE ROLE dbrole_admin;\nCREATE ROLE readers")
        yield server


def process(params: dict[str, Any], before: str = "") -> subprocess.Popen[str]:
    """Run the module in a process of its own."""
    command = [sys.executable, "-c", RUN.replace("{before}", before), str(CHECKOUT), json.dumps(params)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.in_process
@pytest.mark.parametrize("at", ["CREATE SCHEMA", "CONNECTION LIMIT -1"])
def test_a_killed_run_leaves_the_database_closed_and_the_next_one_finishes_it(model: Server, at: str) -> None:
    run = process(declared(model, ITEM, **OPTIONS), DIES.replace("{at}", at))
    assert (run.wait(), run.communicate()[0]) == (-signal.SIGKILL, "")
    assert "too many connections" in attempt(model, "own", "shop")
    result = call(model, ITEM, **OPTIONS)
    assert not [change for change in result["changes"] if change["action"] == "create database"]
    assert [enters(model, user, "shop") for user in ("own", "ann", "bob")] == [True, True, False]
    assert not call(model, ITEM, **OPTIONS)["changed"]


def test_a_later_failure_reports_what_was_done_and_drops_nothing(model: Server) -> None:
    broken = {**ITEM, "parameters": {"work_mem": "not a size"}}
    result = modules.outcome(pg_db_isolation, **declared(model, broken, **OPTIONS))
    assert result["failed"]
    assert "work_mem" in result["msg"]
    assert [change["action"] for change in result["changes"]][:2] == ["create database", "create schema"]
    assert "too many connections" in attempt(model, "own", "shop")
    assert call(model, ITEM, **OPTIONS)["changed"]


@pytest.mark.parametrize("template", ["template1", "postgres"])
def test_two_runs_at_once_both_succeed(model: Server, template: str) -> None:
    items = [{**ITEM, "name": f"d{n}", "template": template} for n in range(3)]
    params = declared(model, *items, **OPTIONS, jobs=2)
    runs = [process(params) for _turn in range(2)]
    results = [json.loads(run.communicate()[0]) for run in runs]
    assert [result.get("msg") for result in results] == [None, None]
    assert [result["warnings"] for result in results] == [[], []]
    made = [change["object"] for result in results for change in result["changes"] if not change["transactional"]]
    assert sorted(made) == ["d0", "d1", "d2"]
    assert not call(model, *items, **OPTIONS)["changed"]


def test_two_removals_at_once_both_succeed(model: Server) -> None:
    sql(model, ";\n".join(f"CREATE DATABASE d{n}" for n in range(3)))
    params = declared(model, *({"name": f"d{n}", "state": "absent"} for n in range(3)))
    runs = [process(params) for _turn in range(2)]
    results = [json.loads(run.communicate()[0]) for run in runs]
    assert [result.get("msg") for result in results] == [None, None]
    assert sorted(change["object"] for result in results for change in result["changes"]) == ["d0", "d1", "d2"]


@pytest.mark.in_process
@pytest.mark.parametrize("at", ["pg_terminate_backend", "DROP DATABASE"])
def test_a_killed_removal_leaves_the_database_shut_and_the_next_one_finishes_it(model: Server, at: str) -> None:
    sql(model, "CREATE DATABASE shop OWNER own IS_TEMPLATE true")
    guest = servers.connect(model, "shop")
    item = {"name": "shop", "state": "absent", "terminate": True}
    run = process(declared(model, item), DIES.replace("apply", "outside").replace("{at}", at))
    assert (run.wait(), run.communicate()[0]) == (-signal.SIGKILL, "")
    assert "not currently accepting connections" in attempt(model, "own", "shop")
    assert call(model, item)["changes"][-1]["action"] == "drop database"
    guest.close()
    assert not call(model, item)["changed"]


def test_a_removal_that_fails_says_what_was_done(model: Server) -> None:
    sql(model, "ALTER ROLE own CREATEDB;\nCREATE DATABASE d0 OWNER own;\nCREATE DATABASE d1 OWNER own")
    items = [{"name": name, "state": "absent"} for name in ("d0", "d1")]
    params = {**declared(model, *items), **modules.login(model, "own", PASSWORD), "lock_timeout": 0.1}
    with closing(servers.connect(model)) as guest, guest.cursor() as cursor:
        cursor.execute("BEGIN;\nCOMMENT ON DATABASE d1 IS 'not yet decided'")
        result = modules.outcome(pg_db_isolation, **params)
    assert "database d1" in result["msg"]
    assert [change["summary"] for change in result["changes"]] == ["drop database d0"]
    assert "done before: drop database d0; not done: drop database d1; run it again" in result["msg"]
    assert not sql(model, "SELECT 1 FROM pg_database WHERE datname = 'd0'")


def test_the_maintenance_database_and_template1_can_both_be_cloned_in_one_run(model: Server) -> None:
    items = [{"name": "from_postgres", "template": "postgres"}, {"name": "from_template1"}]
    began = time.monotonic()
    converges(model, *items)
    assert time.monotonic() - began < 5


@pytest.mark.since(18)
def test_somebody_in_the_template_for_a_moment_is_waited_for(model: Server) -> None:
    sql(model, "CREATE DATABASE base")
    guest = servers.connect(model, "base")
    timer = threading.Timer(5.6, guest.close)
    timer.start()
    assert call(model, {"name": "shop", "template": "base"})["changed"]
    timer.join()


def test_databases_are_worked_on_side_by_side(model: Server) -> None:
    items = [{"name": f"d{n}", "schemas": ["app"]} for n in range(4)]
    assert call(model, *items, jobs=3)["changed"]
    assert call(model, *items, check=True, jobs=1)["sql"] == []
    assert "jobs is 0" in failure(model, *items, jobs=0)


def test_one_databases_failure_leaves_the_others_done(model: Server) -> None:
    call(model, "a", "b")
    sql(model, "CREATE SCHEMA app", "a")
    sql(model, "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$", "a")
    sql(model, "CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no()", "a")
    said = failure(model, {"name": "a", "schemas": ["new"]}, {"name": "b", "schemas": ["new"]})
    assert said.startswith("database a: no (during: create schema new")
    assert sql(model, "SELECT 1 FROM pg_namespace WHERE nspname = 'new'", "b") == [(1,)]


def test_a_standby_is_planned_for_and_never_changed(cluster: Server) -> None:
    logins(cluster, "own")
    call(cluster, {"name": "shop", "owner": "own", "schemas": ["app"]})
    servers.append(cluster.data_dir / "standby.signal", "")
    settings = {"primary_conninfo": "host=db1.example.invalid port=6543 password=hidden"}
    servers.append(cluster.data_dir / "postgresql.conf", servers.configuration(settings))
    servers.restart(cluster)
    assert not call(cluster, {"name": "shop", "owner": "own", "schemas": ["app"]})["changed"]
    said = failure(cluster, {"name": "shop", "revokeconn": True})
    assert "standby" in said
    assert "db1.example.invalid, port 6543" in said
    assert "hidden" not in said
