"""What the login can do in a state, and what it loses between two."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.lockout.model import Footing, refused
from ansible_collections.leastpriv.pgsql.plugins.module_utils.lockout.rights import lost
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.model import Membership
from ansible_collections.leastpriv.pgsql.plugins.module_utils.roles.model import RoleState
from hypothesis import given
from hypothesis import strategies as st

NAMES = ("me", "ops", "a", "b", "c")
VERSIONS = (130000, 150000, 160000, 180000)
ROWS = st.frozensets(
    st.builds(
        Membership,
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.just("postgres"),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
)
STATES = st.builds(
    lambda rows, noinherit, owner, grantees: (rows, noinherit, owner, grantees),
    ROWS,
    st.frozensets(st.sampled_from(NAMES)),
    st.sampled_from(NAMES),
    st.frozensets(st.sampled_from(["", *NAMES])),
)


def footing(
    rows: frozenset[Membership] = frozenset(),
    noinherit: frozenset[str] = frozenset(),
    owner: str = "a",
    grantees: frozenset[str] = frozenset({""}),
    *,
    version: int = 180000,
    acting: str = "me",
    superuser: bool = False,
) -> Footing:
    server = Server(version, "", "me", acting, superuser, "postgres", False, "home")
    roles = {name: RoleState(name, inherit=name not in noinherit, superuser=superuser) for name in NAMES}
    return Footing(server, roles, rows, {"home": owner}, {"home": grantees}, frozenset(NAMES))


def whats(before: Footing, after: Footing) -> list[str]:
    return [loss.what for loss in lost(before, after)]


@given(STATES, st.sampled_from(VERSIONS), st.sampled_from(["me", "ops"]))
def test_nothing_is_lost_where_nothing_changes(state: tuple, version: int, acting: str) -> None:
    here = footing(*state, version=version, acting=acting)
    assert whats(here, here) == []


@given(STATES, ROWS, st.sampled_from(VERSIONS), st.sampled_from(["me", "ops"]))
def test_more_memberships_lose_nothing(state: tuple, more: frozenset, version: int, acting: str) -> None:
    before = footing(*state, version=version, acting=acting)
    after = replace(before, memberships=before.memberships | more)
    losses = whats(before, after)
    assert [one for one in losses if "taking it from" not in one] == []


@given(STATES, STATES, st.sampled_from(VERSIONS))
def test_a_superuser_loses_nothing(one: tuple, other: tuple, version: int) -> None:
    before, after = (footing(*state, version=version, superuser=True) for state in (one, other))
    assert whats(before, after) == []


@given(STATES, STATES, st.sampled_from(VERSIONS))
def test_what_is_lost_one_way_is_no_loss_back(one: tuple, other: tuple, version: int) -> None:
    here, there = footing(*one, version=version), footing(*other, version=version)
    assert not set(whats(here, there)) & set(whats(there, here))


@pytest.mark.parametrize("version", VERSIONS)
def test_connect_through_a_group_takes_inherit_all_the_way(version: int) -> None:
    rows = frozenset({Membership("a", "me", "x"), Membership("b", "a", "x")})
    before = footing(rows, grantees=frozenset({"b"}), version=version)
    stopped = frozenset({Membership("a", "me", "x"), Membership("b", "a", "x", inherit=False)})
    after = replace(before, memberships=stopped)
    if version < 160000:
        after = footing(rows, frozenset({"a"}), grantees=frozenset({"b"}), version=version)
    assert "database home: taking CONNECT from me" in whats(before, after)


def test_who_owns_the_database_has_what_its_owner_is_given() -> None:
    before = footing(owner="me", grantees=frozenset({""}))
    after = footing(owner="me", grantees=frozenset({"pg_database_owner"}))
    assert whats(before, after) == []


def test_a_role_that_goes_is_no_loss_by_itself() -> None:
    rows = frozenset({Membership("b", "me", "x", admin=True)})
    before = footing(rows)
    gone = {name: role for name, role in before.roles.items() if name != "b"}
    assert whats(before, replace(before, roles=gone, memberships=frozenset())) == []
    assert whats(before, replace(before, memberships=frozenset())) != []


def test_a_database_that_the_call_has_to_enter_can_not_be_given_up() -> None:
    before = replace(footing(), entered=frozenset({"home"}))
    after = replace(before, admitted={"home": frozenset()})
    (text,) = refused(lost(before, after), allowed=True)
    assert text.startswith("database home: taking CONNECT from me would lock out the login in use: leave CONNECT")
    assert not text.endswith("allow_self: true")
    assert refused(lost(footing(), replace(footing(), admitted={})), allowed=True) == []
