# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the items of roles and databases as far as they are about the pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Optional

from ..errors import InputError
from ..items import check_choices, checked_name, known_keys, merged, read_each
from ..keys import DATABASE_ITEM, ROLE_ITEM
from ..secret import Secret
from .model import CONSOLE, PoolDatabase, PoolUser

Item = Mapping[str, Any]

MOST = 2**31 - 1
OWN = -1
FORMER = {"pool_size_reserve": "pool_reserve", "pool_max_db_conn": "pool_connlimit"}


def parse_users(items: Iterable[Any]) -> tuple[PoolUser, ...]:
    """Give the roles that are to come in through the pool: ``pgbouncer: true``, and not ``absent``."""
    read = read_each(items, "users, item", checked_role)
    users = [user_of(item) for item in merged(read, "users") if item.get("pgbouncer") and present(item)]
    return tuple(sorted(users, key=lambda user: user.name))


def parse_databases(items: Iterable[Any]) -> tuple[tuple[PoolDatabase, ...], tuple[str, ...]]:
    """Give the databases that are reached through the pool, all but ``pgbouncer: false``, and warnings."""
    read = read_each(items, "databases, item", checked_database)
    pooled = [item for item in merged(read, "databases") if item.get("pgbouncer") is not False and present(item)]
    found = read_each(pooled, "databases, item", lambda item, _where: database_of(item))
    warnings = [
        f"database {item['name']}: {former} is the former name of {key}"
        for item in pooled
        for former, key in FORMER.items()
        if former in item
    ]
    return tuple(sorted(found, key=lambda database: database.name)), tuple(warnings)


def present(item: Item) -> bool:
    """Tell whether the item is to be there."""
    return item.get("state") != "absent"


def checked_item(item: Any, where: str, spec: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give an item whose keys and values can be taken; its password is taken aside, for it isn't text here."""
    if not isinstance(item, Mapping):
        raise InputError(f"{where} has to be a dictionary, not {type(item).__name__}")
    named = f"{where} ({item['name']})" if isinstance(item.get("name"), str) else where
    values = known_keys({key: value for key, value in item.items() if key != "password"}, spec, named)
    checked_name(values["name"], named)
    check_choices(values, spec, named)
    for key, kind in spec.items():
        if kind["type"] == "int" and key in values:
            values[key] = whole(values[key], f"{named}: {key}")
    return values


def whole(value: Any, where: str) -> int:
    """Give a whole number."""
    try:
        return int(str(value))  # neither True nor 1.5 is one so
    except ValueError:
        raise InputError(f"{where} has to be a whole number") from None


def checked_role(item: Any, where: str) -> dict[str, Any]:
    """Check the item of a role."""
    values = checked_item(item, where, ROLE_ITEM)
    password = item.get("password")
    if password is not None and not isinstance(password, Secret):
        raise InputError(f"{where} ({values['name']}): password has to be text: put it in quotes")
    limited(values, "pool_connlimit", f"{where} ({values['name']})", 1)
    return {**values, **({"password": password} if password is not None else {})}


def checked_database(item: Any, where: str) -> dict[str, Any]:
    """Check the item of a database; what isn't pooled can be called whatever it is."""
    values = checked_item(item, where, DATABASE_ITEM)
    named = f"{where} ({values['name']})"
    least = {"pool_size": 1, "pool_size_min": 0, "pool_reserve": 0, "pool_connlimit": 1}
    for key, number in {**least, **{former: least[key] for former, key in FORMER.items()}}.items():
        limited(values, key, named, number)
    for former, key in FORMER.items():
        if former in values and key in values and values[former] != values[key]:
            raise InputError(f"{named}: {former} is the former name of {key}, and they differ: keep {key}")
    if values["name"] in (CONSOLE, "*") and values.get("pgbouncer") is not False:
        raise InputError(f"{named}: for PgBouncer that name means something else: give pgbouncer: false")
    return values


def limited(values: Mapping[str, Any], key: str, where: str, least: int) -> None:
    """Refuse a number that PgBouncer would take for something else."""
    number = values.get(key)
    if number is None or (number == OWN and key in ("pool_connlimit", "pool_max_db_conn")):
        return
    if not least <= number <= MOST:
        other = ", or -1 for the pool's own limit" if key in ("pool_connlimit", "pool_max_db_conn") else ""
        raise InputError(f"{where}: {key} is {number}; give a number from {least} to {MOST}{other}")


def user_of(item: Item) -> PoolUser:
    """Give a role as far as the pool is concerned."""
    return PoolUser(
        item["name"],
        item.get("pool_mode"),
        own(item.get("pool_connlimit")),
        item.get("password"),
        item.get("login"),
        item.get("pool_connlimit") == OWN,
    )


def database_of(item: Item) -> PoolDatabase:
    """Give a database as far as the pool is concerned."""
    if item.get("allowconn") is False:
        raise InputError(f"database {item['name']}: nobody may connect (allowconn: false): give pgbouncer: false")
    value = partial(newest, item)
    return PoolDatabase(
        item["name"],
        item.get("pool_mode"),
        item.get("pool_size"),
        item.get("pool_size_min"),
        value("pool_reserve"),
        own(value("pool_connlimit")),
        item.get("pool_auth_user"),
        value("pool_connlimit") == OWN,
    )


def newest(item: Item, key: str) -> Any:
    """Give a key's value, also if it stands under its former name."""
    former = next((name for name, now in FORMER.items() if now == key), key)
    return item.get(key, item.get(former))


def own(number: Optional[int]) -> Optional[int]:
    """Give a limit; for PgBouncer -1 is one that isn't set."""
    return None if number == OWN else number
