# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creators: whose future objects are meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..databases.model import DatabaseState
from ..errors import InputError
from ..items import boolean, checked_name
from ..quoting import is_public

ALL_CREATORS = "all"


@dataclass(frozen=True)
class Creators:
    """Declared creators: roles, the owners of all databases that are worked on or of some, or everyone.

    ``everyone`` is every role that can create something, which each database tells for itself.
    """

    names: frozenset[str] = frozenset()
    owners: bool = False
    owners_of: frozenset[str] = frozenset()
    everyone: bool = False

    def in_database(self, database: DatabaseState) -> tuple[str, ...]:
        """Give the creators in one database that are known without looking into it."""
        owner = {database.owner} if self.owners or database.name in self.owners_of else set()
        return tuple(sorted(self.names | owner))


@dataclass(frozen=True)
class Everyone:
    """What is known of a database's creators before it is entered; a name is empty for one that isn't there yet.

    ``superusers`` and ``roles`` are as earlier tasks will have made them, and ``born`` are the roles that check mode
    assumes and that aren't there yet, with everything that they will have the privileges of.
    """

    database: str
    owner: str
    roles: frozenset[str]
    superusers: frozenset[str]
    born: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def counted(self, can_create: Iterable[str], have_rows: Iterable[str], public: bool) -> frozenset[str]:
        """Give all creators; where PUBLIC can create, that is everybody but predefined roles."""
        makers = {*can_create, *self.superusers, self.owner}
        if public:
            makers |= {name for name in self.roles if not name.startswith("pg_")}
        assumed = {name for name, parents in self.born.items() if parents & makers}
        return frozenset(makers | assumed | set(have_rows))


def parse_creators(values: Any) -> Creators:
    """Read names of roles and ``{database_owner: true}`` or ``{database_owner: [names]}``, or the word all."""
    if values == ALL_CREATORS:
        return Creators(everyone=True)
    if not isinstance(values, (list, tuple)):
        raise InputError("creators has to be a list of roles, or the word all")
    names: set[str] = set()
    owners_of: set[str] = set()
    everywhere = False
    for value in values:
        if not isinstance(value, Mapping):
            names.add(creator_name(value))
            continue
        owned = database_owner(value)
        everywhere = everywhere or owned is True
        owners_of |= frozenset() if isinstance(owned, bool) else owned
    return Creators(frozenset(names), everywhere, frozenset(owners_of))


def creator_name(value: Any) -> str:
    """Give the name of a role that can make something."""
    if isinstance(value, str) and (value == "none" or is_public(value)):
        raise InputError(f"creators: {value} is no role: PostgreSQL reserves the name")
    return checked_name(value, "creators")


def database_owner(value: Mapping[Any, Any]) -> Any:
    """Read which databases' owners are meant: true for all that are worked on, or names."""
    if list(value) != ["database_owner"]:
        raise InputError("creators: an item is a role's name, or a dictionary with the one key database_owner")
    owned = value["database_owner"]
    if isinstance(owned, (list, tuple)):
        return frozenset(checked_name(name, "creators: database_owner") for name in owned)
    try:
        return boolean(owned, "creators: database_owner")
    except InputError:
        raise InputError("creators: database_owner has to be true, or a list of databases") from None
