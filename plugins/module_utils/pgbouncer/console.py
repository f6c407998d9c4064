# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin console of a running pool.

It takes simple queries only, without parameters and without transactions; SHOW gives rows with named columns.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Optional

from ..connection import Login
from ..driver import as_access_error, driver, open_session
from ..errors import AccessError
from ..login import parse_login
from ..spec import CONNECTION
from .model import CONSOLE, Row, Running
from .names import quoted, version_of

PORT = "6432"
PAUSE_SECONDS = 10.0
WHERE = "the admin console of PgBouncer"
ANSWERED = ("FATAL:", "ERROR:")


class NotRunning(AccessError):
    """Report that nobody answers where the pool is to be."""


class Console:
    """One session on the console."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def rows(self, command: str) -> list[Row]:
        """Run one command and give its rows by their columns; AccessError with what the pool says against it."""
        try:
            with self._raw.cursor() as cursor:
                cursor.execute(command)
                if not cursor.description:
                    return []
                names = [column[0] for column in cursor.description]
                return [dict(zip(names, row)) for row in cursor.fetchall()]
        except driver().Error as error:
            raise refused(error, command) from None

    def break_off(self) -> None:
        """Cut the session, also while a command waits for its answer in another thread."""
        with socket.socket(fileno=socket.dup(self._raw.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


def refused(error: Any, command: str) -> AccessError:
    """Give what the pool says against a command, and what is missing if it is that."""
    said = as_access_error(error, WHERE).message
    needs = ": name the login of the console in admin_users of pgbouncer.ini" if "admin access" in said else ""
    return AccessError(f"PgBouncer refuses {command}: {said}{needs}")


def console_login(options: Optional[Mapping[str, Any]]) -> Login:
    """Give the login of the console; what isn't given is libpq's, but for the port and the database."""
    given = {**dict.fromkeys(CONNECTION), **(options or {})}
    login = parse_login({**given, "login_db": CONSOLE, "login_port": given["login_port"] or PORT})
    return Login({"connect_timeout": "10", **login.parameters}, CONSOLE)


@contextmanager
def console(login: Login) -> Iterator[Console]:
    """Open a session; NotRunning if nobody answers, AccessError if the pool doesn't let the login in."""
    own = {"dbname": CONSOLE, "client_encoding": "UTF8", "application_name": "leastpriv.pgsql"}
    try:
        raw = open_session({**login.parameters, **own})
    except driver().Error as error:
        said = as_access_error(error, WHERE).message
        if any(word in said for word in ANSWERED):
            raise AccessError(f"{said}; give the option console a login that is among its admin_users") from None
        raise NotRunning(said) from None
    with closing(raw):
        yield Console(raw)


def read_running(session: Console) -> Running:
    """Read what is in force."""
    version = "".join(str(text) for row in session.rows("SHOW VERSION") for text in row.values())
    return Running(
        version_of(version),
        {str(row["name"]): row for row in session.rows("SHOW USERS")},
        {str(row["name"]): row for row in session.rows("SHOW DATABASES")},
        {str(row["key"]): str(row["value"] or "") for row in session.rows("SHOW CONFIG")},
    )


def pause(session: Console, login: Login, database: str) -> None:
    """Pause a database without waiting for its sessions: from the next transaction on, they wait.

    PgBouncer marks it as paused at once, but answers only when nobody uses it any more: so another session asks.
    """
    with console(login) as waiting:
        failed: list[AccessError] = []
        thread = threading.Thread(target=attempted, args=(waiting, f"PAUSE {quoted(database)}", failed), daemon=True)
        thread.start()
        deadline = time.monotonic() + PAUSE_SECONDS
        while database not in read_running(session).paused():
            if not thread.is_alive() or time.monotonic() > deadline:
                raise failed[0] if failed else AccessError(f"PgBouncer doesn't pause database {database}: try again")
            time.sleep(0.01)
        if thread.is_alive():
            waiting.break_off()
        thread.join()


def attempted(session: Console, command: str, failed: list[AccessError]) -> None:
    """Run a command in a thread; what the pool says against it comes last in the list."""
    try:
        session.rows(command)
    except AccessError as error:
        failed.append(error)
