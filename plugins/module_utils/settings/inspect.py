# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read settings of roles and databases."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from ..connection import Connection
from ..encoding import refuse_unstorable
from ..errors import InputError
from ..quoting import fold
from .model import Setting, canonical

QUESTION = """
SELECT coalesce(r.rolname::text, ''), coalesce(d.datname::text, ''), c.setting
FROM pg_catalog.pg_db_role_setting s
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
WHERE r.rolname = ANY (%(roles)s::text[])
   OR (s.setrole = 0 AND d.datname = ANY (%(databases)s::text[]))
"""

# pg_settings leaves some out that can be set for a role, such as role. Without the right to see all settings,
# asking for a hidden one is an error.
UNKNOWN = """
SELECT name FROM pg_catalog.unnest(%(names)s::text[]) AS name WHERE pg_catalog.current_setting(name, true) IS NULL
"""
SEES_ALL = "SELECT pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')"


def read_settings(
    connection: Connection, roles: Iterable[str] = (), databases: Iterable[str] = ()
) -> frozenset[Setting]:
    """Read the settings of roles (in databases too) and of databases."""
    refuse_unstorable(connection, (), [*roles, *databases])
    rows = connection.rows(QUESTION, roles=sorted(roles), databases=sorted(databases))
    return frozenset(stored(role, database, text) for role, database, text in rows)


def stored(role: str, database: str, text: str) -> Setting:
    """Give a stored ``name=value``; a list that can't be read is left as it is, and so differs."""
    name, _equals, value = text.partition("=")
    key = fold(name)
    with suppress(InputError):
        value = canonical(key, value, key)
    return Setting(role, database, key, value, "" if name == key else name)


def read_unknown_parameters(connection: Connection, names: Iterable[str]) -> frozenset[str]:
    """Give the names without a dot that the server doesn't know; those with one may belong to any extension."""
    plain = sorted({name for name in names if "." not in name})
    if not plain or not connection.rows(SEES_ALL)[0][0]:
        return frozenset()
    return frozenset(name for (name,) in connection.rows(UNKNOWN, names=plain))
