# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session on one database, and its transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Optional

from .advice import advised, unreadable
from .driver import as_access_error, backend_process, driver, keep_warnings
from .entry import POOLED, entered, refuse_pool
from .errors import AccessError, ServerError, UnansweredError, is_lost
from .session import (
    CLUSTER_LOCK,
    DATABASE_LOCK,
    LOCK,
    PROCESS,
    SESSION,
    THERE,
    Heard,
    Login,
    Server,
    met,
    unsampled,
)
from .session_role import become
from .watch import LOCKED, Watch

__all__ = ["CLUSTER_LOCK", "DATABASE_LOCK", "Connection", "Login", "Server", "connect"]

OLDEST = 130000
GONE = "3D000"


class Connection:
    """A session in autocommit mode; ``transaction`` begins and ends transactions."""

    def __init__(self, raw: Any, login: Login, database: str) -> None:
        self._raw, self.login, self._database = raw, login, database
        self._said: list[str] = []
        self.statements = 0
        self.process = backend_process(raw)
        if not self._settle():
            self.process = int(self.rows(PROCESS)[0][0])
            refuse_pool(login, database, self.process)
            self._settle()
        keep_warnings(raw, self._said)
        if login.session_role is not None:
            become(self.rows, login.session_role)
        self.server, warning = met(self.rows, raw.info.server_version)
        if login.heard.acting not in ("", self.server.current_user):
            become(self.rows, login.heard.acting)
            self.server, warning = met(self.rows, raw.info.server_version)
        login.heard.acting = self.server.current_user
        login.heard.warnings += [warning] if warning else []

    def _settle(self) -> bool:
        """Set what every session has; give false, and set nothing, if another process answers than let us in."""
        timeout = f"{int(self.login.lock_timeout * 1000)}ms"
        return bool(self.rows(SESSION, process=self.process, lock_timeout=timeout))

    def rows(self, question: str, **values: Any) -> list[tuple[Any, ...]]:
        """Ask one question with bind parameters and give its rows."""
        try:
            with self._cursor(question, values or None) as cursor:
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            self.login.heard.warnings += self._taken()

    def execute(self, sql: str) -> list[str]:
        """Run statements in one round trip and give the server's warnings."""
        try:
            with self._cursor(sql, None):
                said = self._taken()
            self.login.heard.warnings += said
            return said
        finally:
            self._said.clear()

    @contextmanager
    def transaction(self, lock: int) -> Iterator[None]:
        """Hold a transaction with the advisory lock; commit it, or roll back on any error."""
        self.rows(unsampled(self.server.version))
        self.rows("BEGIN")
        try:
            self._lock(lock)
            yield
            with self.committing():
                self._commit()
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Tell a commit that got no answer, UnansweredError, from one that was refused."""
        try:
            yield
        except AccessError as error:
            raise UnansweredError(error) if self._raw.closed or is_lost(error) else error from None

    def close(self) -> None:
        """End the session."""
        self._raw.close()

    def _lock(self, key: int) -> None:
        _locked, process, search_path = self.rows(LOCK, key=key)[0]
        if (process, search_path) != (self.process, ""):
            raise AccessError(POOLED)

    def _commit(self) -> None:
        with self._cursor("COMMIT", None) as cursor:
            self.login.heard.warnings += self._taken()
            if cursor.statusmessage != "COMMIT":
                raise AccessError(f"the transaction was not committed: the server answered {cursor.statusmessage}")

    def _roll_back(self) -> None:
        try:
            self.rows("ROLLBACK")
        except AccessError:
            self.close()

    def _taken(self) -> list[str]:
        said = list(self._said)
        self._said.clear()
        return said

    @contextmanager
    def _cursor(self, sql: str, values: Optional[Mapping[str, Any]]) -> Iterator[Any]:
        self.statements += 1
        if self.login.heard.stopped:
            raise KeyboardInterrupt
        watch = self._watch()
        try:
            with self._raw.cursor() as cursor:
                cursor.execute(sql, values)
                yield cursor
        except driver().Error as error:
            raise self._explained(as_access_error(error), watch) from None
        except UnicodeError as error:
            raise unreadable(error, self._database) from None
        finally:
            if watch:
                watch.stop()

    def _watch(self) -> Optional[Watch]:
        """Begin to look who is in the way, if somebody was before."""
        if not self.login.heard.locked:
            return None
        unwatched = replace(self.login, heard=Heard())
        watch = Watch(partial(connect, unwatched, self._database), self.process, self.login.lock_timeout / 4)
        watch.start()
        return watch

    def _explained(self, error: AccessError, watch: Optional[Watch]) -> AccessError:
        if isinstance(error, ServerError) and error.sqlstate == LOCKED:
            self.login.heard.locked = True
        return advised(watch.explained(error) if watch else error, self._database)


def connect(login: Login, database: Optional[str] = None) -> Connection:
    """Open a session on a database (the maintenance database unless one is named)."""
    name = database or login.database
    where = "the server" if name == login.database else f"database {name}"
    try:
        connection = set_up(login, name)
    except driver().Error as error:
        raise refused(as_access_error(error, where), login, name) from None
    if connection.server.version < OLDEST:
        connection.close()
        raise AccessError(f"the server is PostgreSQL {connection.server.version_text}; 13 or newer is needed")
    return connection


def set_up(login: Login, database: str) -> Connection:
    """Log in and begin the session; one that can't be begun (no way to ``session_role``) doesn't stay open."""
    raw = entered(login, database)
    try:
        return Connection(raw, login, database)
    except BaseException:
        raw.close()
        raise


def refused(error: AccessError, login: Login, database: str) -> AccessError:
    """Tell a database that somebody has dropped meanwhile from one that lets nobody in: no driver gives a SQLSTATE."""
    if database == login.database or isinstance(error, ServerError):
        return error
    try:
        with closing(connect(login)) as connection:
            there = connection.rows(THERE, name=database)
    except AccessError:
        return error
    return error if there else ServerError(f"database {database} doesn't exist any more", GONE)
