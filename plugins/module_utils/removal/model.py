# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role that goes leaves behind, and to whom it is handed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..errors import InputError
from ..items import boolean, checked_name

OWNER, PRIVILEGES, POLICIES, INITIAL = "o", "a", "r", "i"

# REASSIGN OWNED passes these by: they are nobody else's, and DROP OWNED drops them.
PERSONAL = frozenset({"default acl", "user mapping"})


@dataclass(frozen=True)
class Successor:
    """To whom the objects of a role go: to a role, or with ``name`` None to the owner of each database."""

    name: Optional[str]


@dataclass(frozen=True)
class Place:
    """A database in which something depends on a role that goes; ``owns``: objects that have to be handed on."""

    role: str
    database: str
    owner: str
    allowconn: bool
    valid: bool
    owns: bool


@dataclass(frozen=True)
class Footprint:
    """What depends on the roles that go, by database, and how many sessions they have.

    ``shared`` names, by role, what belongs to the cluster: ``owned`` databases and tablespaces, and all else.
    """

    places: tuple[Place, ...] = ()
    owned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    sessions: Mapping[str, int] = field(default_factory=dict)

    def of(self, role: str) -> tuple[Place, ...]:
        """Give the databases of one role."""
        return tuple(place for place in self.places if place.role == role)


@dataclass(frozen=True, order=True)
class Held:
    """What a role owns, or appears in, of one class: how many, and the names of the first.

    ``kind`` is the type of dependency in ``pg_shdepend``; ``what`` is the class as ``pg_identify_object`` calls it.
    """

    role: str
    kind: str
    what: str
    count: int
    names: tuple[str, ...]

    def moves(self) -> bool:
        """Tell whether it is owned and can be handed on."""
        return self.kind == OWNER and self.what not in PERSONAL

    def words(self) -> str:
        """Name the first, and say how many there are more."""
        more = f" and {self.count - len(self.names)} more" if self.count > len(self.names) else ""
        return f"{self.what} {', '.join(self.names)}{more}"


@dataclass(frozen=True)
class Left:
    """What the roles that go have left in one database; ``alone``: policies for nobody else, by role.

    ``refusals`` say what the login can't hand on.
    """

    held: frozenset[Held] = frozenset()
    alone: frozenset[tuple[str, str]] = frozenset()
    refusals: tuple[str, ...] = field(compare=False, default=())


def parse_successor(value: Any, where: str) -> Optional[Successor]:
    """Read ``reassign_to``: a role's name, or ``{database_owner: true}``."""
    if value is None:
        return None
    if isinstance(value, str):
        return Successor(checked_name(value, f"{where}: reassign_to"))
    keys = set(value) if isinstance(value, Mapping) else set()
    if keys != {"database_owner"} or not boolean(value["database_owner"], f"{where}: reassign_to: database_owner"):
        raise InputError(f"{where}: reassign_to has to be a role's name, or {{database_owner: true}}")
    return Successor(None)
