# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parameters a login may not set for roles and databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..connection import Connection
from ..privileges.lacking import SUPERUSER, Barred, Lack
from ..quoting import ident
from ..session import GRANTED_SINCE, may_set
from .model import Setting
from .plan import owner

# What only superusers set, and what no loaded library knows, takes a right. Some of the former are hidden from a
# login that doesn't read all settings.
BARRED = """
SELECT n.name
FROM pg_catalog.unnest(%(names)s::text[]) AS n (name)
LEFT JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) = n.name
WHERE (s.context = 'superuser'
       OR (s.name IS NULL AND (pg_catalog.strpos(n.name, '.') > 0 OR n.name = ANY (%(hidden)s::text[]))))
  AND NOT {may_set}
"""
HIDDEN = ["dynamic_library_path", "extension_control_path", "session_preload_libraries"]


def read_barred_parameters(connection: Connection, names: Iterable[str]) -> frozenset[str]:
    """Read which parameters the login may not set."""
    wanted = sorted(set(names))
    if connection.server.superuser or not wanted:
        return frozenset()
    question = BARRED.replace("{may_set}", may_set(connection.server.version, "n.name"))
    return frozenset(name for (name,) in connection.rows(question, names=wanted, hidden=HIDDEN))


def barred_settings(me: str, changed: Iterable[Setting], barred: frozenset[str], version: int) -> Iterator[Barred]:
    """Go through settings that are set or reset and whose parameter the login may not set."""
    for setting in sorted(changed):
        if setting.name in barred:
            name = setting.name_sql()
            right, remedy = f"right to set {setting.name}", f"run GRANT SET ON PARAMETER {name} TO {ident(me)}"
            lack = Lack(right, remedy) if version >= GRANTED_SINCE else SUPERUSER
            yield f"set {setting.name} for {owner(setting)}", lack
