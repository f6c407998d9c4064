"""Roles as data: parsed, resolved, and the statements between two states."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.lockout.attributes import lockouts
from ansible_collections.leastpriv.pgsql.plugins.module_utils.roles.model import FLAGS, RoleState, parse_role
from ansible_collections.leastpriv.pgsql.plugins.module_utils.roles.plan import diff_roles, resolve_role
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 11, 22)
STATES = st.builds(
    RoleState,
    st.just("x"),
    *[st.booleans()] * 7,
    st.integers(-1, 9),
    st.sampled_from(["infinity", "2031-01-01 00:00:00+00"]),
    st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
)


def sql(before: RoleState | None, after: RoleState | None) -> list[str]:
    one, other = ({"x": state} if state else {} for state in (before, after))
    return [change.sql for change in diff_roles(one, other)]


@given(STATES)
def test_an_item_without_keys_changes_nothing(state: RoleState) -> None:
    assert resolve_role(parse_role({"name": "x"}, ""), state, TODAY, None) == state
    assert sql(state, state) == []


@given(STATES, STATES)
def test_a_complete_item_leads_to_its_state(before: RoleState, wanted: RoleState) -> None:
    item = {
        "name": "x",
        "connlimit": wanted.connlimit,
        "expire_at": wanted.valid_until,
        "comment": wanted.comment or "",
    }
    spec = parse_role({**item, **{flag: getattr(wanted, flag) for flag in FLAGS}}, "")
    assert resolve_role(spec, before, TODAY, None) == wanted


def test_statements_name_only_what_differs() -> None:
    plain = RoleState("x")
    assert sql(None, plain) == ['CREATE ROLE "x" LOGIN']
    assert sql(None, replace(plain, login=False, connlimit=5, comment="it's")) == [
        'CREATE ROLE "x" NOLOGIN CONNECTION LIMIT 5',
        "COMMENT ON ROLE \"x\" IS 'it''s'",
    ]
    assert sql(plain, replace(plain, createdb=True, inherit=False)) == ['ALTER ROLE "x" CREATEDB NOINHERIT']
    assert sql(plain, replace(plain, valid_until="2031-01-01 00:00:00+00")) == [
        "ALTER ROLE \"x\" VALID UNTIL '2031-01-01 00:00:00+00'"
    ]
    assert sql(replace(plain, comment="old"), plain) == ['COMMENT ON ROLE "x" IS NULL']
    assert sql(plain, None) == ['DROP ROLE "x"']


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"login": False}, "login false"),
        ({"superuser": False}, "superuser false"),
        ({"connlimit": 0}, "connlimit 0"),
        ({"valid_until": "2026-11-01 00:00:00+00"}, "an expiry in the past"),
    ],
)
def test_what_locks_out_is_named_and_only_where_it_changes_something(change: dict[str, Any], word: str) -> None:
    role = RoleState("x", superuser=True)
    locked = replace(role, **change)
    assert list(lockouts(role, locked, False, TODAY)) == [word]
    assert list(lockouts(locked, locked, False, TODAY)) == []


def test_what_locks_nobody_out_passes() -> None:
    role = RoleState("x", superuser=True)
    other = replace(role, connlimit=1, comment="me", valid_until="2031-01-01 00:00:00+00", createdb=True)
    assert list(lockouts(role, other, False, TODAY)) == []
    assert list(lockouts(role, role, True, TODAY)) == ["an empty password"]
    assert list(lockouts(role, None, False, TODAY)) == ["state absent"]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"name": "pg_monitor"}, "names with pg_ are PostgreSQL's own"),
        ({"name": "public"}, "the name public is reserved"),
        ({"name": "Public"}, "the name Public is reserved, PUBLIC in any case for everybody: choose another"),
        ({"name": "x", "state": "gone"}, "state has to be one of present, create, absent"),
        ({"name": "x", "pool_mode": "fast"}, "pool_mode has to be one of"),
        ({"name": "x", "connlimit": -2}, "connlimit is -2"),
        ({"name": "x", "comment": "nul\0"}, "comment: a value contains a NUL character"),
        ({"name": "x", "database_parameters": {"db": ["x"]}}, "database_parameters.db has to be a dictionary"),
        (
            {"name": "x", "search_path": "a", "parameters": {"search_path": None}},
            "search_path and parameters.search_path differ",
        ),
    ],
)
def test_what_is_wrong_is_named(item: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=r"^here: ") as caught:
        parse_role(item, "here")
    assert message in str(caught.value)


def test_exact_attributes_count_where_the_mode_is_exact_and_spare_the_comment() -> None:
    spec = parse_role({"name": "x", "attributes": "exact", "createdb": True}, "")
    there = RoleState("x", False, True, False, True, False, True, True, 3, "2031-01-01 00:00:00+00", "a comment")
    assert resolve_role(spec, there, TODAY, None, exact=True) == RoleState("x", createdb=True, comment="a comment")
    assert resolve_role(spec, there, TODAY, None) == replace(there, createdb=True)
    plain = parse_role({"name": "x", "attributes": "declared"}, "")
    assert resolve_role(plain, there, TODAY, None, exact=True) == there


def test_null_for_a_database_is_not_managed() -> None:
    assert parse_role({"name": "x", "database_parameters": {"db": None}}, "").database_parameters == {}
