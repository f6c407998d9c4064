# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the cluster as far as it concerns a declaration of roles: a number of questions that doesn't grow with it."""

from __future__ import annotations

from dataclasses import replace

from ..assume import Assume
from ..connection import Connection
from ..lockout.inspect import read_ground
from ..memberships.granting import SELF_GRANT
from ..memberships.inspect import read_memberships
from ..passwords.inspect import read_iterations, read_passwords
from ..removal.inspect import read_footprint
from ..role_graph import RoleGraph
from ..role_graph import with_assumed as overlaid
from ..roles.inspect import read_dependents, read_roles, read_today
from ..settings.inspect import read_settings, read_unknown_parameters
from ..settings.rights import read_barred_parameters
from .grants import maker_in
from .lockout import libraries
from .model import RoleSet, RoleSetState
from .unlisted import find_unlisted

DATABASES = "SELECT datname::text FROM pg_catalog.pg_database WHERE datname = ANY (%(names)s::text[])"


def read_role_set(connection: Connection, declared: RoleSet) -> RoleSetState:
    """Read roles and memberships of the whole cluster, and of declared roles what their items name."""
    roles, passwords = read_roles(connection), declared.passwords()
    settings = read_settings(connection, roles=declared.specs)
    unlisted = find_unlisted(declared.unlisted, roles, connection.server)
    dropped = {name for name in declared.absent() if name in roles} | (unlisted if declared.unlisted.drops() else set())
    state = RoleSetState(
        connection.server,
        roles,
        read_memberships(connection),
        settings,
        read_passwords(connection, [name for name in passwords if name in roles]),
        read_today(connection),
        (declared.iterations or read_iterations(connection)) if passwords else 0,
        read_databases(connection, declared),
        read_unknown_parameters(connection, declared.parameter_names()),
        read_dependents(connection, dropped),
        connection.rows(SELF_GRANT)[0][0] or "",
        unlisted=unlisted,
        ground=read_ground(connection, roles, libraries(declared, connection.server)),
        barred_parameters=read_barred_parameters(
            connection, declared.parameter_names().union(setting.name for setting in settings)
        ),
    )
    return with_assumed(with_leaving(connection, state, declared), declared.assume, declared.decided())


def with_leaving(connection: Connection, state: RoleSetState, declared: RoleSet) -> RoleSetState:
    """Add where something depends on the roles that go in steps."""
    leaving = frozenset(spec.name for spec in declared.leaving() if spec.name in state.roles)
    owners = {database.name: database.owner for database in declared.assume.databases if database.owner}
    return replace(state, leaving=leaving, footprint=read_footprint(connection, leaving, owners))


def read_databases(connection: Connection, declared: RoleSet) -> frozenset[str]:
    """Read which of the databases that settings name are there, with those that check mode may assume."""
    names = declared.databases()
    rows = connection.rows(DATABASES, names=sorted(names)) if names else []
    assumed = {database.name for database in declared.assume.databases}
    return frozenset(name for (name,) in rows) | (assumed & names)


def with_assumed(state: RoleSetState, assume: Assume, planned: frozenset[str] = frozenset()) -> RoleSetState:
    """Lay over a state what earlier tasks will have made; names that this call declares are planned instead."""
    assumed = tuple(role for role in assume.roles if role.name not in planned)
    graph = overlaid(RoleGraph(state.roles, state.memberships), assumed, maker_in(state))
    return replace(state, roles=graph.roles, memberships=graph.memberships)
