"""One Patroni cluster of three nodes for all tests here; its failovers are counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed import collection, patroni, patroni_home
from testbed.errors import TestbedError
from tests.patroni.doors import shared, written
from tests.patroni.tally import TALLY

collection.link()


@pytest.fixture(scope="session")
def cluster() -> Iterator[patroni.Cluster]:
    """A cluster whose members share the list pg_hba."""
    try:
        patroni_home.packages()
    except TestbedError as error:
        pytest.skip(f"no Patroni here: {error}")
    running = patroni.start(dynamic={"pg_hba": list(patroni.HBA)})
    yield running
    patroni.stop(running)


@pytest.fixture
def leader(cluster: patroni.Cluster) -> Iterator[patroni.Node]:
    """The leader, with a role that may log in; afterwards all members have the shared list again."""
    found = patroni.present_leader(cluster)
    patroni.query(found, "DROP ROLE IF EXISTS barred; CREATE ROLE barred LOGIN")
    yield found
    shared(found, pg_hba=list(patroni.HBA), pg_ident=None)
    settled = [list(patroni.HBA)] * len(cluster.nodes)
    patroni.until(lambda: [written(node) for node in cluster.nodes] == settled, "former pg_hba.conf", cluster)


@pytest.fixture
def replica(cluster: patroni.Cluster, leader: patroni.Node) -> patroni.Node:
    """Another member."""
    return next(node for node in cluster.nodes if node != leader)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how often the leader changed in the middle of a run, and how these runs ended."""
    for line in TALLY.lines():
        terminalreporter.write_line(line)
