"""Memberships as data: resolved row by row, ordered by who depends on whom, and without cycles."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.granting import Granting
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.graph import closure, cycle, parents_of, path
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.model import (
    Membership,
    MembershipSpec,
    parse_memberships,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.plan import (
    complete,
    diff_memberships,
    fitting,
    levels,
    resolve_membership,
)
from hypothesis import given
from hypothesis import strategies as st

NEW = Granting(180000, "postgres")
OLD = Granting(150000, "postgres")
DEFAULT = Membership("p", "m", "postgres")
BOOLEANS = st.booleans()
OPTIONAL = st.none() | st.booleans()
ROWS = st.frozensets(
    st.builds(
        Membership, st.just("p"), st.just("m"), st.sampled_from(["postgres", "a", "b"]), BOOLEANS, BOOLEANS, BOOLEANS
    )
).filter(lambda rows: len({row.grantor for row in rows}) == len(rows))
SPECS = st.builds(MembershipSpec, st.just("p"), BOOLEANS, OPTIONAL, OPTIONAL, OPTIONAL)


@given(ROWS, SPECS)
def test_what_is_declared_holds_over_all_rows_and_holds_again(
    rows: frozenset[Membership], spec: MembershipSpec
) -> None:
    after = resolve_membership(rows, spec, DEFAULT)
    assert resolve_membership(after, spec, DEFAULT) == after
    assert bool(after) is spec.present
    for name, value in spec.options().items() if spec.present else ():
        given_by_any = any(getattr(row, name) for row in after)
        assert given_by_any is value


@given(ROWS, SPECS, BOOLEANS)
def test_a_complete_declaration_leaves_no_option_as_it_was(
    rows: frozenset[Membership], spec: MembershipSpec, inherit: bool
) -> None:
    whole = complete(replace(spec, present=True), inherit, keeps_admin=False)
    after = resolve_membership(rows, whole, DEFAULT)
    plain = {"admin": False, "inherit": inherit, "set": True}
    for name, value in {**plain, **spec.options()}.items():
        assert any(getattr(row, name) for row in after) is value
    assert complete(MembershipSpec("p"), inherit, keeps_admin=True).admin is None


@given(ROWS, SPECS)
def test_what_is_not_declared_stays(rows: frozenset[Membership], spec: MembershipSpec) -> None:
    if not rows or not spec.present:
        return
    after = resolve_membership(rows, spec, DEFAULT)
    for name in {"admin", "inherit", "set"} - set(spec.options()):
        assert any(getattr(row, name) for row in after) is any(getattr(row, name) for row in rows)


def sql(before: set[Membership], after: set[Membership], granting: Granting = NEW) -> list[str]:
    return [change.sql for change in diff_memberships(frozenset(before), frozenset(after), granting)]


def test_statements_name_the_grantor_where_it_is_somebody_else() -> None:
    by_a = replace(DEFAULT, grantor="a")
    assert sql(set(), {DEFAULT}) == ['GRANT "p" TO "m" WITH ADMIN FALSE, INHERIT TRUE, SET TRUE']
    assert sql({DEFAULT}, set()) == ['REVOKE "p" FROM "m"']
    assert sql({by_a}, set()) == ['REVOKE "p" FROM "m" GRANTED BY "a"']
    assert sql({by_a}, {replace(by_a, admin=True)}) == ['GRANT "p" TO "m" WITH ADMIN TRUE GRANTED BY "a"']


def test_before_16_there_are_no_options_but_admin() -> None:
    admin = replace(DEFAULT, admin=True)
    assert sql(set(), {DEFAULT}, OLD) == ['GRANT "p" TO "m"']
    assert sql(set(), {admin}, OLD) == ['GRANT "p" TO "m" WITH ADMIN OPTION']
    assert sql({admin}, {DEFAULT}, OLD) == ['REVOKE ADMIN OPTION FOR "p" FROM "m"']
    assert sql({replace(DEFAULT, grantor="a")}, set(), OLD) == ['REVOKE "p" FROM "m"']
    assert fitting(MembershipSpec("p", admin=True, inherit=False, set=True), OLD) == MembershipSpec("p", admin=True)


def test_a_login_acts_for_other_grantors_as_it_can() -> None:
    login = Granting(180000, "me", False, frozenset({"i"}), frozenset({"s"}), frozenset({"l"}))
    changes = {
        row.grantor: row
        for row in diff_memberships(frozenset({replace(DEFAULT, grantor=g) for g in "isl"}), frozenset(), login)
    }
    assert changes["i"].shown() == 'REVOKE "p" FROM "m" GRANTED BY "i";'
    assert changes["s"].shown() == 'BEGIN; SET LOCAL ROLE "s"; REVOKE "p" FROM "m" GRANTED BY "s"; COMMIT;'
    assert changes["l"].acted(back="me") == [
        'GRANT "l" TO "me" WITH INHERIT FALSE, SET TRUE',
        'SET LOCAL ROLE "l"',
        'REVOKE "p" FROM "m" GRANTED BY "l"',
        'SET LOCAL ROLE "me"',
        'REVOKE "l" FROM "me"',
    ]
    assert changes["l"].shown().startswith("BEGIN; ")
    assert [login.can_be(name) for name in ("me", "i", "s", "l", "x")] == [True, True, True, True, False]


CHAIN = [
    Membership("p", "z", "postgres", True),
    Membership("p", "y", "z", True),
    Membership("p", "x", "y", True),
    Membership("p", "w", "x"),
]


@given(st.permutations(CHAIN))
def test_a_chain_is_revoked_from_its_end_and_granted_from_its_beginning(rows: list[Membership]) -> None:
    assert [row.member for level in levels(rows) for row in level] == ["w", "x", "y", "z"]
    granted = [re.findall(r'TO "(.)"', text)[0] for text in sql(set(), set(rows))]
    assert granted == ["z", "y", "x", "w"]


def test_what_one_granted_oneself_goes_before_what_let_one() -> None:
    own = Membership("p", "me", "me")
    admin = Membership("p", "me", "postgres", True)
    assert levels([admin, own]) == [[own], [admin]]


def test_rows_that_depend_on_each_other_in_a_circle_come_to_an_end() -> None:
    assert levels([Membership("p", "a", "b"), Membership("p", "b", "a")]) == [
        [Membership("p", "a", "b"), Membership("p", "b", "a")]
    ]


EDGES = st.frozensets(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde")), max_size=12)


@given(EDGES)
def test_a_cycle_is_found_where_there_is_one_and_each_step_of_it_exists(edges: frozenset[tuple[str, str]]) -> None:
    graph = parents_of(Membership(parent, member, "") for parent, member in edges)
    found = cycle(graph, "abcde")
    cyclic = any(start in closure(graph, parent) for start in "abcde" for parent in graph.get(start, ()))
    assert (found is not None) is cyclic
    if found:
        assert found[0] == found[-1]
        assert all((parent, member) in edges for member, parent in itertools.pairwise(found))


def test_the_shortest_way_up_is_given() -> None:
    graph = {"a": ("b", "c"), "b": ("d",), "c": ("e",), "d": ("e",)}
    assert path(graph, "a", frozenset({"e"})) == ("a", "c", "e")
    assert path(graph, "e", frozenset({"a"})) is None
    assert closure(graph, "b") == {"b", "d", "e"}


def test_names_and_dictionaries_are_read() -> None:
    values = ["a", {"name": "b", "state": "revoke"}, {"name": "c", "state": "grant", "admin": "yes", "set": None}, "a"]
    assert parse_memberships(values, "role x") == (
        MembershipSpec("a"),
        MembershipSpec("b", present=False),
        MembershipSpec("c", admin=True),
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", {"name": "a", "admin": True}], "roles names a twice with different values: keep one"),
        ([7], "roles is neither a role's name nor a dictionary with a name"),
        ([{"name": "a", "amdin": True}], "unknown key amdin; did you mean admin?"),
        ([""], "a name is empty"),
    ],
)
def test_what_is_wrong_is_named(values: list[object], message: str) -> None:
    with pytest.raises(InputError, match=r"^role x: ") as caught:
        parse_memberships(values, "role x")
    assert message in str(caught.value)
