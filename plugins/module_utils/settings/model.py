# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of roles and databases: what is declared, and what is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..errors import InputError
from ..items import checked_name
from ..quoting import join_identifiers, qualified, split_identifiers

# Parameters whose value is a list of quoted names: PostgreSQL marks them GUC_LIST_QUOTE.
NAME_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)

# A value that is None is reset.
Parameters = Mapping[str, Optional[str]]


@dataclass(frozen=True, order=True)
class Setting:
    """A parameter set for a role, a database, or a role in a database (empty text: not restricted to one).

    ``name`` is in lower case; ``spelling`` is the stored one where that differs, for the server resets the name of
    an extension's parameter only as it is stored.
    """

    role: str
    database: str
    name: str
    value: str
    spelling: str = field(default="", compare=False)

    def key(self) -> tuple[str, str, str]:
        """Tell which setting it is, whatever its value."""
        return (self.role, self.database, self.name)

    def name_sql(self) -> str:
        """Give the name as it stands in SQL."""
        return qualified(*(self.spelling or self.name).split("."))


def parse_parameters(values: Mapping[str, Any], where: str) -> Parameters:
    """Read parameters; names are case-insensitive, and null or ``DEFAULT`` resets."""
    found: dict[str, Optional[str]] = {}
    for name, value in values.items():
        key, place = parameter_name(name, where), f"{where}: {name}"
        text = parameter_value(key, value, place)
        if key in found and found[key] != text:
            raise InputError(f"{place} stands twice with different values: keep one")
        found[key] = text
    return found


def parameter_name(name: Any, where: str) -> str:
    """Give a parameter's name in lower case."""
    if not isinstance(name, str) or "=" in name:
        raise InputError(f"{where}: {name!r} isn't a parameter's name")
    for word in name.split("."):
        checked_name(word, f"{where}: {name}")
    return name.lower()


def parameter_value(name: str, value: Any, where: str) -> Optional[str]:
    """Give a value as the text that the server stores."""
    if value is None or (isinstance(value, str) and value.upper() == "DEFAULT"):
        return None
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        return name_list(name, value, where)
    if not isinstance(value, (str, int, float)):
        raise InputError(f"{where} has to be text, a number, true or false, or null")
    return canonical(name, str(value), where)


def name_list(name: str, value: Any, where: str) -> str:
    """Give a list as the server stores it, for the parameters that are lists of names."""
    if name not in NAME_LISTS or not all(isinstance(item, str) for item in value):
        raise InputError(f"{where}: only {', '.join(sorted(NAME_LISTS))} take a list, of names")
    return join_identifiers(value)


def canonical(name: str, text: str, where: str) -> str:
    """Give a value so that two that mean the same list are equal."""
    if "\0" in text:
        raise InputError(f"{where} contains a NUL byte, which PostgreSQL can't store")
    if name not in NAME_LISTS:
        return text
    try:
        return join_identifiers(split_identifiers(text))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
