# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log in through the pool before it is resumed, so that it learns passwords that are new.

With SCRAM, PgBouncer opens connections to the server with what it learnt at the last login of a user. Sessions from
before a change would have it log in with the old password, which fails, and for ``server_login_retry`` it refuses
everybody of that user then. Where such sessions are, it answers a login in a paused database at once, and has learnt.
Where none are, there is nothing to learn, and a login in a paused database would only let the next ones wait.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from ..connection import Login
from ..driver import driver, open_session
from ..scram import classify, matches
from .console import Console
from .members import Members
from .model import PoolUser, Row

SECONDS = "3"


def knock(session: Console, login: Login, members: Members, paused: Iterable[str]) -> None:
    """Log in once as everybody who has sessions in a paused database, and whose new password is declared as plain text.

    Whoever isn't let in from here isn't missed: then it is as if it hadn't been tried.
    """
    databases = set(paused)
    there = {str(row["user"]): str(row["database"]) for row in session.rows("SHOW POOLS") if used(row, databases)}
    for user in members.users:
        if user.password is None or user.name not in there or not is_current(user, members):
            continue
        own = {"dbname": there[user.name], "user": user.name, "password": user.password.reveal()}
        with suppress(driver().Error):
            open_session({**login.parameters, **own, "connect_timeout": SECONDS}).close()


def used(row: Row, databases: set[str]) -> bool:
    """Tell whether somebody has a session in one of these databases."""
    return str(row["database"]) in databases and int(row["cl_active"]) + int(row["cl_waiting"]) > 0


def is_current(user: PoolUser, members: Members) -> bool:
    """Tell whether the declared password is plain text, and what the list has."""
    password, listed = user.password, members.listed.get(user.name)
    if password is None or listed is None or not password.reveal() or classify(password.reveal()) != "plain":
        return False
    return matches(password, listed, user.name)
