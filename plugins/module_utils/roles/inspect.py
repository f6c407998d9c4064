# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read roles, and what keeps a role from being dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from ..connection import Connection
from .model import RoleState

ROLES = """
SELECT rolname::text, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolreplication, rolbypassrls,
       rolconnlimit, coalesce(rolvaliduntil::text, 'infinity'),
       pg_catalog.shobj_description(oid, 'pg_authid')
FROM pg_catalog.pg_roles
"""
TODAY = "SELECT (pg_catalog.now() AT TIME ZONE 'UTC')::date::text"

# pg_shdepend knows what depends on a role in every database, without entering them. Memberships go with the role,
# and those that it granted are looked at as facts.
DEPENDENTS = """
SELECT r.rolname::text, coalesce(d.datname::text, ''), s.classid::pg_catalog.regclass::text,
       s.deptype::text, pg_catalog.count(*)
FROM pg_catalog.pg_shdepend s
JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid
WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
  AND s.classid <> 'pg_catalog.pg_auth_members'::pg_catalog.regclass
  AND r.rolname = ANY (%(names)s::text[])
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
KINDS = {"o": "owner of", "a": "in the privileges of", "r": "in policies of", "t": "tablespace of", "i": "initial"}


def read_roles(connection: Connection) -> Mapping[str, RoleState]:
    """Read all roles; a timestamp comes as text, for calendars in Python end sooner than the server's."""
    states = (RoleState(*row) for row in connection.rows(ROLES))
    return MappingProxyType({state.name: state for state in states})


def read_today(connection: Connection) -> date:
    """Read the server's date in UTC."""
    return date.fromisoformat(connection.rows(TODAY)[0][0])


def read_dependents(connection: Connection, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Count what keeps roles from being dropped, by database and class."""
    wanted = sorted(names)
    found: dict[str, list[str]] = {}
    for name, database, catalog, kind, count in connection.rows(DEPENDENTS, names=wanted) if wanted else ():
        where = f"database {database}" if database else "cluster"
        words = f"{where}: {KINDS.get(kind, kind)} {count} in {catalog.rpartition('.')[2]}"
        found.setdefault(name, []).append(words)
    return {name: tuple(words) for name, words in found.items()}
