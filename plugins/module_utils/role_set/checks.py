# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a plan for roles before anything is written: missing names, cycles, what can't be dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Optional

from ..memberships.graph import cycle, parents_of
from ..privileges.acting import actor_of
from ..quoting import ident
from ..roles.model import RoleSpec
from .grants import granting_in, granting_of, made_by_server, surviving
from .leaving import stuck
from .lockout import locked_out
from .model import RoleSet, RoleSetState
from .rights import rights


def missing_names(declared: RoleSet, state: RoleSetState) -> tuple[list[str], list[str]]:
    """Judge the roles and databases that items name and that aren't there: problems, and warnings."""
    named = {row.role for spec in declared.present() for row in spec.memberships or () if row.present}
    named |= {spec.name for spec in declared.present()}
    named |= {spec.successor.name for spec in declared.leaving() if spec.successor and spec.successor.name}
    roles = declared.assume.missing("role", named - declared.decided() - frozenset(state.roles))
    databases = declared.assume.missing("database", declared.databases() - state.databases)
    return [*roles[0], *databases[0], *unknown(state)], [*roles[1], *databases[1]]


def unknown(state: RoleSetState) -> list[str]:
    """Name the parameters that the server doesn't know."""
    return [f"parameters: the server knows no {name}; correct the name" for name in sorted(state.unknown_parameters)]


def judge(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> Iterator[str]:
    """Say everything that stands against a plan."""
    if declared.reported:
        return
    if before.memberships != after.memberships:
        yield from cycles(declared, after)
        yield from memberships_left_hanging(before, after)
    for spec in declared.present():
        yield from options_before_16(spec, after)
    yield from locked_out(declared, before, after)
    if not may_be_freed(declared):
        yield from undroppable(declared, before, after)
        yield from stuck(declared, before, after)


def may_be_freed(declared: RoleSet) -> bool:
    """Tell whether earlier tasks of the play may still take away what a role to be dropped has."""
    return declared.only and declared.assume.check


def cycles(declared: RoleSet, after: RoleSetState) -> Iterator[str]:
    """Say a cycle with all its roles."""
    found = cycle(parents_of(after.memberships), declared.specs)
    if found:
        yield f"roles would be members of themselves: {' -> '.join(found)}; remove one of these memberships"


def memberships_left_hanging(before: RoleSetState, after: RoleSetState) -> Iterator[str]:
    """Name memberships whose grantor would lose the right to have granted them (16 and newer)."""
    if not granting_of(before.server).per_grantor():
        return
    had, has = (frozenset((row.role, row.member) for row in s.memberships if row.admin) for s in (before, after))
    lost = had - has
    for row in sorted(after.memberships):
        if (row.role, row.grantor) in lost and row.grantor in after.roles:
            yield (
                f"role {row.role} was granted to {row.member} by {row.grantor}, who would lose the admin option: "
                f"declare {row.member} without {row.role} too, or keep the option"
            )


def refusals(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> tuple[str, ...]:
    """Say what this login may not do of a plan."""
    if declared.reported:
        return ()
    granting = () if before.memberships == after.memberships else rights_to_grant(before, after)
    return (*dict.fromkeys(granting), *rights(declared, before, after))


def rights_to_grant(before: RoleSetState, after: RoleSetState) -> Iterator[str]:
    """Name memberships that this login may not change: from 16 that takes ADMIN, superusers apart."""
    server, granting = before.server, granting_in(before)
    if server.superuser or not granting.per_grantor():
        return
    actor = actor_of(server, before.roles, before.memberships)
    admins = frozenset((row.role, row.member) for row in after.memberships if row.admin)
    gone = frozenset(before.roles) - frozenset(after.roles)
    old, new = surviving(before.memberships, gone, server), after.memberships - made_by_server(before, after)
    for row in sorted(old ^ new):
        if not granting.can_be(row.grantor):
            yield (
                f"role {row.role} was granted to {row.member} by {row.grantor}, for whom {server.current_user} can't "
                f"act: {actor.joining(row.grantor)}"
            )
        elif row in new and (row.role, row.grantor) not in admins:
            sql = f"GRANT {ident(row.role)} TO {ident(server.current_user)} WITH ADMIN OPTION"
            yield (
                f"role {row.role} can't be granted to {row.member}: {server.current_user} has no admin option on it: "
                f"run {sql}, or log in as a superuser"
            )


def options_before_16(spec: RoleSpec, after: RoleSetState) -> Iterator[str]:
    """Name options that a server before 16 has no place for."""
    if granting_of(after.server).per_grantor():
        return
    for row in spec.memberships or ():
        if row.present and row.set is False:
            yield f"role {spec.name}: roles {row.role}: set false needs PostgreSQL 16; leave it out"
        if row.present and row.inherit is not None and row.inherit != after.roles[spec.name].inherit:
            yield (
                f"role {spec.name}: roles {row.role}: inherit differs from the role's own, and before PostgreSQL 16 "
                f"only that counts: declare inherit for role {spec.name}, or leave it out here"
            )


def undroppable(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> Iterator[str]:
    """Say what keeps a role from being dropped."""
    for name in sorted(frozenset(before.roles) - frozenset(after.roles) | before.leaving):
        spec = declared.specs.get(name)
        held = [*before.dependents.get(name, ()), *granted_by(name, after)]
        if held and not (spec and spec.successor):
            yield f"role {name} can't be dropped, for things depend on it ({'; '.join(held)}): {way_out(spec)}"


def way_out(spec: Optional[RoleSpec]) -> str:
    """Say what to do about a role on which things depend."""
    if spec is not None:
        return "let reassign_to in its item name who takes over, or hand them on in each of these databases first"
    return "declare it absent with reassign_to, or spare it with unlisted_except"


def not_yet_droppable(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> Iterator[str]:
    """Give as warnings what keeps a role from being dropped, where earlier tasks may take it away."""
    if may_be_freed(declared):
        found = [*undroppable(declared, before, after), *stuck(declared, before, after)]
        yield from (f"unless earlier tasks change that: {text}" for text in found)


def granted_by(name: str, after: RoleSetState) -> Iterable[str]:
    """Count the memberships that a role granted: from 16 they keep it."""
    count = sum(row.grantor == name for row in after.memberships)
    return [f"cluster: grantor of {count} memberships"] if count and after.server.version >= 160000 else []
