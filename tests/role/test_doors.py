"""Who comes in, by the role: HBA on every host and the pool, after SQL on the primary; verified by logging in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.tokens import read_lines

from testbed import pooler, servers
from testbed.standbys import standby_of
from tests.role.doors import DATED, DECLARED, Doors, doors_of
from tests.role.runs import PLAYBOOKS, Run, ok

GROUP = {"pgsql_access_hosts": "pg_doors"}
FIRST, SECOND = "pg-doors-1", "pg-doors-2"
HBA, POOL = "Provision who comes in", "Provision the pool"
pytestmark = pytest.mark.skipif(pooler.program() is None, reason=pooler.MISSING)


@pytest.fixture(scope="module")
def doors(server: servers.Server) -> Iterator[Doors]:
    with standby_of(server) as standby, doors_of(server, standby) as found:
        yield found


@pytest.fixture(scope="module")
def go(run: Callable[..., Run], doors: Doors) -> Callable[..., Run]:
    """Run site.yml on the cluster."""
    return lambda *arguments, **more: run(*arguments, inventory=[doors.inventory(), DATED], **GROUP, **more)


@pytest.fixture(scope="module")
def story(go: Callable[..., Run], doors: Doors) -> dict[str, Run]:
    """A check and an apply on an empty cluster, and another run that has nothing to do."""
    files = hba_of(doors.primary), hba_of(doors.standby)
    check = ok(go("--check", "--diff"))
    assert (hba_of(doors.primary), hba_of(doors.standby)) == files
    return {"check": check, "apply": ok(go("--diff")), "again": ok(go())}


def hba_of(server: servers.Server) -> str:
    return (server.data_dir / "pg_hba.conf").read_text()


def parts(run: Run, host: str) -> set[str]:
    """The doors that changed on a host."""
    names = {task.rpartition(" : ")[2] for task, _summary in run.changes(host)}
    return names & {HBA, POOL}


def test_check_mode_names_the_changes_on_every_host_and_makes_none(story: dict[str, Run]):
    for host in (FIRST, SECOND):
        assert story["check"].changes(host) == story["apply"].changes(host) != []


def test_hba_is_for_every_host_and_the_pool_for_those_that_have_one(story: dict[str, Run]):
    assert parts(story["apply"], FIRST) == {HBA, POOL}
    assert parts(story["apply"], SECOND) == {HBA}
    assert {task for task, _summary in story["apply"].changes(SECOND)} == {f"leastpriv.pgsql.pgsql_access : {HBA}"}


def test_the_doors_come_after_sql(story: dict[str, Run]):
    order = [entry["task"].rpartition(" : ")[2] for entry in story["apply"].of(FIRST) if entry["status"] == "ok"]
    sql = ["Provision the roles", "Provision the databases and who may connect", "Provision the default privileges"]
    wanted = [*sql, "Provision the privileges on what is there", HBA, POOL]
    assert [name for name in order if name in wanted] == wanted


def test_the_second_run_changes_nothing(story: dict[str, Run]):
    assert story["again"].changed == 0


def test_a_standby_waits_for_what_was_written_on_its_primary(story: dict[str, Run]):
    (entry,) = [entry for entry in story["apply"].of(SECOND, HBA) if entry["status"] == "ok"]
    (asked,) = [entry for entry in story["apply"].of(FIRST, "how far its log is") if "server" in entry["result"]]
    assert entry["result"]["invocation"]["module_args"]["replay_lsn"] == asked["result"]["server"]["lsn"]
    (entry,) = [entry for entry in story["apply"].of(FIRST, HBA) if entry["status"] == "ok"]
    assert entry["result"]["invocation"]["module_args"]["replay_lsn"] is None


def test_the_aliases_of_addresses_are_the_inventorys(story: dict[str, Run]):
    (entry,) = [entry for entry in story["apply"].of(SECOND, HBA) if entry["status"] == "ok"]
    assert entry["result"]["invocation"]["module_args"]["addresses"] == {
        "admin": [],
        "infra": ["10.9.8.7", "2001:db8::7"],
        "cluster": ["127.0.0.1", "::1"],
        "intra": ["127.0.0.0/8"],
    }


NOT_IN_THE_FILE = "no pg_hba.conf entry"
LOGINS = {
    ("primary", "shop_app"): "shop_app",
    ("primary", "ada"): "ada",
    ("primary", "etl"): NOT_IN_THE_FILE,
    ("primary", "dbuser_dba"): "dbuser_dba",
    ("standby", "shop_app"): "shop_app",
    ("standby", "ada"): "ada",
    ("standby", "etl"): "etl",
    ("pool", "shop_app"): "shop_app",
    ("pool", "dbuser_dba"): "dbuser_dba",
    ("pool", "ada"): "FATAL",
    ("pool", "etl"): "FATAL",
}


def test_everybody_comes_in_where_they_are_declared_to_and_nowhere_else(story: dict[str, Run], doors: Doors):
    passwords = {"dbuser_dba": DECLARED["pg_admin_password"]}
    said = {(place, user): doors.knock(place, user, passwords.get(user, "")) for place, user in LOGINS}
    wrong = {door: answer for door, answer in said.items() if LOGINS[door] not in answer}
    assert wrong == {}
    assert "password authentication failed" in doors.knock("primary", "ada", "wrong")
    assert "FATAL" in doors.knock("pool", "shop_app", "wrong")


@pytest.fixture(scope="module")
def repaired(story: dict[str, Run], run: Callable[..., Run], doors: Doors) -> dict[str, Run]:
    """Both files of the primary and the standby's one are broken by hand; then the doors alone, on all and on one."""
    for server in (doors.primary, doors.standby):
        servers.append(server.data_dir / "pg_hba.conf", "host all all 0.0.0.0/0 trust\n")
        servers.reload(server)
    pooler.write(doors.pool.folder / "pgb_hba.conf", "host all all 0.0.0.0/0 trust\nlocal pgbouncer postgres trust\n")
    call = {"book": PLAYBOOKS / "doors.yml", "inventory": [doors.inventory(), DATED], **GROUP}
    alone = ok(run("--limit", SECOND, **call))
    return {"standby alone": alone, "all": ok(run(**call))}


def test_a_standby_gets_its_doors_although_its_primary_is_not_in_the_play(repaired: dict[str, Run]):
    assert parts(repaired["standby alone"], SECOND) == {HBA}


def test_the_entry_points_repair_their_doors_and_do_nothing_else(repaired: dict[str, Run], doors: Doors):
    assert parts(repaired["all"], FIRST) == {HBA, POOL}
    assert {task.rpartition(" : ")[2] for task, _summary in repaired["all"].changes()} == {HBA, POOL}
    for path in (doors.primary.data_dir / "pg_hba.conf", doors.pool.folder / "pgb_hba.conf"):
        assert wide_open(path) == []


def wide_open(path: Path) -> list[int]:
    """The lines of a file that let everybody in."""
    lines = read_lines(path.read_text())
    return [line.number for line in lines if getattr(line.content, "method", "") == "trust" and line.content.address]


def test_a_standby_leaves_its_doors_alone_if_its_primary_fails(repaired: dict[str, Run], go: Callable[..., Run]):
    users: list[dict[str, Any]] = [*DECLARED["pg_users"], {"name": "new", "roles": ["nobody_of_that_name"]}]
    failed = go("--check", pg_users=users)
    assert failed.code == 2
    assert "nobody_of_that_name" in failed.message(FIRST)
    assert failed.message(SECOND) == (
        "pg-doors-1, the primary of pg-doors-2, has failed: correct that, and run this again"
    )
