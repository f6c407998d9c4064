# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read from the server who is there, with verifiers where the login may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..assume import Assume
from ..connection import Connection
from ..memberships.model import Membership
from ..passwords.inspect import READABLE
from ..pool_lookup.function import NEVER
from ..role_graph import RoleGraph, read_role_graph
from ..secret import Secret
from .model import Account, Accounts

WITH_VERIFIERS = """
SELECT a.rolname::text, a.rolcanlogin, coalesce(a.rolvaliduntil < pg_catalog.now(), false), {never}, a.rolpassword
FROM pg_catalog.pg_authid a
WHERE a.rolname = ANY (%(names)s::text[])
""".replace("{never}", NEVER)
WITHOUT = """
SELECT a.rolname::text, a.rolcanlogin, coalesce(a.rolvaliduntil < pg_catalog.now(), false), {never}, NULL
FROM pg_catalog.pg_roles a
WHERE a.rolname = ANY (%(names)s::text[])
""".replace("{never}", NEVER)
DATABASES = "SELECT datname::text FROM pg_catalog.pg_database"


def read_accounts(connection: Connection, names: Iterable[str], assume: Assume, grouped: bool) -> Accounts:
    """Read roles by their names, the names of all databases, and if ``grouped``, who is a member of what."""
    readable = bool(connection.rows(READABLE)[0][0])
    rows = connection.rows(WITH_VERIFIERS if readable else WITHOUT, names=sorted(names))
    roles = {row[0]: account_of(*row) for row in rows}
    databases = frozenset(name for (name,) in connection.rows(DATABASES))
    graph = read_role_graph(connection, assume) if grouped else RoleGraph({}, frozenset())
    logins = frozenset(name for name, role in graph.roles.items() if role.login)
    return Accounts(roles, databases, readable, members_of(graph.memberships, graph.roles), logins)


def account_of(*row: Any) -> Account:
    """Give a role as it was read."""
    name, login, expired, never_told, verifier = row
    return Account(name, login, expired, never_told, None if verifier is None else Secret(verifier))


def members_of(memberships: Iterable[Membership], roles: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Give for each role who is in it, directly or indirectly, and the role itself, as PostgreSQL's HBA counts."""
    below: dict[str, set[str]] = {}
    for row in memberships:
        below.setdefault(row.role, set()).add(row.member)
    return {role: reached(role, below) for role in roles}


def reached(role: str, below: Mapping[str, set[str]]) -> frozenset[str]:
    """Follow memberships downwards."""
    found, ahead = {role}, [role]
    while ahead:
        new = below.get(ahead.pop(), set()) - found
        found |= new
        ahead += sorted(new)
    return frozenset(found)
