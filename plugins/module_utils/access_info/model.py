# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked for, and what is found: roles, databases, objects with their entries, default privileges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Optional

from ..acl import canonical_class
from ..connection import Server
from ..databases.model import DatabaseState
from ..errors import InputError
from ..insides.model import ExtensionState
from ..items import checked_name
from ..memberships.model import Membership
from ..privileges.model import Privileges
from ..roles.model import RoleState
from ..secret import Secret
from ..settings.model import Setting
from .queries import OWN, SHARED

CLASSES = (*OWN, *SHARED)
"""The classes of objects that have ACLs, by their names in the singular."""
ALL_DATABASES = "all"


@dataclass(frozen=True)
class Wish:
    """What is asked for; None is everything."""

    gather: frozenset[str]
    databases: Optional[tuple[str, ...]] = None
    roles: Optional[tuple[str, ...]] = None
    schemas: Optional[tuple[str, ...]] = None
    classes: frozenset[str] = frozenset(CLASSES)
    system: bool = False
    passwords: bool = False

    def wants(self, *words: str) -> bool:
        """Tell whether one of these is asked for."""
        return bool(self.gather.intersection(words))


@dataclass(frozen=True, order=True)
class Entry:
    """One entry of an ACL, on a column where that isn't ''; the grantee '' is PUBLIC.

    ``initial`` says that a system object or a member of an extension has had it from the beginning.
    """

    column: str
    grantee: str
    privilege: str
    grantable: bool
    grantor: str
    initial: bool = field(compare=False, default=False)


@dataclass(frozen=True)
class AccessObject:
    """An object with its ACL, or what a NULL one means.

    ``arguments`` are the types of a routine's arguments; ``kind`` is relkind, prokind or typtype. ``aside`` is what
    belongs to the system or to an extension; ``definer`` a routine that runs with its owner's rights.
    """

    object_class: str
    schema: str
    name: str
    arguments: Optional[tuple[str, ...]]
    kind: str
    owner: str
    aside: bool
    definer: bool
    entries: tuple[Entry, ...]

    def title(self) -> str:
        """Give the name as people read it, a routine's with its arguments."""
        return self.name if self.arguments is None else f"{self.name}({', '.join(self.arguments)})"


@dataclass(frozen=True, order=True)
class DefaultEntry:
    """One entry of pg_default_acl; the schema '' is the whole database, the grantee '' is PUBLIC."""

    creator: str
    schema: str
    object_class: str
    grantee: str
    privilege: str
    grantable: bool


@dataclass(frozen=True)
class DefaultAcl:
    """The default privileges that somebody has altered: the entries, and whose ACLs of which class they replace.

    An ACL for the whole database replaces the built-in one, so what that gives and this doesn't is taken away.
    """

    entries: frozenset[DefaultEntry] = frozenset()
    replaced: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class InsideFound:
    """What was read inside of a database."""

    schemas: Mapping[str, str]
    extensions: tuple[ExtensionState, ...]
    objects: tuple[AccessObject, ...] = ()
    defaults: DefaultAcl = DefaultAcl()


@dataclass(frozen=True)
class ClusterFound:
    """What was read of the cluster.

    ``oids`` are the roles', ``shared`` are objects that belong to no database, and ``everybody`` names the parameters
    that are set for all roles at once.
    """

    server: Server
    roles: Mapping[str, RoleState]
    oids: Mapping[str, int]
    memberships: frozenset[Membership]
    settings: frozenset[Setting]
    databases: Mapping[str, DatabaseState]
    privileges: Privileges
    shared: tuple[AccessObject, ...] = ()
    passwords: Optional[Mapping[str, Optional[Secret]]] = None
    everybody: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """All that was read; ``unread`` says what couldn't be, and why."""

    cluster: ClusterFound
    insides: Mapping[str, InsideFound]
    unread: tuple[dict[str, str], ...] = ()


def parse_wish(params: Mapping[str, Any]) -> Wish:
    """Read the module's parameters."""
    databases = params["databases"]
    if databases not in (None, ALL_DATABASES) and not isinstance(databases, (list, tuple)):
        raise InputError("databases has to be a list of names, or the word all")
    named = None if databases in (None, ALL_DATABASES) else tuple(checked_name(n, "databases") for n in databases)
    return Wish(
        frozenset(params["gather"]),
        None if named is None else tuple(dict.fromkeys(named)),
        patterns(params["roles"]),
        patterns(params["schemas"]),
        classes(params["classes"]),
        bool(params["system"]),
        bool(params["passwords"]),
    )


def patterns(values: Optional[Iterable[str]]) -> Optional[tuple[str, ...]]:
    """Give patterns, or None for everything."""
    return None if values is None else tuple(values)


def classes(values: Optional[Iterable[str]]) -> frozenset[str]:
    """Give classes by their one name in the singular."""
    if values is None:
        return frozenset(CLASSES)
    try:
        found = frozenset(canonical_class(value) for value in values)
    except InputError as error:
        raise InputError(f"classes: {error}") from None
    return frozenset(name.removesuffix("S") for name in found)


def fits(name: str, wanted: Optional[tuple[str, ...]]) -> bool:
    """Tell whether one of the patterns fits; ``*`` stands for any text, ``?`` for one character."""
    return wanted is None or any(fnmatchcase(name, pattern) for pattern in wanted)
