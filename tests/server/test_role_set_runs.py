"""pg_role_set: check mode, nothing to do, several runs at once, standbys, and the documentation's examples."""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.leastpriv.pgsql.plugins.module_utils import connection
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_role_set

from testbed import datadir, process, servers, workplace
from testbed.account import run
from tests.server import modules
from tests.server.role_set import Item, Roles

MODEL: list[Item] = [
    {"name": "dbrole_admin", "login": False, "roles": ["pg_monitor", "dbrole_readwrite"], "comment": "creates"},
    {"name": "dbrole_readwrite", "login": False, "roles": ["dbrole_readonly"]},
    {"name": "dbrole_readonly", "login": False},
    {"name": "postgres", "superuser": True, "comment": "system superuser"},
    {
        "name": "replicator",
        "replication": True,
        "roles": ["pg_monitor", "dbrole_readonly"],
        "password": "replicates all",
    },
    {"name": "dbuser_dba", "superuser": True, "roles": ["dbrole_admin"], "pgbouncer": True, "pool_mode": "session"},
    {"name": "dbuser_monitor", "parameters": {"log_min_duration_statement": 1000}, "search_path": "monitor, public"},
]
READ_ONLY = {"connect_params": {"options": "-c default_transaction_read_only=on"}}


@pytest.fixture
def empty(cluster: servers.Server) -> Roles:
    return Roles(cluster)


def test_the_model_is_made_on_an_empty_cluster_as_check_mode_says(empty: Roles) -> None:
    result = empty.proved(*MODEL)
    assert [change["action"] for change in result["changes"]].count("create role") == 6
    again = empty.apply(*reversed(MODEL), **READ_ONLY)
    assert not again["changed"]


def test_the_order_of_items_changes_no_statement(empty: Roles) -> None:
    assert empty.check(*MODEL)["sql"] == empty.check(*reversed(MODEL))["sql"]


def test_the_diff_shows_only_what_changes(empty: Roles) -> None:
    empty.apply({"name": "old", "connlimit": 5, "comment": "same"}, {"name": "other"})
    [cluster, prepared] = empty.check({"name": "old", "connlimit": 6, "comment": "same"}, {"name": "other"})["diff"]
    assert (cluster["before"], cluster["after"]) == ("role old: connlimit 5\n", "role old: connlimit 6\n")
    assert prepared == {"prepared": '-- SQL\nALTER ROLE "old" CONNECTION LIMIT 6;\n'}


def test_the_diff_says_that_a_password_changes_and_not_which(empty: Roles) -> None:
    empty.apply({"name": "old", "password": "first password"})
    diff = empty.check({"name": "old", "password": "other password"})["diff"][0]
    assert diff["before"] == "role old: password ********\n"
    assert diff["after"] == "role old: password ******** (new)\n"


# Check mode before earlier tasks have run

USER: Item = {"name": "ann", "roles": ["team"], "database_parameters": {"sales": {"jit": "off"}}}
ASSUMED = {"roles": [{"name": "team", "roles": ["staff"]}, {"name": "staff"}], "databases": [{"name": "sales"}]}


def test_check_mode_assumes_exactly_what_the_caller_names(empty: Roles) -> None:
    foreseen = empty.check(USER, assume=ASSUMED)
    assert foreseen["warnings"] == []
    for statement in ("CREATE ROLE team", "CREATE ROLE staff", "GRANT staff TO team", "CREATE DATABASE sales"):
        empty.sql(statement)
    result = empty.apply(USER, assume={"roles": [], "databases": []})
    assert foreseen["changes"] == result["changes"]
    assert foreseen["diff"] == result["diff"]


def test_a_name_that_is_not_assumed_is_the_same_error_as_in_the_apply(empty: Roles) -> None:
    error = modules.failure(
        pg_role_set, check=True, **empty.login(), roles=[USER], assume={"roles": [], "databases": []}
    )
    assert error == empty.failure(USER)
    assert "no such role: team; declare it in an earlier task, or correct the name" in error
    assert "no such database: sales" in error


def test_without_assume_every_missing_name_is_assumed_with_a_warning(empty: Roles) -> None:
    result = empty.check(USER)
    assert result["changed"]
    assert ["role team" in text or "database sales" in text for text in result["warnings"]] == [True, True]


def test_assume_has_no_effect_outside_of_check_mode(empty: Roles) -> None:
    assert "no such role: team" in empty.failure(USER, assume=ASSUMED)


def test_an_assumed_membership_counts_for_cycles(empty: Roles) -> None:
    message = modules.failure(
        pg_role_set, check=True, **empty.login(), roles=[{"name": "staff", "roles": ["team"]}], assume=ASSUMED
    )
    assert "staff -> team -> staff" in message


def test_an_assumed_membership_of_a_role_that_is_nowhere_changes_nothing(empty: Roles) -> None:
    assume = {"roles": [{"name": "team", "roles": ["nowhere"]}], "databases": []}
    assert empty.check({"name": "ann"}, assume=assume)["sql"] == ['CREATE ROLE "ann" LOGIN;']


# Nothing to do


def crowd(count: int) -> list[Item]:
    common = {"comment": "one of many", "connlimit": 5, "roles": ["crowd"], "password": "SCRAM-SHA-256$1:YQ==$" + KEYS}
    own = {"parameters": {"work_mem": "64MB"}, "database_parameters": {"postgres": {"jit": False}}}
    return [{"name": "crowd", "login": False}, *({"name": f"one_{n}", **common, **own} for n in range(count))]


KEYS = "A" * 43 + "=:" + "A" * 43 + "="


def test_a_run_with_nothing_to_do_writes_nothing_and_asks_as_much_for_many_roles_as_for_few(
    empty: Roles, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    asked: list[str] = []
    cursor = connection.Connection._cursor
    monkeypatch.setattr(
        connection.Connection, "_cursor", lambda self, sql, values: asked.append(sql) or cursor(self, sql, values)
    )
    counts = []
    for count in (10, 1000):
        empty.apply(*crowd(count))
        asked.clear()
        start = time.monotonic()
        assert not empty.apply(*crowd(count), **READ_ONLY)["changed"]
        record_property(f"seconds for {count}", time.monotonic() - start)
        counts.append(len(asked))
    record_property("statements", counts)
    assert counts[0] == counts[1] <= 14


# Several at once


def worker(server: servers.Server, number: int, results: Any) -> None:
    roles, done = Roles(server), []
    items: list[Item] = [*MODEL[:3], {"name": "shared", "roles": ["dbrole_readonly"], "password": "shared password"}]
    for turn in range(2):
        own = {"name": f"own_{number}_{turn}", "roles": ["dbrole_admin"], "comment": f"turn {turn}"}
        last = [{"name": f"own_{number}_{turn - 1}", "state": "absent"}] if turn else []
        done.append(modules.outcome(pg_role_set, **roles.login(), roles=[*items, own, *last]).get("msg", "succeeded"))
    results.put(done)


def test_eight_runs_at_once_all_succeed_and_leave_what_is_declared(empty: Roles) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    arguments = [(empty.server, number, results) for number in range(8)]
    processes = [context.Process(target=worker, args=each) for each in arguments]
    for one in processes:
        one.start()
    said = [results.get(timeout=60) for _process in processes]
    for one in processes:
        one.join()
    assert said == [["succeeded"] * 2] * 8
    empty.unchanged(*MODEL[:3], {"name": "shared", "roles": ["dbrole_readonly"], "password": "shared password"})
    own = empty.sql("SELECT rolname FROM pg_roles WHERE rolname ~ '^own_' ORDER BY 1")
    assert own == [(f"own_{number}_1",) for number in range(8)]


# Standbys


@pytest.fixture
def standby(cluster: servers.Server, tmp_path: Path) -> Iterator[Roles]:
    """A server in recovery, from a copy of the primary's files."""
    replica = servers.start(cluster.version, tmp_path / "standby")
    for server in (replica, cluster):
        workplace.end(server.data_dir, signal.SIGINT)
    run(["rm", "-r", replica.data_dir])
    run(["cp", "-a", cluster.data_dir, replica.data_dir])
    address = f"host={cluster.socket_dir} port={cluster.port} user=postgres password=very_geheim"
    own = {"port": str(replica.port), "unix_socket_directories": str(replica.socket_dir), "primary_conninfo": address}
    datadir.append(replica.data_dir / "postgresql.conf", datadir.configuration(own))
    datadir.write(replica.data_dir / "standby.signal", "")
    for server in (cluster, replica):
        process.wait(server, process.spawn(server))
    yield Roles(replica)
    servers.stop(replica)


def test_a_standby_is_fine_while_there_is_nothing_to_do_and_else_names_the_primary(
    standby: Roles, cluster: servers.Server
) -> None:
    assert not standby.apply({"name": "postgres", "superuser": True})["changed"]
    message = standby.failure({"name": "new"})
    assert message == (
        "the server is a standby and can't be changed, and there is something to change: "
        f"the primary is {cluster.socket_dir}, port {cluster.port}; nothing was changed"
    )
    assert "geheim" not in message
    with pytest.raises(modules.Failed, match="the server is a standby"):
        standby.check({"name": "new"})


# Documentation


def test_every_example_of_the_documentation_runs(empty: Roles) -> None:
    for database in ("gitlab", "jira"):
        empty.sql(f"CREATE DATABASE {database}")
    examples = yaml.safe_load(pg_role_set.EXAMPLES)
    assert len(examples) >= 5
    for example in examples:
        params = example["leastpriv.pgsql.pg_role_set"]
        text = json.dumps(params).replace("{{ vault_gitlab_password }}", "a gitlab password")
        assert "{{" not in text
        modules.call(pg_role_set, **{**json.loads(text), **empty.login()})
