# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge roles and databases before any database is entered; the function's owner is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..change import Change
from ..default_privs.checks import closed, unusable, with_databases
from ..default_privs.creators import Creators
from ..default_privs.model import DefaultPrivs
from ..errors import raise_all
from ..memberships.graph import Graph, parents_of, path
from ..plan import Resolved
from ..quoting import ident
from ..roles.model import RoleState
from ..roles.plan import diff_roles, role_lines
from .model import ClusterState, Lookup

# With these one reads verifiers without the function: as a superuser does, or from the server's files.
POWERFUL = ("pg_execute_server_program", "pg_read_all_data", "pg_read_server_files", "pg_write_server_files")
ATTRIBUTES = {"superuser": "SUPERUSER", "replication": "REPLICATION", "createrole": "CREATEROLE"}


def resolve_cluster(lookup: Lookup, state: ClusterState) -> Resolved[ClusterState]:
    """Raise one error for everything that stands against the lookup; give the cluster with the function's owner."""
    choice = DefaultPrivs(tuple(lookup.users), Creators(), (), lookup.assume)
    cluster, problems, warnings = with_databases(choice, state.cluster)
    problems += [text for name in lookup.users for text in unusable(cluster.databases.get(name))]
    problems += closed(choice, cluster)
    absent, assumed = lookup.assume.missing("role", set(lookup.everybody()) - set(state.roles))
    problems += [*absent, *wrong_users(lookup, state), *wrong_owner(lookup, state)]
    roles = {lookup.owner: RoleState(lookup.owner, login=False), **state.roles}
    lacking = [] if lookup.owner in state.roles else not_superuser(state, f"create role {lookup.owner}")
    raise_all(problems, lacking)
    after = replace(state, cluster=cluster, roles=roles)
    return Resolved(after, (*warnings, *assumed, *shut_out(state)), tuple(lacking))


def not_superuser(state: ClusterState, doing: str) -> list[str]:
    """Say that the login can't do something that takes a superuser, if it is none."""
    server = state.cluster.server
    return [] if server.superuser else [f"{server.current_user} can't {doing}: log in as a superuser"]


def wrong_users(lookup: Lookup, state: ClusterState) -> Iterator[str]:
    """Say why a login can't be the one by which the pool asks; of one that is yet to come, as far as that is known."""
    parents = parents_of(state.memberships)
    for name in lookup.everybody():
        role = state.roles.get(name)
        if role is None:
            continue
        if not role.login and name not in state.cluster.born:
            yield f"auth_user {name} can't log in: declare login: true, and a password"
        held = [word for flag, word in ATTRIBUTES.items() if getattr(role, flag)]
        if held:
            yield f"auth_user {name} has {', '.join(held)}, and needs nothing of that: take a login of its own"
        yield from too_near(lookup, name, parents, state.roles)


def too_near(lookup: Lookup, name: str, parents: Graph, roles: Mapping[str, RoleState]) -> Iterator[str]:
    """Say by which membership a login reads more than the function gives."""
    superusers = {role.name for role in roles.values() if role.superuser}
    way = path(parents, name, frozenset({lookup.owner, *POWERFUL, *superusers} - {name}))
    if way:
        yield (
            f"auth_user {name} reads verifiers without the function, as a member of {way[-1]} ({' > '.join(way)}): "
            f"run REVOKE {ident(way[1])} FROM {ident(name)}, or take a login of its own"
        )


def wrong_owner(lookup: Lookup, state: ClusterState) -> Iterator[str]:
    """Say why a role can't be the function's owner, with whose rights it reads verifiers."""
    name, members = lookup.owner, sorted({row.member for row in state.memberships if row.role == lookup.owner})
    role = state.roles.get(name)
    if role is None or name in state.cluster.born:
        return
    if role.superuser:
        yield f"lookup_owner {name} is a superuser, and the function needs none: run {altered(name, 'NOSUPERUSER')}"
    if role.login:
        yield f"lookup_owner {name} can log in, and reads verifiers: run {altered(name, 'NOLOGIN')}"
    if members:
        revoke = f"REVOKE {ident(name)} FROM {', '.join(map(ident, members))}"
        yield f"lookup_owner {name} has members, who read verifiers, too ({', '.join(members)}): run {revoke}"


def altered(name: str, word: str) -> str:
    """Give the statement that takes an attribute from a role."""
    return f"ALTER ROLE {ident(name)} {word}, or choose another lookup_owner"


def shut_out(state: ClusterState) -> list[str]:
    """Say where the pool can't ask, for its login can't connect."""
    return [
        f"database {name}: auth_user {user} has no CONNECT there, so PgBouncer can't look up anybody: name it in "
        "connect of the database"
        for name, user in state.shut_out
    ]


def diff_cluster(before: ClusterState, after: ClusterState) -> tuple[Change, ...]:
    """Give the changes of roles."""
    return tuple(diff_roles(before.roles, after.roles))


def undo_cluster(former: ClusterState, later: ClusterState) -> tuple[Change, ...]:
    """Give the changes that lead back."""
    return diff_cluster(later, former)


def cluster_lines(state: ClusterState, other: ClusterState) -> tuple[str, ...]:
    """Give the roles that the other state hasn't."""
    return tuple(role_lines(role for name, role in state.roles.items() if name not in other.roles))


def resolve_nothing(state: ClusterState) -> Resolved[ClusterState]:
    """Leave everything as it is."""
    return Resolved(state)
