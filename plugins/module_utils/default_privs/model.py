# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Default privileges: what is declared, and what is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from ..acl import DEFAULT_CLASSES, OBJECT_CLASSES, default_acl
from ..assume import Assume
from ..change import Change
from ..connection import Server
from ..databases.model import DatabaseState
from ..errors import InputError
from ..items import checked_name, read_each
from ..privileges.acting import Actor
from ..rules.model import Rule
from ..rules.parse import parse_rule
from .creators import Creators, parse_creators

ALL_DATABASES = "all"

# Where a privilege stands for a creator: schema ('' is the whole database), class, grantee, privilege.
Place = tuple[str, str, str, str]


@dataclass(frozen=True, order=True)
class DefaultPrivilege:
    """What a grantee will have on objects that a creator makes later; the creator is the grantor, too.

    The schema '' is the whole database, the grantee '' is PUBLIC.
    """

    creator: str
    schema: str
    object_class: str
    grantee: str
    privilege: str
    grantable: bool = False

    def place(self) -> Place:
        """Tell which entry it is, whatever its creator and its grant option."""
        return (self.schema, self.object_class, self.grantee, self.privilege)


Facts = frozenset[DefaultPrivilege]


@dataclass(frozen=True)
class Defaults:
    """The default privileges of the creators in one database, built-in ones included, and its declared schemas."""

    facts: Facts
    schemas: frozenset[str] = field(compare=False, default=frozenset())
    creators: tuple[str, ...] = field(compare=False, default=())


@dataclass(frozen=True)
class DefaultPrivs:
    """What is declared; ``databases`` None means all that can be entered."""

    databases: Optional[tuple[str, ...]]
    creators: Creators
    rules: tuple[Rule, ...]
    assume: Assume
    exact: bool = False
    report: bool = False

    def grantees_in(self, database: str) -> frozenset[str]:
        """Name the roles that rules for a database name."""
        return frozenset(name for rule in self.rules if rule.counts_in(database) for name in rule.grantees)

    def schemas_in(self, database: str) -> frozenset[str]:
        """Give the schemas that rules name in a database."""
        return frozenset(name for rule in self.rules if rule.counts_in(database) for name in rule.schemas)

    def creators_named_in(self, database: str) -> frozenset[str]:
        """Give the creators that rules are limited to in a database."""
        return frozenset(name for rule in self.rules if rule.counts_in(database) for name in rule.creators or ())

    def databases_of_rules(self) -> tuple[str, ...]:
        """Give the databases that rules are limited to."""
        return tuple(sorted({name for rule in self.rules for name in rule.databases or ()}))

    def grantees(self) -> frozenset[str]:
        """Give the roles that rules name."""
        return frozenset(name for rule in self.rules for name in rule.grantees if name)


@dataclass(frozen=True)
class Acting:
    """Whose default privileges a login without superuser may change: those of ``own`` as itself.

    It becomes the others that it can be, or lend itself membership in for the time being.
    """

    actor: Actor
    own: frozenset[str]

    def reached(self) -> frozenset[str]:
        """Give the creators whose default privileges can be changed."""
        return self.own | self.actor.becomes | self.actor.borrows

    def acted(self, change: Change) -> Change:
        """Become the creator for a change, where that takes it."""
        if change.grantor not in self.reached() - self.own:
            return change
        return self.actor.lent(replace(change, run_as=change.grantor))


@dataclass(frozen=True)
class Cluster:
    """What there is to refer to: roles and databases; nothing of it is changed.

    ``acting`` says whose default privileges the login may change; None is everybody's. ``closed`` are the databases
    that it may not connect to.
    ``unborn`` names the template of each database that check mode assumes and that isn't there yet; ``born`` has the
    roles of that kind, each with all the roles whose privileges it will have.
    """

    server: Server
    roles: frozenset[str]
    acting: Optional[Acting]
    databases: Mapping[str, DatabaseState]
    unborn: Mapping[str, str]
    superusers: frozenset[str] = frozenset()
    born: Mapping[str, frozenset[str]] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()


def builtin(creators: Iterable[str], version: int) -> Facts:
    """Give what holds where nothing was ever altered: acldefault() of each class, for the whole database."""
    return frozenset(
        DefaultPrivilege(creator, "", name, grantee, privilege, option)
        for creator in creators
        for name in classes(version)
        for grantee, privilege, option in default_acl(name, creator, version)
    )


def classes(version: int) -> tuple[str, ...]:
    """Give the classes that a server of this version has default privileges for."""
    return tuple(name for name in DEFAULT_CLASSES if version >= OBJECT_CLASSES[name].since * 10000)


def parse_default_privs(params: Mapping[str, Any], assume: Assume) -> DefaultPrivs:
    """Read the module's parameters."""
    return DefaultPrivs(
        parse_databases(params["databases"]),
        parse_creators(params["creators"]),
        parse_rules(params["privileges"]),
        assume,
        params["mode"] == "exact",
        params["mode"] == "report",
    )


def parse_databases(value: Any) -> Optional[tuple[str, ...]]:
    """Read names of databases, or the word all."""
    if value == ALL_DATABASES:
        return None
    if not isinstance(value, (list, tuple)):
        raise InputError("databases has to be a list of names, or the word all")
    return tuple(dict.fromkeys(checked_name(name, "databases") for name in value))


def parse_rules(values: Iterable[Any]) -> tuple[Rule, ...]:
    """Read all rules; one error shows each that isn't one."""
    return tuple(read_each(values, "privileges: rule", parse_rule))
