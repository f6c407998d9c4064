# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a plan's changes to roles the login may not make: PostgreSQL's rules to 15, and from 16."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..memberships.graph import closure, parents_of
from ..privileges.acting import actor_of
from ..privileges.lacking import SUPERUSER, Barred, Lack, attribute, told
from ..privileges.sessions import barred_ends
from ..quoting import ident
from ..roles.model import FLAGS, RoleState
from ..settings.rights import barred_settings
from .model import RoleSet, RoleSetState

ADMIN_SINCE = 160000
OWN_ADMIN_BEFORE = 150000
# From 16, who changes one of these has to have it; to 15, only superusers change the last two.
OWN = ("createdb", "replication", "bypassrls")


@dataclass(frozen=True)
class Administrator:
    """The login as somebody who administers roles: itself, and the roles on which it has ADMIN by any path."""

    me: RoleState
    admin_of: frozenset[str]
    by_admin: bool

    def manages(self, target: RoleState) -> Iterator[Lack]:
        """Give what is lacking for changing anything of a role."""
        if target.superuser:
            yield SUPERUSER
            return
        if not self.me.createrole:
            yield attribute(self.me.name, "CREATEROLE")
        if self.by_admin and target.name not in self.admin_of:
            yield self.no_admin(target.name)

    def no_admin(self, role: str) -> Lack:
        """Give the lack of ADMIN on a role; nobody can have it on oneself."""
        if role == self.me.name:
            return SUPERUSER
        return Lack(f"admin option on {role}", f"run GRANT {ident(role)} TO {ident(self.me.name)} WITH ADMIN OPTION")

    def flags(self, changed: frozenset[str]) -> Iterator[Lack]:
        """Give what is lacking for changing these attributes, whoever's."""
        if "superuser" in changed or (not self.by_admin and changed & {"replication", "bypassrls"}):
            yield SUPERUSER
        elif self.by_admin:
            yield from (attribute(self.me.name, f.upper()) for f in OWN if f in changed and not getattr(self.me, f))

    def creates(self, role: RoleState) -> Iterator[Lack]:
        """Give what is lacking for creating a role."""
        if not self.me.createrole:
            yield attribute(self.me.name, "CREATEROLE")
        yield from self.flags(frozenset(flag for flag in FLAGS if getattr(role, flag)))

    def alters(self, old: RoleState, new: RoleState) -> Iterator[Lack]:
        """Give what is lacking for altering a role's attributes, its limit or its expiry."""
        changed = frozenset(flag for flag in FLAGS if getattr(old, flag) != getattr(new, flag))
        if not self.by_admin and old.replication:
            yield SUPERUSER
        else:
            yield from dict.fromkeys((*self.manages(old), *self.flags(changed)))

    def sets_password(self, target: RoleState) -> Iterator[Lack]:
        """Give what is lacking for setting a password; one's own takes nothing."""
        if not self.by_admin and target.replication:
            yield SUPERUSER
        elif target.name != self.me.name:
            yield from self.manages(target)


def rights(declared: RoleSet, before: RoleSetState, after: RoleSetState) -> Iterator[str]:
    """Say which changes the login may not make, memberships from 16 apart."""
    if before.server.superuser or before.server.current_user not in before.roles:
        return
    who = administrator(before)
    barred = [
        *roles(who, before, after),
        *passwords(who, before, after),
        *settings(who, before, after),
        *memberships(who, before, after),
        *ends(declared, before),
    ]
    yield from told(who.me.name, barred)


def administrator(state: RoleSetState) -> Administrator:
    """Find out what the login administers."""
    me, rows = state.server.current_user, state.memberships
    mine = closure(parents_of(rows), me)
    admin_of = frozenset(row.role for row in rows if row.admin and row.member in mine)
    if state.server.version < OWN_ADMIN_BEFORE and me == state.server.session_user:
        admin_of |= {me}
    return Administrator(state.roles[me], admin_of, state.server.version >= ADMIN_SINCE)


def roles(who: Administrator, before: RoleSetState, after: RoleSetState) -> Iterator[Barred]:
    """Go through the roles that are created, altered, commented on or dropped."""
    for name, new in sorted(after.roles.items()):
        old = before.roles.get(name)
        if old is None:
            yield from ((f"create role {name}", lack) for lack in who.creates(new))
            continue
        if plain(old) != plain(new):
            yield from ((f"alter role {name}", lack) for lack in who.alters(old, new))
        if old.comment != new.comment:
            yield from ((f"comment on role {name}", lack) for lack in who.manages(old))
    for name in sorted(before.roles.keys() - after.roles.keys()):
        yield from ((f"drop role {name}", lack) for lack in who.manages(before.roles[name]))


def plain(role: RoleState) -> tuple[object, ...]:
    """Give what ALTER ROLE sets."""
    return (*(getattr(role, flag) for flag in FLAGS), role.connlimit, role.valid_until)


def passwords(who: Administrator, before: RoleSetState, after: RoleSetState) -> Iterator[Barred]:
    """Go through the passwords that are set or cleared; those of new roles come with their creation."""
    old = before.passwords or {}
    for name, stored in sorted((after.passwords or {}).items()):
        if name in before.roles and name in after.roles and stored != old.get(name):
            doing = f"set the password of role {name}"
            yield from ((doing, lack) for lack in who.sets_password(before.roles[name]))


def settings(who: Administrator, before: RoleSetState, after: RoleSetState) -> Iterator[Barred]:
    """Go through the parameters that are set or reset; one's own take only the right to the parameter."""
    changed = frozenset(one for one in before.settings ^ after.settings if one.role in after.roles)
    yield from barred_settings(who.me.name, changed, before.barred_parameters, before.server.version)
    for name in sorted({setting.role for setting in changed} & before.roles.keys() - {who.me.name}):
        yield from ((f"set parameters of role {name}", lack) for lack in who.manages(before.roles[name]))


def memberships(who: Administrator, before: RoleSetState, after: RoleSetState) -> Iterator[Barred]:
    """Go through the roles that are granted and revoked: superusers' by superusers, to 15 others' by CREATEROLE."""
    there = before.roles.keys() & after.roles.keys()
    changed = {row.role for row in before.memberships ^ after.memberships if row.member in after.roles}
    for name in sorted(changed & there):
        if before.roles[name].superuser:
            yield f"grant or revoke role {name}", SUPERUSER
        elif not who.by_admin and not who.me.createrole and name not in who.admin_of:
            yield f"grant or revoke role {name}", who.no_admin(name)


def ends(declared: RoleSet, before: RoleSetState) -> Iterator[Barred]:
    """Go through the roles that go and whose sessions are to be ended."""
    actor = actor_of(before.server, before.roles, before.memberships)
    going = [spec.name for spec in declared.leaving() if spec.terminate and spec.name in before.leaving]
    yield from barred_ends(actor, before.roles, (name for name in going if before.footprint.sessions.get(name)))
