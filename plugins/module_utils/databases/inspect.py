# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read databases and their ACLs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ..connection import Connection
from ..privileges.model import Privilege, Privileges
from .model import DatabaseState

# Providers are there from 15, rules from 16, and from 17 the column of the locale has another name: a row as JSON has
# what is there.
DATABASES = """
SELECT d.datname::text, r.rolname::text, pg_catalog.pg_encoding_to_char(d.encoding)::text,
       coalesce(d.datcollate::text, ''), coalesce(d.datctype::text, ''), t.spcname::text,
       d.datallowconn, d.datconnlimit, d.datistemplate,
       pg_catalog.shobj_description(d.oid, 'pg_database'),
       CASE more ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
       coalesce(more ->> 'datlocale', more ->> 'daticulocale'), nullif(more ->> 'daticurules', '')
FROM pg_catalog.pg_database d
JOIN pg_catalog.pg_roles r ON r.oid = d.datdba
JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
CROSS JOIN LATERAL pg_catalog.to_jsonb(d) AS more
"""

PRIVILEGES = """
SELECT 'DATABASE', d.datname::text, coalesce(e.rolname::text, ''), a.privilege_type::text, o.rolname::text,
       a.is_grantable
FROM pg_catalog.pg_database d
CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
LEFT JOIN pg_catalog.pg_roles e ON e.oid = a.grantee
JOIN pg_catalog.pg_roles o ON o.oid = a.grantor
WHERE d.datname = ANY (%(names)s::text[])
"""

# The server knows every spelling of an encoding, and gives an empty text for what is none.
ENCODINGS = """
SELECT name, pg_catalog.pg_encoding_to_char(pg_catalog.pg_char_to_encoding(name::name))::text
FROM pg_catalog.unnest(%(names)s::text[]) AS name
"""

TABLESPACES = "SELECT spcname::text FROM pg_catalog.pg_tablespace"

Databases = Mapping[str, DatabaseState]


def read_databases(connection: Connection) -> Databases:
    """Read all databases, those that can't be entered too."""
    states = (DatabaseState(*row) for row in connection.rows(DATABASES))
    return MappingProxyType({state.name: state for state in states})


def read_database_privileges(connection: Connection, names: Iterable[str]) -> Privileges:
    """Read the ACLs of databases; where there is none, what that means."""
    return frozenset(Privilege(*row) for row in connection.rows(PRIVILEGES, names=sorted(names)))


def read_encodings(connection: Connection, names: Iterable[str]) -> Mapping[str, str]:
    """Read what the server calls encodings; the empty text is for those that it doesn't know."""
    wanted = sorted(names)
    return dict(connection.rows(ENCODINGS, names=wanted)) if wanted else {}


def read_tablespaces(connection: Connection) -> frozenset[str]:
    """Read the names of tablespaces."""
    return frozenset(name for (name,) in connection.rows(TABLESPACES))
