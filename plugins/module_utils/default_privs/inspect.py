# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read default privileges of all creators in one question, and what there is to refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Optional

from ..acl import DEFAULT_CLASS_BY_OBJTYPE, DEFAULT_CLASSES
from ..assume import Assume
from ..connection import Connection, Server
from ..databases.inspect import Databases, read_databases
from ..databases.model import DEFAULT_TEMPLATE, DatabaseState
from ..encoding import refuse_unstorable
from ..memberships.granting import read_maker
from ..memberships.graph import closure, parents_of
from ..memberships.inspect import read_memberships
from ..privileges.acting import actor_of, inheriting
from ..privileges.entering import read_closed
from ..role_graph import RoleGraph, with_assumed
from ..roles.inspect import read_roles
from ..roles.model import superusers_of
from .creators import Everyone
from .model import Acting, Cluster, DefaultPrivilege, Defaults, builtin, classes

# A row for the whole database is a full ACL in place of the built-in one, which counts where there is no row; a
# row for a schema is what is added to that. acldefault() has its own letters. Every creator that exists has at
# least one line per class, if only an empty one.
DEFAULTS = """
WITH creator AS (
    SELECT oid, rolname::text AS name FROM pg_catalog.pg_roles WHERE rolname = ANY (%(creators)s::text[])
), class AS (
    SELECT * FROM ROWS FROM (
        pg_catalog.unnest(%(objtypes)s::"char"[]), pg_catalog.unnest(%(letters)s::"char"[])
    ) AS pair (objtype, letter)
), entry AS (
    SELECT c.name, '' AS schema, k.objtype, coalesce(d.defaclacl, pg_catalog.acldefault(k.letter, c.oid)) AS acl
    FROM creator c
    CROSS JOIN class k
    LEFT JOIN pg_catalog.pg_default_acl d
           ON d.defaclrole = c.oid AND d.defaclnamespace = 0 AND d.defaclobjtype = k.objtype
    UNION ALL
    SELECT c.name, n.nspname::text, k.objtype, d.defaclacl
    FROM creator c
    JOIN pg_catalog.pg_default_acl d ON d.defaclrole = c.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
    JOIN class k ON k.objtype = d.defaclobjtype
)
SELECT e.name, e.schema, e.objtype::text, coalesce(g.rolname::text, ''), a.privilege_type, a.is_grantable
FROM entry e
LEFT JOIN LATERAL pg_catalog.aclexplode(e.acl) a ON true
LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE a.grantee IS NULL OR a.grantee = 0 OR g.oid IS NOT NULL
"""

# Who can create something here, which the owner can, and who has default privileges; PUBLIC is the empty name. The
# database's owner is as planned, so that nothing counts that came by being the owner until now. A database that isn't
# there yet, which the empty name stands for, starts without an ACL of its own.
CREATORS = """
WITH entry AS (
    SELECT a.grantee, a.privilege_type
    FROM pg_catalog.pg_namespace n
    CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION
    SELECT a.grantee, a.privilege_type
    FROM pg_catalog.pg_database d CROSS JOIN LATERAL pg_catalog.aclexplode(d.datacl) a
    WHERE d.datname = %(database)s AND a.grantee <> d.datdba
), maker AS (
    SELECT e.grantee AS oid FROM entry e
    WHERE e.privilege_type = 'CREATE'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = e.grantee AND r.rolname = 'pg_database_owner')
    UNION
    SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %(owner)s
)
SELECT r.rolname::text, true FROM pg_catalog.pg_roles r
WHERE r.rolname !~ '^pg_' AND EXISTS (SELECT FROM maker m WHERE pg_catalog.pg_has_role(r.oid, m.oid, 'USAGE'))
UNION ALL
SELECT r.rolname::text, false FROM pg_catalog.pg_roles r
WHERE r.oid IN (SELECT defaclrole FROM pg_catalog.pg_default_acl)
UNION ALL
SELECT '', true WHERE EXISTS (SELECT FROM maker WHERE oid = 0)
"""
SCHEMAS = "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname = ANY (%(names)s::text[])"
MEMBERSHIP_SUFFICES_BEFORE = 160000
PUBLIC_CREATES_BEFORE = 150000


@dataclass(frozen=True)
class Looking:
    """What to look for in a database: its creators, and the schemas and grantees of rules; check mode assumes some."""

    creators: tuple[str, ...]
    schemas: frozenset[str] = frozenset()
    assumed: frozenset[str] = frozenset()
    everyone: Optional[Everyone] = None
    grantees: frozenset[str] = frozenset()


def read_defaults(connection: Connection, looking: Looking) -> Defaults:
    """Read the default privileges of the creators; those who don't exist yet will have the built-in ones."""
    version, creators = connection.server.version, read_creators(connection, looking)
    refuse_unstorable(connection, looking.schemas, (*looking.creators, *looking.grantees))
    known = [DEFAULT_CLASSES[name] for name in classes(version)]
    letters = {"objtypes": [one.objtype for one in known], "letters": [one.acldefault for one in known]}
    rows = connection.rows(DEFAULTS, creators=list(creators), **letters)
    facts = frozenset(
        DefaultPrivilege(creator, schema, DEFAULT_CLASS_BY_OBJTYPE[letter].name, *what)
        for creator, schema, letter, *what in rows
        if what[1] is not None
    )
    unborn = set(creators).difference(row[0] for row in rows)
    return Defaults(facts | builtin(unborn, version), read_schemas(connection, looking) | looking.assumed, creators)


def read_creators(connection: Connection, looking: Looking) -> tuple[str, ...]:
    """Give the creators; where everyone is meant, ask the database who can create something in it."""
    if looking.everyone is None:
        return looking.creators
    where = {"database": looking.everyone.database, "owner": looking.everyone.owner}
    return all_creators(looking, connection.rows(CREATORS, **where))


def all_creators(looking: Looking, rows: Iterable[tuple[Any, ...]]) -> tuple[str, ...]:
    """Give the creators that are named, and all that a database tells of."""
    found = list(rows)
    makers, having = ([name for name, can in found if can is wanted and name] for wanted in (True, False))
    everyone = looking.everyone.counted(makers, having, ("", True) in found) if looking.everyone else frozenset()
    return tuple(sorted({*looking.creators, *everyone}))


def read_schemas(connection: Connection, looking: Looking) -> frozenset[str]:
    """Read which of the schemas that rules name are there."""
    if not looking.schemas:
        return frozenset()
    return frozenset(name for (name,) in connection.rows(SCHEMAS, names=sorted(looking.schemas)))


def predict_defaults(connection: Optional[Connection], looking: Looking, version: int) -> Defaults:
    """Tell what a database will start with: what its template has, or what is built in."""
    if connection is not None:
        return read_defaults(connection, looking)
    everybody = [("", True)] if version < PUBLIC_CREATES_BEFORE else []
    creators = all_creators(looking, everybody)
    return Defaults(builtin(creators, version), looking.assumed | {"public", "information_schema"}, creators)


def read_cluster(connection: Connection, assume: Assume) -> Cluster:
    """Read roles and databases, with what check mode takes for granted laid over."""
    server, there = connection.server, RoleGraph(read_roles(connection), read_memberships(connection))
    graph = with_assumed(there, assume.roles, read_maker(connection) if assume.roles else None)
    born = frozenset(graph.roles) - frozenset(there.roles)
    databases, unborn = overlaid_databases(read_databases(connection), assume, server.current_user)
    parents = inheriting(server, graph.roles, graph.memberships)
    return Cluster(
        server,
        frozenset(graph.roles),
        acting_of(server, graph),
        databases,
        unborn,
        superusers_of(graph.roles),
        {name: closure(parents, name) for name in sorted(born)},
        read_closed(connection),
    )


def acting_of(server: Server, graph: RoleGraph) -> Optional[Acting]:
    """Find out whose default privileges the login may change, and as whom; None: a superuser may change everybody's.

    To 15 that takes membership, from 16 the role's privileges, which come by memberships that inherit.
    """
    if graph.roles[server.current_user].superuser:
        return None
    actor = actor_of(server, graph.roles, graph.memberships)
    if server.version >= MEMBERSHIP_SUFFICES_BEFORE:
        return Acting(actor, actor.has)
    return Acting(actor, closure(parents_of(graph.memberships), server.current_user))


def overlaid_databases(there: Databases, assume: Assume, me: str) -> tuple[Databases, Mapping[str, str]]:
    """Lay over the databases what earlier tasks will have made; give the templates of the new ones, too."""
    databases = {name: database for name, database in there.items() if name not in assume.gone}
    unborn = {}
    for one in assume.databases:
        known = there.get(one.name)
        state = known or foreseen_database(one.name, me)
        opened = state.allowconn and one.allowconn is not False
        databases[one.name] = replace(state, owner=one.owner or state.owner, allowconn=opened)
        if known is None:
            unborn[one.name] = one.template or DEFAULT_TEMPLATE
    return MappingProxyType(databases), unborn


def foreseen_database(name: str, owner: str) -> DatabaseState:
    """Give a database that isn't there yet; what isn't known of it doesn't matter here."""
    return DatabaseState(name, owner, "", "", "", "")
