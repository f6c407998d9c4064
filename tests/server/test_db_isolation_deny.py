"""deny_connect: judged on the planned state, with the path in the message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from testbed.servers import Server
from tests.server.isolation import call, converges, database_acl, enters, failure, logins, sql, tidied

ITEM = {"name": "shop", "revokeconn": True}


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with an owner, a group kept out, and a member of it."""
    with tidied(server):
        logins(server, "own", "ann", "bob")
        sql(server, "CREATE ROLE readers;\nCREATE ROLE staff;\nGRANT readers TO ann;\nCREATE DATABASE shop OWNER own")
        yield server


def test_a_group_without_a_way_in_is_kept_out_with_its_members(model: Server) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO readers")
    assert enters(model, "ann", "shop")
    result = converges(model, {**ITEM, "deny_connect": ["readers"]})
    assert result["warnings"] == []
    assert not enters(model, "ann", "shop")


def test_who_is_let_in_by_a_membership_is_an_error_with_the_path(model: Server) -> None:
    sql(model, "GRANT staff TO readers;\nGRANT CONNECT ON DATABASE shop TO staff")
    said = failure(model, {**ITEM, "deny_connect": ["ann"]})
    assert "deny_connect names ann, who could still connect: it is a member, ann -> readers -> staff" in said
    converges(model, {**ITEM, "connect": [], "deny_connect": ["ann"]})
    assert not enters(model, "ann", "shop")


def test_a_membership_that_does_not_inherit_is_no_way_in(model: Server, pg_version: int) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO readers")
    sql(model, "GRANT readers TO ann WITH INHERIT FALSE" if pg_version >= 16 else "ALTER ROLE ann NOINHERIT")
    converges(model, {**ITEM, "deny_connect": ["ann"]})
    assert not enters(model, "ann", "shop")


@pytest.mark.since(16)
def test_from_16_the_members_own_attribute_does_not_count(model: Server) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO readers;\nALTER ROLE ann NOINHERIT")
    assert "ann -> readers" in failure(model, {**ITEM, "deny_connect": ["ann"]})


def test_a_superuser_cannot_be_kept_out(model: Server) -> None:
    sql(model, "ALTER ROLE bob SUPERUSER")
    assert "bob, who could still connect: it is a superuser" in failure(model, {**ITEM, "deny_connect": ["bob"]})


def test_the_owner_cannot_be_kept_out(model: Server) -> None:
    assert "own, who could still connect: it has CONNECT itself" in failure(model, {**ITEM, "deny_connect": ["own"]})


def test_members_with_another_way_in_are_a_warning(model: Server) -> None:
    sql(model, "GRANT readers TO own")
    result = call(model, {**ITEM, "connect": ["ann"], "deny_connect": ["readers"]})
    others = "these members can connect in another way: ann, own"
    assert result["warnings"] == [f"database shop: deny_connect names readers; {others}"]
    assert enters(model, "ann", "shop")


def test_in_check_mode_the_assumed_memberships_count(model: Server) -> None:
    roles = [{"name": "new", "roles": ["staff"]}]
    item = {**ITEM, "connect": ["staff"], "deny_connect": ["new"]}
    assert "new -> staff" in failure(model, item, check=True, assume={"roles": roles})
    roles[0]["inherit"] = False
    if int(sql(model, "SHOW server_version_num")[0][0]) < 160000:
        assert call(model, item, check=True, assume={"roles": roles})["changed"]


@pytest.mark.parametrize(
    "gone", [{"revoked_roles": ["staff"]}, {"roles_exact": True}, {"roles": ["other"], "roles_exact": True}]
)
def test_in_check_mode_memberships_that_earlier_tasks_take_away_let_nobody_in(
    model: Server, gone: dict[str, Any]
) -> None:
    sql(model, "CREATE ROLE other;\nGRANT staff TO ann")
    item = {**ITEM, "connect": ["staff"], "deny_connect": ["ann"]}
    assert "ann -> staff" in failure(model, item, check=True, assume={"roles": [{"name": "ann"}]})
    foreseen = call(model, item, check=True, assume={"roles": [{"name": "ann", **gone}]})
    sql(model, "REVOKE staff FROM ann")
    assert call(model, item)["sql"] == foreseen["sql"]
    assert not enters(model, "ann", "shop")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"connect": ["ann"], "deny_connect": ["ann"]}, "ann in connect and in deny_connect"),
        ({"revokeconn": None, "deny_connect": ["ann"]}, "deny_connect needs revokeconn: true"),
        ({"revokeconn": False, "deny_connect": ["ann"]}, "deny_connect needs revokeconn: true"),
        ({"deny_connect": ["Public"]}, "deny_connect names roles"),
        ({"connect": ["PUBLIC"]}, "one key takes CONNECT from PUBLIC"),
        ({"grants": [{"role": "public", "privs": ["ALL"]}]}, "one key takes CONNECT from PUBLIC"),
        ({"grants": [{"role": "PUBLIC", "privs": ["TEMP"]}], "revoketemp": True}, "takes TEMPORARY from PUBLIC"),
        ({"grants": [{"role": "PUBLIC", "privs": ["CREATE"]}], "revoke_create": True}, "takes CREATE from PUBLIC"),
        ({"grants": [{"role": "PUBLIC", "privs": ["TEMP"], "grant_option": True}]}, "can't have the grant option"),
        ({"grants": [{"role": "ann", "privs": ["SELECT"]}]}, "databases have no privilege SELECT"),
        ({"grants": [{"role": "ann", "privs": ["CONECT"]}]}, "did you mean CONNECT?"),
        ({"connect": ["nobody_there", "nor_this"]}, "no such role: nobody_there, nor_this"),
    ],
)
def test_contradictions_and_typing_errors_are_named(model: Server, keys: dict[str, object], said: str) -> None:
    assert said in failure(model, {**ITEM, **keys})
    assert database_acl(model, "shop") == set()


def test_a_member_of_two_groups_is_only_as_far_out_as_both(model: Server) -> None:
    sql(model, "GRANT staff TO ann")
    call(model, {**ITEM, "connect": ["staff"], "deny_connect": ["readers"]})
    assert enters(model, "ann", "shop")
    sql(model, "REVOKE staff FROM ann")
    assert not enters(model, "ann", "shop")
