# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run knows of the server, its host and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from ..connection import Server
from ..files.model import TextFile
from .cluster import Attempt, Facts
from .patroni import Patroni


@dataclass(frozen=True)
class About:
    """What the server says of its files, of itself and of this connection; None is what the login may not see.

    ``loaded`` and ``started`` are seconds since 1970; ``client`` and ``host`` are the addresses of both ends, None over
    the Unix socket.
    """

    hba_file: Optional[str]
    ident_file: Optional[str]
    data_directory: Optional[str]
    port: int
    ssl: bool
    loaded: float
    started: float
    client: Optional[str]
    host: Optional[str]
    encrypted: bool
    gss: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """Everything that a plan is made from; a file that isn't managed, or that Patroni writes, is None."""

    server: Server
    about: About
    facts: Facts
    myself: Attempt
    standbys: tuple[Attempt, ...]
    hba: Optional[TextFile]
    ident: Optional[TextFile]
    patroni: Optional[Patroni]


@dataclass(frozen=True)
class Read:
    """One line of a file as the server reads it; one without a method makes it refuse the whole file."""

    file: Optional[str]
    number: int
    method: Optional[str]
    error: Optional[str]

    def rejected(self) -> bool:
        """Tell whether the server would refuse the file for it."""
        return self.method is None


GROUPS = Mapping[str, frozenset[str]]


def closure(edges: Mapping[str, frozenset[str]]) -> GROUPS:
    """Give for each member every group that it is in, directly or not."""
    found: dict[str, frozenset[str]] = {}
    for name in edges:
        reached: set[str] = set()
        waiting = list(edges[name])
        while waiting:
            group = waiting.pop()
            if group not in reached:
                reached.add(group)
                waiting += edges.get(group, ())
        found[name] = frozenset(reached)
    return found
