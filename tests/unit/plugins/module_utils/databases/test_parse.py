"""A database's item becomes a declaration, or an error that names item, key and remedy."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.model import (
    DatabaseGrant,
    DatabaseSpec,
    Removal,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.parse import parse_database, parse_removal
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.insides.model import ExtensionSpec, SchemaSpec
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import DATABASE_ITEM


def parse(by_default: bool = False, /, **item: Any) -> DatabaseSpec:
    return parse_database({"name": "shop", **item}, "database shop", by_default)


def test_a_bare_name_manages_nothing() -> None:
    assert parse() == DatabaseSpec("shop") == parse(**dict.fromkeys(DATABASE_ITEM.keys() - {"name"}))


def test_privileges_have_one_name() -> None:
    grants = parse(grants=[{"role": "Public", "privs": "temp, CONNECT, temporary"}]).grants
    assert grants == (DatabaseGrant("", ("TEMPORARY", "CONNECT")),)


def test_a_name_that_stands_twice_counts_once() -> None:
    assert parse(connect=["b", "a", "b"]).connect == ("b", "a")


def test_an_item_counts_more_than_the_option() -> None:
    assert [parse(True).revoke_create, parse(True, revoke_create=False).revoke_create] == [True, False]


def test_inside_is_what_needs_a_session_there() -> None:
    assert [spec.has_inside() for spec in (parse(), parse(revokeconn=True), parse(schemas=["a"]), parse(True))] == [
        False,
        False,
        True,
        True,
    ]


def test_what_else_is_declared_of_what_is_to_go_doesnt_matter() -> None:
    item = {"name": "shop", "state": "absent", "owner": "", "revokeconn": True, "schemas": [7], "force": True}
    assert parse_removal(item, "database shop") == Removal("shop", force=True)
    schemas = parse(schemas=[{"name": "a", "owner": "nobody", "state": "absent", "cascade": "yes"}]).schemas
    assert schemas == (SchemaSpec("a", absent=True, cascade=True),)
    extensions = parse(extensions=[{"name": "a", "schema": "s", "version": "1", "state": "absent"}]).extensions
    assert extensions == (ExtensionSpec("a", absent=True),)


@pytest.mark.parametrize("name", ["postgres", "template0", "template1"])
def test_databases_of_postgresql_itself_are_never_dropped(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} is PostgreSQL's own and is never dropped: remove the item"):
        parse_removal({"name": name, "state": "absent"}, f"database {name}")


def test_an_absent_grant_to_public_doesnt_contradict_what_is_taken_from_it() -> None:
    grants = [{"role": "PUBLIC", "privs": ["CONNECT"], "state": "absent"}]
    assert parse(revokeconn=True, grants=grants).grants == (DatabaseGrant("", ("CONNECT",), absent=True),)


def test_roles_are_all_that_are_named() -> None:
    spec = parse(
        owner="o", connect=["c"], revokeconn=True, deny_connect=["d"], grants=[{"role": "g", "privs": ["CREATE"]}]
    )
    assert spec.roles() == {"o", "c", "d", "g"}


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"schemas": ["a", {"name": "a", "owner": "x"}]}, "schemas names a twice with different values"),
        ({"extensions": ["a", {"name": "a", "version": "1"}]}, "extensions names a twice"),
        ({"schemas": [7]}, "neither a name nor a dictionary"),
        ({"schemas": ["information_schema"]}, "PostgreSQL's own"),
        ({"locale": "C", "lc_ctype": "x"}, "locale and lc_ctype differ"),
        ({"connlimit": 2**31}, "connlimit is 2147483648"),
        ({"grants": [{"role": "a", "privs": ["USAGE"]}]}, "there are CREATE, TEMPORARY, CONNECT"),
        ({"grants": [{"privs": ["CONNECT"]}]}, "role is missing"),
        ({"grants": [{"role": "a", "privs": [""]}]}, "privs of a names no privilege"),
        ({"parameters": {"a=b": 1}}, "isn't a parameter's name"),
        ({"owner": "x" * 64}, "64 bytes"),
        ({"state": "gone"}, "state has to be one of"),
        ({"state": "recreate"}, "would drop it on every run"),
        ({"grants": [{"role": "a", "privs": ["CONNECT"], "state": "gone"}]}, "state has to be one of"),
        (
            {"grants": [{"role": "a", "privs": ["ALL"], "state": "absent", "grant_option": True}]},
            "leave grant_option out",
        ),
        ({"schemas": ["a", {"name": "a", "state": "absent"}]}, "schemas names a twice"),
        (
            {"schemas": [{"name": "a", "state": "absent"}], "extensions": [{"name": "x", "schema": "a"}]},
            "extension x in schema a, which is to go",
        ),
    ],
)
def test_what_cannot_be_meant_is_an_error(item: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match="database shop") as caught:
        parse(**item)
    assert said in caught.value.message
