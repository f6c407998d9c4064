# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the login stands on: everything that lets it come in, become who it acts as, and manage what it manages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..connection import Server
from ..memberships.model import Membership
from ..privileges.acting import Actor, actor_of
from ..privileges.model import Privileges
from ..roles.model import RoleState

CONNECT = "CONNECT"
THE_LOGIN, THE_BOOTSTRAP = "the login in use", "the bootstrap superuser"


@dataclass(frozen=True)
class Loss:
    """Something without which the same login could not run the same declaration again.

    ``lifted`` tells whether ``allow_self`` allows it.
    """

    what: str
    instead: str
    whom: str = THE_LOGIN
    lifted: bool = True

    def refusal(self) -> str:
        """Say what would lock out whom, and what to do."""
        lift = ", or say allow_self: true" if self.lifted else ""
        return f"{self.what} would lock out {self.whom}: {self.instead}{lift}"


@dataclass(frozen=True)
class Footing:
    """A state of the cluster, as far as the login's rights hang on it.

    ``owners`` has who owns each database, and ``admitted`` for some of them who was given CONNECT ('' is PUBLIC);
    ``keepers`` are roles that own something, ``entered`` databases that the call has to enter after the plan.
    """

    server: Server
    roles: Mapping[str, RoleState]
    memberships: frozenset[Membership]
    owners: Mapping[str, str]
    admitted: Mapping[str, frozenset[str]]
    keepers: frozenset[str] = frozenset()
    entered: frozenset[str] = frozenset()

    def is_superuser(self, name: str) -> bool:
        """Tell whether a role is there and a superuser."""
        return name in self.roles and self.roles[name].superuser

    def actor(self) -> Actor:
        """Give whose rights the login has here, and whom it can become."""
        superuser = self.is_superuser(self.server.current_user)
        return actor_of(replace(self.server, superuser=superuser), self.roles, self.memberships)


def admitted(entries: Privileges) -> dict[str, frozenset[str]]:
    """Give for each database who has CONNECT directly."""
    found: dict[str, frozenset[str]] = {}
    for entry in entries:
        if entry.privilege == CONNECT:
            found[entry.object] = found.get(entry.object, frozenset()) | {entry.grantee}
    return found


def refused(losses: Iterable[Loss], allowed: bool) -> list[str]:
    """Give the refusals of what isn't allowed."""
    return [loss.refusal() for loss in losses if not (allowed and loss.lifted)]


def given_up(losses: Iterable[Loss]) -> tuple[str, ...]:
    """Name what the login gives up."""
    return tuple(loss.what for loss in losses)
