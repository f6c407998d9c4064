# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to look for in a database, or in the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from ..assume import AssumedPrivilege
from ..object_rules.model import ObjectRule
from ..privileges.acting import Actor
from .model import Scope
from .wanted import Entry


@dataclass(frozen=True)
class Looking:
    """The rules for one database (None: for the cluster's own objects), and as whom they are followed.

    ``seeks_excess`` looks for what exact would take, ``exact`` takes it; ``assumed`` are objects, by class and name,
    that earlier tasks will have made, ``assumed_privileges`` what these will have given and taken.
    """

    database: Optional[str]
    rules: tuple[ObjectRule, ...]
    entries: tuple[Entry, ...]
    scope: Scope
    actor: Actor
    database_owner: str = ""
    exact: bool = False
    seeks_excess: bool = False
    assumed: frozenset[tuple[str, str]] = frozenset()
    assumed_privileges: tuple[AssumedPrivilege, ...] = ()

    def any(self) -> bool:
        """Tell whether there can be something to find."""
        return bool(self.entries) or self.seeks_excess

    def names(self) -> Iterator[str]:
        """Give the names of what is inside of a database that rules and scope name."""
        yield from (*(self.scope.schemas or ()), *self.scope.excepted)
        for rule in self.rules:
            yield from (*rule.schemas, *rule.columns)
            for one in (*rule.objects, *rule.patterns, *rule.exceptions):
                yield from (one.name, one.schema, *(one.arguments or ()))

    def roles(self) -> Iterator[str]:
        """Give the names of roles that rules and scope name."""
        yield from (*(self.scope.owners or ()), *(self.scope.grantees or ()))
        yield from (name for rule in self.rules for name in rule.grantees)

    def where(self) -> str:
        """Give the place in words, for the beginning of a message."""
        return f"database {self.database}: " if self.database else ""
