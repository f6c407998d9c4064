# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session on one database: the only module that imports a driver."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Optional

from .errors import AccessError, ServerError

try:
    import psycopg2
except ImportError:
    psycopg2 = None
try:
    import psycopg
except ImportError:
    psycopg = None  # type: ignore[assignment]  # psycopg 3 is optional where psycopg2 is there

OLDEST = 130000
WRONG_HANDS = "unexpected answer of the server"

# Everything is written with its schema and read with an empty search_path, so that nobody's objects of the same
# name are used; with client_min_messages at warning, whatever the server says is a warning, in any language.
SESSION = """
SELECT pg_catalog.set_config('search_path', '', false),
       pg_catalog.set_config('standard_conforming_strings', 'on', false),
       pg_catalog.set_config('DateStyle', 'ISO, YMD', false),
       pg_catalog.set_config('TimeZone', 'UTC', false),
       pg_catalog.set_config('client_min_messages', 'warning', false),
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
    driver: Optional[str] = None


class Connection:
    """A session in autocommit mode; ``transaction`` begins and ends transactions."""

    def __init__(self, raw: Any, login: Login) -> None:
        self._raw = raw
        self._warnings: list[str] = []
        self.statements = 0
        if hasattr(raw, "add_notice_handler"):
            raw.add_notice_handler(lambda notice: self._warnings.append(notice.message_primary or ""))
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
        with self._cursor(sql, None):
            return self._taken_warnings()

    @contextmanager
    def transaction(self, lock: int) -> Iterator[None]:
        """Hold a transaction with the advisory lock; commit it, or roll back on any error."""
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
        except driver_errors() as error:
            raise server_error(error) from None

    def _taken_warnings(self) -> list[str]:
        """Take what the server has said since the last call; psycopg2 keeps it in a list of its own."""
        if psycopg2 is not None and isinstance(self._raw, psycopg2.extensions.connection):
            self._warnings.extend(text.partition(":  ")[2].strip() or text.strip() for text in self._raw.notices)
            self._raw.notices[:] = []
        taken, self._warnings[:] = list(self._warnings), []
        return taken


def driver_errors() -> tuple[type[BaseException], ...]:
    """Give the error classes of the drivers that are there."""
    return tuple(driver.Error for driver in (psycopg2, psycopg) if driver is not None)


def server_error(error: Any) -> AccessError:
    """Keep SQLSTATE, message, detail and hint of an error; its text could quote the statement."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    diag = error.diag
    if not state:
        return AccessError(f"no connection to the server: {str(error).strip() or type(error).__name__}")
    table = diag.table_name if diag.schema_name == "pg_catalog" else None
    return ServerError(diag.message_primary or WRONG_HANDS, state, diag.message_detail, diag.message_hint, table)


def driver_name(wanted: Optional[str] = None) -> str:
    """Choose psycopg2, or else psycopg 3; LEASTPRIV_DRIVER chooses by name."""
    there = [name for name, module in (("psycopg2", psycopg2), ("psycopg", psycopg)) if module is not None]
    wanted = wanted or os.environ.get("LEASTPRIV_DRIVER")
    if wanted in there or (there and not wanted):
        return wanted or there[0]
    raise AccessError(
        "no PostgreSQL driver for this Python interpreter; install psycopg2 (package python3-psycopg2, or "
        "pip install psycopg2-binary) or psycopg 3 (pip install 'psycopg[binary]')"
    )


def libpq_version(driver: str) -> int:
    """Give the version of libpq that the driver uses, such as 160002."""
    return int(psycopg2.extensions.libpq_version() if driver == "psycopg2" else psycopg.pq.version())


def writable_host(parameters: Mapping[str, Any], driver: str) -> dict[str, str]:
    """Ask libpq for the writable one of several hosts; libpq knows ``primary`` from version 14."""
    if "," not in str(parameters.get("host", "")) or "target_session_attrs" in parameters:
        return {}
    return {"target_session_attrs": "primary" if libpq_version(driver) >= 140000 else "read-write"}


def connect(login: Login, database: Optional[str] = None) -> Connection:
    """Open a session on a database (the maintenance database unless one is named)."""
    driver = driver_name(login.driver)
    parameters = {"fallback_application_name": "leastpriv.pgsql", **login.parameters}
    parameters.update(writable_host(parameters, driver), client_encoding="UTF8", dbname=database or login.database)
    try:
        connection = Connection(_open(driver, parameters), login)
    except driver_errors() as error:
        raise server_error(error) from None
    if connection.server.version < OLDEST:
        raise AccessError(f"the server is PostgreSQL {connection.server.version_text}; 13 or newer is needed")
    return connection


def _open(driver: str, parameters: Mapping[str, Any]) -> Any:
    if driver == "psycopg2":
        raw = psycopg2.connect(**parameters)
        raw.autocommit = True
        return raw
    return psycopg.connect(
        **parameters, autocommit=True, prepare_threshold=None, cursor_factory=psycopg.ClientCursor
    )
