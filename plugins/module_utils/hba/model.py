# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may come in, from where, and how: rules as they are declared, and the lines that they become.

Source: https://www.postgresql.org/docs/current/auth-pg-hba-conf.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional, Union

INSTANCE_ROLES = ("primary", "replica", "offline", "standby", "delayed")
RULE_ROLES = ("default", "common", *INSTANCE_ROLES)


@dataclass(frozen=True, order=True)
class Token:
    """One word of a line: quoted words have no special meaning (``"all"`` is a role of that name).

    ``quoted`` is only kept where it makes a difference; which other words need quotes in a file is render's business.
    """

    text: str
    quoted: bool = False


@dataclass(frozen=True)
class Line:
    """One record of ``pg_hba.conf``; ``mask`` is given where it stands in a column of its own."""

    type: str
    databases: tuple[Token, ...]
    users: tuple[Token, ...]
    address: str
    method: str
    mask: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Include:
    """One ``include``, ``include_if_exists`` or ``include_dir`` (16 and later) of a file that was read."""

    kind: str
    path: str


@dataclass(frozen=True)
class Broken:
    """One record that PostgreSQL refuses, and why; ``text`` may hold a secret option."""

    text: str
    problem: str


@dataclass(frozen=True)
class Located:
    """One record of a file that was read, and the number of the line where it begins, from 1."""

    number: int
    content: Union[Line, Include, Broken]


@dataclass(frozen=True)
class Rule:
    """One declared item as lines, with what it is called in messages; ``index`` is its place in the list, from 1."""

    title: str
    role: str
    lines: tuple[Line, ...]
    index: int = 0
    order: Optional[int] = None
    variable: str = "rules"

    def label(self) -> str:
        """Give what messages call it."""
        return f"{self.variable} {self.index}" + (f" ({self.title})" if self.title else "")


@dataclass(frozen=True)
class Names:
    """What the placeholders and aliases of items mean: ``${dbsu}``, ``admin``, ``intra``, ``pwd``.

    For PgBouncer's file (``pool``), ``members`` gives the users that a ``+group`` is written as.
    """

    users: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    password_method: str = "scram-sha-256"  # noqa: S105  the name of a method
    pool: bool = False
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Instance:
    """What a server is now: its role, and whether it takes the rules for offline instances, too."""

    role: str
    offline_query: bool = False

    def takes(self, rule_role: str) -> bool:
        """Tell whether a rule for that role counts here."""
        if rule_role in ("default", "common"):
            return True
        return rule_role == self.role or (rule_role == "offline" and self.offline_query)
