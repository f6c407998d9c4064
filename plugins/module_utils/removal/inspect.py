# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what depends on roles that go: where in the cluster, and in a database what it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..connection import Connection
from .model import Footprint, Held, Left, Place
from .rights import read_refusals

# pg_shdepend knows the owners and privileges of every database, without entering it.
PLACES = """
SELECT r.rolname::text, d.datname::text, pg_catalog.pg_get_userbyid(d.datdba)::text, d.datallowconn,
       d.datconnlimit <> -2,
       pg_catalog.bool_or(s.deptype = 'o' AND s.classid <> ALL (ARRAY['pg_catalog.pg_default_acl'::pg_catalog.regclass,
                                                                      'pg_catalog.pg_user_mapping']))
FROM pg_catalog.pg_shdepend s
JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
JOIN pg_catalog.pg_database d ON d.oid = s.dbid
WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND r.rolname = ANY (%(names)s::text[])
GROUP BY r.rolname, d.datname, d.datdba, d.datallowconn, d.datconnlimit
ORDER BY r.rolname, d.datname
"""

# Memberships are looked at as facts. To 13, what initdb has made is pinned there, without a class.
SHARED = """
SELECT r.rolname::text, s.deptype = 'o', o.type || ' ' || o.identity
FROM pg_catalog.pg_shdepend s
JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
CROSS JOIN LATERAL pg_catalog.pg_identify_object(s.classid, s.objid, s.objsubid) o
WHERE s.dbid = 0 AND s.deptype <> 'p'
  AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
  AND s.classid <> 'pg_catalog.pg_auth_members'::pg_catalog.regclass
  AND r.rolname = ANY (%(names)s::text[])
ORDER BY 1, 3
"""

SESSIONS = """
SELECT usename::text, pg_catalog.count(*) FROM pg_catalog.pg_stat_activity
WHERE usename = ANY (%(names)s::text[]) AND pid <> pg_catalog.pg_backend_pid() GROUP BY usename
"""

HELD = """
SELECT role, kind, type, pg_catalog.count(*), (pg_catalog.array_agg(identity ORDER BY identity COLLATE "C"))[1:3]
FROM (SELECT DISTINCT r.rolname::text AS role, s.deptype::text AS kind, o.type, o.identity
      FROM pg_catalog.pg_shdepend s
      JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
      CROSS JOIN LATERAL pg_catalog.pg_identify_object(s.classid, s.objid, s.objsubid) o
      WHERE s.dbid = ANY (ARRAY[(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
                                CASE WHEN %(shared)s THEN 0 END]::pg_catalog.oid[])
        AND s.deptype <> 'p' AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
        AND s.classid <> 'pg_catalog.pg_auth_members'::pg_catalog.regclass
        AND r.rolname = ANY (%(names)s::text[])) found
GROUP BY role, kind, type
"""

# DROP OWNED drops a policy with the last role that it is for.
ALONE = """
SELECT r.rolname::text, pg_catalog.format('%%I on %%I.%%I', p.polname, n.nspname, c.relname)
FROM pg_catalog.pg_policy p
JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_roles r ON r.oid = ANY (p.polroles)
WHERE p.polroles <@ ARRAY(SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ANY (%(names)s::text[]))
"""


def read_footprint(connection: Connection, roles: Iterable[str], owners: Mapping[str, str]) -> Footprint:
    """Read where something depends on roles; ``owners`` are those that earlier tasks will have given to databases."""
    names = sorted(roles)
    if not names:
        return Footprint()
    places = (Place(*row) for row in connection.rows(PLACES, names=names))
    shared = connection.rows(SHARED, names=names)
    owned = {name: tuple(what for role, owns, what in shared if owns and role == name) for name in names}
    return Footprint(
        tuple(replace(place, owner=owners.get(place.database, place.owner)) for place in places),
        {name: found for name, found in owned.items() if found},
        frozenset(role for role, _owns, _what in shared),
        dict(connection.rows(SESSIONS, names=names)),
    )


def read_left(connection: Connection, successors: Mapping[str, str], shared: bool) -> Left:
    """Read what roles have left in the database, and with ``shared`` in the cluster; each with who takes over."""
    names = sorted(successors)
    held = connection.rows(HELD, names=names, shared=shared)
    alone = connection.rows(ALONE, names=names)
    return Left(
        frozenset(Held(role, kind, what, count, tuple(first)) for role, kind, what, count, first in held),
        frozenset((role, policy) for role, policy in alone),
        read_refusals(connection, successors, shared),
    )
