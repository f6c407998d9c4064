# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who could come into a database, and by which path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from ..acl import PUBLIC
from ..databases.model import DatabaseSpec
from ..lockout.model import admitted
from ..memberships.graph import Graph, closure, parents_of, path
from ..privileges.acting import inheriting
from .model import IsolationState


def way_in(role: str, grantees: frozenset[str], graph: Graph, state: IsolationState) -> Optional[str]:
    """Say in words how a role can connect; None if it can't."""
    if role in state.roles and state.roles[role].superuser:
        return "it is a superuser"
    if PUBLIC in grantees:
        return "PUBLIC has CONNECT"
    steps = path(graph, role, grantees)
    if steps is None:
        return None
    return "it has CONNECT itself" if len(steps) == 1 else f"it is a member, {' -> '.join(steps)}, and that has CONNECT"


def denied_and_yet_in(spec: DatabaseSpec, after: IsolationState) -> Iterator[str]:
    """Say for each role that is to be kept out how it would still come in."""
    graph = inheriting(after.server, after.roles, after.memberships)
    grantees = admitted(after.privileges).get(spec.name, frozenset())
    for role in spec.deny_connect:
        how = way_in(role, grantees, graph, after)
        if how:
            yield (
                f"database {spec.name}: deny_connect names {role}, who could still connect: {how}; take that away first"
            )


def members_who_come_in(spec: DatabaseSpec, after: IsolationState) -> Iterator[str]:
    """Give a warning that lists the login members of roles kept out that can connect in another way."""
    graph = inheriting(after.server, after.roles, after.memberships)
    groups = parents_of(after.memberships)
    grantees = admitted(after.privileges).get(spec.name, frozenset())
    denied = frozenset(spec.deny_connect)
    logins = [name for name, role in sorted(after.roles.items()) if role.login and name not in denied]
    members = [name for name in logins if closure(groups, name) & denied and way_in(name, grantees, graph, after)]
    if members:
        yield (
            f"database {spec.name}: deny_connect names {', '.join(spec.deny_connect)}; these members can connect in "
            f"another way: {', '.join(members)}"
        )


def deprived(spec: DatabaseSpec, before: IsolationState, after: IsolationState) -> list[str]:
    """Give the roles that could connect before and can't any more."""
    graph = inheriting(after.server, after.roles, after.memberships)
    old, new = (admitted(state.privileges).get(spec.name, frozenset()) for state in (before, after))
    if old == new:
        return []
    could = [name for name, role in after.roles.items() if role.login and way_in(name, old, graph, after)]
    return sorted(name for name in could if way_in(name, new, graph, after) is None)
