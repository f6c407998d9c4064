"""What is declared of the lookup, and what PgBouncer's configuration has to say."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.function import auth_query
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.model import (
    Lookup,
    disagreements,
    parse_lookup,
)

ITEMS = [{"name": "shop"}, {"name": "shed", "pool_auth_user": "other"}, {"name": "attic", "pgbouncer": False}]
QUERY = 'SELECT * FROM "pgbouncer"."user_lookup"($1)'


def parsed(**params: Any) -> Lookup:
    return parse_lookup({"databases": ITEMS, "auth_user": "pooler", **params}, Assume())


def problem(**params: Any) -> str:
    with pytest.raises(InputError) as caught:
        parsed(**params)
    return caught.value.message


def test_every_database_but_those_that_are_not_pooled_has_its_login() -> None:
    found = parsed()
    assert found.users == {"shop": ("pooler",), "shed": ("other",)}
    assert found.without == ("attic",)
    assert found.everybody() == ("other", "pooler")
    assert (found.schema, found.owner) == ("pgbouncer", "pgbouncer_lookup")


def test_a_database_that_is_to_be_dropped_is_left_alone() -> None:
    found = parsed(
        databases=[{"name": "shop", "state": "absent"}, {"name": "shed", "state": "absent", "pgbouncer": False}]
    )
    assert (found.users, found.without) == ({}, ())


def test_in_the_database_where_the_pool_asks_for_all_every_login_may_ask() -> None:
    found = parsed(auth_dbname="attic")
    assert found.users["attic"] == ("other", "pooler")
    assert found.without == ()


def test_without_a_login_of_the_pool_nothing_can_be_looked_up() -> None:
    assert problem(auth_user=None) == (
        "auth_query needs auth_user, the login by which PgBouncer asks for verifiers: name one"
    )


@pytest.mark.parametrize("name", ["public", "pg_catalog", "pg_mine", "information_schema"])
def test_a_schema_that_is_open_to_others_is_refused(name: str) -> None:
    assert f"lookup_schema: {name} is PostgreSQL's own, and open to others" in problem(lookup_schema=name)


def test_a_schema_that_does_not_fit_into_a_line_is_refused() -> None:
    assert "PgBouncer's configuration can't hold that name" in problem(lookup_schema="two\nlines")


def test_the_owner_is_another_role_than_who_asks_and_none_of_postgresqls() -> None:
    assert "role other is lookup_owner and auth_user" in problem(lookup_owner="other")
    assert "pg_read_all_data begins like PostgreSQL's own roles" in problem(lookup_owner="pg_read_all_data")


def test_the_query_is_quoted() -> None:
    assert auth_query("pgbouncer") == QUERY
    assert auth_query('a "b" c') == 'SELECT * FROM "a ""b"" c"."user_lookup"($1)'


@pytest.mark.parametrize("found", [QUERY, f"{QUERY};", QUERY.replace(" ", "  "), f" {QUERY} ; "])
def test_a_query_that_means_the_same_agrees(found: str) -> None:
    assert disagreements({"auth_user": "pooler"}, {"auth_query": found, "auth_user": "pooler"}) == ()


def test_the_login_may_stand_with_each_database_only() -> None:
    assert disagreements({"auth_user": "pooler"}, {"auth_query": QUERY, "auth_user": ""}) == ()


def test_what_differs_is_said_with_what_is_to_be_set() -> None:
    config = {"auth_query": "SELECT usename, passwd FROM pg_shadow WHERE usename=$1", "auth_user": "postgres"}
    other = QUERY.replace("pgbouncer", "look")
    assert disagreements({"auth_user": "pooler", "lookup_schema": "look"}, config) == (
        f"PgBouncer's auth_query is {config['auth_query']}: set auth_query = {other} in pgbouncer.ini",
        "PgBouncer's auth_user is postgres: set auth_user = pooler in pgbouncer.ini",
    )
    assert "PgBouncer's auth_query is (none): set" in disagreements({}, {})[0]
