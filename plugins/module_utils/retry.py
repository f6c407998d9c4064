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

# Serialization failure, deadlock, lock timeout; a template in use. Each of them was seen in races on real servers.
BUSY = frozenset({"40001", "40P01", "55P03", "55006"})
# An object that another session made, dropped or made anew as something else between reading and writing: a role,
# type, language or the like twice or missing; a database, a schema twice or missing; missing relations, columns,
# functions; what is an object of another kind now.
OTHERWISE = frozenset({"42710", "42704", "42P04", "3D000", "42P01", "42703", "42883", "3F000", "42P06", "42809"})
# The same, where the server has found an object's number by its name and then not the object.
INTERNAL = (
    "tuple concurrently updated",
    "tuple concurrently deleted",
    "could not find tuple",
    "could not open relation with OID",
    "cache lookup failed for",
    "attempted to update invisible tuple",
    "attempted to delete invisible tuple",
)


def is_passing(error: ServerError) -> bool:
    """Tell whether the same work may succeed on a fresh look; internal errors are never translated."""
    if error.sqlstate == "XX000":
        return error.message.startswith(INTERNAL)
    if error.sqlstate == "23505":
        return error.catalog is not None
    return error.sqlstate in BUSY or error.sqlstate in OTHERWISE


def retried(work: Callable[[], T], final: frozenset[str] = frozenset()) -> T:
    """Do the work, and again at most five times after the server's concurrency errors, but those that are ``final``."""
    began = time.monotonic()
    for pause in PAUSES:
        try:
            return work()
        except ServerError as error:
            if error.sqlstate in final or not is_passing(error):
                raise
        time.sleep(pause)
    return last_time(work, began)


def last_time(work: Callable[[], T], began: float) -> T:
    """Do the work once more; the error says how often and how long it was tried."""
    try:
        return work()
    except ServerError as error:
        if not is_passing(error):
            raise
        tried = f" (tried {len(PAUSES) + 1} times in {time.monotonic() - began:.0f} s)"
        raise error.saying(tried) from None
