# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of roles and databases: what is declared, and what is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..errors import InputError
from ..items import checked_name, checked_text
from ..quoting import fold, ident, join_identifiers, qualified, split_identifiers

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

# Version 13 takes any word for an extension's parameter, later ones only what a configuration file can hold.
WORD = re.compile(r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*")
OBJECT_LISTS = frozenset({"search_path", "temp_tablespaces"})

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
        if not WORD.fullmatch(word):
            raise InputError(
                f"{where}: {name!r} can't be a parameter's name: it has letters, digits, _ and $ between dots"
            )
    return fold(name)


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
    return in_place(where, lambda: listed(name, value))


def canonical(name: str, text: str, where: str) -> str:
    """Give a value so that two that mean the same list are equal."""
    checked_text(text, where)
    if name not in NAME_LISTS:
        return text
    return in_place(where, lambda: listed(name, split_identifiers(text)))


def listed(name: str, values: Sequence[str]) -> str:
    """Give the text of a list; of the names of schemas and tablespaces the server would cut off what is too long."""
    for value in filter(None, values if name in OBJECT_LISTS else ()):
        ident(value)
    return join_identifiers(values)


def in_place(where: str, read: Callable[[], str]) -> str:
    """Give what is read, or its error with the place."""
    try:
        return read()
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
