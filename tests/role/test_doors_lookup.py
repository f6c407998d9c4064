"""Pools that ask the server, one before each of a primary and its standby: the function is written on the primary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from testbed import pooler, servers
from testbed.account import account
from testbed.standbys import standby_of
from tests.role.runs import Run, at, ok

FIRST, SECOND = "pg-asking-1", "pg-asking-2"
POOL = "Provision the pool"
DECLARED: dict[str, Any] = {
    "pg_cluster": "pg-asking",
    "pg_admin_password": "right-dba-7",
    "pg_monitor_password": "right-monitor-7",
    "pg_replication_password": "right-replicator-7",
    "pg_users": [{"name": "asker", "password": "right-asker-7"}],
    "pg_databases": [{"name": "shop"}],
    "pgsql_access_manage_pool": True,
    "pgsql_access_pool_owner": account().pw_name,
    "pgsql_access_pool_require_running": False,
    "pgsql_access_pool_auth_user": "asker",
    "pgbouncer_auth_query": True,
}


@pytest.fixture(scope="module")
def go(run: Callable[..., Run], server: servers.Server) -> Iterator[Callable[..., Run]]:
    """Run site.yml on both hosts; the standby comes first in the inventory."""
    pools = pooler.make(), pooler.make()
    with standby_of(server) as standby:
        places = [{"pgsql_access_pool_folder": str(pool.folder)} for pool in pools]
        second = at(standby, pg_seq=2, pg_role="replica", **places[1])
        hosts = {SECOND: second, FIRST: at(server, pg_seq=1, pg_role="primary", **places[0])}
        inventory = {"all": {"children": {"pg_asking": {"hosts": hosts, "vars": DECLARED}}}}
        yield lambda *arguments, **more: run(*arguments, inventory=[inventory], pgsql_access_hosts="pg_asking", **more)
    for pool in pools:
        pooler.stop(pool)


def test_the_function_is_on_the_standby_before_its_pool_is_done(go: Callable[..., Run]):
    """One host after the other, as Ansible does where there are more hosts than forks."""
    foreseen = ok(go("--check"))
    done = ok(go("--forks", "1"))
    for host in (FIRST, SECOND):
        assert foreseen.changes(host) == done.changes(host) != []
    assert sql_of(done, FIRST) != []
    assert sql_of(done, SECOND) == []
    assert ok(go()).changed == 0


def sql_of(run: Run, host: str) -> list[str]:
    """The SQL of what was done to a host's pool."""
    (entry,) = [one for one in run.of(host) if POOL in one["task"] and one["status"] == "ok"]
    return list(entry["result"]["sql"])
