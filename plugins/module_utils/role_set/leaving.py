# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles that go in steps: shut first, handed on inside of each database, dropped last."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Optional

from ..connection import Connection
from ..errors import AccessError
from ..memberships.graph import closure, lendable, parents_of
from ..plan import Part, Plan
from ..privileges.acting import inheriting
from ..quoting import ident
from ..removal.inspect import read_left
from ..removal.model import Footprint, Left, Place
from ..removal.plan import Handover, diff_left, left_lines, resolve_left, undo_left
from ..roles.model import RoleSpec, superusers_of
from ..task import AnyPart
from .lockout import handed_over
from .model import RoleSet, RoleSetState

END = """
SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE usename = ANY (%(names)s::text[]) AND pid <> pg_catalog.pg_backend_pid()
"""
PATIENCE, PAUSE = 10.0, 0.05

RoleSetPlan = Plan[RoleSetState]


def dropping(declared: RoleSet) -> RoleSet:
    """Give what is left to declare when everything is handed on: that the roles are not there."""
    gone = {spec.name: RoleSpec(spec.name, present=False) for spec in declared.leaving()}
    return RoleSet(gone, declared.assume, allow_self=declared.allow_self, only=declared.only)


def successor_in(spec: RoleSpec, place: Place) -> Optional[str]:
    """Give who takes over in a database; None if nobody is said, or it is the role itself."""
    if spec.successor is None:
        return None
    name = spec.successor.name or place.owner
    return None if name == spec.name else name


def handed_parts(declared: RoleSet, plan: RoleSetPlan) -> tuple[AnyPart, ...]:
    """Give a part for each database in which something depends on the roles; that of the cluster's things is first."""
    here, successors = plan.before.server.database, successors_by_database(declared, plan.before)
    order = sorted(successors, key=lambda name: (name != here, name))
    return tuple(handed(name, successors[name], name == here, plan) for name in order)


def successors_by_database(declared: RoleSet, state: RoleSetState) -> dict[str, dict[str, str]]:
    """Give for each database the roles that leave something there, each with who takes over; empty if nobody."""
    found: dict[str, dict[str, str]] = {}
    for spec in declared.leaving():
        if spec.successor is None or spec.name not in state.leaving:
            continue
        if spec.name in state.footprint.shared:
            found.setdefault(state.server.database, {})[spec.name] = spec.successor.name or ""
        for place in state.footprint.of(spec.name):
            if place.allowconn and place.valid:
                found.setdefault(place.database, {})[spec.name] = successor_in(spec, place) or ""
    return found


def handed(database: str, successors: Mapping[str, str], shared: bool, plan: RoleSetPlan) -> Part[Left]:
    """Give the part of one database."""
    superusers = superusers_of(plan.after.roles)
    lacked = {name: lacking(plan.after, name, {to} - {""}) for name, to in successors.items()}
    handover = Handover(database, successors, superusers, plan.before.server.current_user, lacked)
    return Part(
        database,
        partial(read_left, successors=successors, shared=shared),
        partial(resolve_left, handover),
        partial(diff_left, handover),
        partial(undo_left, handover),
        left_lines,
    )


def lacking(state: RoleSetState, role: str, successors: set[str]) -> tuple[str, ...]:
    """Give the roles that a login without superuser has to be a member of, to hand on what a role has, and isn't."""
    server, rows = state.server, state.memberships
    if server.superuser:
        return ()
    has = closure(inheriting(server, state.roles, rows), server.current_user)
    becomes = closure(parents_of(row for row in rows if row.set), server.current_user)
    return tuple(sorted(({role} - has) | (successors - (has & becomes))))


def stuck(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> Iterator[str]:
    """Say what stands against the removal of roles in steps."""
    for spec in declared.leaving():
        if spec.name in before.leaving and spec.successor:
            yield from closed(spec, before)
            yield from without_successor(spec, declared, before)
            yield from out_of_reach(spec, before, after)


def closed(spec: RoleSpec, state: RoleSetState) -> Iterator[str]:
    """Name the databases that can't be entered."""
    places = state.footprint.of(spec.name)
    shut = [place.database for place in places if place.valid and not place.allowconn]
    if shut:
        remedy = "; ".join(f"ALTER DATABASE {ident(name)} ALLOW_CONNECTIONS true" for name in shut)
        yield (
            f"role {spec.name}: something depends on it in databases that accept no connections ({', '.join(shut)}): "
            f"run {remedy} for the time of the removal"
        )
    broken = [place.database for place in places if not place.valid]
    if broken:
        yield (
            f"role {spec.name}: something depends on it in databases whose removal was interrupted "
            f"({', '.join(broken)}): drop these databases first"
        )


def without_successor(spec: RoleSpec, declared: RoleSet, state: RoleSetState) -> Iterator[str]:
    """Name what has no owner to go to, where the owner of each database takes over."""
    if spec.successor is None or spec.successor.name is not None:
        return
    gone = frozenset(declared.absent()) - {spec.name}
    for place in state.footprint.of(spec.name):
        if place.owns and place.owner in gone:
            yield (
                f"role {spec.name}: what it owns in database {place.database} would go to {place.owner}, which owns "
                f"the database and is declared absent: let reassign_to name a role"
            )
    owned = state.footprint.owned.get(spec.name, ())
    if owned:
        yield (
            f"role {spec.name} owns {', '.join(owned)}, for which reassign_to has to name a role: the owner of a "
            f"database takes over only what is inside of it"
        )


def out_of_reach(spec: RoleSpec, before: RoleSetState, after: RoleSetState) -> Iterator[str]:
    """Name the roles that a login without superuser would have to be a member of, and can't make itself one."""
    footprint, server = before.footprint, before.server
    if not footprint.of(spec.name) and spec.name not in footprint.shared:
        return
    successors = {successor_in(spec, place) for place in footprint.of(spec.name) if place.owns}
    successors |= {spec.successor.name} if spec.successor and spec.name in footprint.owned else set()
    may_lend = lendable(after.memberships, server.current_user, superusers_of(after.roles))
    lends = may_lend if server.version >= 160000 else frozenset()
    lacked = lacking(after, spec.name, {name for name in successors if name})
    missing = ", ".join(ident(name) for name in lacked if name not in lends)
    if missing:
        options = " WITH INHERIT TRUE, SET TRUE" if server.version >= 160000 else ""
        yield (
            f"role {spec.name} can't be handed on by {server.current_user}, who isn't a member of {missing}: run "
            f"GRANT {missing} TO {ident(server.current_user)}{options}"
        )


def busy(declared: RoleSet, state: RoleSetState) -> Iterator[str]:
    """Say which roles that go have sessions, and what becomes of these."""
    for spec in declared.leaving():
        count = state.footprint.sessions.get(spec.name, 0)
        if count and spec.terminate:
            yield f"role {spec.name}: its sessions are ended ({count})"
        elif count:
            yield (
                f"role {spec.name} has sessions ({count}), which go on and can stand in the way: end them, or say "
                f"terminate: true"
            )


def end_sessions(declared: RoleSet, connection: Connection, plan: RoleSetPlan) -> tuple[str, ...]:
    """End the sessions of roles that are shut now; AccessError if they are still there after 10 s."""
    names = [spec.name for spec in declared.leaving() if spec.terminate and spec.name in plan.before.leaving]
    waited = 0.0
    while names and connection.rows(END, names=names):
        if waited > PATIENCE:
            raise AccessError(f"sessions of {', '.join(names)} don't end: see pg_stat_activity, and run this again")
        time.sleep(PAUSE)
        waited += PAUSE
    return ()


def as_handed(declared: RoleSet, state: RoleSetState) -> RoleSetState:
    """Give the state in which nothing depends on the roles that go any more."""
    kept = {name: found for name, found in state.dependents.items() if name not in state.leaving}
    ground = handed_over(declared, state.ground)
    return replace(state, dependents=kept, leaving=frozenset(), footprint=Footprint(), ground=ground)
