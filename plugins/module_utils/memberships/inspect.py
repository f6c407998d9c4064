# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read memberships."""

from __future__ import annotations

from ..connection import Connection
from .model import Membership

# Every grantor has a row of its own from 16; to 15 a grantor may have been dropped since.
QUESTION = """
SELECT g.rolname::text, m.rolname::text, coalesce(b.rolname::text, ''), a.admin_option, {options}
FROM pg_catalog.pg_auth_members a
JOIN pg_catalog.pg_roles g ON g.oid = a.roleid
JOIN pg_catalog.pg_roles m ON m.oid = a.member
LEFT JOIN pg_catalog.pg_roles b ON b.oid = a.grantor
"""
OPTIONS_16 = "a.inherit_option, a.set_option"
OPTIONS_15 = "true, true"


def read_memberships(connection: Connection) -> frozenset[Membership]:
    """Read all memberships: who can reach what, and whether a new one would be a cycle, needs all of them."""
    options = OPTIONS_16 if connection.server.version >= 160000 else OPTIONS_15
    return frozenset(Membership(*row) for row in connection.rows(QUESTION.replace("{options}", options)))
