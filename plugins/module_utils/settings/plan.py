# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan settings of roles and databases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..change import ALTER_SETTING, Change
from ..quoting import ident, literal, split_identifiers
from .model import NAME_LISTS, Parameters, Setting

Settings = frozenset[Setting]


def resolve_settings(current: Settings, role: str, database: str, declared: Parameters, exact: bool) -> Settings:
    """Set and reset what is declared for a role, a database or both; exact also resets what isn't."""
    mine = {setting for setting in current if (setting.role, setting.database) == (role, database)}
    gone = {setting for setting in mine if exact or setting.name in declared}
    spelling = {setting.name: setting.spelling for setting in mine}
    wanted = {
        Setting(role, database, name, value, spelling.get(name, ""))
        for name, value in declared.items()
        if value is not None
    }
    return (current - gone) | wanted


def diff_settings(before: Settings, after: Settings) -> list[Change]:
    """Set what is new or different, reset what is gone."""
    kept = {setting.key() for setting in after}
    new = [set_one(setting) for setting in sorted(after - before)]
    return [*new, *(reset_one(setting) for setting in sorted(before - after) if setting.key() not in kept)]


def set_one(setting: Setting) -> Change:
    """Give the statement that sets one parameter."""
    sql = f"{target(setting)} SET {setting.name_sql()} TO {value_sql(setting)}"
    return change(setting, f"set {setting.name} to {setting.value} for {owner(setting)}", sql)


def reset_one(setting: Setting) -> Change:
    """Give the statement that resets one parameter."""
    sql = f"{target(setting)} RESET {setting.name_sql()}"
    return replace(change(setting, f"reset {setting.name} for {owner(setting)}", sql), destructive=True)


def change(setting: Setting, summary: str, sql: str) -> Change:
    """Say what is set, of whom."""
    object_class = "ROLE SETTING" if setting.role else "DATABASE SETTING"
    return Change(ALTER_SETTING, object_class, setting.name, summary, sql, role=setting.role)


def value_sql(setting: Setting) -> str:
    """Give a list of names as separate constants, anything else as one."""
    if setting.name not in NAME_LISTS:
        return literal(setting.value).strip()
    return ", ".join(literal(name).strip() for name in split_identifiers(setting.value))


def target(setting: Setting) -> str:
    """Give the ALTER statement's head."""
    if not setting.role:
        return f"ALTER DATABASE {ident(setting.database)}"
    inside = f" IN DATABASE {ident(setting.database)}" if setting.database else ""
    return f"ALTER ROLE {ident(setting.role)}{inside}"


def owner(setting: Setting) -> str:
    """Say in words whom the setting concerns."""
    who = [f"role {setting.role}"] if setting.role else []
    return " in ".join([*who, *([f"database {setting.database}"] if setting.database else [])])


def settings_lines(settings: Iterable[Setting]) -> list[str]:
    """Give each setting as a line of text."""
    return [f"{owner(setting)}: {setting.name} = {setting.value}" for setting in sorted(settings)]
