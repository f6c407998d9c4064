# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who grants a membership in this session, and what the declared memberships come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Optional

from ..connection import Server
from ..memberships.granting import Granting, Maker
from ..memberships.graph import closure, lendable, parents_of
from ..memberships.model import Membership
from ..memberships.plan import Memberships, complete, fitting, merge_rows, resolve_membership
from ..roles.model import RoleSpec, RoleState, superusers_of
from .model import RoleSet, RoleSetState


def granting_of(server: Server) -> Granting:
    """Give the grantor of new memberships: from 16 the bootstrap superuser for every superuser."""
    bootstrap = server.superuser and server.version >= 160000
    return Granting(server.version, server.bootstrap if bootstrap else server.current_user, server.superuser)


def granting_in(state: RoleSetState) -> Granting:
    """Give the grantor of new memberships, and for whom else the login can act."""
    granting, rows = granting_of(state.server), state.memberships
    if granting.superuser or not granting.per_grantor():
        return granting
    inherited = closure(parents_of(row for row in rows if row.inherit), granting.grantor)
    settable = closure(parents_of(row for row in rows if row.set), granting.grantor) - inherited
    lent = lendable(rows, granting.grantor, superusers_of(state.roles)) - inherited - settable
    return replace(granting, inherited=inherited, settable=settable, lendable=lent)


def resolve_memberships(declared: RoleSet, state: RoleSetState, roles: Mapping[str, RoleState]) -> Memberships:
    """Give all memberships as they are to be; those of dropped roles go with them."""
    gone = frozenset(state.roles) - frozenset(roles)
    rows: dict[str, set[Membership]] = defaultdict(set)
    leaving = withdrawing(declared, state)
    for row in [*without_grantors(state.memberships, gone, state.server), *given_to_creator(state, roles)]:
        if row.role not in gone and row.member not in gone and row.grantor not in leaving:
            rows[row.member].add(row)
    granting = granting_of(state.server)
    grantors = admins(state, [row for group in rows.values() for row in group])
    for spec in declared.present():
        if spec.memberships is not None:
            mine = of_member(spec, frozenset(rows[spec.name]), declared, roles[spec.name], granting, grantors)
            rows[spec.name] = set(mine)
    return frozenset(row for group in rows.values() for row in group)


def withdrawing(declared: RoleSet, state: RoleSetState) -> frozenset[str]:
    """Give the roles that go with the memberships that they granted: from 16 these can't outlive their grantor."""
    if state.server.version < 160000:
        return frozenset()
    return frozenset(spec.name for spec in declared.leaving() if spec.successor and spec.name in state.leaving)


def without_grantors(rows: Memberships, gone: frozenset[str], server: Server) -> Memberships:
    """Forget grantors that are gone: to 15 a membership outlives who granted it."""
    if server.version >= 160000 or not gone:
        return rows
    return frozenset(replace(row, grantor="") if row.grantor in gone else row for row in rows)


def surviving(rows: Memberships, gone: frozenset[str], server: Server) -> Memberships:
    """Leave out what goes with dropped roles by itself; from 16 a grantor's grants have to go before the grantor."""
    left = without_grantors(rows, gone, server)
    return frozenset(row for row in left if not {row.role, row.member} & gone or row.grantor in gone)


def of_member(
    spec: RoleSpec,
    rows: Memberships,
    declared: RoleSet,
    role: RoleState,
    granting: Granting,
    grantors: Mapping[str, str],
) -> Memberships:
    """Give one member's rows; exact removes the parents and the options that aren't declared."""
    inherit = role.inherit or not granting.per_grantor()
    result: Memberships = frozenset()
    for one in spec.memberships or ():
        old = frozenset(row for row in rows if row.role == one.role)
        parent = complete(one, inherit, bool(own_tools(old, granting))) if declared.exact_memberships else one
        grantor = grantors.get(parent.role, granting.grantor)
        default = Membership(parent.role, spec.name, grantor, inherit=inherit)
        result |= merge_rows(resolve_membership(old, fitting(parent, granting), default), granting)
    named = {parent.role for parent in spec.memberships or ()}
    undeclared = frozenset(row for row in rows if row.role not in named)
    return result | (own_tools(undeclared, granting) if declared.exact_memberships else undeclared)


def own_tools(rows: Memberships, granting: Granting) -> Memberships:
    """Give the rows by which a login without superuser administers what it has created; the server makes them."""
    if granting.superuser or not granting.per_grantor():
        return frozenset()
    return frozenset(row for row in rows if row.member == granting.grantor and row.admin)


def admins(state: RoleSetState, rows: Iterable[Membership]) -> dict[str, str]:
    """Give for each role who grants it: on 16 and newer, without superuser, somebody with ADMIN whom one can be."""
    server, known = state.server, list(rows)
    if server.superuser or server.version < 160000:
        return {}
    mine = closure(parents_of(row for row in known if row.inherit), server.current_user)
    acting = granting_in(state)
    found: dict[str, str] = {}
    for row in sorted(known, key=lambda row: (row.member != server.current_user, row.member not in mine, row.member)):
        if row.admin and (row.member in mine or acting.can_be(row.member)):
            found.setdefault(row.role, row.member)
    return found


def maker_in(state: RoleSetState) -> Optional[Maker]:
    """Give what comes with the creation of roles; None for superusers and to 15, where nothing does."""
    server = state.server
    if server.superuser or server.version < 160000:
        return None
    return Maker(server.current_user, server.bootstrap, state.self_grant)


def given_to_creator(state: RoleSetState, roles: Mapping[str, RoleState]) -> Memberships:
    """Give the memberships that 16 and newer make when a role is created without superuser."""
    maker = maker_in(state)
    return maker.rows(roles.keys() - state.roles.keys()) if maker else frozenset()


def made_by_server(before: RoleSetState, after: RoleSetState) -> Memberships:
    """Give the rows that come with the creation of roles, without a statement of their own."""
    return given_to_creator(before, after.roles) & after.memberships
