"""A switchover or the death of the leader in the middle of a run: it completes or fails in words, and never lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed import patroni
from tests.patroni.moments import (
    Failover,
    Frozen,
    Moment,
    Trial,
    kill,
    kill_and_wait,
    switchover,
    switchover_at_once,
)
from tests.width import WIDE

BEGIN, COMMIT, COMMITTED = Moment("BEGIN"), Moment("COMMIT"), Moment("COMMIT", after=True)
CREATE, CREATED = Moment("CREATE DATABASE"), Moment("CREATE DATABASE", after=True)
LAST = Moment("COMMIT", 3, after=True)
STANDBY = "has become a standby since this began"

FEW = [
    ("pg_role_set", COMMIT, switchover_at_once, True),
    ("pg_db_isolation", CREATED, kill, False),
]
MANY = [
    (module, moment, failover, everywhere)
    for module, moments in (
        ("pg_role_set", (Moment("SELECT", 3), BEGIN, COMMIT, COMMITTED)),
        ("pg_db_isolation", (Moment("SELECT", 5), BEGIN, CREATE, CREATED, Moment("COMMIT", 2), LAST)),
    )
    for moment in moments
    for failover in (switchover, switchover_at_once, kill, kill_and_wait)
    for everywhere in (False, True)
]


@pytest.fixture
def trial(cluster: patroni.Cluster, tmp_path: Path) -> Trial:
    """Runs on the cluster, once all its replicas stream."""
    patroni.wait_streaming(cluster)
    return Trial(cluster, "pg_role_set", tmp_path / "struck")


@pytest.mark.parametrize(("module", "moment", "failover", "everywhere"), MANY if WIDE else FEW, ids=str)
def test_a_run_over_a_failover_completes_or_fails_in_words(
    trial: Trial, module: str, moment: Moment, failover: Failover, everywhere: bool
):
    trial.module = module
    trial.run(moment, failover, everywhere)


def test_a_run_whose_server_became_a_standby_after_its_commit_does_not_count_as_proved(trial: Trial):
    result = trial.run(COMMITTED, switchover, everywhere=False)
    assert result["failed"]
    assert STANDBY in result["msg"]
    assert "everything was committed before" in result["msg"]


def test_a_run_with_all_hosts_is_proved_on_the_new_primary(trial: Trial):
    assert not trial.run(COMMITTED, switchover, everywhere=True).get("failed")


def test_a_commit_that_the_old_primary_took_with_it_is_found_missing(trial: Trial, cluster: patroni.Cluster):
    leader = patroni.present_leader(cluster)
    frozen = Frozen.of(leader)

    def die(_cluster: patroni.Cluster, _old: patroni.Node) -> None:
        frozen.die(cluster)

    result = trial.run(COMMITTED, die, everywhere=True, kind="commit lost with the leader")
    assert result["failed"]
    assert "the server doesn't show what was applied" in result["msg"]
