# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare what is in force in a running pool with what the files are to say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Optional

from ..pool_lookup.model import disagreements
from .model import Pool, PoolDatabase, PoolUser, Row, Running

COLUMNS = {
    "size": ("pool_size",),
    "size_min": ("min_pool_size",),
    "reserve": ("reserve_pool_size", "reserve_pool"),
    "connections": ("max_connections",),
}


def deviations(
    pool: Pool, users: tuple[PoolUser, ...], where: tuple[Optional[str], int], running: Running
) -> tuple[str, ...]:
    """Say what isn't in force, whatever the stamp says; each a sentence with what may be the reason."""
    return (
        *wrong_files(pool, running),
        *(disagreements(pool.lookup, running.config) if pool.auth_query else ()),
        *(text for database in pool.databases for text in wrong_database(database, where, running)),
        *(text for user in users for text in wrong_user(user, running)),
    )


def wrong_files(pool: Pool, running: Running) -> Iterator[str]:
    """Say which files the pool reads instead."""
    found = running.config.get("auth_file", "")
    if not same_file(found, pool.files.userlist):
        yield f"PgBouncer reads auth_file {found or '(none)'}: set it to {pool.files.userlist} in pgbouncer.ini"
    if pool.hba_rules is None:
        return
    found = running.config.get("auth_hba_file", "")
    if running.config.get("auth_type") != "hba":
        yield f"PgBouncer's auth_type is {running.config.get('auth_type')}: set auth_type = hba in pgbouncer.ini"
    elif not same_file(found, pool.files.hba):
        yield f"PgBouncer reads auth_hba_file {found or '(none)'}: set it to {pool.files.hba} in pgbouncer.ini"


def same_file(found: str, wanted: str) -> bool:
    """Compare paths; one that is relative counts from where PgBouncer was started, which it doesn't tell."""
    path = PurePath(found)
    return path == PurePath(wanted) or (not path.is_absolute() and found != "" and path.name == PurePath(wanted).name)


def wrong_database(database: PoolDatabase, where: tuple[Optional[str], int], running: Running) -> Iterator[str]:
    """Say what of a database isn't as declared."""
    row = running.databases.get(database.name)
    if row is None:
        yield f"PgBouncer doesn't know database {database.name}: include the file of databases in pgbouncer.ini"
        return
    wanted = {"host": where[0], "port": where[1], "database": database.name, "pool_mode": database.mode}
    found = {name: row.get(name) for name in wanted}
    for attribute, names in COLUMNS.items():
        value = getattr(database, attribute)
        if value is not None:
            wanted[names[0]], found[names[0]] = value, first(row, names)
    for name, value in wanted.items():
        if text(found[name]) != text(value):
            yield f"in PgBouncer, {name} of database {database.name} is {text(found[name])} and not {text(value)}"


def first(row: Row, names: tuple[str, ...]) -> object:
    """Give a column that has another name in older versions."""
    return next((row[name] for name in names if name in row), None)


def wrong_user(user: PoolUser, running: Running) -> Iterator[str]:
    """Say what of a user isn't as declared; before 1.23 the number of connections isn't told."""
    row = running.users.get(user.name)
    if row is None:
        if user.mode or user.connections:
            yield f"PgBouncer doesn't know user {user.name}: include the file of users in pgbouncer.ini"
        return
    if text(row["pool_mode"]) != text(user.mode):
        yield f"in PgBouncer, pool_mode of user {user.name} is {text(row['pool_mode'])} and not {text(user.mode)}"
    limit = row.get("max_user_connections")
    if user.connections is not None and limit is not None and text(limit) != text(user.connections):
        yield f"in PgBouncer, max_user_connections of user {user.name} is {limit} and not {user.connections}"


def text(value: object) -> str:
    """Give a value for a sentence, and for a comparison of what drivers give in different types."""
    return "its own" if value in (None, "") else str(value)
