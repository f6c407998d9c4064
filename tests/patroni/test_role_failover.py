"""The role on a cluster, over switchovers and deaths of the leader: done, or a clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed import patroni
from tests.patroni.moments import NUMBERS, Frozen, kill, kill_and_wait, switchover, switchover_at_once
from tests.patroni.role_runs import Blow, Declaration, a_role, converges, declared, inventory, one_host, play, struck
from tests.width import WIDE

ACTIONS = ("pg_role_set", "pg_db_isolation", "pg_default_privs", "pg_object_privs")
FEW = [Blow("pg_db_isolation", switchover)]
MANY = [Blow(action, failover) for action in ACTIONS for failover in (switchover, kill, kill_and_wait)]
MANY += [
    Blow(action, failover, delay)
    for action in ACTIONS[:2]
    for failover in (switchover_at_once, kill)
    for delay in (0.3, 0.6, 0.9, 1.2)
]


@pytest.mark.parametrize("blow", MANY if WIDE else FEW, ids=str)
def test_a_run_of_the_role_over_a_failover_completes_or_fails_in_words(
    cluster: patroni.Cluster, tmp_path: Path, blow: Blow
):
    patroni.wait_streaming(cluster)
    declaration = Declaration(inventory(cluster), declared(next(NUMBERS)))
    run = struck(cluster, tmp_path, declaration, blow)
    converges(cluster, tmp_path / "again", declaration, run)


@pytest.fixture
def provisioned(cluster: patroni.Cluster, tmp_path: Path) -> patroni.Cluster:
    """The cluster after a run of the role."""
    patroni.wait_streaming(cluster)
    if not patroni.query(patroni.present_leader(cluster), "SELECT FROM pg_roles WHERE rolname = 'dbrole_readonly'"):
        run = play(tmp_path / "first", Declaration(one_host(cluster), a_role(next(NUMBERS))))
        assert run.code == 0, run.output
    return cluster


def test_what_an_earlier_task_wrote_and_the_old_primary_took_with_it_fails_the_run(
    provisioned: patroni.Cluster, tmp_path: Path
):
    """A role is committed on a leader that sends nothing any more; the later tasks find another leader."""
    frozen = Frozen.of(patroni.present_leader(provisioned))
    declaration = Declaration(one_host(provisioned), a_role(next(NUMBERS)))
    blow = Blow("pg_db_isolation", lambda cluster, _old: frozen.die(cluster), kind="commit lost with the leader")
    run = struck(provisioned, tmp_path, declaration, blow)
    assert run.code != 0, run.output
    converges(provisioned, tmp_path / "again", declaration, run)
