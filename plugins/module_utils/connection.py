# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session on one database, and its transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Optional

from .driver import as_access_error, driver, keep_warnings, open_session, take_warnings
from .errors import AccessError

OLDEST = 130000

# Everything is written with its schema and read with an empty search_path, so that nobody's objects of the same
# name are used; with client_min_messages at warning, whatever the server says is a warning, in any language.
# standard_conforming_strings stays as it is: psycopg2 looks at it only once, when it connects.
SESSION = """
SELECT pg_catalog.set_config('search_path', '', false),
       pg_catalog.set_config('DateStyle', 'ISO, YMD', false),
       pg_catalog.set_config('TimeZone', 'UTC', false),
       pg_catalog.set_config('client_min_messages', 'warning', false),
       pg_catalog.set_config('quote_all_identifiers', 'off', false),
       pg_catalog.set_config('jit', 'off', false),
       pg_catalog.set_config('default_transaction_isolation', 'read committed', false),
       pg_catalog.set_config('lock_timeout', %(lock_timeout)s, false)
"""

SERVER = """
SELECT pg_catalog.current_setting('server_version_num')::int,
       pg_catalog.current_setting('server_version'),
       session_user::text,
       current_user::text,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),
       (SELECT rolname::text FROM pg_catalog.pg_roles WHERE oid = 10),
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_database()::text
"""

# Two locks with one key each: the cluster's, held in the maintenance database, and a database's own.
CLUSTER_LOCK, DATABASE_LOCK = 1, 2
LOCK = "SELECT pg_catalog.pg_advisory_xact_lock(1819303015, %(key)s)"

# Whether a transaction is logged as a sample, with everything in it, is decided when it begins.
UNSAMPLED = """
SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
WHERE name = 'log_transaction_sample_rate' AND setting <> '0' AND pg_catalog.current_setting('is_superuser') = 'on'
"""


@dataclass(frozen=True)
class Server:
    """What the server says of itself and of the login."""

    version: int
    version_text: str
    session_user: str
    current_user: str
    superuser: bool
    bootstrap: str
    in_recovery: bool
    database: str


@dataclass(frozen=True)
class Login:
    """How to come in: libpq's parameters, without a database, and what is set in each session."""

    parameters: Mapping[str, Any]
    database: str
    session_role: Optional[str] = None
    lock_timeout: float = 5.0


class Connection:
    """A session in autocommit mode; ``transaction`` begins and ends transactions."""

    def __init__(self, raw: Any, login: Login) -> None:
        self._raw = raw
        self._warnings: list[str] = []
        self.statements = 0
        keep_warnings(raw, self._warnings)
        self.rows(SESSION, lock_timeout=f"{int(login.lock_timeout * 1000)}ms")
        if login.session_role is not None:
            self.rows("SELECT pg_catalog.set_config('role', %(role)s, false)", role=login.session_role)
        self.server = Server(*self.rows(SERVER)[0])

    def rows(self, question: str, **values: Any) -> list[tuple[Any, ...]]:
        """Ask one question with bind parameters and give its rows."""
        with self._cursor(question, values or None) as cursor:
            return list(cursor.fetchall()) if cursor.description else []

    def execute(self, sql: str) -> list[str]:
        """Run statements in one round trip and give the server's warnings."""
        take_warnings(self._raw, self._warnings)
        with self._cursor(sql, None):
            return take_warnings(self._raw, self._warnings)

    @contextmanager
    def transaction(self, lock: int) -> Iterator[None]:
        """Hold a transaction with the advisory lock; commit it, or roll back on any error."""
        self.rows(UNSAMPLED)
        self.execute("BEGIN")
        try:
            self.rows(LOCK, key=lock)
            yield
            self.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def close(self) -> None:
        """End the session."""
        self._raw.close()

    def _roll_back(self) -> None:
        try:
            self.execute("ROLLBACK")
        except AccessError:
            self.close()

    @contextmanager
    def _cursor(self, sql: str, values: Optional[Mapping[str, Any]]) -> Iterator[Any]:
        self.statements += 1
        try:
            with self._raw.cursor() as cursor:
                cursor.execute(sql, values)
                yield cursor
        except driver().Error as error:
            raise as_access_error(error) from None


def connect(login: Login, database: Optional[str] = None) -> Connection:
    """Open a session on a database (the maintenance database unless one is named)."""
    own = {"client_encoding": "UTF8", "dbname": database or login.database}
    try:
        raw = open_session({"fallback_application_name": "leastpriv.pgsql", **login.parameters, **own})
        connection = Connection(raw, login)
    except driver().Error as error:
        raise as_access_error(error) from None
    if connection.server.version < OLDEST:
        connection.close()
        raise AccessError(f"the server is PostgreSQL {connection.server.version_text}; 13 or newer is needed")
    return connection
