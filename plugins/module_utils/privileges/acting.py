# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As whom privileges are granted and revoked in this session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Optional

from ..acl import grantee_text
from ..connection import Server
from ..memberships.graph import closure, parents_of
from ..memberships.model import Membership
from ..quoting import ident
from ..roles.model import RoleState
from .model import Privilege, Privileges
from .plan import place

OWNED_BY_DATABASE_OWNER = "pg_database_owner"


@dataclass(frozen=True)
class Actor:
    """The login: whose privileges it has, and whom it can become; for a superuser both are everybody."""

    name: str
    superuser: bool
    has: frozenset[str]
    becomes: frozenset[str]

    def grants_as(self, owner: str) -> str:
        """Give the grantor of a new grant: the owner, for a superuser and for who has the owner's privileges."""
        return owner if self.superuser or owner in self.has else self.name

    def run_as(self, entry: Privilege, owner: str) -> Optional[str]:
        """Give the role to become for granting or revoking an entry; None if it is done as oneself."""
        return None if entry.grantor == self.grants_as(owner) else entry.grantor

    def refusals(self, changing: Iterable[Privilege], owner_of: Mapping[str, str], held: Privileges) -> Iterator[str]:
        """Say which entries this login can neither make nor take away."""
        for entry in sorted(changing):
            acting = self.run_as(entry, owner_of[entry.object])
            if acting is not None and not self.superuser and acting not in self.becomes:
                yield (
                    f"{place(entry)}: {entry.privilege} of {grantee_text(entry.grantee)} was granted by {acting}, and "
                    f"{self.name} can't act as that role: run GRANT {ident(acting)} TO {ident(self.name)}"
                )
            elif acting is None and entry.grantor == self.name != owner_of[entry.object] and not self.may(entry, held):
                yield (
                    f"{place(entry)}: {self.name} may not grant or revoke {entry.privilege}: log in as its owner "
                    f"{owner_of[entry.object]}, as a member of that role, or as a superuser"
                )

    def may(self, entry: Privilege, held: Privileges) -> bool:
        """Tell whether one holds the grant option oneself."""
        return self.superuser or any(
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
    becomes = closure(parents_of(row for row in rows if row.set), server.session_user)
    return Actor(server.current_user, server.superuser, has, becomes)


def inheriting(
    server: Server, roles: Mapping[str, RoleState], rows: Iterable[Membership]
) -> Mapping[str, tuple[str, ...]]:
    """Give the memberships by which privileges come; to 15 the member's own attribute decides."""
    if server.version >= 160000:
        return parents_of(row for row in rows if row.inherit)
    return parents_of(row for row in rows if row.member in roles and roles[row.member].inherit)
