"""A database's item becomes a declaration, or an error that names item, key and remedy."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.model import DatabaseGrant, DatabaseSpec
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.parse import parse_database
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
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


def test_roles_are_all_that_are_named() -> None:
    spec = parse(
        owner="o", connect=["c"], revokeconn=True, deny_connect=["d"], grants=[{"role": "g", "privs": ["CREATE"]}]
    )
    assert spec.roles() == {"o", "c", "d", "g"}


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"schemas": ["a", {"name": "a", "owner": "x"}]}, "schemas names a twice with different owners"),
        ({"extensions": ["a", {"name": "a", "version": "1"}]}, "extensions names a twice"),
        ({"schemas": [7]}, "neither a name nor a dictionary"),
        ({"schemas": ["information_schema"]}, "PostgreSQL's own"),
        ({"locale": "C", "lc_ctype": "x"}, "locale and lc_ctype differ"),
        ({"connlimit": 2**31}, "connlimit is 2147483648"),
        ({"grants": [{"role": "a", "privs": ["USAGE"]}]}, "there are CREATE, TEMPORARY, CONNECT"),
        ({"grants": [{"privs": ["CONNECT"]}]}, "role is missing"),
        ({"parameters": {"a=b": 1}}, "isn't a parameter's name"),
        ({"owner": "x" * 64}, "64 bytes"),
        ({"state": "gone"}, "state has to be one of"),
    ],
)
def test_what_cannot_be_meant_is_an_error(item: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match="database shop") as caught:
        parse(**item)
    assert said in caught.value.message
