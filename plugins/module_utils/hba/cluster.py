# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a server when its HBA lines are judged: roles, databases, addresses, attempts to connect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from .model import Line

NEWEST = 180000


@dataclass(frozen=True)
class Attempt:
    """One way in: ``address`` is None for the Unix socket, ``ssl`` None where the client takes either.

    ``replication`` is physical replication only: a logical one names its database.
    ``what`` is what messages call it.
    """

    user: str
    database: str = ""
    address: Optional[str] = None
    ssl: Optional[bool] = False
    gss: bool = False
    replication: bool = False
    what: str = ""


@dataclass(frozen=True)
class Cluster:
    """Who is a member of what: ``groups`` gives all groups that a role is in, directly or not, with or without INHERIT.

    ``networks`` are the server's own addresses with their prefix (``10.0.0.5/24``); None where they aren't known.
    """

    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    networks: Optional[tuple[str, ...]] = None
    version: int = NEWEST
    ssl: bool = True


@dataclass(frozen=True)
class RoleFact:
    """One role of the server; ``groups`` are all groups it is in, directly or not, with or without INHERIT."""

    login: bool = False
    superuser: bool = False
    replication: bool = False
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DatabaseFact:
    """One database: whether PUBLIC has CONNECT, and which login roles have it in effect (superusers aside)."""

    public_connect: bool = True
    connect: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Facts:
    """What a server says, for the cross-checks; roles and databases that are only assumed stand in ``assumed_*``."""

    roles: Mapping[str, RoleFact] = field(default_factory=dict)
    databases: Mapping[str, DatabaseFact] = field(default_factory=dict)
    ssl: bool = True
    version: int = NEWEST
    networks: Optional[tuple[str, ...]] = None
    assumed_roles: frozenset[str] = frozenset()
    assumed_databases: frozenset[str] = frozenset()

    def cluster(self) -> Cluster:
        """Give what deciding needs of it."""
        groups = {name: role.groups for name, role in self.roles.items()}
        return Cluster(groups, self.networks, self.version, self.ssl)


@dataclass(frozen=True)
class Door:
    """What an attempt meets: ``open``, ``shut``, or ``maybe`` (a host name, a file or an odd expression decides).

    ``lines`` are the lines that may decide, in order; the last one surely matches unless ``maybe`` is all there is.
    """

    attempt: Attempt
    state: str
    lines: tuple[Line, ...] = ()
