# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privileges on objects that exist: what is declared, and what there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..acl import PUBLIC
from ..assume import Assume
from ..connection import Server
from ..default_privs.model import Cluster, parse_databases
from ..errors import InputError
from ..items import checked_name, read_each
from ..memberships.model import Membership
from ..object_rules.model import SHARED, ObjectRule
from ..object_rules.parse import parse_object_rules
from ..privileges.model import Privileges
from ..quoting import is_public
from ..roles.model import RoleState

EVERYBODY = "all"
TABLE, COLUMN, SCHEMA, PUBLIC_SCHEMA = "TABLE", "COLUMN", "SCHEMA", "public"


@dataclass(frozen=True)
class Scope:
    """Which objects rules for whole classes reach, and whose undeclared privileges exact takes; None is all.

    ``owners`` and ``schemas`` narrow it, ``excepted`` schemas are left out.
    """

    owners: Optional[tuple[str, ...]] = None
    schemas: Optional[tuple[str, ...]] = None
    excepted: tuple[str, ...] = ()
    grantees: Optional[frozenset[str]] = None

    def has(self, grantee: str) -> bool:
        """Tell whether exact may take something from a grantee."""
        return self.grantees is None or grantee in self.grantees


@dataclass(frozen=True)
class ObjectPrivs:
    """What is declared; ``databases`` None means all that can be entered."""

    databases: Optional[tuple[str, ...]]
    rules: tuple[ObjectRule, ...]
    scope: Scope
    assume: Assume
    exact: bool = False
    allow_self: bool = False

    def shared(self) -> tuple[ObjectRule, ...]:
        """Give the rules about what belongs to the cluster."""
        return tuple(rule for rule in self.rules if rule.object_class in SHARED)

    def inside(self, database: str) -> tuple[ObjectRule, ...]:
        """Give the rules about what is inside of a database."""
        return tuple(
            rule
            for rule in self.rules
            if rule.object_class not in SHARED and (rule.databases is None or database in rule.databases)
        )

    def named_roles(self) -> frozenset[str]:
        """Give the roles that rules name."""
        return frozenset(name for rule in self.rules for name in rule.grantees if name != PUBLIC)

    def named_databases(self) -> frozenset[str]:
        """Give the databases that rules are limited to."""
        return frozenset(name for rule in self.rules for name in rule.databases or ())


@dataclass(frozen=True)
class Shape:
    """Objects that look alike: one class, one owner, the same ACL, the same rules that reach them.

    ``objects`` are the names as they stand in SQL; in ``entries`` the object is '' or, of class COLUMN, the column.
    ``rules`` are the numbers of the rules that reach these objects. What isn't ``scoped`` is reached by rules that
    name it only, and exact takes nothing there; what stands ``aside`` neither gets nor loses by rules for many.
    ``barred`` has the grantors, each with a schema, that have no USAGE there, so that they can't name the objects.
    """

    object_class: str
    objects: tuple[str, ...]
    owner: str
    entries: Privileges
    rules: tuple[int, ...]
    scoped: bool = True
    aside: bool = False
    barred: frozenset[tuple[str, str]] = frozenset()

    def key(self) -> tuple[str, tuple[str, ...]]:
        """Tell which objects these are, whatever their ACL."""
        return (self.object_class, self.objects)


@dataclass(frozen=True)
class Objects:
    """The objects that aren't as declared; ``problems`` are names in rules that stand for nothing."""

    server: Server
    shapes: tuple[Shape, ...]
    problems: tuple[str, ...] = field(compare=False, default=())
    warnings: tuple[str, ...] = field(compare=False, default=())


@dataclass(frozen=True)
class ClusterState:
    """What there is to refer to, and the cluster's own objects that aren't as declared."""

    cluster: Cluster
    roles: Mapping[str, RoleState] = field(compare=False)
    memberships: frozenset[Membership] = field(compare=False)
    shared: Objects


def parse_object_privs(params: Mapping[str, Any], assume: Assume) -> ObjectPrivs:
    """Read the module's parameters."""
    rules = parse_rules(params["privileges"])
    scope, exact = parse_scope(params, rules), params["mode"] == "exact"
    return ObjectPrivs(parse_databases(params["databases"]), rules, scope, assume, exact, bool(params["allow_self"]))


def parse_scope(params: Mapping[str, Any], rules: Iterable[ObjectRule]) -> Scope:
    """Read what narrows the rules for whole classes and the exact mode."""
    return Scope(
        names(params["owners"], "owners"),
        names(params["schemas"], "schemas"),
        names(params["except_schemas"] or (), "except_schemas") or (),
        parse_grantees(params["grantees"], rules),
    )


def names(values: Optional[Iterable[Any]], where: str) -> Optional[tuple[str, ...]]:
    """Read names, each once."""
    return None if values is None else tuple(dict.fromkeys(checked_name(value, where) for value in values))


def parse_grantees(value: Any, rules: Iterable[ObjectRule]) -> Optional[frozenset[str]]:
    """Read whose undeclared privileges exact takes: everybody's, of some, or, not given, of those that rules name."""
    if value == EVERYBODY:
        return None
    if value is None:
        return frozenset(name for rule in rules for name in rule.grantees)
    if not isinstance(value, (list, tuple)):
        raise InputError("grantees has to be a list of names, or the word all")
    return frozenset(PUBLIC if is_public(str(name)) else checked_name(name, "grantees") for name in value)


def parse_rules(values: Iterable[Any]) -> tuple[ObjectRule, ...]:
    """Read all rules; one error shows each that isn't one."""
    found = read_each(values, "privileges: rule", parse_object_rules)
    return tuple(dict.fromkeys(rule for rules in found for rule in rules))
