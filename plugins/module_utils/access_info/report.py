# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give what was found as plain data, for the module's result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Optional

from ..acl import DEFAULT_CLASSES, OBJECT_CLASSES, default_acl, grantee_text
from ..databases.model import DatabaseState
from .model import AccessObject, ClusterFound, Found, Wish, fits

Row = dict[str, Any]


def role_rows(found: Found, wish: Wish) -> list[Row]:
    """Give the roles that fit, predefined ones only if the system's are asked for."""
    cluster = found.cluster
    names = (name for name in sorted(cluster.roles) if wish.system or not name.startswith("pg_"))
    return [role_row(name, cluster) for name in names if fits(name, wish.roles)]


def role_row(name: str, cluster: ClusterFound) -> Row:
    """Give a role with all its attributes, memberships and settings."""
    rows = sorted(row for row in cluster.memberships if row.member == name)
    return {
        **asdict(cluster.roles[name]),
        "oid": cluster.oids.get(name),
        "memberships": [{k: v for k, v in asdict(row).items() if k != "member"} for row in rows],
        "parameters": parameters_of(cluster, name, ""),
        "database_parameters": {
            database: parameters_of(cluster, name, database)
            for database in sorted({s.database for s in cluster.settings if s.role == name and s.database})
        },
    }


def parameters_of(cluster: ClusterFound, role: str, database: str) -> dict[str, str]:
    """Give the parameters set for a role, a database, or a role in a database."""
    mine = sorted(setting for setting in cluster.settings if (setting.role, setting.database) == (role, database))
    return {setting.name: setting.value for setting in mine}


def database_rows(found: Found, wish: Wish) -> list[Row]:
    """Give the databases, those that can't be entered without their insides."""
    names = (name for name in sorted(found.cluster.databases) if not wish.databases or name in wish.databases)
    return [database_row(found.cluster.databases[name], found) for name in names]


def database_row(database: DatabaseState, found: Found) -> Row:
    """Give a database with its ACL and what is inside of it."""
    entries = sorted(entry for entry in found.cluster.privileges if entry.object == database.name)
    inside = found.insides.get(database.name)
    return {
        **asdict(database),
        "parameters": parameters_of(found.cluster, "", database.name),
        "acl": [
            {
                "grantee": grantee_text(entry.grantee),
                "privilege": entry.privilege,
                "grantable": entry.grantable,
                "grantor": entry.grantor,
            }
            for entry in entries
        ],
        "schemas": [{"name": n, "owner": inside.schemas[n]} for n in sorted(inside.schemas)] if inside else None,
        "extensions": [asdict(extension) for extension in inside.extensions] if inside else None,
    }


def privilege_rows(found: Found, wish: Wish) -> list[Row]:
    """Give every entry of every ACL that fits, in an order that stays."""
    shared = (row for one in found.cluster.shared if database_fits(one, wish) for row in object_rows(one, None, wish))
    own = (
        row for name, inside in found.insides.items() for one in inside.objects for row in object_rows(one, name, wish)
    )
    return [*shared, *own]


def database_fits(one: AccessObject, wish: Wish) -> bool:
    """Tell whether an object is anything but a database that isn't asked for."""
    return one.object_class != "DATABASE" or not wish.databases or one.name in wish.databases


def object_rows(one: AccessObject, database: Optional[str], wish: Wish) -> Iterator[Row]:
    """Give the entries of one object that fit."""
    if one.object_class not in wish.classes or (one.aside and not wish.system):
        return
    head = {"database": database, "object_class": one.object_class, "schema": one.schema, "object": one.title()}
    for entry in one.entries:
        who = grantee_text(entry.grantee)
        if fits(who, wish.roles) and fits(schema_of(one), wish.schemas):
            yield {
                **head,
                "column": entry.column,
                "grantee": who,
                "privilege": entry.privilege,
                "grantable": entry.grantable,
                "grantor": entry.grantor,
                "owner": one.owner,
            }


def schema_of(one: AccessObject) -> str:
    """Give the schema that a pattern is compared with: a schema is in itself, what is in none has none."""
    return one.name if one.object_class == "SCHEMA" else one.schema


def default_rows(found: Found, wish: Wish) -> list[Row]:
    """Give every entry of pg_default_acl that fits; those that the built-in ACL has, too, are marked."""
    version = found.cluster.server.version
    rows = []
    for name, inside in found.insides.items():
        for entry in sorted(inside.defaults.entries):
            who, plural = grantee_text(entry.grantee), entry.object_class
            same = (entry.grantee, entry.privilege, entry.grantable) in default_acl(plural, entry.creator, version)
            if fits(who, wish.roles) and fits(entry.schema, wish.schemas) and class_fits(plural, wish):
                row = {"database": name, **asdict(entry), "grantee": who, "built_in": same and not entry.schema}
                rows.append(row)
    return rows


def class_fits(plural: str, wish: Wish) -> bool:
    """Tell whether a class of default privileges is among the classes."""
    return plural in DEFAULT_CLASSES and plural[:-1] in wish.classes and plural in OBJECT_CLASSES
