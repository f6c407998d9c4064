# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare what the login could do before a plan with what it could do after it."""

from __future__ import annotations

from collections.abc import Iterator

from ..acl import PUBLIC
from ..memberships.graph import closure, parents_of
from ..privileges.acting import OWNED_BY_DATABASE_OWNER, inheriting
from .model import Footing, Loss


def lost(before: Footing, after: Footing) -> Iterator[Loss]:
    """Give what the login could do and can't do any more; attributes of roles are judged elsewhere.

    A superuser needs none of this. Roles that go are no loss by themselves.
    """
    if not before.is_superuser(before.server.session_user):
        yield from kept_out(before, after)
        yield from kept_from_becoming(before, after)
    if not before.server.superuser:
        yield from databases_lost(before, after)
        yield from roles_lost(before, after)


def kept_out(before: Footing, after: Footing) -> Iterator[Loss]:
    """Name the databases that the login can't come into any more: its own, and those that a call has to enter."""
    me = before.server.session_user
    for name in sorted(before.admitted.keys() & after.owners.keys()):
        if admits(before, name) and not admits(after, name):
            instead = f"leave CONNECT to {me}, to a role that it inherits from, or to PUBLIC"
            yield Loss(f"database {name}: taking CONNECT from {me}", instead, lifted=name not in before.entered)


def admits(footing: Footing, name: str) -> bool:
    """Tell whether the login has CONNECT on a database, itself or through a role whose rights it inherits."""
    me, grantees = footing.server.session_user, footing.admitted.get(name, frozenset())
    if PUBLIC in grantees or footing.is_superuser(me):
        return True
    mine = closure(inheriting(footing.server, footing.roles, footing.memberships), me)
    if footing.owners[name] in mine:
        mine |= {OWNED_BY_DATABASE_OWNER}
    return bool(mine & grantees)


def kept_from_becoming(before: Footing, after: Footing) -> Iterator[Loss]:
    """Say whether the login can't become the role any more that it acts as."""
    me, role = before.server.session_user, before.server.current_user
    if role != me and role in reachable(before) and role not in reachable(after):
        yield Loss(f"role {me}: leaving it no way to become {role}", "keep a membership by which it can SET ROLE")


def reachable(footing: Footing) -> frozenset[str]:
    """Give the roles that the login can become by SET ROLE."""
    return closure(parents_of(row for row in footing.memberships if row.set), footing.server.session_user)


def databases_lost(before: Footing, after: Footing) -> Iterator[Loss]:
    """Name the databases that the login could alter and can't any more; those of roles that go have been handed on."""
    old, new, me = before.actor(), after.actor(), before.server.current_user
    for name in sorted(before.owners.keys() & after.owners.keys()):
        owner = after.owners[name]
        if owner in after.roles and old.owns(before.owners[name]) and not new.owns(owner):
            yield Loss(
                f"database {name}: owner {owner}, whose rights {me} would not have,",
                f"keep {me} a member of {owner} with INHERIT",
            )


def roles_lost(before: Footing, after: Footing) -> Iterator[Loss]:
    """Name the roles that the login could grant, or act for, and can't any more."""
    me = before.server.current_user
    for name in sorted((administered(before) - administered(after)) & after.roles.keys()):
        yield Loss(f"role {name}: taking its admin option from {me}", "keep it")
    for name in sorted((acted_for(before) - acted_for(after)) & after.roles.keys()):
        yield Loss(f"role {name}: taking it from {me}, who manages what {name} owns,", f"keep {me} a member of it")


def administered(footing: Footing) -> frozenset[str]:
    """Give the roles that the login can grant by an admin option; CREATEROLE makes it needless before 16."""
    server = footing.server
    if server.version < 160000 and footing.roles[server.current_user].createrole:
        return frozenset(footing.roles)
    has = footing.actor().has
    return frozenset(row.role for row in footing.memberships if row.admin and row.member in has)


def acted_for(footing: Footing) -> frozenset[str]:
    """Give the owners of something that the login has the rights of, or can become."""
    actor = footing.actor()
    return footing.keepers & (actor.has | actor.becomes | actor.borrows)
