# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who grants memberships in a session, and for whom else it can act."""

from __future__ import annotations

from dataclasses import dataclass

ROWS_PER_GRANTOR = 160000


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
