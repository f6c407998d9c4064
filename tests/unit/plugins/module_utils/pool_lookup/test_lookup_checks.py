"""Who may ask, and who may own the function: judged without a server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.model import DatabaseState
from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.model import Cluster
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.model import Membership
from ansible_collections.leastpriv.pgsql.plugins.module_utils.plan import Part, Plan, Resolved
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.checks import diff_cluster, resolve_cluster
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.model import ClusterState, Lookup
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.task import inside_parts
from ansible_collections.leastpriv.pgsql.plugins.module_utils.roles.model import RoleState

SERVER = Server(180000, "", "postgres", "postgres", True, "postgres", False, "postgres")
LOOKUP = Lookup({"shop": ("pooler",)}, ("attic", "gone"), "pooler", "pgbouncer", "keeper", Assume())
PART: Part[Any] = Part(None, lambda _connection: None, Resolved, diff_cluster, diff_cluster, lambda _state, _other: ())
ROLES = {
    "postgres": RoleState("postgres", superuser=True),
    "pooler": RoleState("pooler"),
    "group": RoleState("group", login=False),
    "keeper": RoleState("keeper", login=False),
}


def state(*rows: tuple[str, str], **changed: dict[str, Any]) -> ClusterState:
    roles = {name: replace(role, **changed.get(name, {})) for name, role in ROLES.items()}
    databases = {name: DatabaseState(name, "postgres", "", "", "", "") for name in ("shop", "attic")}
    cluster = Cluster(SERVER, frozenset(roles), None, databases, {})
    return ClusterState(cluster, roles, frozenset(Membership(role, member, "postgres") for member, role in rows))


def without(name: str, found: ClusterState) -> ClusterState:
    return replace(found, roles={key: role for key, role in found.roles.items() if key != name})


def problem(found: ClusterState) -> str:
    with pytest.raises(InputError) as caught:
        resolve_cluster(LOOKUP, found)
    return caught.value.message


def test_an_owner_that_is_not_there_is_made_without_login() -> None:
    before = without("keeper", state())
    made = diff_cluster(before, resolve_cluster(LOOKUP, before).after)
    assert [change.sql for change in made] == ['CREATE ROLE "keeper" NOLOGIN']
    assert diff_cluster(state(), resolve_cluster(LOOKUP, state()).after) == ()


def test_a_login_without_superuser_cannot_make_the_owner() -> None:
    before = without("keeper", state())
    plain = replace(
        before, cluster=replace(before.cluster, server=replace(SERVER, current_user="ann", superuser=False))
    )
    assert resolve_cluster(LOOKUP, plain).refusals == ("ann can't create role keeper: log in as a superuser",)


@pytest.mark.parametrize("flag", ["superuser", "replication", "createrole"])
def test_a_pools_login_has_no_attribute_that_leads_further(flag: str) -> None:
    assert f"auth_user pooler has {flag.upper()}, and needs nothing of that" in problem(state(pooler={flag: True}))


def test_a_pools_login_can_log_in() -> None:
    assert "auth_user pooler can't log in" in problem(state(pooler={"login": False}))


@pytest.mark.parametrize("goal", ["keeper", "postgres", "pg_read_all_data", "pg_execute_server_program"])
def test_a_pools_login_has_no_way_to_verifiers_but_the_function(goal: str) -> None:
    said = problem(state(("pooler", "group"), ("group", goal)))
    assert f'as a member of {goal} (pooler > group > {goal}): run REVOKE "group" FROM "pooler"' in said


def test_other_memberships_of_the_pools_login_are_its_own_affair() -> None:
    assert resolve_cluster(LOOKUP, state(("pooler", "group"))).warnings == ()


def test_an_owner_neither_logs_in_nor_has_members_nor_is_a_superuser() -> None:
    said = problem(state(("group", "keeper"), keeper={"login": True, "superuser": True}))
    assert "lookup_owner keeper is a superuser, and the function needs none" in said
    assert "lookup_owner keeper can log in, and reads verifiers" in said
    assert 'lookup_owner keeper has members, who read verifiers, too (group): run REVOKE "keeper" FROM "group"' in said


def test_a_missing_login_and_a_missing_database_are_one_error() -> None:
    lookup = replace(LOOKUP, users={"shop": ("nobody",), "nowhere": ("pooler",)})
    with pytest.raises(InputError) as caught:
        resolve_cluster(lookup, state())
    assert "no such database: nowhere" in caught.value.message
    assert "no such role: nobody" in caught.value.message


def test_of_roles_that_are_yet_to_come_only_what_is_known_counts() -> None:
    found = state(keeper={"login": True})
    born = {"keeper": frozenset({"keeper"}), "pooler": frozenset({"pooler"})}
    assert resolve_cluster(LOOKUP, replace(found, cluster=replace(found.cluster, born=born))).warnings == ()


def test_where_the_login_cannot_connect_is_a_warning() -> None:
    warned = resolve_cluster(LOOKUP, replace(state(), shut_out=(("shop", "pooler"),))).warnings
    said = (
        "auth_user pooler has no CONNECT there, so PgBouncer can't look up anybody: name it in connect of the database"
    )
    assert warned == (f"database shop: {said}",)


def worked_on(before: ClusterState) -> list[str]:
    after = resolve_cluster(LOOKUP, before).after
    return [str(one.database) for one in inside_parts(LOOKUP, Plan(PART, before, after, ()))]


def test_databases_without_a_pool_are_entered_only_if_the_owner_was_there_before() -> None:
    assert worked_on(state()) == ["shop", "attic"]
    assert worked_on(without("keeper", state())) == ["shop"]
