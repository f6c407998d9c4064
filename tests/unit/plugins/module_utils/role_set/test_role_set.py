"""A declaration of roles as data: parts, contradictions, and plans that lead there and back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume, AssumedRole
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.model import Membership
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.inspect import with_assumed
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.model import (
    RoleSet,
    RoleSetState,
    parse_role_set,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.plan import (
    diff_role_set,
    resolve_role_set,
    undo_role_set,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.roles.model import RoleState
from hypothesis import given
from hypothesis import strategies as st

OPTIONS = [
    "memberships",
    "parameters_mode",
    "expire_renew_days",
    "scram_iterations",
    "defer",
    "only",
    "unlisted_except",
    "assume",
]
SET = {"mode": "additive", "update_password": "always", "allow_self": False, "unlisted_roles": "ignore"}
DEFAULTS = {**dict.fromkeys(OPTIONS), **SET}


def declared(*items: dict[str, Any], **options: Any) -> RoleSet:
    return parse_role_set({**DEFAULTS, **options, "roles": list(items)}, Assume())


def state(names: str, rows: set[Membership] = frozenset(), version: int = 180000) -> RoleSetState:  # type: ignore[assignment]
    server = Server(version, str(version), "postgres", "postgres", True, "postgres", False, "postgres")
    roles = {name: RoleState(name) for name in ["postgres", *names]}
    return RoleSetState(server, roles, frozenset(rows), frozenset(), {}, date(2026, 11, 22))


ROLE_NAMES = st.sampled_from("abcd")
PARENTS = st.builds(
    lambda name, present: {"name": name, "state": "present" if present else "absent"}, ROLE_NAMES, st.booleans()
)
ITEMS = st.fixed_dictionaries(
    {"name": ROLE_NAMES},
    optional={
        "login": st.booleans(),
        "attributes": st.just("exact"),
        "comment": st.text(max_size=3),
        "state": st.sampled_from(["present", "absent"]),
    }
    | {"roles": st.lists(PARENTS, max_size=3, unique_by=lambda item: item["name"])},
)
ROWS = st.sets(st.builds(Membership, ROLE_NAMES, ROLE_NAMES, st.just("postgres"), st.booleans()), max_size=5)


@given(
    st.lists(ITEMS, max_size=4, unique_by=lambda item: item["name"]),
    st.sets(ROLE_NAMES),
    ROWS,
    st.sampled_from([150000, 180000]),
    st.sampled_from(["additive", "exact"]),
)
def test_a_plan_leads_where_it_says_and_a_second_one_is_empty(
    items: list[dict[str, Any]], names: set[str], rows: set[Membership], version: int, mode: str
) -> None:
    there = {row for row in rows if {row.role, row.member} <= names and row.role < row.member}
    there = set({(row.role, row.member): row for row in there}.values())
    before = state("".join(sorted(names)), there, version)
    try:
        wanted = declared(*items, mode=mode)
        after = resolve_role_set(wanted, before).after
    except InputError:
        return
    assert resolve_role_set(wanted, after).after == after
    assert (diff_role_set(before, after) == ()) is (before == after)
    assert diff_role_set(after, after) == ()
    assert all(change.sql for change in undo_role_set(before, after))


def test_a_dropped_role_takes_along_what_is_its_own() -> None:
    before = state("ab", {Membership("a", "b", "postgres")})
    after = resolve_role_set(declared({"name": "a", "state": "absent"}), before).after
    assert [change.sql for change in diff_role_set(before, after)] == ['DROP ROLE "a"']
    assert [change.shown() for change in undo_role_set(before, after)] == [
        "-- role a was dropped; it is not made again"
    ]


def test_every_problem_stands_in_one_error() -> None:
    items = [{"name": "a", "roles": ["x"]}, {"name": "b", "roles": ["y"], "database_parameters": {"z": {"jit": True}}}]
    with pytest.raises(InputError) as caught:
        resolve_role_set(declared(*items), state(""))
    assert "no such role: x, y" in str(caught.value)
    assert "no such database: z" in str(caught.value)


def test_a_role_cannot_be_absent_and_a_parent_even_if_one_of_both_comes_later() -> None:
    items = [{"name": "a", "state": "absent"}, {"name": "b", "roles": ["a"]}]
    for options in ({}, {"defer": ["absent"]}, {"only": ["absent"]}):
        with pytest.raises(InputError, match="role a is declared absent, and a parent in roles of b"):
            declared(*items, **options)
    declared(items[0], {"name": "b", "roles": [{"name": "a", "state": "absent"}]})


PARTED = [
    {"name": "a", "state": "absent"},
    {"name": "b", "login": True, "database_parameters": {"d": {"jit": True}}},
    {"name": "c"},
]


@pytest.mark.parametrize(
    ("options", "names", "deferred"),
    [
        ({}, ["a", "b", "c"], False),
        ({"defer": ["absent"]}, ["b", "c"], True),
        ({"defer": ["absent", "database_parameters"]}, ["b", "c"], True),
        ({"only": ["absent"]}, ["a"], False),
        ({"only": ["database_parameters"]}, ["b"], False),
        ({"only": ["absent", "database_parameters"]}, ["a", "b"], False),
    ],
)
def test_parts_are_left_out_or_done_alone(options: dict[str, Any], names: list[str], deferred: bool) -> None:
    found = declared(*PARTED, **options)
    assert sorted(found.specs) == names
    assert found.deferred is deferred
    settings = "database_parameters" not in options.get("defer", []) and options.get("only") != ["absent"]
    assert bool(found.databases()) is settings


def test_with_only_roles_have_to_be_there_and_lose_nothing_else() -> None:
    only = declared(*PARTED, only=["database_parameters"])
    assert only.specs["b"].flags == {}
    assert only.decided() == frozenset()
    with pytest.raises(InputError, match="no such role: b"):
        resolve_role_set(only, state(""))


def test_names_that_are_planned_are_not_assumed() -> None:
    assume = Assume((AssumedRole("a", superuser=True), AssumedRole("b", inherit=False, roles=("a",))))
    found = with_assumed(state(""), assume, frozenset({"a"}))
    assert set(found.roles) == {"postgres", "b"}
    assert found.memberships == {Membership("a", "b", "", inherit=False)}


@pytest.mark.parametrize(
    ("option", "value"), [("expire_renew_days", -1), ("scram_iterations", 0), ("scram_iterations", 2**31)]
)
def test_numbers_out_of_range_are_refused(option: str, value: int) -> None:
    with pytest.raises(InputError, match=f"^{option} is {value}"):
        declared({"name": "a"}, **{option: value})


def test_modes_can_differ() -> None:
    both = declared({"name": "a"}, mode="exact", memberships="additive")
    assert (both.exact_memberships, both.exact_parameters) == (False, True)
    one = declared({"name": "a"}, parameters_mode="exact")
    assert (one.exact_memberships, one.exact_parameters) == (False, True)
