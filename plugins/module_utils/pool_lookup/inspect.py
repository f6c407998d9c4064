# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what there is of the lookup in a cluster and in a database."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Optional

from ..connection import Connection, Server
from ..default_privs.inspect import read_cluster
from ..encoding import refuse_unstorable
from ..privileges.model import Privilege
from ..role_graph import read_role_graph
from .function import NAME, SIGNATURE, Function
from .model import ClusterState, Inside, Lookup, LookupState

SHUT_OUT = """
SELECT d.datname::text, r.rolname::text
FROM ROWS FROM (
    pg_catalog.unnest(%(databases)s::text[]), pg_catalog.unnest(%(users)s::text[])
) AS pair (database, name)
JOIN pg_catalog.pg_database d ON d.datname = pair.database
JOIN pg_catalog.pg_roles r ON r.rolname = pair.name
WHERE NOT pg_catalog.has_database_privilege(r.oid, d.oid, 'CONNECT')
ORDER BY 1, 2
"""

OWNER = """
SELECT r.rolname::text
FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
WHERE n.nspname = %(schema)s
"""

FUNCTIONS = """
SELECT pg_catalog.oidvectortypes(p.proargtypes), r.rolname::text, pg_catalog.pg_get_function_arguments(p.oid),
       coalesce(pg_catalog.pg_get_function_result(p.oid), ''), p.prosrc || coalesce(p.probin, ''),
       coalesce(p.proconfig, '{}'), p.prosecdef, p.proisstrict, p.prokind::text, l.lanname::text, p.provolatile::text,
       p.proparallel::text, p.proleakproof, p.prosupport::oid <> 0, p.procost::float8, p.prorows::float8
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE n.nspname = %(schema)s AND p.proname = %(name)s
"""

# What owners hold themselves doesn't count. Of pg_authid only what the function's owner has: its ACLs are the
# database's own, although its rows are the cluster's.
PRIVILEGES = """
WITH entry AS (
    SELECT 'SCHEMA' AS class, n.nspname::text AS object, n.nspowner AS owner, n.nspacl AS acl
    FROM pg_catalog.pg_namespace n WHERE n.nspname = %(schema)s
    UNION ALL
    SELECT 'FUNCTION', p.proname::text, p.proowner, coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = %(schema)s AND p.proname = %(name)s
      AND pg_catalog.oidvectortypes(p.proargtypes) = %(signature)s
), given AS (
    SELECT e.class, e.object, a.* FROM entry e CROSS JOIN LATERAL pg_catalog.aclexplode(e.acl) a
    WHERE a.grantee <> e.owner
    UNION ALL
    SELECT 'TABLE', '', a.*
    FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
    WHERE c.oid = 'pg_catalog.pg_authid'::pg_catalog.regclass
      AND a.grantee = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %(owner)s)
    UNION ALL
    SELECT 'COLUMN', t.attname::text, a.*
    FROM pg_catalog.pg_attribute t CROSS JOIN LATERAL pg_catalog.aclexplode(t.attacl) a
    WHERE t.attrelid = 'pg_catalog.pg_authid'::pg_catalog.regclass
      AND a.grantee = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %(owner)s)
)
SELECT g.class, g.object, coalesce(e.rolname::text, ''), g.privilege_type::text, o.rolname::text, g.is_grantable
FROM given g
LEFT JOIN pg_catalog.pg_roles e ON e.oid = g.grantee
JOIN pg_catalog.pg_roles o ON o.oid = g.grantor
"""

# Default privileges of a schema depend on it, and are nothing in it.
OTHERS = """
SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
WHERE n.nspname = %(schema)s
  AND d.classid <> 'pg_catalog.pg_default_acl'::pg_catalog.regclass
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc p
                  WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.objid
                    AND p.proname = %(name)s)
ORDER BY 1
"""

# What a pool's login was often given before there was a function; its groups' privileges count.
READERS = """
SELECT r.rolname::text, c.relname::text
FROM pg_catalog.pg_roles r CROSS JOIN pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE r.rolname = ANY (%(users)s::text[])
  AND (c.oid, a.attname) IN (('pg_catalog.pg_authid'::pg_catalog.regclass, 'rolpassword'),
                             ('pg_catalog.pg_shadow'::pg_catalog.regclass, 'passwd'))
  AND pg_catalog.has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')
ORDER BY 1, 2
"""


def read_state(connection: Connection, lookup: Lookup) -> ClusterState:
    """Read roles and databases, with what check mode takes for granted, and where the pool's logins can't connect."""
    graph, cluster = read_role_graph(connection, lookup.assume), read_cluster(connection, lookup.assume)
    pairs = [(database, user) for database, users in lookup.users.items() for user in users]
    databases, users = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    rows = connection.rows(SHUT_OUT, databases=databases, users=users) if pairs else []
    return ClusterState(cluster, graph.roles, graph.memberships, tuple((name, user) for name, user in rows))


def read_lookup(connection: Connection, inside: Inside) -> LookupState:
    """Read the schema, all functions of the name, what is granted, and what else is in the schema."""
    refuse_unstorable(connection, (inside.schema,), (inside.owner, *inside.users))
    owners = connection.rows(OWNER, schema=inside.schema)
    where = {"schema": inside.schema, "name": NAME}
    granted = connection.rows(PRIVILEGES, **where, signature=SIGNATURE, owner=inside.owner)
    return LookupState(
        connection.server,
        owners[0][0] if owners else None,
        MappingProxyType(dict(functions(connection.rows(FUNCTIONS, **where) if owners else []))),
        frozenset(Privilege(*row) for row in granted),
        tuple(text for (text,) in (connection.rows(OTHERS, **where) if owners else ())),
        tuple((name, table) for name, table in connection.rows(READERS, users=list(inside.users))),
    )


def functions(rows: list[tuple[Any, ...]]) -> Iterator[tuple[str, Function]]:
    """Give functions by their argument types."""
    for signature, owner, arguments, result, body, settings, *more in rows:
        yield signature, Function(owner, arguments, result, body, tuple(settings), *more)


def predict_lookup(connection: Optional[Connection], inside: Inside, server: Server) -> LookupState:
    """Tell what a new database will have: what its template has, or nothing."""
    return read_lookup(connection, inside) if connection else LookupState(server)
