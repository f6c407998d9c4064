"""The example inventory, and plays over several clusters, on a real primary, a real standby and a second cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed import plays, servers
from testbed.collection import COLLECTIONS
from testbed.standbys import standby_of
from tests.role.runs import EXAMPLE, Run, at, book, hosts, ok

USERS = ("dbuser_dba", "dbuser_monitor", "replicator", "dbuser_shop", "dbuser_shop_app", "analyst_ada", "offline_etl")
PASSWORDS = {"example_passwords": {user: f"right-{user}-7" for user in USERS}}
OWN = {f"pg_{user}_password": f"right-{user}-7" for user in ("admin", "monitor", "replication")}
# Those of the example are for servers of its own; the doors have tests of their own.
NO_DOORS = dict.fromkeys(("pgsql_access_manage_hba", "pgsql_access_manage_pool"), False)
HOSTS = ("pg-example-1", "pg-example-2", "pg-example-3")
ROLE = {"ansible.builtin.import_role": {"name": "leastpriv.pgsql.pgsql_access"}}


@pytest.fixture(scope="module")
def standby(server: servers.Server) -> Iterator[servers.Server]:
    """A streaming standby of the file's server."""
    with standby_of(server) as running:
        yield running


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """The primary of another cluster."""
    running = servers.start(18, tmp_path_factory.mktemp("other"))
    yield running
    servers.stop(running)


@pytest.fixture(scope="module")
def example(run: Callable[..., Run], server: servers.Server, standby: servers.Server) -> Callable[..., Run]:
    """Run site.yml on the example inventory, its hosts redirected to servers of this machine."""
    here = {"primary": server, "standby": standby}

    def example(*arguments: str, places: tuple[str, ...] = ("primary", "standby", "standby")) -> Run:
        redirected = {host: at(here[place]) for host, place in zip(HOSTS, places, strict=True)}
        return run(*arguments, inventory=[EXAMPLE, {"all": {"hosts": redirected}}], **PASSWORDS, **NO_DOORS)

    return example


@pytest.fixture(scope="module")
def story(example: Callable[..., Run]) -> list[Run]:
    """A check on an empty cluster, an apply, and a run after it."""
    return [ok(example("--check", "--diff")), ok(example()), ok(example())]


def test_the_inventory_lists_a_primary_a_replica_and_an_offline_instance():
    command = [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(EXAMPLE), "--list"]
    environment = {**plays.clean_environment(), **plays.paths(COLLECTIONS)}
    listed = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found = json.loads(listed.stdout)["_meta"]["hostvars"]
    assert {name: host["pg_role"] for name, host in found.items()} == dict(
        zip(HOSTS, ("primary", "replica", "offline"), strict=True)
    )
    assert {host["pg_cluster"] for host in found.values()} == {"pg-example"}
    assert all(host["ansible_host"].startswith("192.0.2.") for host in found.values())


def test_standbys_are_skipped(story: list[Run]):
    for run in story:
        assert not run.changes("pg-example-2") + run.changes("pg-example-3")
        assert "WARNING: pg-example" not in run.said


def test_the_primary_gets_the_changes_that_check_mode_named(story: list[Run]):
    check, apply, _again = story
    assert apply.changes("pg-example-1") == check.changes("pg-example-1") != []


def test_the_second_run_changes_nothing(story: list[Run]):
    assert story[2].changed == 0


def test_without_being_asked_the_role_leaves_the_doors_alone(story: list[Run]):
    names = ("Provision who comes in", "Provision the pool")
    assert [entry for run in story for entry in run.of(task=names) if entry["status"] == "ok"] == []
    assert [run.tasks("skipped", "pg-example-2") for run in story if names[0] not in str(run.tasks("skipped"))] == []


def test_the_applications_search_path_holds_in_its_database_only(story: list[Run], query: Callable):
    setting = "SELECT datname, setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase"
    assert query(setting) == [("shop", ["search_path=shop"])]


def test_hosts_that_are_not_what_the_inventory_says_are_named_in_warnings(example: Callable[..., Run]):
    run = ok(example("--check", places=("standby", "primary", "standby")))
    assert "pg-example-1 has pg_role primary and is a standby; writable is pg-example-2" in run.said
    assert "pg-example-2 has pg_role replica and is writable" in run.said
    warned = {entry["host"]: entry["result"].get("warnings") for entry in run.of(task="its version and its role")}
    assert "the inventory says primary, and the server is a standby of" in str(warned["pg-example-1"])
    assert "the inventory says replica, and the server is writable now" in str(warned["pg-example-2"])
    assert not warned["pg-example-3"]


def test_a_standby_alone_fails_and_names_its_primary(example: Callable[..., Run], server: servers.Server):
    run = example("--check", "--limit", "pg-example-2")
    assert run.code == 2
    message = run.message("pg-example-2")
    assert "pg-example-2 is a standby, and no host of its pg_cluster is known to be writable" in message
    assert f"run against the primary, {server.socket_dir}:{server.port}" in message


@pytest.fixture(scope="module")
def clusters(run: Callable[..., Run], server: servers.Server, standby: servers.Server, other: servers.Server) -> Run:
    """A check of one play on clusters of every kind: each is a name, and the servers are the same three."""
    several = {
        "login_host": f"{standby.socket_dir},{server.socket_dir}",
        "login_port": f"{standby.port},{server.port}",
        "login_user": server.superuser,
    }
    inventory = hosts(
        one_standby=at(standby, pg_cluster="one"),
        one_primary=at(server, pg_cluster="one"),
        two_primary=at(other, pg_cluster="two"),
        three_standby=at(standby, pg_cluster="three"),
        four_split=at(server, pg_cluster="four"),
        four_brain=at(other, pg_cluster="four"),
        five_first=at(server, pg_cluster="five"),
        five_again=at(server, pg_cluster="five"),
        six_hosts=at(server, pgsql_access_login=several),
    )
    return run("--check", inventory=[inventory], **OWN, pg_users=[{"name": "of_both"}])


def test_each_cluster_of_a_play_has_its_own_primary(clusters: Run):
    created = {host: len(clusters.changes(host)) for host in ("one_primary", "one_standby", "two_primary")}
    assert created["one_standby"] == 0
    assert 0 < created["one_primary"] < created["two_primary"]


def test_a_standby_fails_although_another_cluster_of_the_play_is_writable(clusters: Run):
    assert clusters.code == 2
    assert "no host of its pg_cluster is known to be writable" in clusters.message("three_standby")
    failed = {entry["host"] for entry in clusters.results if entry["status"] == "failed"}
    assert failed == {"three_standby", "four_split", "four_brain"}


def test_two_writable_servers_of_one_cluster_are_refused_before_anything_is_planned(clusters: Run):
    for host in ("four_split", "four_brain"):
        assert "four_split and four_brain of pg_cluster four are all writable" in clusters.message(host)
        assert clusters.changes(host) == []


def test_of_hosts_that_lead_to_one_server_one_writes(clusters: Run):
    assert len(clusters.changes("five_first")) == len(clusters.changes("one_primary"))
    assert clusters.changes("five_again") == []


def test_of_several_hosts_of_one_login_the_writable_one_is_found(clusters: Run):
    assert len(clusters.changes("six_hosts")) == len(clusters.changes("one_primary"))


@pytest.mark.parametrize("order", ["inventory", "reverse_inventory"])
def test_with_serial_the_primary_has_to_come_first(
    run: Callable[..., Run], server: servers.Server, standby: servers.Server, order: str
):
    (serial,) = book(ROLE)
    inventory = hosts(first=at(server), second=at(standby))
    done = run("--check", book=[{**serial, "serial": 1, "order": order}], inventory=[inventory], **OWN)
    if order == "inventory":
        assert ok(done).changes("second") == []
    else:
        assert "no host of its play is known to be writable: run against the primary" in done.message("second")
        assert "with serial before its standbys" in done.message("second")
