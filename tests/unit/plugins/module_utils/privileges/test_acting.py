"""As whom a session grants and revokes."""

from __future__ import annotations

from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.model import Membership
from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.acting import Actor, actor_of
from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.model import Privilege
from ansible_collections.leastpriv.pgsql.plugins.module_utils.roles.model import RoleState

NOBODY: frozenset[str] = frozenset()


def actor(*rows: Membership, version: int = 180000, superuser: bool = False, inherit: bool = True) -> Actor:
    server = Server(version, "", "me", "me", superuser, "postgres", False, "postgres")
    roles = {name: RoleState(name, superuser=name == "boss") for name in ("own", "other", "boss")}
    roles["me"] = RoleState("me", superuser=superuser, inherit=inherit)
    return actor_of(server, roles, rows)


def entry(grantor: str) -> Privilege:
    return Privilege("DATABASE", "shop", "ann", "CONNECT", grantor)


def test_a_superuser_acts_as_the_owner_and_becomes_other_grantors() -> None:
    me = actor(superuser=True)
    assert (me.grants_as("own"), me.run_as(entry("own"), "own"), me.run_as(entry("other"), "own")) == (
        "own",
        None,
        "other",
    )
    assert me.refusal(entry("other"), "own", frozenset()) is None
    assert "NOSUPERUSER" in (me.refusal(entry("boss"), "own", frozenset()) or "")
    assert me.refusal(entry("boss"), "boss", frozenset()) is None


def test_a_member_becomes_the_owner_for_its_own_options_would_come_first() -> None:
    me = actor(Membership("own", "me", ""))
    assert (me.grants_as("own"), me.run_as(entry("own"), "own"), me.run_as(entry("me"), "own")) == ("own", "own", None)
    assert me.owns("own")


def test_without_set_the_owners_privileges_are_used_and_without_inherit_the_role_is_set() -> None:
    without_set = actor(Membership("own", "me", "", set=False))
    assert (without_set.grants_as("own"), without_set.run_as(entry("own"), "own")) == ("own", None)
    for me in (
        actor(Membership("own", "me", "", inherit=False)),
        actor(Membership("own", "me", ""), version=150000, inherit=False),
    ):
        assert (me.grants_as("own"), me.run_as(entry("own"), "own"), me.owns("own")) == ("own", "own", False)


def test_a_stranger_grants_only_what_it_may_pass_on() -> None:
    me = actor()
    held = frozenset({Privilege("DATABASE", "shop", "me", "CONNECT", "own", True)})
    assert me.grants_as("own") == "me"
    assert me.refusal(entry("me"), "own", held) is None
    assert "may not grant or revoke CONNECT" in (me.refusal(entry("me"), "own", NOBODY) or "")
    assert 'GRANT "own" TO "me"' in (me.refusal(entry("own"), "own", held) or "")


def test_who_has_the_database_owners_privileges_owns_what_it_owns() -> None:
    server = Server(150000, "", "me", "me", False, "postgres", False, "shop")
    me = actor_of(server, {"me": RoleState("me")}, (), "me")
    assert me.grants_as("pg_database_owner") == "pg_database_owner"
    assert me.run_as(entry("pg_database_owner"), "pg_database_owner") is None
