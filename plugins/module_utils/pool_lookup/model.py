# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How PgBouncer looks for users on the server: what is declared, and what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..assume import Assume
from ..connection import Server
from ..default_privs.model import Cluster
from ..errors import InputError, raise_problems
from ..items import checked_name, merged, read_each
from ..memberships.model import Membership
from ..pgbouncer.items import checked_database, parse_databases, present
from ..privileges.model import Privileges
from ..roles.model import RoleState
from .function import Function, auth_query

SCHEMA = "pgbouncer"
OWNER = "pgbouncer_lookup"


@dataclass(frozen=True)
class Lookup:
    """What is declared: for each database who asks there, and the databases that nobody is to ask in."""

    users: Mapping[str, tuple[str, ...]]
    without: tuple[str, ...]
    auth_user: str
    schema: str
    owner: str
    assume: Assume

    def everybody(self) -> tuple[str, ...]:
        """Name all logins by which the pool asks."""
        return tuple(sorted({name for names in self.users.values() for name in names}))


@dataclass(frozen=True)
class Inside:
    """What is declared for one database; without ``users``, it is to have no function."""

    database: str
    schema: str
    owner: str
    users: tuple[str, ...]


@dataclass(frozen=True)
class ClusterState:
    """Databases, roles with their memberships, and which of the pool's logins lack CONNECT where."""

    cluster: Cluster
    roles: Mapping[str, RoleState]
    memberships: frozenset[Membership] = field(compare=False)
    shut_out: tuple[tuple[str, str], ...] = field(compare=False, default=())


@dataclass(frozen=True)
class LookupState:
    """What is in one database; without ``schema_owner`` there is no schema.

    ``functions`` has all of the function's name by their argument types; ``privileges`` are those on the schema and on
    the function but for their owners' own, and the owner's on pg_authid; ``others`` is what else is in the schema;
    ``readers`` are those of the pool's logins who read verifiers without the function, and from where.
    """

    server: Server = field(compare=False)
    schema_owner: Optional[str] = None
    functions: Mapping[str, Function] = field(default_factory=dict)
    privileges: Privileges = frozenset()
    others: tuple[str, ...] = field(compare=False, default=())
    readers: tuple[tuple[str, str], ...] = field(compare=False, default=())


def parse_lookup(params: Mapping[str, Any], assume: Assume) -> Lookup:
    """Read the options of the module; ``auth_dbname`` is what the pool's configuration says, if anything."""
    schema = schema_of(params)
    owner = checked_name(params.get("lookup_owner") or OWNER, "lookup_owner")
    if not params.get("auth_user"):
        raise InputError("auth_query needs auth_user, the login by which PgBouncer asks for verifiers: name one")
    auth_user = checked_name(params["auth_user"], "auth_user")
    users, without = databases_of(params.get("databases") or (), auth_user)
    asked = params.get("auth_dbname")
    if asked:
        users = {**users, asked: tuple(sorted({auth_user, *(name for names in users.values() for name in names)}))}
    lookup = Lookup(users, tuple(name for name in without if name != asked), auth_user, schema, owner, assume)
    raise_problems(reserved(lookup))
    return lookup


def schema_of(params: Mapping[str, Any]) -> str:
    """Give the schema's name; it has to fit into a line of PgBouncer's configuration, and to be the lookup's own."""
    name = checked_name(params.get("lookup_schema") or SCHEMA, "lookup_schema")
    if name in ("public", "information_schema") or name.startswith("pg_"):
        raise InputError(f"lookup_schema: {name} is PostgreSQL's own, and open to others: choose another name")
    if not name.isprintable():
        raise InputError("lookup_schema: PgBouncer's configuration can't hold that name: choose another one")
    return name


def databases_of(items: Iterable[Any], auth_user: str) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Give who asks in which pooled database, and which databases are declared and not pooled."""
    values: Sequence[Any] = tuple(items)
    pooled, _warnings = parse_databases(values)
    read = merged(read_each(values, "databases, item", checked_database), "databases")
    without = (item["name"] for item in read if item.get("pgbouncer") is False and present(item))
    users: dict[str, tuple[str, ...]] = {database.name: (database.auth_user or auth_user,) for database in pooled}
    return users, tuple(sorted(without))


def reserved(lookup: Lookup) -> Iterator[str]:
    """Say which names can't be those of the roles."""
    if lookup.owner.startswith("pg_"):
        yield f"lookup_owner: {lookup.owner} begins like PostgreSQL's own roles: choose another name"
    if lookup.owner in lookup.everybody():
        yield f"role {lookup.owner} is lookup_owner and auth_user: take two roles, for the first one reads verifiers"


def disagreements(params: Mapping[str, Any], config: Mapping[str, str]) -> tuple[str, ...]:
    """Say where a running PgBouncer's configuration (SHOW CONFIG) asks in another way than the function answers."""
    wanted, found = auth_query(schema_of(params)), config.get("auth_query", "")
    said = []
    if " ".join(found.rstrip("; ").split()) != " ".join(wanted.split()):
        said.append(f"PgBouncer's auth_query is {found or '(none)'}: set auth_query = {wanted} in pgbouncer.ini")
    user = config.get("auth_user", "")
    if user and user != params.get("auth_user"):
        said.append(f"PgBouncer's auth_user is {user}: set auth_user = {params.get('auth_user')} in pgbouncer.ini")
    return tuple(said)
