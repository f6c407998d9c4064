"""Two full playbooks at once on one server, while it is new and after it was broken by hand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.role.runs import READ_ONLY, Run, ok
from tests.role.test_site import BREAKS
from tests.width import WIDE

LEFT = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory'
UNION ALL SELECT pid FROM pg_stat_activity WHERE datname IS NOT NULL AND wait_event_type = 'Lock'
UNION ALL SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()
"""


def twice(play: Callable[..., Run]) -> list[Run]:
    """Run the playbook twice at the same time."""
    with ThreadPoolExecutor(2) as pool:
        return [run.result() for run in [pool.submit(play), pool.submit(play)]]


def settled(play: Callable[..., Run], query: Callable) -> None:
    """Require that a run on a session that can't write finds nothing to do, that nobody waits and no lock is left."""
    assert ok(play(**READ_ONLY)).changes() == []
    assert query(LEFT) == []


def test_two_playbooks_at_once_on_a_new_server_both_succeed(play: Callable[..., Run], query: Callable) -> None:
    runs = twice(play)
    assert [ok(run).code for run in runs] == [0, 0]
    assert any(run.changed for run in runs)
    settled(play, query)


@pytest.mark.skipif(not WIDE, reason="takes 30 s: only with LEASTPRIV_TESTS=wide")
def test_two_playbooks_at_once_repair_what_was_broken_by_hand(play: Callable[..., Run], query: Callable) -> None:
    ok(play())
    for statement in BREAKS:
        query(statement)
    assert [ok(run).code for run in twice(play)] == [0, 0]
    settled(play, query)
