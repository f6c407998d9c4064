# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan for roles would take from those who must be able to come in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..connection import Server
from ..lockout.attributes import lockouts, powers_lost
from ..lockout.inspect import Ground
from ..lockout.model import THE_BOOTSTRAP, THE_LOGIN, Footing, Loss, given_up, refused
from ..lockout.rights import lost
from ..lockout.settings import library_files, shutting
from .model import RoleSet, RoleSetState


def locked_out(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> list[str]:
    """Refuse what would lock out a protected role."""
    return refused(losses(declared, before, after), declared.allow_self)


def abandoned(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> tuple[str, ...]:
    """Name what the login gives up by this plan, its present password too."""
    me = before.server.session_user
    new = [f"role {me}: a new password"] if me in after.fresh else []
    return (*given_up(losses(declared, before, after)), *new)


def losses(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> Iterator[Loss]:
    """Give what a plan takes; while roles go in steps, the login has to come in again, and nothing of it is allowed."""
    for loss in everything_lost(declared, before, after):
        waits = bool(before.leaving) and loss.lifted
        yield replace(loss, instead=f"{loss.instead}, or do it in a later call", lifted=False) if waits else loss


def everything_lost(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> Iterator[Loss]:
    """Give what a plan takes from the bootstrap superuser, the login, and the role that it acts as."""
    server = before.server
    for name in sorted({server.bootstrap, server.session_user, server.current_user} & frozenset(before.roles)):
        yield from attributes_lost(name, declared, before, after)
    yield from shutting(before.settings, after.settings, server, before.ground.missing_libraries)
    yield from lost(footing(before), footing_after(declared, before, after))


def attributes_lost(name: str, declared: RoleSet, before: RoleSetState, after: RoleSetState) -> Iterator[Loss]:
    """Give the attributes that a protected role would lose and needs."""
    server, spec = before.server, declared.specs.get(name)
    new = None if name in before.leaving else after.roles.get(name)
    cleared = name in after.fresh and (after.passwords or {}).get(name) is None
    instead = "declare it as it is" if spec is not None and spec.exact_attributes else "leave it out"
    whom = THE_BOOTSTRAP if name == server.bootstrap else THE_LOGIN
    words = [*lockouts(before.roles[name], new, cleared, before.today)]
    words += powers_lost(before.roles[name], new) if name == server.current_user else ()
    lifted = name == server.session_user and new is not None
    yield from (Loss(f"role {name}: {what}", instead, whom, lifted) for what in words)


def libraries(declared: RoleSet, server: Server) -> list[str]:
    """Give the libraries that the next session of the login or the bootstrap superuser would load."""
    mine = [spec for spec in declared.present() if spec.name in (server.session_user, server.bootstrap)]
    groups = [group for s in mine for group in (s.parameters, (s.database_parameters or {}).get(server.database))]
    return [one for group in groups for name in group or () for one in library_files(name, (group or {})[name])]


def footing(state: RoleSetState) -> Footing:
    """Give what the login stands on."""
    ground = state.ground
    return Footing(state.server, state.roles, state.memberships, ground.owners, ground.admitted, ground.keepers)


def footing_after(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> Footing:
    """Give what the login would stand on when the roles that go in steps are gone, too."""
    gone = before.leaving | (frozenset(before.roles) - frozenset(after.roles))
    rows = frozenset(row for row in after.memberships if not {row.role, row.member} & gone)
    roles = {name: role for name, role in after.roles.items() if name not in gone}
    ground = handed_over(declared, before.ground)
    admitted = {name: grantees - gone for name, grantees in ground.admitted.items()}
    return replace(footing(before), roles=roles, memberships=rows, owners=ground.owners, admitted=admitted)


def handed_over(declared: RoleSet, ground: Ground) -> Ground:
    """Give what the login stands on when databases are handed on: what an owner had there goes with it."""
    owners = {name: handed(declared, owner) for name, owner in ground.owners.items()}
    takers = {(name, owner): owners[name] for name, owner in ground.owners.items()}
    admitted = {
        name: frozenset(takers.get((name, grantee), grantee) for grantee in grantees)
        for name, grantees in ground.admitted.items()
    }
    return replace(ground, owners=owners, admitted=admitted)


def handed(declared: RoleSet, owner: str) -> str:
    """Give who takes over a database from its owner, who may be one of the roles that go."""
    spec = declared.specs.get(owner)
    taker = spec.successor.name if spec is not None and not spec.present and spec.successor else None
    return taker or owner
