"""Privileges: what is declared is reached by grants and revokes in an order that PostgreSQL accepts."""

from __future__ import annotations

from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.model import Privilege, Privileges, moved
from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.plan import (
    diff_privileges,
    held,
    levels,
    orphans,
    resolve_privileges,
)
from hypothesis import given
from hypothesis import strategies as st

OWNER = "own"
PRIVILEGES = ("CREATE", "TEMPORARY", "CONNECT")
ROLES = ("a", "b", "c", "")
TEMPLATE = Privilege("DATABASE", "shop", "", "", OWNER)


def entry(grantee: str, privilege: str = "CONNECT", grantor: str = OWNER, grantable: bool = False) -> Privilege:
    return Privilege("DATABASE", "shop", grantee, privilege, grantor, grantable)


@st.composite
def acls(draw: st.DrawFn) -> Privileges:
    """An ACL that can be: the owner grants, and who has the option passes on.

    The option itself goes one way only, from a to c: PostgreSQL refuses to give it back to one's own grantor.
    """
    ranks = {OWNER: "", "a": "a", "b": "b", "c": "c"}
    found = {entry(OWNER, name) for name in PRIVILEGES}
    steps = draw(st.lists(st.tuples(*map(st.sampled_from, (ROLES, PRIVILEGES, (OWNER, *ROLES[:3]))), st.booleans())))
    for grantee, privilege, grantor, option in steps:
        upwards = ranks.get(grantor, "") < ranks.get(grantee, "")
        new = entry(grantee, privilege, grantor, option and upwards)
        taken = {e.key() for e in found}
        if new.key() not in taken and grantee not in (OWNER, grantor) and held(new, frozenset(found), OWNER):
            found.add(new)
    return frozenset(found)


wanteds = st.dictionaries(
    st.tuples(st.sampled_from(ROLES[:3]), st.sampled_from(PRIVILEGES)), st.sampled_from([None, True, False])
)


@given(acls(), wanteds, st.booleans())
def test_what_is_declared_is_reached_and_the_second_time_nothing_changes(
    current: Privileges, wanted: dict[tuple[str, str], bool | None], exact: bool
) -> None:
    def excess(e: Privilege) -> bool:
        return e.grantee != OWNER and e.what() not in wanted

    after = resolve_privileges(current, wanted, excess, TEMPLATE, OWNER, exact)
    assert {e.what() for e in after} == set(wanted) | {(OWNER, name) for name in PRIVILEGES}
    assert not list(orphans(after, lambda _entry: OWNER))
    for what, option in wanted.items():
        options = {e.grantable for e in after if e.what() == what}
        assert option is None or (True in options) is option
    assert resolve_privileges(after, wanted, excess, TEMPLATE, OWNER, exact) == after


@given(acls(), acls())
def test_every_step_of_a_diff_is_one_that_its_grantor_may_make(before: Privileges, after: Privileges) -> None:
    acl = {e.key(): e for e in before}
    for change in diff_privileges(before, after, lambda _entry: None, 180000):
        for name in change.privilege.split(", "):
            grantee = "" if change.role == "PUBLIC" else change.role
            one = entry(grantee, name, change.grantor, "GRANT OPTION" in change.sql)
            if change.action == "grant":
                assert held(one, frozenset(acl.values()), OWNER), change.sql
                acl[one.key()] = one
            elif "OPTION FOR" in change.sql:
                acl[one.key()] = entry(grantee, name, change.grantor)
            else:
                del acl[one.key()]
            if change.action == "revoke":
                assert not list(orphans(frozenset(acl.values()), lambda _entry: OWNER)), change.sql
    assert frozenset(acl.values()) == after


def test_two_who_passed_on_to_each_other_are_taken_apart_and_put_together() -> None:
    both = [entry("a", "CONNECT", OWNER, True), entry("c", "CONNECT", OWNER, True)]
    passed_on = [entry("a", "CONNECT", "c"), entry("c", "CONNECT", "a")]
    first, second = levels([*both, *passed_on])
    assert (sorted(first), sorted(second)) == (passed_on, both)


@given(acls())
def test_levels_hold_every_entry_once(entries: Privileges) -> None:
    found = [e for level in levels(sorted(entries)) for e in level]
    assert (len(found), frozenset(found)) == (len(entries), entries)


def test_a_diff_of_equals_is_empty() -> None:
    entries = frozenset({entry("a"), entry("b", grantor="a")})
    assert diff_privileges(entries, entries, lambda _entry: None, 180000) == []


def test_privileges_of_one_grantee_go_in_one_statement() -> None:
    after = frozenset(entry("a", name, grantable=True) for name in PRIVILEGES)
    (change,) = diff_privileges(frozenset(), after, lambda _entry: "x", 180000)
    assert change.sql == 'GRANT CREATE, TEMPORARY, CONNECT ON DATABASE "shop" TO "a" WITH GRANT OPTION'
    assert change.run_as == "x"


def test_a_new_owner_takes_over_entries_and_they_merge() -> None:
    entries = frozenset({entry(OWNER), entry("new", grantable=True), entry("a"), entry("a", grantor="new")})
    assert moved(entries, OWNER, "new") == {entry("new", grantor="new", grantable=True), entry("a", grantor="new")}
    assert moved(entries, OWNER, OWNER) is entries
