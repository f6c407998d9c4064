# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is inside of a database: schemas, their privileges, and extensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..connection import Server
from ..errors import InputError
from ..items import checked_name, known_keys
from ..keys import EXTENSION_ITEM, SCHEMA_ITEM
from ..privileges.model import Privileges
from ..rules.model import Rule


@dataclass(frozen=True)
class SchemaSpec:
    """A declared schema; without an owner a new one gets the database's, and an existing one keeps its own.

    An absent one is to go, with ``cascade`` with everything that is in it.
    """

    name: str
    owner: Optional[str] = None
    absent: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class ExtensionSpec:
    """A declared extension; an absent one is to go, with ``cascade`` with everything that needs it."""

    name: str
    schema: Optional[str] = None
    version: Optional[str] = None
    absent: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class ExtensionOffer:
    """What the server has of an extension: its versions, with the schema that each is tied to, if it is.

    ``needs`` names the extensions that any of its versions needs. Of the versions ``by_superuser`` the script is run as
    a superuser; whoever may create in the database may ask for it if the version is ``trusted``.
    """

    default: str
    schemas: Mapping[str, Optional[str]]
    needs: frozenset[str] = frozenset()
    by_superuser: frozenset[str] = frozenset()
    trusted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ExtensionState:
    """An extension that is there; only a relocatable one can be moved."""

    name: str
    schema: str
    version: str
    owner: str = field(compare=False, default="")
    relocatable: bool = field(compare=False, default=True)


@dataclass(frozen=True)
class InsideState:
    """A database's inside: schemas with their owners, all their privileges, and extensions by name.

    ``given`` is what the default privileges of each role give on a schema that it will own; ``contents`` is what goes
    with a schema or extension that is to go, in words; ``unreachable`` are extensions without a path to their version.
    """

    server: Server = field(compare=False)
    schemas: Mapping[str, str]
    privileges: Privileges
    extensions: Mapping[str, ExtensionState]
    given: Mapping[str, Privileges] = field(compare=False, default_factory=dict)
    contents: Mapping[tuple[str, str], str] = field(compare=False, default_factory=dict)
    unreachable: frozenset[str] = field(compare=False, default=frozenset())


@dataclass(frozen=True)
class Inside:
    """What is declared for one database's inside; ``owner`` is the database's, as planned.

    What is to go is apart from what is to be there. ``may_create`` tells whether the login will have CREATE there.
    """

    database: str
    owner: str
    schemas: Sequence[SchemaSpec] = ()
    extensions: Sequence[ExtensionSpec] = ()
    schema_rules: Optional[Sequence[Rule]] = None
    close_public: bool = False
    admin_role: Optional[str] = None
    exact: bool = False
    offers: Mapping[str, ExtensionOffer] = field(default_factory=dict)
    dropped_schemas: Mapping[str, SchemaSpec] = field(default_factory=dict)
    dropped_extensions: Mapping[str, ExtensionSpec] = field(default_factory=dict)
    may_create: bool = True

    def names(self) -> frozenset[str]:
        """Give the declared schemas."""
        return frozenset(schema.name for schema in self.schemas)

    def extension_schemas(self) -> frozenset[str]:
        """Give the schemas where extensions could be created."""
        tied = (schema for extension in self.extensions for schema in self.offers[extension.name].schemas.values())
        return frozenset(name for name in (*tied, *(extension.schema for extension in self.extensions)) if name)


def parse_schemas(values: Iterable[Any], where: str) -> tuple[SchemaSpec, ...]:
    """Read schemas: a name, or ``{name, owner}``, or ``{name, state: absent, cascade}``."""
    found: dict[str, SchemaSpec] = {}
    for value in values:
        item = named(value, SCHEMA_ITEM, f"{where}: schemas")
        name = checked_name(item["name"], f"{where}: schemas")
        if name.startswith("pg_") or name == "information_schema":
            raise InputError(f"{where}: schemas: {name} is PostgreSQL's own: choose another name")
        spec = schema_spec(item, name, where)
        if found.setdefault(name, spec) != spec:
            raise InputError(f"{where}: schemas names {name} twice with different values: keep one")
    return tuple(found.values())


def schema_spec(item: Mapping[str, Any], name: str, where: str) -> SchemaSpec:
    """Read one schema; of one that is to go nothing else matters but ``cascade``."""
    if item.get("state") == "absent":
        return SchemaSpec(name, absent=True, cascade=bool(item.get("cascade")))
    owner = item.get("owner")
    return SchemaSpec(name, checked_name(owner, f"{where}: schemas: owner") if owner else None)


def parse_extensions(values: Iterable[Any], where: str) -> tuple[ExtensionSpec, ...]:
    """Read extensions: a name, or ``{name, schema, version}``, or ``{name, state: absent, cascade}``."""
    found: dict[str, ExtensionSpec] = {}
    for value in values:
        spec = extension_spec(named(value, EXTENSION_ITEM, f"{where}: extensions"), f"{where}: extensions")
        if found.setdefault(spec.name, spec) != spec:
            raise InputError(f"{where}: extensions names {spec.name} twice with different values: keep one")
    return tuple(found.values())


def extension_spec(item: Mapping[str, Any], where: str) -> ExtensionSpec:
    """Read one extension; of one that is to go nothing else matters but ``cascade``."""
    name, schema = checked_name(item["name"], where), item.get("schema")
    if item.get("state") == "absent":
        return ExtensionSpec(name, absent=True, cascade=bool(item.get("cascade")))
    checked = checked_name(schema, f"{where}: schema") if schema else None
    return ExtensionSpec(name, checked, item.get("version") or None)


def refuse_homeless(schemas: Iterable[SchemaSpec], extensions: Iterable[ExtensionSpec], where: str) -> None:
    """Refuse an extension in a schema that is to go."""
    gone = {schema.name for schema in schemas if schema.absent}
    for extension in extensions:
        if extension.schema in gone:
            raise InputError(
                f"{where}: extension {extension.name} in schema {extension.schema}, which is to go: keep one"
            )


def named(value: Any, spec: Mapping[str, Mapping[str, Any]], where: str) -> dict[str, Any]:
    """Give an item from a name or a dictionary."""
    if isinstance(value, str):
        return {"name": value}
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: an item is neither a name nor a dictionary with a name")
    return known_keys(value, spec, where)
