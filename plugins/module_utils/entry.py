# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Come in to a database, and notice a pooler on the way that would hand a session to others."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from .driver import open_session
from .errors import AccessError
from .session import PROCESS, Login

POOLED = (
    "between here and the server a connection pooler gives each transaction another session, so that no setting and "
    "no lock would last: log in to the server itself, or to a pool in session mode"
)


def entered(login: Login, database: str) -> Any:
    """Log in to a database."""
    own = {"client_encoding": "UTF8", "dbname": database}
    return open_session({"fallback_application_name": "leastpriv.pgsql", **login.parameters, **own})


def refuse_pool(login: Login, database: str, process: int) -> None:
    """Raise AccessError where another login is given the same process: a pooler, not in session mode, hands it out."""
    with closing(entered(login, database)) as raw, raw.cursor() as cursor:
        cursor.execute(PROCESS)
        if cursor.fetchone() == (process,):
            raise AccessError(POOLED)
