"""The example inventory, on a real primary and a real standby."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed import servers, workplace
from testbed.account import run as as_servers_user
from testbed.collection import CHECKOUT

EXAMPLE = CHECKOUT / "inventories" / "example"
SITE = CHECKOUT / "playbooks" / "site.yml"
USERS = ("dbuser_dba", "dbuser_monitor", "replicator", "dbuser_shop", "dbuser_shop_app", "analyst_ada", "offline_etl")
PASSWORDS = {"example_passwords": {user: f"right-{user}-7" for user in USERS}}
HOSTS = ("pg-example-1", "pg-example-2", "pg-example-3")


@pytest.fixture(scope="module")
def standby(server: servers.Server) -> Iterator[servers.Server]:
    """A streaming standby of the file's server."""
    home = workplace.make(tied=True)
    copy = dataclasses.replace(server, data_dir=home / "data", socket_dir=home, log_file=home / "log")
    login = ["-h", str(server.socket_dir), "-p", str(server.port), "-U", server.superuser]
    servers.append(server.data_dir / "pg_hba.conf", f"local replication {server.superuser} trust\n")
    servers.reload(server)
    as_servers_user([server.bin_dir / "pg_basebackup", *login, "-D", copy.data_dir, "-c", "fast", "--no-sync"])
    primary = f"host={server.socket_dir} port={server.port} user={server.superuser}"
    settings = {"unix_socket_directories": str(home), "primary_conninfo": primary}
    servers.append(copy.data_dir / "postgresql.conf", servers.configuration(settings))
    servers.append(copy.data_dir / "standby.signal", "")
    running = servers.launch(copy)
    yield running
    servers.stop(running)


@pytest.fixture
def example(run_playbook: Any, server: servers.Server, standby: servers.Server) -> Any:
    """Run site.yml on the example inventory, its hosts redirected to servers of this machine."""
    here = {"primary": server, "standby": standby}

    def run(*arguments: str, places: tuple[str, ...] = ("primary", "standby", "standby"), **variables: Any) -> Any:
        hosts = {host: redirected(here[place]) for host, place in zip(HOSTS, places, strict=True)}
        inventory = [EXAMPLE, {"all": {"hosts": hosts}}]
        return run_playbook(SITE, *arguments, inventory=inventory, variables={**PASSWORDS, **variables})

    return run


def redirected(server: servers.Server) -> dict[str, Any]:
    """The variables that lead a host to a server of this machine."""
    login = {"login_unix_socket": str(server.socket_dir), "login_port": server.port, "login_user": server.superuser}
    return {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "pgsql_access_login": login,
    }


def test_the_inventory_lists_a_primary_a_replica_and_an_offline_instance(linked: Path):
    command = [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(EXAMPLE), "--list"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg")}
    listed = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    hosts = json.loads(listed.stdout)["_meta"]["hostvars"]
    assert {name: host["pg_role"] for name, host in hosts.items()} == dict(
        zip(HOSTS, ("primary", "replica", "offline"), strict=True)
    )
    assert {host["pg_cluster"] for host in hosts.values()} == {"pg-example"}
    assert all(host["ansible_host"].startswith("192.0.2.") for host in hosts.values())


def test_standbys_are_skipped_in_check_mode(example: Any, succeeded: Any):
    run = succeeded(example("--check", "--diff"))
    assert run.changes("pg-example-1")
    assert not run.changes("pg-example-2") + run.changes("pg-example-3")
    assert "WARNING" not in run.output


def test_standbys_are_skipped_in_the_apply_and_the_next_run_changes_nothing(example: Any, succeeded: Any):
    assert succeeded(example()).changes("pg-example-1")
    assert succeeded(example()).changed == 0


def test_a_primary_of_the_inventory_that_is_a_standby_is_named_in_a_warning(example: Any, succeeded: Any):
    run = succeeded(example("--check", places=("standby", "primary", "standby")))
    assert "pg-example-1 has pg_role primary and is a standby" in " ".join(run.output.split())
    assert "writable is pg-example-2" in " ".join(run.output.split())


def test_a_standby_fails_where_no_host_of_its_cluster_is_writable(example: Any):
    run = example("--check", places=("standby", "standby", "standby"))
    assert run.code != 0
    assert "no host of its pg_cluster is writable: run against the primary" in " ".join(run.output.split())


def test_a_standby_alone_fails_although_its_cluster_has_a_primary(example: Any):
    assert example("--check", "--limit", "pg-example-2").code != 0
