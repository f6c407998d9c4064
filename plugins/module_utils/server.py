# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server says of its place in a replication cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from .connection import Connection
from .errors import AccessError

# Both are NULL for a login that may not see them, and on a standby that isn't streaming.
RECEIVER = "SELECT sender_host, sender_port FROM pg_catalog.pg_stat_wal_receiver WHERE sender_host IS NOT NULL"
CONNINFO = "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'primary_conninfo' AND setting <> ''"


PAIR = re.compile(
    r"\s*(?P<key>\w+)\s*=\s*(?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<plain>(?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*|))\s*",
    re.DOTALL,
)


@dataclass(frozen=True)
class Primary:
    """Where a standby gets its changes from."""

    host: str
    port: Optional[int]


def read_primary(connection: Connection) -> Optional[Primary]:
    """Read the primary's address on a standby, as far as the login may see it."""
    if not connection.server.in_recovery:
        return None
    for host, port in connection.rows(RECEIVER):
        return Primary(host, port)
    for (text,) in connection.rows(CONNINFO):
        return primary_of(text)
    return None


def primary_of(conninfo: str) -> Optional[Primary]:
    """Find host and port in a connection string; nothing else of it is looked at, for it can hold a password."""
    words = parameters_of(conninfo)
    host = words.get("host") or words.get("hostaddr")
    port = words.get("port", "")
    return Primary(host, int(port) if port.isdigit() else None) if host else None


def parameters_of(conninfo: str) -> dict[str, str]:
    """Read ``key=value`` pairs as libpq does; what is something else, such as a URI, gives none."""
    found: dict[str, str] = {}
    place = 0
    while place < len(conninfo):
        pair = PAIR.match(conninfo, place)
        if pair is None:
            return {}
        value = pair["plain"] if pair["quoted"] is None else pair["quoted"]
        found[pair["key"]] = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        place = pair.end()
    return found


def refuse_standby(connection: Connection) -> None:
    """Raise AccessError on a server in recovery; it names the primary where that is readable."""
    if connection.server.in_recovery:
        why = "the server is a standby and can't be changed, and there is something to change"
        raise AccessError(f"{why}: {way_out(connection)}")


def refuse_demoted(connection: Connection) -> None:
    """Raise AccessError on a server in recovery that was written to before: it may show what its primary has lost."""
    if connection.server.in_recovery:
        why = (
            "the server has become a standby since this began, and can't tell what its primary has of what was written"
        )
        raise AccessError(f"{why}: {way_out(connection)}, and run this again there")


def way_out(connection: Connection) -> str:
    """Name the primary, as far as it is known."""
    primary = read_primary(connection)
    return f"the primary is {primary.host}, port {primary.port or 'unknown'}" if primary else "log in to the primary"
