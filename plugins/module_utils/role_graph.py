# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All roles of a cluster with their memberships, as they are or as earlier tasks will have made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Optional

from .assume import Assume, AssumedRole
from .connection import Connection
from .memberships.granting import Maker, read_maker
from .memberships.inspect import read_memberships
from .memberships.model import Membership
from .roles.inspect import read_roles
from .roles.model import RoleState


@dataclass(frozen=True)
class RoleGraph:
    """Roles by name, and every row of membership."""

    roles: Mapping[str, RoleState]
    memberships: frozenset[Membership]


def read_role_graph(connection: Connection, assume: Assume, planned: frozenset[str] = frozenset()) -> RoleGraph:
    """Read all roles; in check mode with what is assumed, but for names that the call itself plans."""
    graph = RoleGraph(read_roles(connection), read_memberships(connection))
    assumed = tuple(role for role in assume.roles if role.name not in planned)
    return with_assumed(graph, assumed, read_maker(connection) if assumed else None)


def with_assumed(graph: RoleGraph, assumed: tuple[AssumedRole, ...], maker: Optional[Maker] = None) -> RoleGraph:
    """Lay over the graph what earlier tasks of this login will have made; ``maker`` has what comes with new roles."""
    roles = {**graph.roles, **{role.name: assumed_role(role, graph) for role in assumed}}
    rows = {row for role in assumed for row in assumed_rows(role, graph)}
    born = maker.rows(roles.keys() - graph.roles.keys()) if maker else frozenset()
    leaving = {role.name: role for role in assumed}
    kept = {row for row in graph.memberships if row.member not in leaving or not leaving[row.member].leaves(row.role)}
    return RoleGraph(MappingProxyType(roles), frozenset(kept) | rows | born)


def assumed_role(role: AssumedRole, graph: RoleGraph) -> RoleState:
    """Give a role as it is or as a new one, with what is said about it."""
    known = graph.roles.get(role.name, RoleState(role.name))
    superuser = known.superuser if role.superuser is None else role.superuser
    return replace(known, superuser=superuser, inherit=known.inherit if role.inherit is None else role.inherit)


def assumed_rows(role: AssumedRole, graph: RoleGraph) -> set[Membership]:
    """Give the memberships that are said and not there yet."""
    there = {row.role for row in graph.memberships if row.member == role.name} if role.roles else set()
    inherit = assumed_role(role, graph).inherit
    return {Membership(parent, role.name, "", inherit=inherit) for parent in role.roles if parent not in there}
