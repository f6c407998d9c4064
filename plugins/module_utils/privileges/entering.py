# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which databases the login may not connect to."""

from __future__ import annotations

from collections.abc import Iterator

from ..connection import Connection, Server
from ..quoting import ident

# Who logs in needs CONNECT, not the role that it becomes then.
CLOSED = """
SELECT datname::text FROM pg_catalog.pg_database
WHERE datallowconn AND NOT pg_catalog.has_database_privilege(session_user, oid, 'CONNECT')
"""


def read_closed(connection: Connection) -> frozenset[str]:
    """Read which databases the login may not connect to; superusers may to all."""
    server = connection.server
    if server.superuser and server.session_user == server.current_user:
        return frozenset()
    return frozenset(name for (name,) in connection.rows(CLOSED))


def not_enterable(server: Server, closed: frozenset[str], database: str) -> Iterator[str]:
    """Say that a database can't be entered, and what to do."""
    if database in closed:
        me = server.session_user
        yield (
            f"database {database}: {me} has no CONNECT there, so it can't be looked into: run GRANT CONNECT ON "
            f"DATABASE {ident(database)} TO {ident(me)}, log in as a superuser, or leave the database out"
        )
