# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a login without superuser from handing on what a role owns in a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..connection import Connection
from ..quoting import ident

# Schemas are handed on by who may create in the database, if only as a member of the role or of who takes over. Tables
# and types go to anybody, but other objects only to who may create in their schema; a schema that is handed on itself
# goes before what is in it.
LACKING = """
SELECT DISTINCT p.role, p.heir, CASE WHEN s.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass THEN ''
                                     ELSE n.nspname::text END
FROM ROWS FROM (pg_catalog.unnest(%(roles)s::text[]), pg_catalog.unnest(%(heirs)s::text[])) AS p (role, heir)
JOIN pg_catalog.pg_roles r ON r.rolname = p.role
JOIN pg_catalog.pg_roles h ON h.rolname = p.heir
JOIN pg_catalog.pg_shdepend s ON s.refobjid = r.oid AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
CROSS JOIN LATERAL pg_catalog.pg_identify_object(s.classid, s.objid, s.objsubid) o
LEFT JOIN pg_catalog.pg_namespace n ON pg_catalog.quote_ident(n.nspname) = o.schema AND n.nspowner <> r.oid
WHERE s.deptype = 'o'
  AND s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND CASE WHEN s.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
           THEN NOT EXISTS (SELECT FROM pg_catalog.pg_roles u WHERE u.rolname IN (current_user, p.role, p.heir)
                            AND pg_catalog.has_database_privilege(u.oid, pg_catalog.current_database(), 'CREATE'))
           ELSE s.classid <> ALL (ARRAY['pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_type'])
                AND NOT pg_catalog.has_schema_privilege(h.oid, n.oid, 'CREATE') END
ORDER BY 1, 2, 3
"""


# DROP OWNED takes back only what the login, or the role itself, may revoke: what others own keeps its privileges,
# without a word. Nothing is written about what the bootstrap superuser owns.
GRANTED = """
SELECT DISTINCT p.role, o.type || ' ' || o.identity, w.rolname::text
FROM pg_catalog.unnest(%(roles)s::text[]) AS p (role)
JOIN pg_catalog.pg_roles r ON r.rolname = p.role
JOIN pg_catalog.pg_shdepend s ON s.refobjid = r.oid AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
CROSS JOIN LATERAL pg_catalog.pg_identify_object(s.classid, s.objid, s.objsubid) o
LEFT JOIN pg_catalog.pg_shdepend d
  ON (d.dbid, d.classid, d.objid, d.objsubid, d.deptype) = (s.dbid, s.classid, s.objid, 0, 'o')
LEFT JOIN pg_catalog.pg_namespace n ON (n.tableoid, n.oid) = (s.classid, s.objid)
JOIN pg_catalog.pg_roles w ON w.oid = coalesce(d.refobjid, n.nspowner, 10)
WHERE s.deptype = 'a' AND s.classid <> 'pg_catalog.pg_default_acl'::pg_catalog.regclass
  AND s.dbid = ANY (ARRAY[(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
                          CASE WHEN %(shared)s THEN 0 END]::pg_catalog.oid[])
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles u
                  WHERE u.rolname IN (current_user, p.role) AND pg_catalog.pg_has_role(u.oid, w.oid, 'USAGE'))
ORDER BY 1, 2
"""


def read_refusals(connection: Connection, successors: Mapping[str, str], shared: bool) -> tuple[str, ...]:
    """Read what the login can't hand on or take back, and say how it could."""
    if connection.server.superuser:
        return ()
    pairs = {role: heir for role, heir in successors.items() if heir}
    rows = connection.rows(LACKING, roles=list(pairs), heirs=list(pairs.values())) if pairs else []
    granted = connection.rows(GRANTED, roles=sorted(successors), shared=shared)
    me, where = connection.server.current_user, connection.server.database
    return (*refusals(me, where, rows), *(not_taken_back(me, where, *row) for row in granted))


def not_taken_back(me: str, database: str, role: str, what: str, owner: str) -> str:
    """Say of a privilege that only others can take it back."""
    return (
        f"database {database}: {me} can't take back the privileges of role {role} on {what}: log in as its owner "
        f"{owner}, or as a superuser"
    )


def refusals(me: str, database: str, rows: list[tuple[str, str, str]]) -> Iterator[str]:
    """Say what can't be handed on: schemas where no schema is named, or else what is in the one that is."""
    for role, heir, schema in rows:
        if schema:
            sql = f"GRANT CREATE ON SCHEMA {ident(schema)} TO {ident(heir)}"
            yield (
                f"database {database}: what role {role} owns in schema {schema} can't be handed to {heir}, who has no "
                f"CREATE there: run {sql}, or log in as a superuser"
            )
        else:
            sql = f"GRANT CREATE ON DATABASE {ident(database)} TO {ident(me)}"
            yield (
                f"database {database}: {me} can't hand on schemas of role {role}, for it has no CREATE on the "
                f"database: run {sql}, or log in as a superuser"
            )
