# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read who may do what: the cluster, and the inside of each database that can be entered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Optional, Union

from ..acl import DEFAULT_CLASS_BY_OBJTYPE, OBJECT_CLASSES
from ..apply import explained, opened
from ..connection import Connection, Login, Server
from ..databases.inspect import Databases, read_database_privileges, read_databases
from ..databases.model import INVALID
from ..errors import AccessError, raise_problems
from ..insides.model import ExtensionState
from ..memberships.inspect import read_memberships
from ..passwords.inspect import read_passwords
from ..roles.inspect import read_roles
from ..settings.inspect import read_settings
from .model import AccessObject, ClusterFound, DefaultAcl, DefaultEntry, Entry, Found, InsideFound, Wish
from .queries import DEFAULT_ENTRIES, ENTRIES, EXTENSIONS, FOR_EVERYBODY, OIDS, OWN, OWNED_SCHEMAS, SHARED

Unread = dict[str, str]


def read_found(connection: Connection, login: Login, wish: Wish) -> Found:
    """Read what is asked for; databases are entered one after the other."""
    cluster = read_cluster(connection, wish)
    missing = sorted(set(wish.databases or ()) - set(cluster.databases))
    raise_problems(f"databases: there is no database {name}; correct the name" for name in missing)
    insides: dict[str, InsideFound] = {}
    unread = unread_passwords(cluster, wish)
    for name in wanted_databases(cluster.databases, wish):
        found = attempted(login, name, cluster, wish)
        if isinstance(found, InsideFound):
            insides[name] = found
        else:
            unread.append(found)
    return Found(cluster, MappingProxyType(insides), tuple(unread))


def read_cluster(connection: Connection, wish: Wish) -> ClusterFound:
    """Read what belongs to no single database."""
    roles, databases = read_roles(connection), read_databases(connection)
    return ClusterFound(
        connection.server,
        roles,
        MappingProxyType(dict(connection.rows(OIDS))),
        read_memberships(connection),
        read_settings(connection, roles, databases),
        databases,
        read_database_privileges(connection, databases),
        read_objects(connection, SHARED, wish) if wish.wants("privileges", "declaration") else (),
        read_passwords(connection, roles) if wish.passwords else None,
        tuple(name for (name,) in connection.rows(FOR_EVERYBODY)),
    )


def unread_passwords(cluster: ClusterFound, wish: Wish) -> list[Unread]:
    """Say that passwords are asked for and can't be read."""
    if not wish.passwords or cluster.passwords is not None:
        return []
    why = f"{cluster.server.current_user} may not read pg_authid"
    return [{"what": "passwords", "database": "", "why": why}]


def wanted_databases(databases: Databases, wish: Wish) -> list[str]:
    """Name the databases to enter: all but template0, or those that are named."""
    if not wish.wants("databases", "privileges", "default_privileges", "declaration"):
        return []
    return sorted(name for name in databases if name != "template0" and (not wish.databases or name in wish.databases))


def attempted(login: Login, name: str, cluster: ClusterFound, wish: Wish) -> Union[InsideFound, Unread]:
    """Read a database's inside, or say why it can't be entered."""
    state = cluster.databases[name]
    closed = "it is invalid, for a drop was interrupted" if state.connlimit == INVALID else "it allows no connections"
    if state.connlimit == INVALID or not state.allowconn:
        return {"what": "inside of a database", "database": name, "why": closed}
    try:
        with opened(login, name) as connection:
            return read_inside(connection, wish)
    except AccessError as error:
        return {"what": "inside of a database", "database": name, "why": explained(error).strip()}


def read_inside(connection: Connection, wish: Wish) -> InsideFound:
    """Read what is asked for of one database."""
    return InsideFound(
        MappingProxyType(dict(connection.rows(OWNED_SCHEMAS))),
        tuple(ExtensionState(*row) for row in connection.rows(EXTENSIONS)),
        read_objects(connection, OWN, wish) if wish.wants("privileges", "declaration") else (),
        read_default_acl(connection) if wish.wants("default_privileges", "declaration") else DefaultAcl(),
    )


def read_default_acl(connection: Connection) -> DefaultAcl:
    """Read the default privileges that are other than the built-in ones."""
    rows = [(*row[:2], DEFAULT_CLASS_BY_OBJTYPE[row[2]].name, *row[3:]) for row in connection.rows(DEFAULT_ENTRIES)]
    entries = frozenset(DefaultEntry(*row) for row in rows if row[3] is not None)
    return DefaultAcl(entries, frozenset((row[0], row[2]) for row in rows if row[1] == ""))


def read_objects(connection: Connection, questions: Mapping[str, str], wish: Wish) -> tuple[AccessObject, ...]:
    """Read objects with their ACLs, class by class; a declaration needs every class."""
    aside = "all" if wish.system else "changed" if wish.wants("declaration") else "none"
    found: list[AccessObject] = []
    for name, question in questions.items():
        if is_there(name, connection.server) and (name in wish.classes or wish.wants("declaration")):
            rows = connection.rows(ENTRIES.replace("{objects}", question), aside=aside)
            found += grouped(name, rows)
    return tuple(found)


def is_there(object_class: str, server: Server) -> bool:
    """Tell whether a server of this version has such objects."""
    return server.version >= OBJECT_CLASSES[object_class].since * 10000


def grouped(object_class: str, rows: Iterable[tuple[Any, ...]]) -> list[AccessObject]:
    """Make one object of all rows about it."""
    heads: dict[int, tuple[Any, ...]] = {}
    entries: dict[int, list[Entry]] = {}
    for oid, *row in rows:
        heads.setdefault(oid, tuple(row[:7]))
        found = entries.setdefault(oid, [])
        if row[8] is not None:
            found.append(Entry(*row[7:13]))
    return [made(object_class, heads[oid], tuple(entries[oid])) for oid in heads]


def made(object_class: str, head: tuple[Any, ...], entries: tuple[Entry, ...]) -> AccessObject:
    """Give an object from the columns that are about itself."""
    schema, name, arguments, kind, owner, aside, definer = head
    types: Optional[tuple[str, ...]] = None if arguments is None else tuple(arguments)
    return AccessObject(object_class, schema, name, types, kind, owner, aside, definer, entries)
