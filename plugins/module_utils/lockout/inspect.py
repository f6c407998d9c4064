# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what the login stands on, beyond roles and memberships."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..connection import Connection
from ..databases.inspect import read_database_privileges
from ..roles.model import RoleState
from .model import admitted

OWNERS = """
SELECT d.datname::text, r.rolname::text FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba
"""

# Roles without superuser whose rights the login has, or which it can become, and that own something.
KEEPERS = """
SELECT r.rolname::text FROM pg_catalog.pg_roles r
WHERE NOT r.rolsuper AND r.rolname <> current_user
  AND (pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER') OR pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER'))
  AND EXISTS (SELECT FROM pg_catalog.pg_shdepend d
              WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.refobjid = r.oid
                AND d.deptype = 'o')
"""

# Where dynamic_library_path has several folders, a library is in any of them; its suffix can be left out.
MISSING = """
SELECT file FROM pg_catalog.unnest(%(files)s::text[]) AS file
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_config() AS built,
           pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.current_setting('dynamic_library_path'), ':'))
               AS folder,
           pg_catalog.unnest(ARRAY['', '.so', '.dylib', '.dll']) AS suffix
    WHERE built.name = 'PKGLIBDIR'
      AND (pg_catalog.pg_stat_file(pg_catalog.replace(
             CASE WHEN pg_catalog.strpos(file, '/') > 0 THEN file ELSE folder || '/' || file END || suffix,
             '$libdir', built.setting), true)).isdir = false)
"""


@dataclass(frozen=True)
class Ground:
    """Who owns each database, who has CONNECT on the one to log in to, and the roles that own something.

    For superusers that is all empty. ``missing_libraries`` are those that the declaration would have a session load
    and the server hasn't.
    """

    owners: Mapping[str, str] = field(default_factory=dict)
    admitted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    keepers: frozenset[str] = frozenset()
    missing_libraries: frozenset[str] = frozenset()


NOTHING = Ground()


def read_ground(connection: Connection, roles: Mapping[str, RoleState], libraries: Iterable[str]) -> Ground:
    """Read what a login stands on."""
    server, missing = connection.server, read_missing_libraries(connection, libraries)
    if server.superuser and server.session_user in roles and roles[server.session_user].superuser:
        return Ground(missing_libraries=missing)
    entries = read_database_privileges(connection, [server.database])
    keepers = frozenset(name for (name,) in connection.rows(KEEPERS))
    return Ground(dict(connection.rows(OWNERS)), admitted(entries), keepers, missing)


def read_missing_libraries(connection: Connection, files: Iterable[str]) -> frozenset[str]:
    """Tell which libraries the server hasn't; a login without superuser can't see them, and all count as missing."""
    names = sorted(set(files))
    if not names or not connection.server.superuser:
        return frozenset(names)
    return frozenset(file for (file,) in connection.rows(MISSING, files=names))
