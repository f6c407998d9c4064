# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declare roles: what deviates from CREATE USER, memberships, settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import InputError
from ...memberships.model import OPTIONS, Membership
from ...quoting import is_public, split_identifiers
from ...roles.expiry import timestamp
from ...roles.model import FLAGS, NO_EXPIRY, RoleState
from ...settings.model import NAME_LISTS, Setting, parameter_name, parameter_value
from ..model import ClusterFound

OPTIONS_SINCE = 160000


def declared_roles(cluster: ClusterFound) -> list[str]:
    """Name the roles that are declared: all but PostgreSQL's own, and those that would be read as PUBLIC."""
    return [name for name in sorted(cluster.roles) if not (name.startswith("pg_") or is_public(name))]


def role_items(cluster: ClusterFound) -> list[dict[str, Any]]:
    """Give each role as an item of pg_users."""
    return [role_item(cluster.roles[name], cluster) for name in declared_roles(cluster)]


def role_item(role: RoleState, cluster: ClusterFound) -> dict[str, Any]:
    """Give one role; a key that can't hold what is there is left out, and so isn't managed."""
    default = RoleState(role.name)
    item: dict[str, Any] = {"name": role.name}
    item.update({flag: getattr(role, flag) for flag in FLAGS if getattr(role, flag) != getattr(default, flag)})
    item.update({"connlimit": role.connlimit} if role.connlimit != default.connlimit else {})
    item.update({"expire_at": role.valid_until} if role.valid_until != NO_EXPIRY and tellable(role) else {})
    item.update({"comment": role.comment} if role.comment is not None else {})
    item.update({"attributes": "exact"} if tellable(role) else {})
    item["roles"] = membership_items(role, cluster)
    return {**item, **role_settings(role.name, cluster)}


def tellable(role: RoleState) -> bool:
    """Tell whether the end of a role's password can be declared: times before Christ or of five digits can't."""
    try:
        return timestamp(role.valid_until, "") == role.valid_until
    except InputError:
        return False


def membership_items(role: RoleState, cluster: ClusterFound) -> list[Any]:
    """Give a role's memberships: names where they are as a plain GRANT makes them."""
    mine: dict[str, list[Membership]] = {}
    for row in sorted(cluster.memberships):
        if row.member == role.name:
            mine.setdefault(row.role, []).append(row)
    with_options = cluster.server.version >= OPTIONS_SINCE
    return [membership_item(parent, rows, role.inherit, with_options) for parent, rows in mine.items()]


def membership_item(parent: str, rows: list[Membership], inherit: bool, with_options: bool) -> Any:
    """Give one membership; the options of several grantors add up."""
    has = {option: any(getattr(row, option) for row in rows) for option in OPTIONS}
    if not with_options:
        return {"name": parent, "admin": True} if has["admin"] else parent
    plain = {"admin": False, "inherit": inherit, "set": True}
    return parent if has == plain else {"name": parent, **has}


def role_settings(role: str, cluster: ClusterFound) -> dict[str, Any]:
    """Give what is set for a role, and for a role in databases."""
    mine = sorted(setting for setting in cluster.settings if setting.role == role)
    databases = sorted({setting.database for setting in mine if setting.database})
    inside = {name: [setting for setting in mine if setting.database == name] for name in databases}
    found: dict[str, Any] = settings_item([setting for setting in mine if not setting.database])
    if all(is_declarable(setting) for setting in mine if setting.database):
        found["database_parameters"] = {name: values_of(settings) for name, settings in inside.items()}
    return found


def settings_item(settings: list[Setting]) -> dict[str, Any]:
    """Give the key for settings, unless one of them can't be declared."""
    return {"parameters": values_of(settings)} if all(map(is_declarable, settings)) else {}


def values_of(settings: list[Setting]) -> dict[str, Any]:
    """Give values by name, lists of names as lists."""
    return {setting.name: value_of(setting) for setting in settings}


def value_of(setting: Setting) -> Any:
    """Give a value as text, or as the names of its list."""
    return list(split_identifiers(setting.value)) if setting.name in NAME_LISTS else setting.value


def is_declarable(setting: Setting) -> bool:
    """Tell whether a setting comes back when it is declared: the text DEFAULT would reset it."""
    try:
        name = parameter_name(setting.name, "")
        return parameter_value(name, value_of(setting), "") == setting.value
    except InputError:
        return False


def roles_left_out(cluster: ClusterFound) -> Iterator[str]:
    """Say what of roles can't be declared."""
    yield from misread_as_public(cluster)
    for name in declared_roles(cluster):
        if not tellable(cluster.roles[name]):
            yield f"role {name}: expire_at can't be {cluster.roles[name].valid_until}, so attributes aren't exact"
    for row in sorted(cluster.memberships):
        if row.member.startswith("pg_") and not row.role.startswith("pg_"):
            yield f"role {row.member}: PostgreSQL's own roles have no item, so it can't be a member of {row.role}"
    for name in cluster.everybody:
        yield f"parameter {name}: it is set for all roles with ALTER ROLE ALL, for which there is no item"
    for setting in sorted(cluster.settings):
        if not is_declarable(setting):
            what = "parameters" if not (setting.role and setting.database) else "database_parameters"
            who = f"role {setting.role}" if setting.role else f"database {setting.database}"
            yield f"{who}: {setting.name} can't be declared as it is stored, so {what} aren't managed"


def misread_as_public(cluster: ClusterFound) -> Iterator[str]:
    """Say which roles have no item, for in a list of grantees their names mean everybody."""
    for name in filter(is_public, sorted(cluster.roles)):
        yield f"role {name!r}: the name would be read as PUBLIC, everybody, so it has no item: rename it"
