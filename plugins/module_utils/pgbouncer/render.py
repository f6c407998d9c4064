# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the included files: the entries of ``[users]`` and of ``[databases]``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from .model import PoolDatabase, PoolUser
from .names import Version, is_plain, key_text, value_text

HEADER = "; written by leastpriv.pgsql: what is changed here by hand is lost\n"


def users_text(users: Iterable[PoolUser], version: Optional[Version]) -> str:
    """Give the entries of ``[users]``: one for everybody in the pool.

    PgBouncer keeps the settings of a user whose entry is gone until it is restarted; an entry without settings takes
    them away. Who has no settings and a name that can't stand there has no entry, for there was never one.
    """
    return "".join([HEADER, *(user_line(user, version) for user in users if has_entry(user, version))])


def has_entry(user: PoolUser, version: Optional[Version]) -> bool:
    """Tell whether a user is to have an entry."""
    return has_settings(user) or is_plain(user.name, version)


def has_settings(user: PoolUser) -> bool:
    """Tell whether something is declared for a user."""
    return (user.mode, user.connections) != (None, None)


def user_line(user: PoolUser, version: Optional[Version]) -> str:
    """Give one entry."""
    pairs = [("pool_mode", user.mode), ("max_user_connections", user.connections)]
    return line(key_text(user.name, version, f"user {user.name}"), pairs, f"user {user.name}")


def databases_text(
    databases: Iterable[PoolDatabase], host: Optional[str], port: int, version: Optional[Version]
) -> str:
    """Give the entries of ``[databases]``; without a host, PgBouncer looks for the socket where it was built to."""
    return "".join([HEADER, *(database_line(database, host, port, version) for database in databases)])


def database_line(database: PoolDatabase, host: Optional[str], port: int, version: Optional[Version]) -> str:
    """Give one entry; ``reserve_pool`` is the name that all versions take."""
    where = f"database {database.name}"
    pairs = [
        ("host", host),
        ("port", port),
        ("dbname", None if is_plain(database.name) else database.name),
        ("auth_user", database.auth_user),
        ("pool_mode", database.mode),
        ("pool_size", database.size),
        ("min_pool_size", database.size_min),
        ("reserve_pool", database.reserve),
        ("max_db_connections", database.connections),
    ]
    return line(key_text(database.name, version, where), pairs, where)


def line(key: str, pairs: Iterable[tuple[str, object]], where: str) -> str:
    """Give a key with its pairs."""
    given = [f"{name}={value_text(str(value), f'{where}: {name}')}" for name, value in pairs if value is not None]
    return " ".join([key, "=", *given]) + "\n"
