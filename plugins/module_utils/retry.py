# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Try again, with a fresh plan, what failed because somebody else was at work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from .errors import ServerError

T = TypeVar("T")

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)

# Serialization failure, deadlock, lock timeout; an object that another session made or dropped between reading
# and writing; a template in use. Each of them was seen in races on real servers.
STATES = frozenset({"40001", "40P01", "55P03", "42710", "42704", "42P04", "3D000", "55006"})
INTERNAL = ("tuple concurrently updated", "tuple concurrently deleted", "could not find tuple")


def is_passing(error: ServerError) -> bool:
    """Tell whether the same work may succeed on a fresh look; internal errors are never translated."""
    if error.sqlstate == "XX000":
        return error.message.startswith(INTERNAL)
    if error.sqlstate == "23505":
        return error.catalog is not None
    return error.sqlstate in STATES


def retried(work: Callable[[], T]) -> T:
    """Do the work, and again at most five times after the server's concurrency errors."""
    for pause in PAUSES:
        try:
            return work()
        except ServerError as error:
            if not is_passing(error):
                raise
        time.sleep(pause)
    return work()
