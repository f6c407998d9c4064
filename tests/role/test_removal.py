"""A user and the user's database go together, in one run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.role.runs import READ_ONLY, Run, ok

GOING = {
    "pg_users": [{"name": "leaver", "login": True}, {"name": "heir"}],
    "pg_databases": [{"name": "leaving", "owner": "leaver"}, {"name": "staying", "owner": "heir"}],
}
GONE = {
    "pg_users": [{"name": "leaver", "state": "absent", "reassign_to": "heir"}, {"name": "heir"}],
    "pg_databases": [{"name": "leaving", "state": "absent"}, {"name": "staying", "owner": "heir"}],
}


@pytest.fixture(scope="module")
def story(play: Callable[..., Run], query: Callable) -> tuple[Run, Run, Run]:
    """Check, apply and apply again, after both have been there."""
    ok(play(**GOING))
    query("GRANT CREATE ON SCHEMA public TO leaver", "staying")
    query("SET ROLE leaver; CREATE TABLE public.left_behind (n int)", "staying")
    return ok(play("--check", **GONE)), ok(play(**GONE)), ok(play(**GONE, **READ_ONLY))


def test_both_are_gone_and_what_was_owned_elsewhere_is_the_heirs(story: tuple[Run, Run, Run], query: Callable):
    assert query("SELECT FROM pg_database WHERE datname = 'leaving'") == []
    assert query("SELECT FROM pg_roles WHERE rolname = 'leaver'") == []
    assert query("SELECT tableowner::text FROM pg_tables WHERE tablename = 'left_behind'", "staying") == [("heir",)]


def test_check_mode_names_both_and_the_table(story: tuple[Run, Run, Run]):
    said = " ".join(summary for _task, summary in story[0].changes())
    assert "drop database leaving" in said
    assert "drop role leaver" in said
    assert "left_behind" in said


def test_again_there_is_nothing_to_do(story: tuple[Run, Run, Run]):
    assert story[2].changed == 0
