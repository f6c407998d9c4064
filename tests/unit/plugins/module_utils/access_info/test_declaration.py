"""The builders of a declaration, without a server."""

from __future__ import annotations

from itertools import product

from ansible_collections.leastpriv.pgsql.plugins.module_utils.access_info.declaration.compact import whole_schemas
from ansible_collections.leastpriv.pgsql.plugins.module_utils.access_info.declaration.defaults import default_items
from ansible_collections.leastpriv.pgsql.plugins.module_utils.access_info.declaration.objects import (
    NAMES_IN_A_RULE,
    held_by,
    object_items,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.access_info.declaration.roles import (
    membership_item,
    role_item,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.access_info.declaration.words import merged_by
from ansible_collections.leastpriv.pgsql.plugins.module_utils.access_info.model import (
    AccessObject,
    ClusterFound,
    DefaultAcl,
    DefaultEntry,
    Entry,
    Found,
    InsideFound,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.model import Membership
from ansible_collections.leastpriv.pgsql.plugins.module_utils.roles.model import RoleState
from ansible_collections.leastpriv.pgsql.plugins.module_utils.settings.model import Setting
from hypothesis import given
from hypothesis import strategies as st

SERVER = Server(180004, "18.4", "postgres", "postgres", True, "postgres", False, "postgres")
CLUSTER = ClusterFound(SERVER, {}, {}, frozenset(), frozenset(), {}, frozenset())


def table(name: str, *entries: Entry, owner: str = "owner", kind: str = "TABLE", **more: object) -> AccessObject:
    own = Entry("", owner, "SELECT", False, owner)
    values = {"arguments": None, "kind": "r", "owner": owner, "aside": False, "definer": False, **more}
    return AccessObject(kind, "app", name, entries=(own, *entries), **values)


def may(grantee: str, privilege: str = "SELECT", grantable: bool = False, grantor: str = "owner") -> Entry:
    return Entry("", grantee, privilege, grantable, grantor)


def rules(*objects: AccessObject) -> list[object]:
    inside = InsideFound({}, (), objects)
    return [item["rule"] for item in object_items(Found(CLUSTER, {"shop": inside}))]


def test_what_all_tables_of_a_schema_have_is_one_rule() -> None:
    assert rules(table("a", may("ann")), table("b", may("ann"))) == ["GRANT SELECT ON ALL TABLES IN SCHEMA app TO ann"]


def test_one_object_is_named() -> None:
    assert rules(table("a", may("ann"))) == ["GRANT SELECT ON TABLE app.a TO ann"]


def test_what_one_table_lacks_is_listed_for_the_others() -> None:
    found = rules(table("a", may("ann")), table("b", may("ann")), table("c"))
    assert found == ["GRANT SELECT ON TABLE app.a, app.b TO ann"]


def test_a_differing_grant_option_is_listed() -> None:
    found = rules(table("a", may("ann", grantable=True)), table("b", may("ann")))
    assert found == ["GRANT SELECT ON TABLE app.b TO ann", "GRANT SELECT ON TABLE app.a TO ann WITH GRANT OPTION"]


def test_who_owns_one_of_the_tables_has_what_the_rule_says() -> None:
    found = rules(table("a", may("ann")), table("b", may("ann")), table("c", owner="ann"))
    assert found == ["GRANT SELECT ON ALL TABLES IN SCHEMA app TO ann"]


def test_members_of_extensions_and_definers_do_not_count_for_a_schema() -> None:
    member = table("a", may("ann"), aside=True)
    assert whole_schemas([member, table("b", may("ann"))], held_by) == {}
    definer = table("f", kind="FUNCTION", definer=True, arguments=())
    assert rules(definer) == ["REVOKE EXECUTE ON ROUTINE app.f() FROM PUBLIC"]


def test_grantors_and_initial_entries_make_no_difference() -> None:
    twice = table("a", may("ann"), may("ann", grantable=True, grantor="bob"))
    assert rules(twice) == ["GRANT SELECT ON TABLE app.a TO ann WITH GRANT OPTION"]
    first = Entry("", "ann", "SELECT", False, "owner", initial=True)
    assert rules(table("a", first, aside=True)) == []


def test_long_lists_of_names_are_parted() -> None:
    listed = [table(f"t{number:04}", may("ann")) for number in range(NAMES_IN_A_RULE + 1)]
    assert [str(rule).count("app.") for rule in rules(*listed, table("u"))] == [NAMES_IN_A_RULE, 1]


def test_the_same_in_several_databases_is_one_rule() -> None:
    inside = InsideFound({}, (), (table("a", may("ann"), may("bob")),))
    items = object_items(Found(CLUSTER, {"shop": inside, "blog": inside}))
    assert items == [{"rule": "GRANT SELECT ON TABLE app.a TO ann, bob", "databases": ["blog", "shop"]}]


def test_default_privileges_say_what_deviates_from_the_built_in_ones() -> None:
    entries = frozenset(
        {
            DefaultEntry("ann", "", "FUNCTIONS", "ann", "EXECUTE", False),
            DefaultEntry("ann", "", "FUNCTIONS", "bob", "EXECUTE", False),
            DefaultEntry("ann", "app", "TABLES", "bob", "SELECT", True),
            DefaultEntry("carl", "", "TYPES", "", "USAGE", False),
            DefaultEntry("carl", "", "TYPES", "bob", "USAGE", False),
        }
    )
    replaced = frozenset({("ann", "FUNCTIONS"), ("carl", "TYPES")})
    items = default_items({"shop": InsideFound({}, (), (), DefaultAcl(entries, replaced))})
    assert [(item["rule"], item["creators"]) for item in items] == [
        ("IN SCHEMA app GRANT SELECT ON TABLES TO bob WITH GRANT OPTION", ["ann"]),
        ("GRANT EXECUTE ON FUNCTIONS TO bob", ["ann"]),
        ("REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC", ["ann"]),
        ("GRANT USAGE ON TYPES TO bob", ["carl"]),
    ]


def test_memberships_are_names_where_they_are_as_granted_plainly() -> None:
    plain, bare = Membership("app", "ann", "postgres"), Membership("app", "ann", "bob", True, False, False)
    assert membership_item("app", [plain], inherit=True, with_options=True) == "app"
    assert membership_item("app", [bare], inherit=True, with_options=False) == {"name": "app", "admin": True}
    both = {"name": "app", "admin": True, "inherit": True, "set": True}
    assert membership_item("app", [plain, bare], inherit=True, with_options=True) == both
    not_plain = {"name": "app", "admin": False, "inherit": True, "set": True}
    assert membership_item("app", [plain], inherit=False, with_options=True) == not_plain


def test_what_no_key_can_hold_is_not_managed() -> None:
    role = RoleState("ann", valid_until="-infinity")
    settings = frozenset({Setting("ann", "", "application_name", "default")})
    cluster = ClusterFound(SERVER, {"ann": role}, {}, frozenset(), settings, {}, frozenset())
    assert role_item(role, cluster) == {"name": "ann", "roles": [], "database_parameters": {}}


@given(st.sets(st.tuples(*[st.sampled_from("abc")] * 3)))
def test_merging_keeps_exactly_what_was_there(atoms: set[tuple[str, str, str]]) -> None:
    found = merged_by((tuple((part,) for part in atom) for atom in atoms), (0, 1, 2))
    unfolded = [atom for parts in found for atom in product(*parts)]
    assert sorted(unfolded) == sorted(atoms)
