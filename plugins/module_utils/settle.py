# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out what became of a commit to which no answer came, by looking again in a new session.

A transaction holds its lock until it has ended, so who gets the lock sees what became of it. A statement outside of
transactions has ended when its process has.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .connection import Connection
from .errors import AccessError, ServerError, UnansweredError

PATIENCE, PAUSE = 10.0, 0.2
RUNS = "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = %(process)s"


def settle(error: UnansweredError, label: str, undone: Callable[[], bool]) -> None:
    """Raise the error that the connection broke by, unless what was to be committed is there; say if nobody knows.

    A server that comes back within 10 s is asked; nothing is written any more.
    """
    try:
        left = patiently(undone)
    except AccessError as second:
        raise uncertain(error.cause, label, second) from None
    if left:
        raise error.cause


def patiently(undone: Callable[[], bool]) -> bool:
    """Ask, and again after errors, for 10 s."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return undone()
        except AccessError:
            if time.monotonic() > deadline:
                raise
        time.sleep(PAUSE)


def uncertain(cause: AccessError, label: str, second: AccessError) -> AccessError:
    """Give the error of a commit about which nothing is known."""
    more = f"; whether this was committed isn't known ({label}), because looking again failed, too: {second.message}"
    told = cause.saying(more) if isinstance(cause, ServerError) else AccessError(cause.message + more)
    told.unknown = (label,)
    return told


def refuse_running(connection: Connection, process: int) -> None:
    """Raise AccessError while the server still works on what a lost session sent."""
    if connection.rows(RUNS, process=process):
        raise AccessError(f"the server still works on it, in process {process}")
