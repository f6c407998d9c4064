# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As whom privileges are granted and revoked in this session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Optional

from ..acl import grantee_text
from ..change import Change
from ..connection import Server
from ..memberships.graph import closure, lendable, parents_of
from ..memberships.model import Membership
from ..quoting import ident
from ..roles.model import RoleState, superusers_of
from .lacking import SUPERUSER, Lack, membership
from .model import Privilege, Privileges
from .plan import place

OWNED_BY_DATABASE_OWNER = "pg_database_owner"


@dataclass(frozen=True)
class Actor:
    """The login: whose privileges it has, and whom it can become.

    A superuser's grants and revokes count as the owner's, whatever it holds itself. So what a superuser had granted
    before it became one can't be taken back, not even by CASCADE.
    """

    name: str
    superuser: bool
    has: frozenset[str]
    becomes: frozenset[str]
    gives_to: frozenset[str]
    superusers: frozenset[str]
    borrows: frozenset[str] = frozenset()
    version: int = 0

    def grants_as(self, owner: str) -> str:
        """Give the grantor of a new grant: the owner, where this session can act for it."""
        return owner if self.superuser or owner in self.has | self.becomes | self.borrows else self.name

    def run_as(self, entry: Privilege, owner: str) -> Optional[str]:
        """Give the role to become for granting or revoking an entry; None if it is done as oneself.

        Who has the owner's privileges becomes the owner all the same: its own grant options would come first.
        """
        if entry.grantor == owner and (self.superuser or owner in self.has - self.becomes):
            return None
        return None if entry.grantor == self.name and not self.superuser else entry.grantor

    def joining(self, role: str) -> str:
        """Say how the login would come to act for a role."""
        if role == OWNED_BY_DATABASE_OWNER:
            return "log in as the database's owner, or as a superuser"
        lack = self.lacks(role, "")
        return f"{lack.remedy}, or log in as a superuser" if lack.remedy else "log in as a superuser"

    def lacks(self, role: str, what: str) -> Lack:
        """Give the lack of membership in a role, called what it is needed for; a superuser's is nothing to be given."""
        if role in self.superusers or role == OWNED_BY_DATABASE_OWNER:
            return SUPERUSER
        if role in self.becomes:
            return Lack(f"{what} {role}", f"say session_role: {role}")
        return Lack(f"{what} {role}", f"run {membership(self.name, role, self.version)}")

    def lent(self, change: Change) -> Change:
        """Take membership for the time of a change, where one could otherwise not become the role to act as."""
        return replace(change, borrower=self.name) if change.run_as in self.borrows else change

    def gives(self, role: str) -> bool:
        """Tell whether one can give something to a role, or take it from it."""
        return self.superuser or role in self.gives_to

    def owns(self, owner: str) -> bool:
        """Tell whether one can alter what a role owns."""
        return self.superuser or owner in self.has

    def refusals(self, changing: Iterable[Privilege], owner_of: Mapping[str, str], held: Privileges) -> Iterator[str]:
        """Say which entries this login can neither make nor take away."""
        for entry in sorted(changing):
            owner = owner_of[entry.object]
            text = self.refusal(entry, owner, held)
            if text:
                yield f"{place(entry)}: {text}"

    def refusal(self, entry: Privilege, owner: str, held: Privileges) -> Optional[str]:
        """Say why this login can't make or take away an entry, and what to do; None if it can."""
        acting, what = self.run_as(entry, owner), f"{entry.privilege} of {grantee_text(entry.grantee)}"
        if entry.grantor != owner and entry.grantor in self.superusers:
            return (
                f"{what} was granted by {entry.grantor}, who has become a superuser since, and nobody can take back "
                f"what a superuser had granted: run ALTER ROLE {ident(entry.grantor)} NOSUPERUSER for this run"
            )
        if acting is not None and acting not in self.becomes | self.borrows:
            return f"{what} was granted by {acting}, and {self.name} can't act as that role: {self.joining(acting)}"
        if acting is None and self.name == entry.grantor != owner and not self.may(entry, held):
            return (
                f"{self.name} may not grant or revoke {entry.privilege}: log in as its owner {owner}, or "
                f"{self.joining(owner)}"
            )
        return None

    def may(self, entry: Privilege, held: Privileges) -> bool:
        """Tell whether one holds the grant option oneself."""
        return any(
            e.grantable and (e.object, e.grantee, e.privilege) == (entry.object, self.name, entry.privilege)
            for e in held
        )


def actor_of(
    server: Server, roles: Mapping[str, RoleState], memberships: Iterable[Membership], database_owner: str = ""
) -> Actor:
    """Find out as whom this session acts; who has the privileges of a database's owner owns what it owns."""
    rows = list(memberships)
    has = closure(inheriting(server, roles, rows), server.current_user)
    if database_owner in has:
        has |= {OWNED_BY_DATABASE_OWNER}
    settable = parents_of(row for row in rows if row.set)
    gives_to = closure(settable, server.current_user)
    if database_owner in gives_to:
        gives_to |= {OWNED_BY_DATABASE_OWNER}
    superusers = superusers_of(roles)
    becomes = frozenset(roles) if server.session_user in superusers else closure(settable, server.session_user)
    plain = server.superuser or server.version < 160000
    borrows = frozenset() if plain else lendable(rows, server.current_user, superusers) - becomes
    return Actor(server.current_user, server.superuser, has, becomes, gives_to, superusers, borrows, server.version)


def inheriting(
    server: Server, roles: Mapping[str, RoleState], rows: Iterable[Membership]
) -> Mapping[str, tuple[str, ...]]:
    """Give the memberships by which privileges come; to 15 the member's own attribute decides."""
    if server.version >= 160000:
        return parents_of(row for row in rows if row.inherit)
    return parents_of(row for row in rows if row.member in roles and roles[row.member].inherit)
