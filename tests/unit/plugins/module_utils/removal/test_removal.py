"""Roles that go: who takes over, what is handed on, and what is dropped in one database."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.removal.model import (
    Held,
    Left,
    Successor,
    parse_successor,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.removal.plan import (
    Handover,
    diff_left,
    left_lines,
    resolve_left,
    undo_left,
)

TABLE = Held("old", "o", "table", 5, ("a.t", "a.u", "a.v"))
MAPPING = Held("old", "o", "user mapping", 1, ("old on server s",))
GRANTS = Held("old", "a", "table", 1, ("b.t",))
TRIGGER = Held("old", "o", "event trigger", 1, ("e",))
HANDOVER = Handover("shop", {"old": "heir", "other": "heir"}, frozenset())


def sql(left: Left, handover: Handover = HANDOVER) -> list[str]:
    return [change.sql for change in diff_left(handover, left, Left())]


@pytest.mark.parametrize(
    ("value", "successor"),
    [(None, None), ("heir", Successor("heir")), ({"database_owner": "yes"}, Successor(None))],
)
def test_who_takes_over_is_a_name_or_the_owner(value: Any, successor: Any) -> None:
    assert parse_successor(value, "role old") == successor


@pytest.mark.parametrize("value", [1, [], {}, {"database_owner": False}, {"database_owner": True, "x": 1}, "x" * 64])
def test_anything_else_is_an_error_with_its_place(value: Any) -> None:
    with pytest.raises(InputError, match=r"^role old: reassign_to"):
        parse_successor(value, "role old")


def test_objects_are_handed_on_and_the_rest_is_dropped_after_a_look() -> None:
    reassign, drop = sql(Left(frozenset({TABLE, MAPPING, GRANTS})))
    assert reassign == 'REASSIGN OWNED BY "old" TO "heir"'
    assert drop.startswith("SELECT ('still owned: ' || ")
    assert "rolname = 'old'" in drop
    assert drop.endswith('; DROP OWNED BY "old"')


def test_what_is_nobody_elses_is_not_handed_on() -> None:
    assert [one.split("; ")[-1] for one in sql(Left(frozenset({MAPPING})))] == ['DROP OWNED BY "old"']
    assert sql(Left(frozenset({TABLE}))) == ['REASSIGN OWNED BY "old" TO "heir"']


def test_a_change_names_the_first_objects_and_counts_the_others() -> None:
    [change] = diff_left(HANDOVER, Left(frozenset({TABLE})), Left())
    assert change.summary == "hand to heir what old owns: table a.t, a.u, a.v and 2 more"
    assert change.objects == ("table a.t", "table a.u", "table a.v")
    assert left_lines(Left(frozenset({TABLE})), Left()) == ("role old: owns table a.t, a.u, a.v and 2 more",)


def test_what_only_superusers_own_needs_one() -> None:
    left = Left(frozenset({TRIGGER}))
    with pytest.raises(InputError, match="event trigger e of role old can only be owned by a superuser"):
        resolve_left(HANDOVER, left)
    assert resolve_left(Handover("shop", {"old": "heir"}, frozenset({"heir"})), left).after == Left()


def test_policies_for_nobody_else_are_named() -> None:
    left = Left(frozenset({Held("old", "r", "policy", 1, ("p on a.t",))}), frozenset({("old", "p on a.t")}))
    assert "policies for nobody else" in resolve_left(HANDOVER, left).warnings[0]
    assert diff_left(HANDOVER, left, Left())[0].summary.endswith("policies for nobody else: p on a.t")


def test_memberships_are_taken_for_what_needs_them_and_given_back() -> None:
    handover = Handover("shop", {"old": "heir"}, frozenset(), "me", {"old": ("heir", "old")})
    reassign, drop = sql(Left(frozenset({TABLE, GRANTS})), handover)
    assert reassign.startswith('GRANT "heir", "old" TO "me" WITH INHERIT TRUE, SET TRUE; REASSIGN')
    assert reassign.endswith('; REVOKE "heir", "old" FROM "me"')
    assert drop.startswith('GRANT "old" TO "me" ')


def test_a_handover_is_named_and_not_undone() -> None:
    notes = undo_left(HANDOVER, Left(frozenset({TABLE, GRANTS})), Left())
    assert all(change.shown().startswith("-- not undone: ") for change in notes)
    assert len(notes) == 2
