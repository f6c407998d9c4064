# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's part: names that rules refer to, and the objects that belong to no database."""

from __future__ import annotations

from dataclasses import replace

from ..acl import PUBLIC
from ..connection import Connection
from ..databases.inspect import read_databases
from ..default_privs.checks import closed, left_out, unusable, with_databases, worked_on
from ..default_privs.creators import Creators
from ..default_privs.inspect import overlaid_databases
from ..default_privs.model import Cluster, DefaultPrivs
from ..errors import raise_all, raise_problems
from ..lockout.model import given_up, refused
from ..plan import Resolved
from ..privileges.acting import actor_of
from ..privileges.entering import read_closed
from ..role_graph import read_role_graph
from .inspect import read_objects
from .lockout import losses
from .looking import Looking
from .model import ClusterState, ObjectPrivs, Objects
from .plan import resolve_objects
from .wanted import entries_of


def read_state(connection: Connection, declared: ObjectPrivs) -> ClusterState:
    """Read roles and databases, with what check mode takes for granted, and the cluster's objects that deviate."""
    server, graph = connection.server, read_role_graph(connection, declared.assume)
    databases, unborn = overlaid_databases(read_databases(connection), declared.assume, server.current_user)
    cluster = Cluster(server, frozenset(graph.roles), None, databases, unborn, closed=read_closed(connection))
    state = ClusterState(cluster, graph.roles, graph.memberships, Objects(server, ()))
    return replace(state, shared=read_objects(connection, looking_at_cluster(declared, state)))


def looking_at_cluster(declared: ObjectPrivs, state: ClusterState) -> Looking:
    """Say what to look for among the objects that belong to no database."""
    rules = declared.shared()
    entries, _problems = entries_of(rules, state.cluster.server.version)
    actor = actor_of(state.cluster.server, state.roles, state.memberships)
    assumed = frozenset(("DATABASE", name) for name in state.cluster.unborn)
    exact = declared.exact
    return Looking(None, rules, entries, declared.scope, actor, "", exact, exact, assumed)


def reached(declared: ObjectPrivs) -> DefaultPrivs:
    """Give the databases to work on as pg_default_privs declares them."""
    named = Creators(owners_of=declared.named_databases())
    return DefaultPrivs(declared.databases, named, (), declared.assume)


def entered(declared: ObjectPrivs, cluster: Cluster) -> DefaultPrivs:
    """Give the databases that are looked into."""
    choice = reached(declared)
    names = (name for name in worked_on(choice, cluster) if declared.exact or declared.inside(name))
    return replace(choice, databases=tuple(names))


def resolve_cluster(declared: ObjectPrivs, state: ClusterState) -> Resolved[ClusterState]:
    """Raise one error for everything that is missing or wrong; give the ACLs of the cluster's objects as declared."""
    choice = reached(declared)
    cluster, problems, warnings = with_databases(choice, state.cluster)
    problems += [text for name in declared.databases or () for text in unusable(cluster.databases.get(name))]
    problems += [*outside(declared, cluster), *closed(entered(declared, cluster), cluster)]
    problems += entries_of(declared.rules, cluster.server.version)[1]
    missing = (declared.named_roles() | frozenset(declared.scope.owners or ())) - cluster.roles
    absent, assumed = declared.assume.missing("role", missing - {PUBLIC})
    raise_problems(dict.fromkeys([*problems, *absent]))
    shared = resolve_objects(looking_at_cluster(declared, state), state.shared)
    after = replace(state, cluster=cluster, shared=shared.after)
    taken = list(losses(to_be_entered(declared, cluster), state, after))
    raise_all(refused(taken, declared.allow_self), shared.refusals)
    skipped = left_out(choice, cluster) if declared.exact or declared.inside("") else ()
    told = (*warnings, *assumed, *skipped, *shared.warnings)
    return Resolved(after, told, shared.refusals, given_up(taken))


def to_be_entered(declared: ObjectPrivs, cluster: Cluster) -> frozenset[str]:
    """Name the databases whose inside is worked on."""
    names = worked_on(reached(declared), cluster)
    return frozenset(name for name in names if declared.exact or declared.inside(name))


def outside(declared: ObjectPrivs, cluster: Cluster) -> list[str]:
    """Name the databases that rules are limited to, and that aren't worked on."""
    strays = declared.named_databases() - frozenset(worked_on(reached(declared), cluster))
    return [
        f"a rule is limited to database {name}, which this call doesn't work on: add it to databases, or correct it"
        for name in sorted(strays & frozenset(cluster.databases))
    ]
