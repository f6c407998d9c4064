# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who and what goes through the pool, as it is declared and as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..secret import Secret
from .names import Version

CONSOLE = "pgbouncer"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class PoolUser:
    """A role that is to come in through the pool; None is the pool's own setting."""

    name: str
    mode: Optional[str] = None
    connections: Optional[int] = None
    password: Optional[Secret] = None
    login: Optional[bool] = None
    unlimited: bool = False


@dataclass(frozen=True)
class PoolDatabase:
    """A database that is reached through the pool; None is the pool's own setting."""

    name: str
    mode: Optional[str] = None
    size: Optional[int] = None
    size_min: Optional[int] = None
    reserve: Optional[int] = None
    connections: Optional[int] = None
    auth_user: Optional[str] = None
    unlimited: bool = False


@dataclass(frozen=True)
class Files:
    """Where the pool's files lie, and whose they are."""

    userlist: str
    users: str
    databases: str
    hba: str
    owner: Optional[str] = None
    group: Optional[str] = None


@dataclass(frozen=True)
class Pool:
    """Everything that is declared; ``warnings`` are what is to be said of it whatever is found.

    ``askers`` are the logins by which the pool asks the server for verifiers, with the passwords that it needs for
    that; ``lookup`` is what the configuration is to say about that.
    """

    users: tuple[PoolUser, ...]
    databases: tuple[PoolDatabase, ...]
    console_users: tuple[str, ...]
    files: Files
    host: Optional[str] = None
    port: Optional[int] = None
    verifiers: str = "server"
    auth_query: bool = False
    lookup: Mapping[str, Any] = field(default_factory=dict)
    askers: Mapping[str, Secret] = field(default_factory=dict)
    hba_rules: Optional[Sequence[Mapping[str, Any]]] = None
    pause: Optional[bool] = None
    reload: bool = True
    require_running: bool = True
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """A role as the server has it; ``verifier`` is None where there is none, or where the login may not read it.

    ``never_told`` is for those whose verifier the lookup function gives to nobody.
    """

    name: str
    login: bool
    expired: bool
    never_told: bool
    verifier: Optional[Secret] = None


@dataclass(frozen=True)
class Accounts:
    """The declared roles and databases that are on the server; ``readable`` tells whether verifiers could be read.

    ``members`` gives for each role who is a member of it, directly or indirectly, with the role itself, and ``logins``
    is everybody who can log in; both are read only for rules about groups.
    """

    roles: Mapping[str, Account]
    databases: frozenset[str]
    readable: bool
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    logins: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Running:
    """What a running pool says of itself, by the names of its own columns."""

    version: Optional[Version]
    users: Mapping[str, Row]
    databases: Mapping[str, Row]
    config: Mapping[str, str]

    def paused(self) -> frozenset[str]:
        """Name the databases that are paused."""
        return frozenset(name for name, row in self.databases.items() if str(row["paused"]) == "1")
