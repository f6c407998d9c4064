"""The inside of a database, planned without a server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.insides.contents import plural
from ansible_collections.leastpriv.pgsql.plugins.module_utils.insides.inspect import built_in
from ansible_collections.leastpriv.pgsql.plugins.module_utils.insides.model import (
    ExtensionOffer,
    ExtensionSpec,
    ExtensionState,
    Inside,
    InsideState,
    SchemaSpec,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.insides.order import dropped_in_order, needed_first
from ansible_collections.leastpriv.pgsql.plugins.module_utils.insides.plan import (
    diff_inside,
    inside_lines,
    resolve_inside,
    undo_inside,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.acting import actor_of
from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.model import initial
from ansible_collections.leastpriv.pgsql.plugins.module_utils.roles.model import RoleState


def server(version: int) -> Server:
    return Server(version, "", "postgres", "postgres", True, "postgres", False, "shop")


def offers(**needs: set[str]) -> dict[str, ExtensionOffer]:
    return {name: ExtensionOffer("1", {"1": None}, frozenset(needed)) for name, needed in needs.items()}


def statements(inside: Inside, version: int = 180000) -> list[str]:
    actor = actor_of(server(version), {"postgres": RoleState("postgres", superuser=True)}, ())
    before = built_in(server(version))
    return [change.sql for change in diff_inside(inside, actor, before, resolve_inside(inside, actor, before).after)]


def test_extensions_come_behind_those_that_they_need_and_a_circle_ends() -> None:
    inside = Inside("shop", "own", offers=offers(a={"z"}, b=set(), z={"y"}, y=set(), k={"l"}, l={"k"}))
    assert needed_first(inside, ["a", "b", "y", "z"]) == ["b", "y", "z", "a"]
    assert needed_first(inside, ["a", "b"]) == ["a", "b"]
    assert needed_first(inside, ["k", "l"]) == ["k", "l"]


def test_an_extension_tied_to_a_schema_goes_there() -> None:
    tied = {"x": ExtensionOffer("2", {"1": None, "2": "own_place"})}
    wanted = [ExtensionSpec("x", "elsewhere")]
    assert statements(Inside("shop", "own", extensions=wanted, offers=tied)) == [
        'CREATE SCHEMA "own_place" AUTHORIZATION "postgres"',
        'CREATE EXTENSION "x" SCHEMA "own_place" CASCADE',
    ]
    wanted = [ExtensionSpec("x", "pg_catalog", "1")]
    assert statements(Inside("shop", "own", extensions=wanted, offers=tied)) == [
        'CREATE EXTENSION "x" SCHEMA "pg_catalog" VERSION \'1\' CASCADE'
    ]


def test_a_schema_that_somebody_makes_between_two_reads_is_planned_as_one_that_is_not_there() -> None:
    actor = actor_of(server(180000), {"postgres": RoleState("postgres", superuser=True)}, ())
    seen = initial("SCHEMA", "app", "own", 180000)
    before = replace(built_in(server(180000)), privileges=built_in(server(180000)).privileges | seen)
    after = resolve_inside(Inside("shop", "own", [SchemaSpec("app")]), actor, before).after
    assert after.schemas["app"] == "own"


def test_what_template0_has_is_not_made_again() -> None:
    inside = Inside("shop", "own", [SchemaSpec("public")], [ExtensionSpec("plpgsql")], offers=offers(plpgsql=set()))
    assert statements(inside) == statements(inside, 130000) == []


@pytest.mark.parametrize(("version", "count"), [(130000, 3), (150000, 1)])
def test_to_14_closing_public_takes_create_and_gives_it_to_the_owner(version: int, count: int) -> None:
    inside = Inside("shop", "own", close_public=True, admin_role="admins")
    found = statements(inside, version)
    assert len(found) == count
    assert 'GRANT CREATE ON SCHEMA "public" TO "admins"' in found


def test_lines_show_only_what_differs() -> None:
    state = built_in(server(180000))
    later = replace(state, schemas={**state.schemas, "app": "own"})
    gone, come = inside_lines(state, later), inside_lines(later, state)
    assert (gone, come) == ((), ("schema app: owner own",))


def there(**extensions: ExtensionState) -> InsideState:
    return replace(built_in(server(180000)), extensions=extensions)


def test_extensions_go_before_those_that_they_need() -> None:
    gone = {name: ExtensionSpec(name, absent=True) for name in ("a", "b", "c")}
    inside = Inside("shop", "own", offers=offers(a=set(), b={"a"}), dropped_extensions=gone)
    assert dropped_in_order(inside) == ["b", "c", "a"]


def test_an_extension_is_updated_and_then_moved_and_only_the_move_is_undone() -> None:
    before = there(x=ExtensionState("x", "public", "1"))
    offer = {"x": ExtensionOffer("2", {"1": None, "2": None})}
    inside = Inside("shop", "own", extensions=[ExtensionSpec("x", "pg_catalog", "2")], offers=offer)
    actor = actor_of(server(180000), {"postgres": RoleState("postgres", superuser=True)}, ())
    after = resolve_inside(inside, actor, before).after
    assert [change.sql for change in diff_inside(inside, actor, before, after)] == [
        "ALTER EXTENSION \"x\" UPDATE TO '2'",
        'ALTER EXTENSION "x" SET SCHEMA "pg_catalog"',
    ]
    assert [change.sql for change in undo_inside(inside, actor, before, after)] == [
        'ALTER EXTENSION "x" SET SCHEMA "public"',
        "-- extension x was updated from version 1 to 2; it is left so",
    ]


def test_what_is_in_the_way_of_extensions_and_schemas_stands_in_one_error() -> None:
    found = there(x=ExtensionState("x", "app", "1", relocatable=False), y=ExtensionState("y", "app", "1"))
    before = replace(
        found,
        schemas={**found.schemas, "app": "own"},
        contents={("SCHEMA", "app"): "1 table", ("EXTENSION", "y"): "2 views"},
        unreachable=frozenset({"x"}),
    )
    inside = Inside(
        "shop",
        "own",
        extensions=[ExtensionSpec("x", "public", "2")],
        offers={"x": ExtensionOffer("2", {"1": None, "2": None})},
        dropped_schemas={"app": SchemaSpec("app", absent=True)},
        dropped_extensions={"y": ExtensionSpec("y", absent=True)},
    )
    actor = actor_of(server(180000), {"postgres": RoleState("postgres", superuser=True)}, ())
    with pytest.raises(InputError) as caught:
        resolve_inside(inside, actor, before)
    for said in ("holds 1 table", "for 2 views depend on it", "there is no path", "it isn't relocatable"):
        assert said in caught.value.message


@pytest.mark.parametrize(("word", "words"), [("policy", "policies"), ("index", "indexes"), ("table", "tables")])
def test_plurals_are_english(word: str, words: str) -> None:
    assert plural(word) == words
