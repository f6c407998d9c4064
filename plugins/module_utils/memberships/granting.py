# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who grants memberships in a session, for whom else it can act, and what the server grants by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

from ..connection import Connection
from .model import Membership

ROWS_PER_GRANTOR = 160000
SELF_GRANT = "SELECT pg_catalog.current_setting('createrole_self_grant', true)"


@dataclass(frozen=True)
class Granting:
    """Who grants in this session: on a server of this version, a role of this name.

    From 16, a login without superuser can act for other grantors: those that it inherits from, with ``GRANTED BY``;
    those that it can become, with SET ROLE; and those that it can lend itself for a moment, having ADMIN on them.
    """

    version: int
    grantor: str
    superuser: bool = True
    inherited: frozenset[str] = frozenset()
    settable: frozenset[str] = frozenset()
    lendable: frozenset[str] = frozenset()

    def per_grantor(self) -> bool:
        """Tell whether each grantor has a row of its own, with options."""
        return self.version >= ROWS_PER_GRANTOR

    def can_be(self, grantor: str) -> bool:
        """Tell whether a grantor's rows can be made and removed."""
        others = self.inherited | self.settable | self.lendable
        return self.superuser or not self.per_grantor() or grantor == self.grantor or grantor in others


@dataclass(frozen=True)
class Maker:
    """A login without superuser on 16 and newer, which gets ADMIN on the roles that it creates.

    ``self_grant`` is the parameter createrole_self_grant: what else it grants itself then.
    """

    name: str
    bootstrap: str
    self_grant: str

    def rows(self, names: Iterable[str]) -> frozenset[Membership]:
        """Give the memberships that come with the creation of roles."""
        words = {word.strip().lower() for word in self.self_grant.split(",")} & {"set", "inherit"}
        own = ("inherit" in words, "set" in words)
        return frozenset(
            row
            for name in names
            for row in (
                Membership(name, self.name, self.bootstrap, True, False, False),
                *([Membership(name, self.name, self.name, False, *own)] if words else []),
            )
        )


def read_maker(connection: Connection) -> Optional[Maker]:
    """Read what comes with the creation of roles; None for superusers and to 15, where nothing does."""
    server = connection.server
    if server.superuser or server.version < ROWS_PER_GRANTOR:
        return None
    return Maker(server.current_user, server.bootstrap, connection.rows(SELF_GRANT)[0][0] or "")
