"""The lookup in one database, planned without a server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.change import Change, ordered
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.function import SIGNATURE, Function
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.model import Inside, LookupState
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.plan import (
    diff_lookup,
    lookup_lines,
    resolve_lookup,
    undo_lookup,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.model import Privilege

SERVER = Server(180000, "", "postgres", "postgres", True, "postgres", False, "shop")
INSIDE = Inside("shop", "pgbouncer", "keeper", ("pooler",))
NOWHERE = replace(INSIDE, users=())
EMPTY = LookupState(SERVER)
OTHER_VALUES: dict[str, Any] = {
    "owner": "ann",
    "arguments": "text DEFAULT ''::text",
    "result": "SETOF record",
    "body": "SELECT 1",
    "settings": ("search_path=public",),
    "definer": False,
    "strict": False,
    "kind": "p",
    "language": "plpgsql",
    "volatility": "v",
    "parallel": "s",
    "leakproof": True,
    "supported": True,
    "cost": 1.0,
    "rows": 1000.0,
}


def good() -> LookupState:
    return resolve_lookup(INSIDE, EMPTY).after


def changes(before: LookupState, inside: Inside = INSIDE) -> tuple[Change, ...]:
    return ordered(diff_lookup(inside, before, resolve_lookup(inside, before).after))


def actions(before: LookupState, inside: Inside = INSIDE) -> list[tuple[str, str]]:
    return [(change.action, change.object) for change in changes(before, inside)]


def held(state: LookupState, *entries: Privilege) -> LookupState:
    return replace(state, privileges=state.privileges | frozenset(entries))


def test_what_is_as_declared_is_left_alone() -> None:
    assert changes(good()) == ()
    assert undo_lookup(INSIDE, good(), good()) == ()
    assert lookup_lines(INSIDE, good(), good()) == ()


def test_the_function_comes_closed_and_before_that_the_schema() -> None:
    assert actions(EMPTY) == [
        ("create schema", "pgbouncer"),
        ("create function", "pgbouncer.user_lookup(text)"),
        ("grant", "pg_authid"),
        ("revoke", "pgbouncer"),
        ("grant again", "pgbouncer"),
    ]
    created = changes(EMPTY)[1]
    assert created.run_as == "keeper"
    parts = created.sql.split(";\n")
    assert parts[0].startswith('CREATE FUNCTION "pgbouncer"."user_lookup"(pg_catalog.text)')
    assert "SECURITY DEFINER" in parts[0]
    assert "SET search_path TO pg_catalog, pg_temp" in parts[0]
    assert parts[1].startswith("DO '")
    assert parts[-1] == 'GRANT EXECUTE ON FUNCTION "pgbouncer"."user_lookup"(pg_catalog.text) TO "pooler"'


@pytest.mark.parametrize("attribute", list(OTHER_VALUES))
def test_a_function_that_differs_in_anything_is_made_anew(attribute: str) -> None:
    assert OTHER_VALUES.keys() == vars(Function("")).keys()
    wrong = replace(Function("keeper"), **{attribute: OTHER_VALUES[attribute]})
    before = replace(good(), functions={SIGNATURE: wrong})
    found = changes(before)
    assert [change.action for change in found] == ["drop function", "create function"]
    assert f"which isn't as it has to be ({attribute})" in found[0].summary
    assert found[0].destructive


def test_another_function_of_the_name_goes() -> None:
    before = replace(good(), functions={**good().functions, "name": Function("ann"), "text, integer": Function("ann")})
    assert [change.sql for change in changes(before)] == [
        'DROP ROUTINE "pgbouncer"."user_lookup"(name)',
        'DROP ROUTINE "pgbouncer"."user_lookup"(text, integer)',
    ]
    notes = undo_lookup(INSIDE, before, good())
    assert [note.sql for note in notes] == [
        "-- function pgbouncer.user_lookup(name) was dropped; it can't be undone",
        "-- function pgbouncer.user_lookup(text, integer) was dropped; it can't be undone",
    ]


def test_whoever_has_too_much_is_named_and_the_pools_login_gets_its_own_again() -> None:
    before = held(
        good(),
        Privilege("FUNCTION", "user_lookup", "", "EXECUTE", "keeper"),
        Privilege("FUNCTION", "user_lookup", "ann", "EXECUTE", "keeper", True),
        Privilege("FUNCTION", "user_lookup", "ben", "EXECUTE", "ann"),
    )
    revoked, granted = changes(before)
    assert revoked.summary == "revoke everything on function pgbouncer.user_lookup from PUBLIC, ann, ben"
    assert revoked.roles == ("PUBLIC", "ann", "ben")
    assert granted.summary == "grant EXECUTE on function pgbouncer.user_lookup to pooler"


def test_an_undo_grants_again_what_the_owner_had_granted() -> None:
    extra = Privilege("SCHEMA", "pgbouncer", "ann", "CREATE", "keeper", True)
    before = held(good(), extra, Privilege("SCHEMA", "pgbouncer", "ben", "CREATE", "ann"))
    assert [change.sql for change in undo_lookup(INSIDE, before, good())] == [
        'GRANT CREATE ON SCHEMA "pgbouncer" TO "ann" WITH GRANT OPTION'
    ]


def test_a_schema_of_somebody_elses_is_taken_over_with_what_its_owner_had_granted() -> None:
    entry = Privilege("SCHEMA", "pgbouncer", "pooler", "USAGE", "ann")
    rest = frozenset(one for one in good().privileges if one.object_class != "SCHEMA")
    before = replace(good(), schema_owner="ann", privileges=rest | {entry})
    assert [change.sql for change in changes(before)] == ['ALTER SCHEMA "pgbouncer" OWNER TO "keeper"']


def test_of_pg_authid_the_owner_reads_what_the_function_needs_and_no_more() -> None:
    short = frozenset(one for one in good().privileges if one.object != "rolpassword")
    assert [change.sql for change in changes(replace(good(), privileges=short))] == [
        'GRANT SELECT ("rolpassword") ON TABLE pg_catalog.pg_authid TO "keeper"'
    ]
    wide = held(good(), Privilege("TABLE", "", "keeper", "UPDATE", "postgres"))
    revoked, granted = changes(wide)
    assert revoked.sql == 'REVOKE ALL ON TABLE pg_catalog.pg_authid FROM "keeper" CASCADE'
    assert granted.action == "grant again"
    assert granted.sql.count('"') == 2 * 8


def test_a_schema_that_holds_something_else_is_refused() -> None:
    others = ("function pgbouncer.get_auth(text)", "table pgbouncer.a", "table pgbouncer.b", "table pgbouncer.c")
    with pytest.raises(InputError, match=r"holds other things \(function .* and 1 more\): give lookup_schema a name"):
        resolve_lookup(INSIDE, replace(EMPTY, schema_owner="ann", others=others))


def test_a_pools_login_that_reads_verifiers_anyway_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        resolve_lookup(INSIDE, replace(good(), readers=(("pooler", "pg_shadow"),)))
    assert caught.value.message == (
        "database shop: auth_user pooler reads verifiers without the function, from pg_shadow: run REVOKE ALL ON TABLE "
        'pg_catalog.pg_shadow FROM "pooler" there, or take a login of its own'
    )


def test_a_database_that_is_not_pooled_loses_what_is_the_lookups_own() -> None:
    assert actions(good(), NOWHERE) == [
        ("drop function", "pgbouncer.user_lookup(text)"),
        ("revoke", "pg_authid"),
        ("drop schema", "pgbouncer"),
    ]
    assert changes(EMPTY, NOWHERE) == ()


def test_a_database_that_is_not_pooled_keeps_what_is_somebody_elses() -> None:
    others = replace(good(), others=("table pgbouncer.a",))
    assert actions(others, NOWHERE) == [("drop function", "pgbouncer.user_lookup(text)"), ("revoke", "pg_authid")]
    foreign = replace(good(), functions={SIGNATURE: Function("ann")})
    assert actions(foreign, NOWHERE) == [("revoke", "pg_authid")]


def test_who_is_no_superuser_is_told_so_if_there_is_something_to_do() -> None:
    plain = replace(SERVER, current_user="ann", superuser=False)
    assert resolve_lookup(INSIDE, replace(good(), server=plain)).refusals == ()
    assert resolve_lookup(INSIDE, replace(EMPTY, server=plain)).refusals == (
        "database shop: ann can't change who reads verifiers: log in as a superuser",
    )


def test_odd_names_are_quoted_at_every_level() -> None:
    odd = Inside("shop", 'it\'s $lookup$ "odd"', "k'", ('p"',))
    made = ordered(diff_lookup(odd, EMPTY, resolve_lookup(odd, EMPTY).after))
    text = "\n".join(change.sql for change in made)
    assert '"it\'\'\'\'s $lookup$ ""odd"""' in text
    assert 'TO "p"""' in text
