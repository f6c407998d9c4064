# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of pg_db_isolation, and the cluster's state as far as it concerns databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..assume import Assume
from ..connection import Server
from ..databases.inspect import Databases
from ..databases.model import DEFAULT_TEMPLATE, DatabaseSpec, Removal
from ..databases.parse import database_name, parse_database, parse_removal
from ..databases.removal import Obstacles
from ..databases.trial import Locales
from ..errors import InputError
from ..insides.model import ExtensionOffer
from ..items import checked_name, merged
from ..memberships.model import Membership
from ..privileges.model import Privileges
from ..roles.model import RoleState
from ..rules.model import Rule
from ..rules.parse import parse_rule
from ..settings.model import Setting


@dataclass(frozen=True)
class System:
    """The roles that every isolated database lets in, where they are given."""

    replication: Optional[str] = None
    monitor: Optional[str] = None
    admin: Optional[str] = None
    admin_role: Optional[str] = None

    def names(self) -> frozenset[str]:
        """Give those that are given."""
        found = (self.replication, self.monitor, self.admin, self.admin_role)
        return frozenset(name for name in found if name)


@dataclass(frozen=True)
class Isolation:
    """What is declared: databases by name, those that are to go, and what counts for all of them.

    ``schemas_mode`` is the mode for the ACLs of schemas; with ``unlisted``, databases without an item are drift.
    """

    specs: Mapping[str, DatabaseSpec]
    system: System
    assume: Assume
    mode: str = "additive"
    schemas_mode: str = "additive"
    schema_rules: Optional[tuple[Rule, ...]] = None
    public_schema_in: tuple[str, ...] = ()
    absent: Mapping[str, Removal] = field(default_factory=dict)
    unlisted: bool = False
    allow_self: bool = False

    def ordered(self) -> list[DatabaseSpec]:
        """Give the items by name."""
        return [self.specs[name] for name in sorted(self.specs)]

    def roles(self) -> frozenset[str]:
        """Give all roles that are named."""
        rules = [name for rule in self.schema_rules or () for name in rule.grantees if name]
        return self.system.names().union(rules, *(spec.roles() for spec in self.specs.values())) - {""}

    def encodings(self) -> frozenset[str]:
        """Give the encodings that are declared, as they are written."""
        return frozenset(spec.encoding for spec in self.specs.values() if spec.encoding)

    def template_of(self, name: str) -> str:
        """Name what a database was or will be cloned from, as it is declared or assumed."""
        assumed = {database.name: database.template for database in self.assume.databases}
        return self.specs[name].template if name in self.specs else assumed.get(name) or DEFAULT_TEMPLATE

    def parameter_names(self) -> frozenset[str]:
        """Give the names of all declared parameters."""
        return frozenset(name for spec in self.specs.values() for name in spec.parameters or ())


@dataclass(frozen=True)
class IsolationState:
    """The cluster: all databases; ACLs and settings of the declared ones; roles, for judging who could come in."""

    server: Server
    databases: Databases
    privileges: Privileges
    settings: frozenset[Setting]
    roles: Mapping[str, RoleState] = field(compare=False)
    memberships: frozenset[Membership] = field(compare=False)
    tablespaces: frozenset[str] = field(compare=False, default=frozenset())
    unknown_parameters: frozenset[str] = field(compare=False, default=frozenset())
    offers: Mapping[str, ExtensionOffer] = field(compare=False, default_factory=dict)
    encodings: Mapping[str, str] = field(compare=False, default_factory=dict)
    obstacles: Obstacles = field(compare=False, default_factory=dict)
    barred_parameters: frozenset[str] = field(compare=False, default=frozenset())
    barred_tablespaces: frozenset[str] = field(compare=False, default=frozenset())
    closed: frozenset[str] = field(compare=False, default=frozenset())
    sessions: Mapping[str, frozenset[str]] = field(compare=False, default_factory=dict)
    missing_libraries: frozenset[str] = field(compare=False, default=frozenset())
    locales: Locales = field(compare=False, default=Locales(0))


def parse_isolation(params: Mapping[str, Any], assume: Assume) -> Isolation:
    """Read the module's parameters."""
    items = merged(params["databases"], "databases")
    rules = params["schema_privileges"]
    isolation = Isolation(
        parse_present(items, bool(params["revoke_create"])),
        System(*(system_role(params, key) for key in ("replication_user", "monitor_user", "admin_user", "admin_role"))),
        assume,
        params["mode"],
        params["schemas_mode"] or params["mode"],
        None if rules is None else tuple(schema_rule(rule, f"schema_privileges[{i}]") for i, rule in enumerate(rules)),
        tuple(database_name(name, "public_schema_in") for name in params["public_schema_in"] or ()),
        {item["name"]: parse_removal(item, where(item)) for item in items if is_absent(item)},
        params["unlisted_databases"] == "report",
        bool(params["allow_self"]),
    )
    refuse_gone(isolation)
    return isolation


def parse_present(items: Iterable[Mapping[str, Any]], revoke_create: bool) -> dict[str, DatabaseSpec]:
    """Read the items of databases that are to be there."""
    specs = (parse_database(item, where(item), revoke_create) for item in items if not is_absent(item))
    return {spec.name: spec for spec in specs}


def is_absent(item: Mapping[str, Any]) -> bool:
    """Tell whether a database is to go."""
    return item.get("state") == "absent"


def where(item: Mapping[str, Any]) -> str:
    """Name an item in errors."""
    return f"database {item['name']}"


def refuse_gone(isolation: Isolation) -> None:
    """Refuse to change the inside of a database that is to go."""
    gone = sorted(set(isolation.public_schema_in) & set(isolation.absent))
    if gone:
        raise InputError(f"public_schema_in: {', '.join(gone)} is declared absent: keep one of the two")


def system_role(params: Mapping[str, Any], key: str) -> Optional[str]:
    """Give a system role; an empty name counts as not given."""
    return checked_name(params[key], key) if params[key] else None


def schema_rule(value: Any, where: str) -> Rule:
    """Read a rule for the declared schemas; other classes belong to pg_default_privs."""
    rule = parse_rule(value, where)
    if rule.object_class != "SCHEMAS":
        raise InputError(f"{where}: {rule.source} isn't about SCHEMAS: give the others to pg_default_privs")
    if rule.is_limited():
        raise InputError(f"{where}: {rule.source}: the rules count for all declared schemas: leave the limits out")
    return rule
