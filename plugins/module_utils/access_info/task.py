# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give the facts that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Optional

from ..connection import Connection
from ..replay import read_place
from ..server import read_primary
from .declaration.cluster import declared_passwords, declared_variables, not_declared
from .inspect import read_found
from .model import parse_wish
from .report import database_rows, default_rows, privilege_rows, role_rows

STARTED = """
SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.pg_postmaster_start_time()),
                          'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
"""
ROWS = {
    "roles": role_rows,
    "databases": database_rows,
    "privileges": privilege_rows,
    "default_privileges": default_rows,
}


def read_access(connection: Connection, params: Mapping[str, Any]) -> dict[str, Any]:
    """Read and give what was asked for."""
    wish = parse_wish(params)
    facts: dict[str, Any] = {"server": server_facts(connection)} if wish.wants("server") else {}
    facts["warnings"] = differences(connection, params.get("instance_role"))
    if not wish.gather - {"server"} and not wish.passwords:
        return facts
    found = read_found(connection, connection.login, wish)
    facts.update({name: rows(found, wish) for name, rows in ROWS.items() if wish.wants(name)})
    if wish.wants("declaration"):
        facts.update(declaration=declared_variables(found, wish), left_out=not_declared(found))
    if wish.passwords:
        facts.update(passwords=declared_passwords(found))
    return {**facts, "unread": list(found.unread)}


def server_facts(connection: Connection) -> dict[str, Any]:
    """Give what the server says of itself."""
    server, primary = connection.server, read_primary(connection)
    facts = {"version": server.version, "version_text": server.version_text, "in_recovery": server.in_recovery}
    ((started,),) = connection.rows(STARTED)
    place = {"lsn": read_place(connection), "started": started}
    return {**facts, "primary": asdict(primary) if primary else None, **place}


def differences(connection: Connection, expected: Optional[str]) -> list[str]:
    """Say where the server isn't what the inventory takes it for."""
    if expected is None or (expected == "primary") is not connection.server.in_recovery:
        return []
    is_now = "a standby" if connection.server.in_recovery else "writable"
    primary = read_primary(connection)
    where = f" of {primary.host}, port {primary.port or 'unknown'}" if primary else ""
    return [f"the inventory says {expected}, and the server is {is_now}{where} now: correct pg_role in the inventory"]
