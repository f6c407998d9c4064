# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read stored password verifiers, where the login may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Optional

from ..connection import Connection
from ..secret import Secret

READABLE = "SELECT pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT')"
QUESTION = "SELECT rolname::text, rolpassword FROM pg_catalog.pg_authid WHERE rolname = ANY (%(names)s::text[])"
ITERATIONS = "SELECT setting::int FROM pg_catalog.pg_settings WHERE name = 'scram_iterations'"
DEFAULT_ITERATIONS = 4096

# Anybody may have the trees of statements logged, and from 16 on that of ALTER ROLE holds the verifier.
Stored = Mapping[str, Optional[Secret]]


def read_passwords(connection: Connection, names: Iterable[str]) -> Optional[Stored]:
    """Read what is stored for roles (None: no password); None if the login may not."""
    wanted = sorted(names)
    if not wanted:
        return {}
    if not connection.rows(READABLE)[0][0]:
        return None
    return {name: None if text is None else Secret(text) for name, text in connection.rows(QUESTION, names=wanted)}


def read_iterations(connection: Connection) -> int:
    """Read the server's ``scram_iterations`` (16 and newer), or give what older ones use."""
    rows = connection.rows(ITERATIONS)
    return int(rows[0][0]) if rows else DEFAULT_ITERATIONS
