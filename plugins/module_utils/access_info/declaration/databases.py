# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declare databases: owner, limits, ACL, settings, schemas and extensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Optional

from ...acl import OBJECT_CLASSES, PUBLIC, grantee_text
from ...databases.model import INVALID, DatabaseState
from ...privileges.model import Privilege
from ...quoting import is_public
from ..model import ClusterFound, Found, InsideFound, Wish
from .roles import settings_item
from .words import Atom, in_order, merged_by

BUILT_IN = ("CONNECT", "TEMPORARY")
Item = dict[str, Any]


def declared_databases(found: Found, wish: Wish) -> list[str]:
    """Name the databases that are declared: template0 has to stay as it is, and invalid ones are to be dropped."""
    databases = found.cluster.databases
    names = (name for name in sorted(databases) if name != "template0" and databases[name].connlimit != INVALID)
    return [name for name in names if not wish.databases or name in wish.databases]


def database_items(found: Found, wish: Wish) -> list[Item]:
    """Give each database as an item of pg_databases."""
    return [database_item(found.cluster.databases[name], found) for name in declared_databases(found, wish)]


def database_item(database: DatabaseState, found: Found) -> Item:
    """Give one database; a key that can't hold what is there is left out, and so isn't managed."""
    settings = sorted(s for s in found.cluster.settings if not s.role and s.database == database.name)
    entries = [entry for entry in found.cluster.privileges if entry.object == database.name]
    return {
        "name": database.name,
        "owner": database.owner,
        **({} if database.comment is None else {"comment": database.comment}),
        "connlimit": database.connlimit,
        "allowconn": database.allowconn,
        "is_template": database.is_template,
        **settings_item(settings),
        **({} if any(map(is_misread, entries)) else {"grants": grant_items(database, entries)}),
        **inside_items(found.insides.get(database.name)),
    }


def is_misread(entry: Privilege) -> bool:
    """Tell whether a grantee's name would be read as PUBLIC."""
    return entry.grantee != PUBLIC and is_public(entry.grantee)


def grant_items(database: DatabaseState, entries: list[Privilege]) -> list[Item]:
    """Give the complete ACL but for what the owner has; what PUBLIC has lost is said, too."""
    held: dict[tuple[str, str], bool] = {}
    for entry in entries:
        if entry.grantee != database.owner:
            held[entry.what()] = held.get(entry.what(), False) or entry.grantable
    atoms: list[Atom] = [("present", option, (who,), (what,)) for (who, what), option in held.items()]
    atoms += [("taken", False, (PUBLIC,), (name,)) for name in BUILT_IN if (PUBLIC, name) not in held]
    return [grant_item(*atom) for atom in merged_by(atoms, (3,)) for atom in one_each(atom)]


def one_each(atom: Atom) -> Iterator[Atom]:
    """Give an item for each role, as the key takes it."""
    state, option, grantees, privileges = atom
    yield from ((state, option, who, privileges) for who in grantees)


def grant_item(state: str, option: bool, grantee: str, privileges: tuple[str, ...]) -> Item:
    """Give one entry of grants."""
    item: Item = {"role": grantee_text(grantee), "privs": list(in_order(privileges, "DATABASE"))}
    item.update({"grant_option": True} if option else {})
    item.update({"state": "absent"} if state == "taken" else {})
    return item


def inside_items(inside: Optional[InsideFound]) -> Item:
    """Give schemas and extensions, if the database could be entered."""
    if inside is None:
        return {}
    return {
        "schemas": [{"name": name, "owner": inside.schemas[name]} for name in sorted(inside.schemas)],
        "extensions": [{"name": e.name, "schema": e.schema, "version": e.version} for e in inside.extensions],
    }


def databases_left_out(cluster: ClusterFound) -> Iterator[str]:
    """Say what of databases can't be declared."""
    for name in sorted(cluster.databases):
        if cluster.databases[name].connlimit == INVALID:
            yield f"database {name}: it is invalid, for a drop was interrupted, and has no item: drop it"
    for entry in sorted(cluster.privileges):
        if is_misread(entry) and entry.object_class in OBJECT_CLASSES:
            yield f"database {entry.object}: {entry.grantee!r} would be read as PUBLIC, so grants aren't managed"
