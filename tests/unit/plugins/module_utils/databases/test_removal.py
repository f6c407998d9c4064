"""Dropping a database: what stands in the way, and in which order it goes."""

from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.model import DatabaseState, Removal
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.removal import Obstacle, drop, in_the_way

THERE = DatabaseState("it's", "own", "UTF8", "C", "C", "pg_default")
TEMPLATE = DatabaseState("it's", "own", "UTF8", "C", "C", "pg_default", is_template=True)
SESSIONS = (Obstacle("session", "ann", 2), Obstacle("session", "bob", 1))
PREPARED = Obstacle("prepared transaction", "ann", 1)
FEED = Obstacle("subscription", "feed", 1)
SLOT = Obstacle("active replication slot", "s1", 1)


def said(obstacles: tuple[Obstacle, ...], **keys: bool) -> str:
    return "; ".join(in_the_way(Removal("shop", **keys), obstacles))


def test_sessions_stand_in_the_way_unless_they_are_ended() -> None:
    assert said(SESSIONS) == (
        "database shop can't be dropped because of 3 sessions (ann 2, bob): declare terminate: true or force: true, "
        "or end them"
    )
    assert said(SESSIONS, force=True) == said(SESSIONS, terminate=True) == said(()) == ""


@pytest.mark.parametrize("keys", [{}, {"force": True}, {"terminate": True}])
def test_what_holds_data_stands_in_the_way_in_any_case(keys: dict[str, bool]) -> None:
    assert "COMMIT PREPARED or ROLLBACK PREPARED" in said((PREPARED,), **keys)
    assert "DROP SUBSCRIPTION" in said((FEED,), **keys)


def test_force_doesnt_end_what_uses_a_replication_slot() -> None:
    assert "1 active replication slot (s1)" in said((SLOT,), force=True)
    assert said((SLOT,), terminate=True) == ""


def test_a_template_is_one_no_more_then_shut_then_empty_then_dropped() -> None:
    changes = list(drop(Removal("it's", terminate=True), TEMPLATE, SESSIONS))
    assert [change.summary for change in changes] == [
        "database it's: is_template false",
        "database it's: allow_connections false",
        "end 3 sessions (ann 2, bob) in database it's",
        "drop database it's",
    ]
    assert "datname ='it''s'" in changes[2].sql
    assert [change.destructive for change in changes] == [False, False, True, True]
    assert not any(change.transactional for change in changes)


def test_nothing_more_is_done_than_needed() -> None:
    assert [change.sql for change in drop(Removal("it's"), THERE, ())] == ['DROP DATABASE "it\'s"']
    assert [change.sql for change in drop(Removal("it's", force=True), THERE, SESSIONS)] == [
        'DROP DATABASE "it\'s" WITH (FORCE)'
    ]
